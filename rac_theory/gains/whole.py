r"""Small operators on matrices as they are: E[H] and E[HQH] on all m n entries, for sums that have no common basis.

With probability p the sketch is on the left, else on the right; p = 1 is a left sketch alone.
"""

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.gains.common_basis import Terms
from rac_theory.gains.one_side import Pair
from rac_theory.gains.ratio import largest_ratio
from rac_theory.numerics import matrix

LARGEST = 256
"""The most entries m n: the matrices of the operators have (m n)^2."""


def along_whole(p: float, left: Pair | None, right: Pair | None, terms: Terms) -> float:
    """Return L_H of a sum of Kronecker products, as an eigenvalue of matrices of m n rows.

    Parameters
    ----------
    p : float
        Probability of the left side.
    left, right : Pair or None
        The moments of each side; None for a side that never comes up.
    terms : pairs (S, R)
        S on the left, R on the right.
    """
    m, n = len(terms[0][0]), len(terms[0][1])
    K, T, off_T = np.zeros((m * n, m * n)), np.zeros((m * n, m * n)), 0.0
    whole = [(matrix(S), matrix(R)) for S, R in terms]
    for weight, side, swapped in ((p, left, False), (1 - p, right, True)):
        if side is None:
            continue
        K += weight * (
            np.kron(np.eye(m), _full(side, side.mean)) if swapped else np.kron(_full(side, side.mean), np.eye(n))
        )
        for S, R in whole:
            product = (S, _full(side, side.second(R))) if swapped else (_full(side, side.second(S)), R)
            T += weight * np.kron(*product)
            off_T += weight * side.off * float(np.linalg.norm(S)) * float(np.linalg.norm(R))
    off_K = max(side.off for side in (left, right) if side is not None)
    basis = _range(m, n, left, right)
    if basis is not None:
        K, T = basis.T @ K @ basis, basis.T @ T @ basis
    return largest_ratio((T + T.T) / 2, (K + K.T) / 2, off_T=off_T, off_K=off_K)


def _full(side: Pair, matrix: Array) -> Array:
    return matrix if side.basis is None else side.basis @ matrix @ side.basis.T


def _range(m: int, n: int, left: Pair | None, right: Pair | None) -> Array | None:
    """A basis of the range of E[H], a Kronecker sum: what either side reaches. None for all of it."""
    V_left, V_right = _reached(left, m), _reached(right, n)
    if V_left.shape[1] == m or V_right.shape[1] == n:
        return None
    missed = np.linalg.svd(V_left)[0][:, V_left.shape[1] :] if V_left.size else np.eye(m)
    return np.hstack([np.kron(V_left, np.eye(n)), np.kron(missed, V_right)])


def _reached(side: Pair | None, size: int) -> Array:
    if side is None:
        return np.zeros((size, 0))
    if side.basis is not None:
        return side.basis
    zero = (np.diagonal(side.mean) == 0) & ~side.mean.any(axis=0)
    return np.eye(size)[:, ~zero]
