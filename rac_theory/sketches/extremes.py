"""The extreme eigenvalues of an E[H] that is known, bounded with its own rounding, and whether it can be an E[H]."""

from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.numerics import extreme_eigenvalues

_EPS = float(np.finfo(float).eps)
_OF_ENTRIES = 4e-12  # relative: how far entries of E[H] that are no simple quotients may be off


def read_only(name: str, matrix: Array, dim: int) -> Array:
    """Return a checked copy, which for a Toeplitz view holds ``2 dim - 1`` numbers, as the original does."""
    if not (isinstance(matrix, np.ndarray) and matrix.shape == (dim, dim) and _is_toeplitz_view(matrix)):
        return checks.array(name, matrix, shape=(dim, dim))
    return sliding_window_view(checks.array(name, np.concatenate([matrix[:0:-1, 0], matrix[0]])), dim)[::-1]


def _is_toeplitz_view(matrix: Array) -> bool:
    """Whether one step down and one to the right lead to the same place in memory."""
    return len(matrix) > 1 and matrix.strides[0] == -matrix.strides[1]


def extremes(matrix: Array) -> tuple[float, float]:
    """Return bounds on the extreme eigenvalues, that allow for the rounding of the entries themselves.

    A multiple of the identity whose trace is a whole number is exact if its entry is, else it is off by its last digit.
    Other entries are sums and integrals, to about 1e-12 of themselves; but an eigenvalue is never above 1.
    """
    if _is_toeplitz_view(matrix) and not (matrix[0, 1:].any() or matrix[1:, 0].any()):
        entry, trace = float(matrix[0, 0]), len(matrix) * Fraction(float(matrix[0, 0]))
        if trace.denominator == 1:
            return entry, entry
        off = 4 * _EPS if abs(trace - round(trace)) < 4 * _EPS * trace else _OF_ENTRIES
        return entry * (1 - off), entry * (1 + off)
    low, high = extreme_eigenvalues(matrix)
    diagonal = np.count_nonzero(matrix) == np.count_nonzero(np.diagonal(matrix))
    off = 0.0 if low == 1 else _OF_ENTRIES * (low if diagonal else high)
    return low - off, high * (1 + _OF_ENTRIES)


def _is_symmetric(matrix: Array) -> bool:
    if _is_toeplitz_view(matrix):
        return bool(np.abs(matrix[0] - matrix[:, 0]).max() <= 1e-9)
    return bool(np.abs(matrix - matrix.T).max() <= 1e-9)


def check_claim(name: str, matrix: Array, ends: tuple[float, float], rank: int) -> None:
    """Refuse what no mean of projections can be; whether it is the right one is for ``check_sketch`` to ask."""
    low, high = ends
    trace = float(np.trace(matrix))
    if not _is_symmetric(matrix):
        raise ValueError(f"{name} must be symmetric, got {matrix[0, -1]:.6g} opposite {matrix[-1, 0]:.6g}")
    if low < -1e-9 or high > 1 + 1e-9 or trace > rank + 1e-9:
        raise ValueError(
            f"{name} must have eigenvalues in [0, 1] and trace at most rank={rank}, "
            f"got eigenvalues in [{low:.6g}, {high:.6g}] and trace {trace:.6g}"
        )
