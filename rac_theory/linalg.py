"""Orthonormal ranges and projections of batches of matrices: arrays in, arrays out, no concepts."""

import numpy as np

from problems.checks import Array

# Unit columns whose volume is above this are far from losing rank: QR is safe. Below it the rank has to be decided.
_SAFE_VOLUME = 1e-6


def orthonormal_range(S: Array) -> Array:
    r"""Return ``Q`` with :math:`Q Q^\top = S (S^\top S)^\dagger S^\top`, the projection on the range of ``S``.

    Columns are scaled to length one first, which leaves the range alone and makes the result independent of the scale
    of each column. The rank is then the number of singular values above ``max(d, r) eps`` times the largest.

    A plain QR would be wrong for dependent columns: it invents directions for them. It is used only where it cannot
    be: for k unit columns the squared singular values sum to k, so by the inequality of the means the product of all
    but the smallest is at most :math:`\sqrt e`, and the smallest is at least the volume :math:`\prod |R_{ii}|` over
    :math:`\sqrt e`. The other matrices go through a singular value decomposition.

    Parameters
    ----------
    S : (..., d, r)
        Finite matrices, at any scale.

    Returns
    -------
    (..., d, min(d, r))
        Orthonormal columns, and zero columns where the rank is lost.
    """
    largest = np.max(np.abs(S), axis=-2, keepdims=True)
    unit: Array = np.divide(S, largest, out=np.zeros_like(S), where=largest > 0)
    length = np.sqrt(np.sum(unit * unit, axis=-2, keepdims=True))
    np.divide(unit, length, out=unit, where=length > 0)
    if S.shape[-1] == 1:
        return unit
    if S.shape[-1] <= S.shape[-2]:
        Q, R = np.linalg.qr(unit)
        volume = np.abs(np.prod(np.diagonal(R, axis1=-2, axis2=-1), axis=-1))
        doubtful = ~(volume > _SAFE_VOLUME)
        if doubtful.any():
            Q[doubtful] = _range_by_singular_values(unit[doubtful])
        return Q
    return _range_by_singular_values(unit)


def _range_by_singular_values(S: Array) -> Array:
    U, s, _ = np.linalg.svd(S, full_matrices=False)
    tolerance = max(S.shape[-2:]) * np.finfo(float).eps * s[..., :1]
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
    """
    Q = orthonormal_range(S)
    if Q.shape[-1] == 1:
        # An outer product by broadcasting: matmul with inner dimension one is several times slower.
        return Q * np.sum(Q * G, axis=-2, keepdims=True) if Q.shape[-2] > 1 else np.where(Q == 0, 0.0, G)
    projected = Q @ (np.swapaxes(Q, -1, -2) @ G)
    if Q.shape[-1] < Q.shape[-2]:
        return projected
    full_rank = np.any(Q != 0, axis=-2).all(axis=-1)[..., None, None]
    return np.where(full_rank, G, projected)


def projection(S: Array) -> Array:
    r"""Return :math:`H` itself, (..., d, d), for the few places that need its entries rather than its action."""
    Q = orthonormal_range(S)
    return Q @ np.swapaxes(Q, -1, -2)
