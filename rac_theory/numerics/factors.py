"""Factors of Kronecker products: a diagonal one may be held as its vector, so that it takes no more room than that."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array

_EPS = float(np.finfo(float).eps)


def identity(size: int, scale: float = 1.0) -> Array:
    """``scale I`` as its diagonal, (size,)."""
    return np.full(size, scale)


def coordinate(size: int, index: int) -> Array:
    """``e e'`` with the unit vector e, as its diagonal, (size,)."""
    result = np.zeros(size)
    result[index] = 1.0
    return result


def diagonal_of(S: NDArray[Any]) -> NDArray[Any] | None:
    """The diagonal (d,) of a factor, (d, d) or (d,), beside which there is nothing; None where there is."""
    if S.ndim == 1:
        return S
    diagonal = np.diagonal(S)
    return diagonal if np.count_nonzero(S) == np.count_nonzero(diagonal) else None


def multiple_of_identity(S: Array) -> float | None:
    """The number l with ``S = l I``, if there is one."""
    on = entries(S)
    return float(on[0]) if (on == on[0]).all() and diagonal_of(S) is not None else None


def matrix(S: Array) -> Array:
    """A factor, (d, d) or (d,), as a matrix (d, d)."""
    return np.diag(S) if S.ndim == 1 else S


def entries(S: Array) -> Array:
    """The diagonal (d,) of a factor, whatever is beside it."""
    return S if S.ndim == 1 else np.diagonal(S)


def alike(factors: Sequence[Array]) -> Sequence[Array]:
    """Factors that can be added up: all as vectors where they all are, else all as matrices."""
    return factors if all(S.ndim == 1 for S in factors) else [matrix(S) for S in factors]


def raised(S: Array, by: float) -> Array:
    """``S + by I`` as a new array; each sum may be half an eps of S below, which ``by`` is to cover."""
    more = by * (1 + 4 * _EPS)
    if S.ndim == 1:
        return S + more
    result = S.copy()
    result[np.diag_indices(len(S))] += more
    return result
