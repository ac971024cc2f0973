"""What counts as a number, real ones of every type, and class labels of any sortable kind.

Whatever else NumPy would convert in silence is named: it drops the mask of a masked array and the imaginary part of a
number, counts durations, reads strings, and turns a gap of an object array into nan. Each of these would silently pose
another problem.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rac_theory.base.naming import printable, type_name

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
