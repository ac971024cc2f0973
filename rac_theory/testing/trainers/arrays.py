"""Arrays of any library, read by what they can do: no library of tensors is imported here, or anywhere in this room."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from rac_theory.base.checks import Array


class Format(NamedTuple):
    """A floating-point type: its name, its unit roundoff, and its smallest positive number.

    Examples
    --------
    >>> from rac_theory.testing.trainers.arrays import FORMATS
    >>> half = FORMATS["bfloat16"]
    >>> float(half.spacing(1.0)), float(half.rounded(1.005))
    (0.0078125, 1.0078125)
    """

    name: str
    unit: float
    smallest: float

    def spacing(self, x: Array) -> Array:
        """Return the distance of neighbours at x, which is twice the largest error of rounding: (...)."""
        exponent = np.where(x == 0, -1100, np.frexp(x)[1])  # zero has none, and counts as the smallest
        return np.asarray(np.maximum(np.ldexp(2 * self.unit, exponent - 1), self.smallest))

    def rounded(self, x: Array) -> Array:
        """Return x rounded to nearest, ties to even: (...); overflow is not looked at."""
        spacing = self.spacing(x)
        return np.asarray(np.rint(x / spacing) * spacing)


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        name: Format(name, 2.0**-precision, 2.0**lowest)
        for name, precision, lowest in (
            ("float64", 53, -1074),
            ("float32", 24, -149),
            ("float16", 11, -24),
            ("bfloat16", 8, -133),
        )
    }
)
"""The types that weights, factors and outputs may have."""


def read(name: str, value: Any) -> tuple[Array, Format]:
    """Return a float64 copy of an array of any library, and the type that it came in.

    A tensor is detached and brought from its device by its own methods. bfloat16, which NumPy lacks, is widened by the
    library that made it; what widens it is exact.

    Raises
    ------
    ValueError
        For a list, for what is no array of finite real numbers, and for a type that is not in ``FORMATS``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing.trainers.arrays import read
    >>> values, kind = read("weights(state)", np.float32([1, 2]))
    >>> values.dtype, kind.name
    (dtype('float64'), 'float32')
    >>> read("weights(state)", [[1.0, 2.0]])
    Traceback (most recent call last):
    ValueError: weights(state) must be an array, got a list: make one of it, as with np.array or torch.tensor
    """
    if isinstance(value, list | tuple):
        raise ValueError(
            f"{name} must be an array, got a {type(value).__name__}: make one of it, as with np.array or torch.tensor"
        )
    given = value
    for method in ("detach", "cpu"):
        if callable(getattr(given, method, None)):
            given = getattr(given, method)()
    kind = _kind(given)
    if callable(getattr(given, "double", None)):
        given = given.double()
    try:
        values = np.array(np.asarray(given), dtype=np.float64)
    except Exception as error:  # whatever the class of a user does when it is converted
        raise ValueError(f"{name} must be an array of numbers, got {type(value).__name__}: {error}") from error
    if not (hasattr(given, "dtype") or hasattr(given, "__array__") or isinstance(given, float)):
        raise ValueError(f"{name} must be an array, got {type(value).__name__} (a missing return statement?)")
    if kind not in FORMATS:
        raise ValueError(f"{name} must be of type {', '.join(FORMATS)}, got {kind}: dequantise it, or use .float()")
    if not np.isfinite(values).all():
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise ValueError(
            f"{name} must be finite, got {bad} nan or infinite entries out of {values.size}: a smaller step?"
        )
    return values, FORMATS[kind]


def _kind(value: Any) -> str:
    """The name of the type of numbers, which libraries write as float32, torch.float32 or <dtype: 'float32'>."""
    kind = getattr(value, "dtype", None)
    if kind is None:
        kind = np.asarray(value).dtype
    short = str(kind).rpartition(".")[2]
    return short if short in FORMATS else str(getattr(kind, "name", kind))
