r"""Evidence against the claim that two things have one law: exchanged in pairs, their difference keeps its law.

If X and X' are independent draws of one law, and Z is a number that changes its sign when they are exchanged, then Z is
symmetric. Nothing else is needed: no variance, no range. Of independent Z the signs decide, or their sum; of Z that are
symmetric given what was before, an e-process. Where Z is cut at a range that was fixed before, ``evidence.either_side``
may bet on it.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.numerics.confidence import at_least
from rac_theory.numerics.linalg import orthonormal_range

_ROUNDING = 1e-9  # of a difference of cosines, or of sums of few
_BETS = 2.0 ** -np.arange(-1.0, 9.0)


def exchanged(
    past: Array, other_past: Array, new: Array, other_new: Array, alike: Callable[[Array, Array], Array]
) -> Array:
    """Return by how much two new draws are more like their own past than like the other one.

    If each new draw is independent of both pasts and of the other one, and both have one law, exchanging the two
    changes the sign of this number and not its law, given the pasts: its sign is a fair coin, whatever came before.
    """
    own = alike(past, new) + alike(other_past, other_new)
    return own - alike(past, other_new) - alike(other_past, new)


def cosine(S: Array, K: Array) -> Array:
    """Return the cosine of the angle of matrices as vectors, zero if one of them is: (..., m, n) to (...)."""
    size = np.linalg.norm(S, axis=(-2, -1)) * np.linalg.norm(K, axis=(-2, -1))
    return np.asarray(np.sum(S * K, axis=(-2, -1)) / np.where(size > 0, size, 1.0))


def overlap(S: Array, K: Array) -> Array:
    """Return what part of the range of S lies in that of K; zero if one of them is: (..., d, r) to (...)."""
    Q, P = orthonormal_range(S), orthonormal_range(K)
    return np.asarray(np.square(np.swapaxes(Q, -1, -2) @ P).sum(axis=(-2, -1)) / S.shape[-1])


def unfair(differences: Array, alpha: float) -> float | None:
    """Return the share of positive signs if fair coins give such a one with probability at most alpha, else None.

    Both tails count; zeros, up to rounding, are left out. At alpha 1e-6, 63 signs are refuted from 51 of one kind on.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.exchange import unfair
    >>> [unfair(np.repeat([1.0, -1.0], [ups, 63 - ups]), alpha=1e-6) is None for ups in (31, 50, 51)]
    [True, True, False]
    """
    signs = differences[np.abs(differences) > _ROUNDING] > 0
    n, ups = len(signs), int(np.count_nonzero(signs))
    most = max(ups, n - ups)
    if n == 0 or 2 * float(at_least(most, n, 0.5)) > alpha:
        return None
    return ups / n


def symmetric_evidence(Z: Array) -> Array:
    r"""Return the log evidence of independent Z, (runs, k), against symmetry: (k,).

    Given the sizes, signs are fair coins, so that by Hoeffding's inequality
    :math:`P(\sum Z \ge z \sqrt{\sum Z^2}) \le e^{-z^2 / 2}`. What is returned is :math:`z^2 / 2`, and passes
    :math:`\log(2 / \alpha)` with probability at most alpha.
    """
    total, square = Z.sum(axis=0), np.square(Z).sum(axis=0)
    return np.asarray(total**2 / (2 * np.maximum(square, 1e-300)))


def symmetric_wealth(total: Array, square: Array) -> NDArray[np.float64]:
    r"""Return log e-values against symmetry given the past, from the sums of Z and of Z^2 over runs and steps.

    For Z that is symmetric given what was before, :math:`E \exp(l Z - l^2 Z^2 / 2) \le 1`, since
    :math:`\cosh x \le e^{x^2 / 2}`. So products over steps are e-processes, and some bets l share the wealth. The Z
    should be of the size of 1 at most.
    """
    bets = _BETS.reshape(-1, *[1] * np.ndim(total))
    wealth = bets * np.abs(total) - bets**2 * square / 2
    return np.asarray(wealth.max(axis=0) - math.log(len(_BETS)))


def repeats(numbers: Array, group: int, apart: float = 0.0) -> Array:
    """Return how many numbers of each group repeat another one of it, up to ``apart``: (n,) to (n // group,).

    Groups of draws change places as a whole, so that any dependence between them shows, whatever draws it is between.
    """
    numbers = np.sort(numbers[: len(numbers) // group * group].reshape(-1, group), axis=1)
    return np.asarray((np.diff(numbers, axis=1) <= apart).sum(axis=1), dtype=np.float64)
