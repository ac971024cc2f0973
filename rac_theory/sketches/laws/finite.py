"""Finite supports: how large a one is listed, the choices that make it up, and exact probabilities."""

import itertools
import math
import numbers
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, checks, shown

LIMIT = 4096
"""The largest support, in matrices, that a sketch lists; above it ``support()`` is None."""

Support = tuple[Array, NDArray[Any]]
"""Values, (k, dim, rank), and their probabilities, (k,): Fractions where they are rational, else float64."""


def equally_likely(values: Array) -> Support:
    """Return the values with exact probabilities ``1/k``."""
    return values, np.full(len(values), Fraction(1, len(values)), dtype=object)


def all_tuples(choices: int, length: int) -> NDArray[np.int64] | None:
    """Return all of ``range(choices)^length``, (choices^length, length); None above the limit."""
    if choices**length > LIMIT:
        return None
    return np.array(list(itertools.product(range(choices), repeat=length)))


def all_subsets(choices: int, size: int) -> NDArray[np.int64] | None:
    """Return all subsets of ``range(choices)`` with that size, in increasing order; None above the limit."""
    if math.comb(choices, size) > LIMIT:
        return None
    return np.array(list(itertools.combinations(range(choices), size)))


def non_negative(name: str, values: Iterable[float | Fraction], count: int) -> NDArray[Any]:
    """Accept ``count`` numbers >= 0: as Fractions if all are rational (int or Fraction), else as float64."""
    floats = checks.array(name, values, shape=(count,))
    values = list(values)
    if floats.min() < 0:
        raise ValueError(f"{name} must be >= 0, got {shown(values)}")
    rationals = [value for value in values if isinstance(value, numbers.Rational)]
    if len(rationals) < count:
        return floats
    exact = np.empty(count, dtype=object)
    # Integers of NumPy too, whose arithmetic would wrap around.
    exact[:] = [Fraction(int(value.numerator), int(value.denominator)) for value in rationals]
    exact.flags.writeable = False
    return exact
