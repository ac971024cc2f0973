"""Signs that are fair coins where draws are independent: the test of what may depend on what came before."""

from collections.abc import Callable

import numpy as np
from scipy.special import betainc

from rac_theory.base.checks import Array
from rac_theory.numerics import orthonormal_range

_ROUNDING = 1e-9  # of a difference of cosines, or of sums of few


def exchanged(
    past: Array, other_past: Array, new: Array, other_new: Array, alike: Callable[[Array, Array], Array]
) -> Array:
    """Return by how much two new draws are more like their own past than like the other one: (..., m, n) to (...).

    If each new draw is independent of both pasts and of the other one, and both have one law, exchanging the two
    changes the sign of this number and not its law, given the pasts: its sign is a fair coin, whatever came before.
    """
    own = alike(past, new) + alike(other_past, other_new)
    return own - alike(past, other_new) - alike(other_past, new)


def unfair(differences: Array, alpha: float) -> float | None:
    """Return the share of positive signs if fair coins give such a one with probability at most alpha, else None.

    Both tails count; zeros, up to rounding, are left out. At alpha 1e-6, 63 signs are refuted from 51 of one kind on.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing.trainers.signs import unfair
    >>> [unfair(np.repeat([1.0, -1.0], [ups, 63 - ups]), alpha=1e-6) is None for ups in (31, 50, 51)]
    [True, True, False]
    """
    signs = differences[np.abs(differences) > _ROUNDING] > 0
    n, ups = len(signs), int(np.count_nonzero(signs))
    most = max(ups, n - ups)
    if n == 0 or 2 * float(betainc(most, n - most + 1, 0.5)) > alpha:
        return None
    return ups / n


def cosine(S: Array, K: Array) -> Array:
    """Return the cosine of the angle of matrices as vectors, zero if one of them is: (..., m, n) to (...)."""
    size = np.linalg.norm(S, axis=(-2, -1)) * np.linalg.norm(K, axis=(-2, -1))
    return np.asarray(np.sum(S * K, axis=(-2, -1)) / np.where(size > 0, size, 1.0))


def overlap(S: Array, K: Array) -> Array:
    """Return what part of the range of S lies in that of K; zero if one of them is: (..., d, r) to (...)."""
    Q, P = orthonormal_range(S), orthonormal_range(K)
    return np.asarray(np.square(np.swapaxes(Q, -1, -2) @ P).sum(axis=(-2, -1)) / S.shape[-1])
