"""Argument checks, and what counts as a number. An error says which argument, which rule, what came, the likely fix.

Every check returns the value it accepted, converted, so that a constructor reads as a list of its rules. Arrays come
back as read-only copies: a value that was checked cannot change afterwards.

Real numbers of every type are accepted, and class labels of any kind that can be sorted. What NumPy would convert in
silence is an error: it drops the mask of a masked array and the imaginary part of a number, counts durations, reads
strings, and turns a gap of an object array into nan. Each of these would pose another problem unnoticed.
"""

import inspect
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rac_theory.base.meant import choice, in_order
from rac_theory.base.naming import printable, shown, type_name

_KINDS: Mapping[str, str] = MappingProxyType(
    {"c": "complex numbers", "M": "dates", "m": "durations", "S": "bytes", "U": "strings", "T": "strings"}
)


class NotReal(ValueError):
    """What came instead of real numbers, as a message says it after "got"."""


def as_array(value: Any) -> NDArray[Any]:
    """Return an array of the type that came; a ``NotReal`` says what came if it is none, or a masked one."""
    try:
        masked = has_mask(value)
        given: NDArray[Any] = np.asarray(None if masked else value)
    except MemoryError:
        raise
    except Exception as error:  # whatever the class of a user does when it is converted
        raise NotReal(f"{type_name(value)}, which is no array: {printable(str(error))}") from error
    if masked:
        raise NotReal("a masked array (its method filled says what stands in the gaps)")
    return given


def has_mask(value: Any) -> bool:
    """Whether a value is a masked array, or a list with one in it, of which NumPy would make a plain array."""
    if isinstance(value, list | tuple):
        return any(has_mask(part) for part in value)
    return isinstance(value, np.ma.MaskedArray)


def real_numbers(value: Any) -> NDArray[Any]:
    """Return real numbers in the type that they came in; a ``NotReal`` says what came if they are none.

    Booleans are zeros and ones. Entries of an object array may be ints, floats, Fractions and Decimals.
    """
    given = as_array(value)
    if given.dtype.kind == "O":
        odd = [entry for entry in given.flat if not isinstance(entry, Real | Decimal | np.bool_)]
        if odd:
            raise NotReal(type_name(odd[0]) if given.ndim == 0 else f"an array with {type_name(odd[0])} in it")
    elif given.dtype.kind not in "biuf":
        raise NotReal(_KINDS.get(given.dtype.kind, f"entries of type {printable(str(given.dtype))}"))
    return given


def float64(given: NDArray[Any]) -> NDArray[np.float64]:
    """A copy of real numbers in double precision; a ``NotReal`` says so if one cannot be."""
    try:
        with np.errstate(over="ignore"):  # of extended precision: what comes is infinite, and refused as such
            return np.array(given, dtype=np.float64)
    except OverflowError:
        raise NotReal("a number beyond 1.8e308") from None
    except (ArithmeticError, TypeError, ValueError) as error:
        raise NotReal(f"a number that is no float: {printable(str(error))}") from None


_KINDS_OF_LABELS = dict.fromkeys("biuf", "numbers") | dict.fromkeys("UT", "strings") | {"S": "bytes"}


def sorted_classes(name: str, labels: ArrayLike, rows: int) -> tuple[NDArray[Any], NDArray[np.intp]]:
    """Return the distinct labels in sorted order, (k,), and the position of each sample's label in it, (N,).

    There must be one label a row of X, and at least two distinct ones.
    """
    try:
        given = as_array(labels)
    except NotReal as error:
        raise ValueError(f"{name} must be an array of labels, got {error}") from None
    if given.ndim != 1:
        raise ValueError(f"{name} must have 1 axis, got shape {given.shape}")
    if len(given) != rows:
        raise ValueError(f"{name} must have one label for each of the {rows} rows of X, got {len(given)}")
    kinds = _kinds(given, labels)
    if len(kinds) > 1:
        raise ValueError(f"{name} must be labels of one kind, got a mixture of {' and '.join(sorted(kinds))}")
    if not kinds <= {"numbers", "strings", "bytes"}:
        raise ValueError(f"{name} must be numbers, strings or booleans, got {kinds.pop()}")
    if kinds == {"numbers"} and any(label != label or abs(label) == math.inf for label in given.tolist()):
        raise ValueError(f"{name} must be finite, got nan or infinite labels")
    classes, positions = np.unique(given, return_inverse=True)
    if len(classes) < 2:
        raise ValueError(f"{name} must have at least two distinct labels, got {len(classes)}: {listed(classes)}")
    classes.flags.writeable = False
    positions.flags.writeable = False
    return classes, positions


def _kinds(given: NDArray[Any], labels: ArrayLike) -> set[str]:
    """What the labels are; of a list of numbers and strings NumPy would make strings, its nan included."""
    if given.dtype.kind == "O" or isinstance(labels, list | tuple):
        return {_kind(label) for label in np.asarray(labels, dtype=object).tolist()}
    return {_KINDS_OF_LABELS.get(given.dtype.kind, printable(str(given.dtype)))}


def _kind(label: object) -> str:
    """What one label of an object array is."""
    if isinstance(label, Real | np.bool_):
        return "numbers"
    return "strings" if isinstance(label, str) else type_name(label)


def listed(classes: NDArray[Any]) -> str:
    """The first few labels, for a message."""
    return ", ".join(printable(str(label)) for label in classes[:5]) + (", ..." if len(classes) > 5 else "")


Array = NDArray[np.float64]
"""A float64 array; the docstring of each function says which shape."""

T = TypeVar("T")

MOST = 1 << 31
"""No array has more entries: in double precision it would fill 16 GiB."""


def finite(
    name: str,
    value: float | Fraction,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Accept a finite number that is ``> above``, ``>= at_least`` and ``< below``."""
    limits = [f"> {above:g}"] * (above > -math.inf)
    limits += [f">= {at_least:g}"] * (at_least > -math.inf) + [f"< {below:g}"] * (below < math.inf)
    number = _number(value)
    if not (math.isfinite(number) and number > above and number >= at_least and number < below):
        rule = " ".join(["a finite number", " and ".join(limits)]).strip()
        raise ValueError(f"{name} must be {rule}, got {shown(value)}")
    return number


def typed(kind: Callable[[str], T], text: str) -> T:
    """Read a number as it is typed; a ``ValueError`` for underscores and digits of other alphabets, which Python reads.

    Examples
    --------
    >>> from rac_theory.base.checks import typed
    >>> typed(int, "12"), typed(float, "1e-3")
    (12, 0.001)
    >>> typed(int, "1_0")
    Traceback (most recent call last):
        ...
    ValueError: '1_0' is no number in digits 0 to 9
    """
    if "_" in text or not text.isascii() or text != text.strip():
        raise ValueError(f"{shown(text)} is no number in digits 0 to 9")
    return kind(text)


def _number(value: Any) -> float:
    """One real number that is meant as one; nan for anything else."""
    if type(value) is float:  # as most are, of some hundred thousand in a search
        return value
    try:
        given = real_numbers(value)
        return math.nan if given.ndim or isinstance(given[()], bool | np.bool_) else float(float64(given))
    except ValueError:
        return math.nan


def integer(name: str, value: int, low: int, high: int | None = None, high_name: str = "") -> int:
    """Accept an integer in ``low..high``; ``high_name`` says what the upper end is, as in ``1..dim=6``.

    Without an end it has 64 bits, as NumPy's have.
    """
    number = _whole(name, value)
    if number < low or (high is not None and number > high):
        upper = "" if high is None else f"{high_name}={high}" if high_name else f"{high}"
        rule = f"in {low}..{upper}" if upper else f">= {low}"
        raise ValueError(f"{name} must be {rule}, got {shown(number)}")
    if number >= 1 << 63:
        raise ValueError(f"{name} must be below 2^63, got {shown(number)}")
    return number


def _whole(name: str, value: Any) -> int:
    try:
        if isinstance(value, bool | np.ma.MaskedArray):  # which Python counts, and NumPy without its mask
            raise TypeError
        return int(operator.index(value))
    except Exception:  # whatever the class of a user does when it is asked
        raise ValueError(f"{name} must be an integer, got {shown(value)}") from None


def count(name: str, value: int, low: int = 1) -> int:
    """Accept how many there are of something that is stored: at least ``low``, at most as many as an array can have."""
    number = _whole(name, value)
    if number > MOST:
        raise ValueError(f"{name} must be at most {MOST}, got {shown(number)}")
    return integer(name, number, low)


def array(name: str, value: Any, ndim: int | None = None, shape: Sequence[int] | None = None) -> Array:
    """Accept finite real numbers with ``ndim`` axes, or of exactly ``shape``, as a read-only float64 copy."""
    if value is None:
        raise ValueError(f"{name} must be an array, got None (a missing return statement?)")
    try:
        given = real_numbers(value)
        _fits(name, given.shape, ndim, shape)
        result = float64(given)
    except NotReal as error:
        raise ValueError(f"{name} must be an array of real numbers, got {error}") from None
    if not np.isfinite(result).all():
        bad = int(np.count_nonzero(~np.isfinite(result)))
        raise ValueError(f"{name} must be finite, got {bad} nan or infinite entries out of {result.size}")
    result.flags.writeable = False
    return result


def _fits(name: str, got: tuple[int, ...], ndim: int | None, shape: Sequence[int] | None) -> None:
    """Refuse a wrong shape, before anything is copied."""
    if shape is not None and got != tuple(shape):
        raise ValueError(f"{name} must have shape {tuple(shape)}, got {got}")
    if ndim is not None and len(got) != ndim:
        raise ValueError(f"{name} must have {ndim} {'axis' if ndim == 1 else 'axes'}, got shape {got}")
    if 0 in got:
        raise ValueError(f"{name} must not be empty, got shape {got}")
    if math.prod(got) > MOST:
        raise ValueError(f"{name} must have at most {MOST} entries, got shape {got}")


def real(name: str, value: float) -> float:
    """Accept one real number as it is, nan and infinity too: an int, a float or a Fraction that a float can hold."""
    is_nan = isinstance(value, float | np.floating) and bool(value != value)
    if not isinstance(value, Real) or (math.isnan(_number(value)) and not is_nan):
        hint = " (floats end at 1.8e308)" if isinstance(value, int) and not isinstance(value, bool) else ""
        raise ValueError(f"{name} must be a number, nan where it is unknown, got {shown(value)}{hint}")
    return value


def positive(name: str, value: float) -> float:
    """Accept a positive number of size 1e-100..1e100: far beyond 1/L of every problem, and its cube is a float."""
    number = finite(name, value, above=0)
    if not 1e-100 <= number <= 1e100:
        raise ValueError(f"{name} must be of size 1e-100..1e100, got {number:.3g} (other units?)")
    return number


def weight(name: str, value: float) -> float:
    """Accept the weight of a penalty or of noise, >= 0, of ``moderate_size``."""
    return moderate_size(name, finite(name, value, at_least=0))


def moderate(name: str, values: Array) -> Array:
    """Accept numbers the largest of which is of ``moderate_size``."""
    moderate_size(name, float(np.abs(values).max(initial=0.0)), "a largest entry")
    return values


def moderate_size(name: str, size: float, what: str = "") -> float:
    """Accept a size, which is that of ``what`` an argument has, if it is zero or in 1e-75..1e75.

    Where the largest curvature L and f at the start are so, squared gradients, of the size of ``L f``, and squared
    distances, of the size of ``f / L``, are in 1e-150..1e150: squares and products of any two are floats, far from
    overflow and from underflow.
    """
    if size and not 1e-75 <= size <= 1e75:
        rule = f"have {what} of size" if what else "be zero or of size"
        raise ValueError(f"{name} must {rule} 1e-75..1e75, got {size:.3g} (other units?)")
    return size


def bounded(name: str, number: float) -> float:
    """Accept a number that is not larger than one of ``moderate_size``; or nan, if that was allowed before."""
    if abs(number) > 1e75:
        raise ValueError(f"{name} must be at most 1e75 in size, got {number:.3g} (other units?)")
    return number


def symmetric(name: str, value: Any, size: int | None = None) -> Array:
    """Accept a ``moderate`` matrix, (size, size), that is symmetric up to rounding, which is taken out."""
    matrix = moderate(name, array(name, value, ndim=2, shape=None if size is None else (size, size)))
    if matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must be square, got shape {matrix.shape}")
    asymmetry = float(np.abs(matrix - matrix.T).max())
    if asymmetry > 1e-12 * np.abs(matrix).max():
        raise ValueError(
            f"{name} must be symmetric, got entries that differ from their mirror image by {asymmetry:.2g}"
        )
    return array(name, (matrix + matrix.T) / 2)


def several(name: str, values: Any) -> tuple[Any, ...]:
    """Accept a list, a tuple, a set or an array, as a tuple; text and a lone value are the mistakes that are made."""
    try:
        if isinstance(values, str | bytes | bytearray | memoryview | Mapping | np.ma.MaskedArray):
            raise TypeError
        return tuple(values)
    except Exception:  # whatever the class of a user does when it is asked
        raise ValueError(f"{name} must be a list, got {shown(values)} (in brackets?)") from None


def workers(name: str, n_jobs: int) -> int:
    """Accept a number of workers as joblib has it: -1 is one for each core, -2 one less."""
    number = integer(name, n_jobs, -MOST, MOST)
    if number == 0:
        raise ValueError(f"{name} must not be 0, got 0; -1 is a worker for each core")
    return number


def boolean(name: str, value: bool) -> bool:
    """Accept True or False, of NumPy too."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def one_of(name: str, value: str, choices: Iterable[str]) -> str:
    """Accept one of ``choices``; an unknown name is answered with the nearest match."""
    allowed = [*choices]
    if isinstance(value, str) and value in allowed:
        return value
    raise ValueError(choice(name, shown(value), value, in_order(allowed)))


def having(name: str, value: object, kind: str, members: Iterable[str], hint: str = "") -> None:
    """Raise a ``ValueError`` if a value that may be a user's is not called yet, or lacks a member.

    Parameters
    ----------
    name : str
        The argument.
    value : object
    kind : str
        What it must be, such as "a problem".
    members : iterable of str
        What will be asked of it.
    hint : str
        What may be wrong, for the end of the sentence.
    """
    for member in members:
        # A property that fails is there, and is named when it is asked.
        if is_uncalled(value) or not (hasattr(type(value), member) or hasattr(value, member)):
            without = "" if is_uncalled(value) else f" without {member!r}"
            raise ValueError(f"{name} must be {kind}, got {described(value)}{without}{hint}")


def being(name: str, value: object, kind: type, source: str = "") -> None:
    """Raise a ``ValueError`` unless a value is of a class of this library, which ``source`` says how to get."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise ValueError(f"{name} must be {article} {kind.__name__}{source}, got {described(value)}")


def is_uncalled(value: object) -> bool:
    """Whether this is a class or a function, and so not what it makes."""
    return isinstance(value, type) or inspect.isroutine(value)


def described(value: Any) -> str:
    """Say what came: of a class or a function that it must be called, of anything else how it prints."""
    if not is_uncalled(value):
        return shown(value)
    kind = "class" if isinstance(value, type) else "function"
    name = printable(value.__name__)
    return f"the {kind} {name}; write {name}({'...' if _needs_arguments(value) else ''})"


def _needs_arguments(function: Any) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some that are written in C do not say
        return True
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return any(p.default is p.empty and p.kind not in optional for p in parameters)
