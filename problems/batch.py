"""Batches of matrices: the checks of their shape and of what ``value`` and ``gradient`` are given, squared norms."""

import numpy as np

from problems.checks import Array, integer


def matrix_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Accept a pair (m, n) of integers >= 1."""
    try:
        m, n = shape
    except (TypeError, ValueError):
        raise ValueError(f"shape must be a pair (m, n), got {shape!r}") from None
    return integer("shape[0]", m, 1), integer("shape[1]", n, 1)


def matrices(W: Array, shape: tuple[int, int]) -> Array:
    """Accept a batch ``W`` of matrices of ``shape``, (..., m, n); entries may be infinite, as in runs that diverge."""
    W = np.asarray(W, dtype=np.float64)
    if W.shape[-2:] != shape:
        raise ValueError(f"W must have shape (..., {shape[0]}, {shape[1]}), got {W.shape}")
    return W


def squared_norms(W: Array) -> Array:
    """Squared Frobenius norm of each matrix of a batch: (..., m, n) to (...)."""
    return np.asarray(np.square(W).sum(axis=(-2, -1)))
