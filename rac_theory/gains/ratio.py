r"""The smallest number c with :math:`T \le c K`, for semidefinite T and K, as a bound that holds whatever was rounded.

If :math:`W^\top K W \ge (1 - g) I` and :math:`W^\top T W \le t I` for the columns W of a basis, on its span
:math:`T \le c K` with :math:`c = t / (1 - g)`: congruence keeps the order. W is made of eigenvectors of K, but that is
not relied upon: g and t are those of the products as they came out, and what these may have lost.
"""

import math

import numpy as np

from rac_theory.base import Array
from rac_theory.numerics import EPS, largest_eigenvalue


def largest_ratio(T: Array, K: Array, *, off_T: float, off_K: float) -> float:
    """Return a bound of the largest eigenvalue of T over K, (d, d), within rounding of it; inf where there is none.

    Parameters
    ----------
    T, K : (d, d)
        Symmetric. Where K is diagonal, rows in which it is zero are left out: T must be zero there.
    off_T : float
        How far T may be off, in the spectral norm.
    off_K : float
        How far K may be off, relative to each of its entries if it is diagonal, else in the spectral norm.
    """
    diagonal = np.diagonal(K)
    if np.count_nonzero(K) == np.count_nonzero(diagonal):
        return _over_diagonal(T, diagonal, off_T, off_K)
    d = len(K)
    lengths, V = np.linalg.eigh(K)
    if lengths[0] <= EPS * lengths[-1]:  # where it is little more, too much is lost below
        return math.inf
    W = V / np.sqrt(lengths)
    size = float(np.linalg.norm(W)) ** 2
    products = 4 * (d + 2) * EPS * size  # a triple product, relative to the norm of its middle
    G = W.T @ K @ W - np.eye(d)
    lost = float(np.linalg.norm(G)) + products * float(np.linalg.norm(K)) + 1.01 * off_K / lengths[0]
    if lost >= 0.5:
        return math.inf
    C = W.T @ T @ W
    gained = products * float(np.linalg.norm(T)) + 1.01 * off_T / lengths[0]
    return float(max(0.0, largest_eigenvalue((C + C.T) / 2) + gained) / (1 - lost) * (1 + 8 * EPS))


def _over_diagonal(T: Array, diagonal: Array, off_T: float, off_K: float) -> float:
    positive = np.flatnonzero(diagonal > 0)
    if not positive.size:
        return 0.0
    root = 1 / np.sqrt(diagonal[positive])
    C = T[np.ix_(positive, positive)] if positive.size < len(T) else T
    C = C * root[:, None]
    C *= root
    rounding = 0.0 if np.count_nonzero(C) == np.count_nonzero(np.diagonal(C)) else float(np.linalg.norm(C))
    top = max(0.0, largest_eigenvalue(C)) * (1 + 8 * EPS) + 8 * EPS * rounding
    # Twice: c is at most the norm of what T was made of, so that K may be off by as much as T.
    total = float(top + 2 * off_T / diagonal[positive].min())
    return total / (1 - off_K) * (1 + 8 * EPS)
