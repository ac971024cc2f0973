"""Factors of Kronecker products: identities, which take no room, projections on a coordinate, what is rounded up."""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from rac_theory.problems.checks import Array
from rac_theory.problems.features import EPS


def identity(size: int, scale: float = 1.0) -> Array:
    """``scale I``, (size, size), read-only: a view of ``2 size - 1`` numbers."""
    line = np.zeros(2 * size - 1)
    line[size - 1] = scale
    line.flags.writeable = False
    return sliding_window_view(line, size)[::-1]


def raised(S: Array, by: float) -> Array:
    """``S + by I`` as a new array; each sum may be half an eps of S below, which ``by`` is to cover."""
    result = S.copy()
    result[np.diag_indices(len(S))] += by * (1 + 4 * EPS)
    return result


def is_diagonal(S: NDArray[Any]) -> bool:
    """Whether nothing of a square matrix is beside its diagonal."""
    return bool(np.count_nonzero(S) == np.count_nonzero(np.diagonal(S)))


def unit(size: int, index: int) -> Array:
    """``e e'`` with the unit vector e, (size, size)."""
    result = np.zeros((size, size))
    result[index, index] = 1.0
    return result
