"""What counts as a number: real ones of every type. Whatever else NumPy would convert in silence is named.

NumPy drops the mask of a masked array and the imaginary part of a number, counts durations, reads strings, and turns a
gap of an object array into nan. Each of these would silently pose another problem.
"""

from collections.abc import Mapping
from decimal import Decimal
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
