"""Orthonormal ranges and projections of batches of matrices, and sums of logarithms: arrays in, arrays out."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dtrsm
from scipy.linalg.lapack import dpotrf

from rac_theory.base import Array
from rac_theory.numerics.eigenvalues import EPS

# The volume of unit columns decides how an orthonormal basis is made: see orthonormal_range.
_ROUND = 0.1  # above it the normal equations lose at most three digits
_FLAT = 1e-6  # below it the rank has to be decided
_SMALL = 1e-280  # a squared length below it may have lost digits to underflow

_FEW = 4  # columns, up to which elimination on a whole batch costs less than calls of LAPACK for each matrix,
_MANY = 64  # if it has so many matrices
SHORT = 16  # columns up to this long are not worth a product each: every operation runs along the batch


def orthonormal_range(S: Array) -> Array:
    r"""Return ``Q`` with :math:`Q Q^\top = S (S^\top S)^\dagger S^\top`, the projection on the range of ``S``.

    The length of each column is left out of every decision, as it is no matter of the range. The rank is the number of
    singular values of the unit columns above ``max(d, r) eps`` times the largest.

    A matrix takes the cheapest route that is safe for it. For k unit columns the squared singular values sum to k, so
    by the inequality of the means the product of all but the smallest is at most :math:`\sqrt e`, and the smallest is
    at least the volume :math:`\sqrt{\det S^\top S}` over :math:`\sqrt e`. So a volume above 0.1 bounds the condition
    number of the normal equations by 300 r, and they are solved by Cholesky; above 1e-6 a QR cannot invent a
    direction; below, the singular values decide.

    Parameters
    ----------
    S : (..., d, r)
        Finite matrices, at any scale.

    Returns
    -------
    (..., d, min(d, r))
        Orthonormal columns, and zero columns where the rank is lost.
    """
    d, r = S.shape[-2:]
    if r > d:
        return _range_by_singular_values(unit(S, axis=-2))
    flat = S.reshape(-1, d, r)
    with np.errstate(all="ignore"):  # the matrices that overflow here are done again below
        if r <= _FEW and d <= SHORT:
            Q, volume = _range_entry_by_entry(flat)
        elif r == 1:
            return unit(S[..., 0], axis=-1)[..., None]
        else:
            Q, volume = (_range_by_elimination if r <= _FEW and len(flat) >= _MANY else _range_by_cholesky)(flat)
    doubtful = np.flatnonzero(~(volume > _ROUND))
    if doubtful.size:
        Q[doubtful] = _range_by_factorisation(unit(flat[doubtful], axis=-2))
    return Q.reshape(S.shape)


def _range_entry_by_entry(S: Array) -> tuple[Array, Array]:
    """Return the range and the volume of unit columns of (batch, d, r), and store the range with the batch last."""
    r = S.shape[2]
    columns = np.ascontiguousarray(np.moveaxis(S, 0, 2))
    M = np.zeros((r, *columns.shape[1:]))
    for row in columns:  # einsum would add in an order that depends on the batch
        M += row[:, None] * row
    if r == 1:
        return np.moveaxis(columns * (1 / np.sqrt(M[0])), 2, 0), np.where(_accurate(M[0, 0]), 1.0, np.nan)
    X, volume = _inverse_factor(M)
    Q = X[:, 0] * columns[:, None, 0]
    for j in range(1, r):
        Q[:, j:] += X[j:, j] * columns[:, None, j]
    return np.moveaxis(Q, 2, 0), volume


def _range_by_elimination(S: Array) -> tuple[Array, Array]:
    """Return the same, stored by columns."""
    rows = np.ascontiguousarray(np.swapaxes(S, 1, 2))
    X, volume = _inverse_factor(np.moveaxis(rows @ np.swapaxes(rows, 1, 2), 0, -1).copy())
    return np.swapaxes(np.moveaxis(X, -1, 0) @ rows, 1, 2), volume


def _range_by_cholesky(S: Array) -> tuple[Array, Array]:
    """Return the same, one matrix at a time."""
    rows = np.swapaxes(S, 1, 2).copy()
    M = rows @ np.swapaxes(rows, 1, 2)
    squares = np.diagonal(M, axis1=1, axis2=2).copy()
    failed = np.empty(len(M), dtype=bool)
    for i, (gram, columns) in enumerate(zip(M, rows, strict=True)):
        # LAPACK counts by columns, so all is transposed for it: R'R = gram, then the columns times the inverse of R.
        R, failed[i] = dpotrf(gram.T, overwrite_a=1, clean=0)
        dtrsm(1.0, R, columns.T, side=1, overwrite_b=1)
    volume = np.prod(np.diagonal(M, axis1=1, axis2=2) / np.sqrt(squares), axis=1)
    return np.swapaxes(rows, 1, 2), np.where(failed | ~_accurate(squares).all(axis=1), np.nan, volume)


def _accurate(squares: Array) -> NDArray[np.bool_]:
    """Say which squared lengths have lost no digits to overflow or underflow."""
    accurate: NDArray[np.bool_] = (squares > _SMALL) & (squares < 1 / _SMALL)
    return accurate


def unit(V: Array, axis: int) -> Array:
    """Scale vectors along an axis to length one; zero vectors stay.

    Where the square of a length could have lost digits, the vector is divided by its largest entry first.
    """
    with np.errstate(all="ignore"):
        # Along rows vecdot is the fastest; across them a sum is.
        squares = np.vecdot(V, V)[..., None] if axis == -1 else np.sum(V * V, axis=axis, keepdims=True)
        scaled: Array = V / np.sqrt(squares)
    safe = _accurate(squares)
    return scaled if safe.all() else np.where(safe, scaled, _unit_at_any_scale(V, axis))


def _unit_at_any_scale(V: Array, axis: int) -> Array:
    largest = np.max(np.abs(V), axis=axis, keepdims=True)
    scaled: Array = np.divide(V, largest, out=np.zeros_like(V), where=largest > 0)
    length = np.sqrt(np.sum(scaled * scaled, axis=axis, keepdims=True))
    np.divide(scaled, length, out=scaled, where=length > 0)
    return scaled


def _inverse_factor(M: Array) -> tuple[Array, Array]:
    """Return X with ``X M X' = I``, lower triangular, and the volume of the columns that made the Gram matrices M.

    Elimination of ``[M | I]`` on all matrices at once, (r, r, batch), in place and of the lower triangles alone. Where
    columns are dependent, or the square of a length is too large or too small to be accurate, the volume comes out as
    zero or nan, and X as anything.
    """
    squares = np.einsum("iik->ik", M).copy()
    scale = 1 / np.sqrt(squares)
    M *= scale[:, None] * scale[None, :]
    inverse = np.zeros_like(M)
    np.einsum("iik->ik", inverse)[:] = scale
    volume = np.where(_accurate(squares).all(axis=0), 1.0, np.nan)
    for j in range(len(M)):
        pivot = np.sqrt(M[j, j])
        volume *= pivot
        inverse[j, : j + 1] /= pivot
        factors = M[j + 1 :, j] / pivot
        for i, factor in enumerate(factors, start=j + 1):
            M[i, j + 1 : i + 1] -= factor * factors[: i - j]
            inverse[i, : j + 1] -= factor * inverse[j, : j + 1]
    return inverse, volume


def _range_by_factorisation(S: Array) -> Array:
    """Return the range of unit columns, (batch, d, r), by QR where their volume allows it, else by singular values."""
    Q, R = np.linalg.qr(S)
    volume = np.abs(np.prod(np.diagonal(R, axis1=-2, axis2=-1), axis=-1))
    flat = np.flatnonzero(~(volume > _FLAT))
    if flat.size:
        Q[flat] = _range_by_singular_values(S[flat])
    return np.asarray(Q)


def _range_by_singular_values(S: Array) -> Array:
    U, s, _ = np.linalg.svd(S, full_matrices=False)
    tolerance = max(S.shape[-2:]) * EPS * s[..., :1]
    return np.where((s > tolerance)[..., None, :], U, 0.0)


def project(S: Array, G: Array) -> Array:
    r"""Project the columns of ``G`` onto the range of ``S``.

    Computes :math:`H G` with :math:`H = S (S^\top S)^\dagger S^\top` without forming :math:`H`. A rank-deficient
    ``S`` is allowed: only its range matters.

    Parameters
    ----------
    S : (..., d, r)
        Sketch matrices, any r.
    G : (..., d, n)
        Columns to project.

    Returns
    -------
    (..., d, n)
        ``H @ G``; ``G`` itself, bit for bit, where S has rank d; zero where S is zero.

    References
    ----------
    arXiv:2410.08305, the left sketch.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import project
    >>> S = np.array([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0]])  # of rank one: its range is the direction (1, 1, 0)
    >>> project(S, np.array([[1.0], [3.0], [5.0]])).round(6).tolist()
    [[2.0], [2.0], [0.0]]
    """
    return project_onto(orthonormal_range(S), G)


def project_onto(Q: Array, G: Array, scale: float = 1.0) -> Array:
    """Return ``scale Q Q' G`` as a new array, for ``Q`` as ``orthonormal_range`` returns it: (..., d, n)."""
    d, k = Q.shape[-2:]
    if k == 1 < d:
        # An outer product by broadcasting: matmul with inner dimension one is several times slower.
        return Q * (scale * (np.swapaxes(Q, -1, -2) @ G))
    projected = np.where(Q == 0, 0.0, scale * G) if d == 1 else Q @ (scale * (np.swapaxes(Q, -1, -2) @ G))
    if k < d or d == 1:
        return projected
    full_rank = np.any(Q != 0, axis=-2).all(axis=-1)[..., None, None]
    return np.where(full_rank, scale * G, projected)


def projection(S: Array) -> Array:
    r"""Return :math:`H` itself, (..., d, d), for the few places that need its entries rather than its action."""
    Q = orthonormal_range(S)
    return Q @ np.swapaxes(Q, -1, -2)


_TOGETHER = 4  # numbers whose product has one logarithm


def sum_of_logarithms(numbers: Array) -> Array:
    """Add up ``log x`` along the last axis, (..., N) to (...), of numbers x from 1 to e to the ``largest_logarithm``.

    Products of four are off by three roundings at most, and so are their logarithms: by less than what four logarithms
    are off by because the numbers themselves are rounded.
    """
    *batch, N = numbers.shape
    products = N // _TOGETHER
    full, rest = numbers[..., : _TOGETHER * products], numbers[..., _TOGETHER * products :]
    logarithms = np.log(full.reshape(*batch, _TOGETHER, products).prod(axis=-2))
    return np.asarray(logarithms.sum(axis=-1) + np.log(rest).sum(axis=-1))


@cache
def largest_logarithm(dtype: np.dtype[Any]) -> float:
    """Return how large a logarithm may be so that no product overflows, nor would with one number more of this size.

    It is so large that ``exp(-z)`` of it is less than a rounding of one.
    """
    return float(np.log(np.finfo(dtype).max)) / (_TOGETHER + 1)
