"""Batches of matrices: the checks of their shape and of what ``value`` and ``gradient`` are given, squared norms."""

from collections.abc import Callable

import numpy as np

from rac_theory.base.checks import Array, count, integer
from rac_theory.base.naming import shown

_CACHED = 1 << 16  # numbers
_COLUMNS = 320


def matrix_shape(shape: tuple[int, int]) -> tuple[int, int]:
    """Accept a pair (m, n) of integers >= 1."""
    try:
        m, n = shape
    except Exception:  # whatever the class of a user does when it is asked
        raise ValueError(f"shape must be a pair (m, n), got {shown(shape)}") from None
    m, n = integer("shape[0]", m, 1), integer("shape[1]", n, 1)
    count("shape[0] shape[1]", m * n)
    return m, n


def matrices(W: Array, shape: tuple[int, int], name: str = "W") -> Array:
    """Accept a batch of matrices of ``shape``, (..., m, n); entries may be infinite, as in runs that diverge."""
    W = np.asarray(W)
    if W.dtype != np.float32:  # what single precision gives is up to the data it meets
        W = W.astype(np.float64, copy=False)
    if W.shape[-2:] != shape:
        raise ValueError(f"{name} must have shape (..., {shape[0]}, {shape[1]}), got {W.shape}")
    return W


def in_chunks(
    value_and_gradient: Callable[[Array], tuple[Array, Array]], W: Array, numbers: int
) -> tuple[Array, Array]:
    """Apply a function of (runs, m, n) to a batch, (..., m, n), a few runs at a time.

    As many as make temporary arrays of ``numbers`` entries a run fit the cache of one core, and their memory come from
    the heap; but enough columns for a product of matrices to be one.
    """
    *batch, m, n = W.shape
    runs, most = W.reshape(-1, m, n), max(1, _CACHED // numbers, _COLUMNS // n)
    size = -(-len(runs) // -(-len(runs) // most)) if len(runs) else 1  # chunks as even as can be
    values, gradients = np.empty(len(runs), W.dtype), np.empty_like(runs)
    for first in range(0, len(runs), size):
        part = slice(first, first + size)
        values[part], gradients[part] = value_and_gradient(runs[part])
    return values.reshape(batch), gradients.reshape(W.shape)


def squared_norms(W: Array) -> Array:
    """Squared Frobenius norm of each matrix of a batch: (..., m, n) to (...)."""
    return np.asarray(np.square(W).sum(axis=(-2, -1)))
