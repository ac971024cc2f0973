"""Bets against a claim: about a mean, with a range or without one, and about two things that are said to have one law.

**Exchanged in pairs.** If X and X' are independent draws of one law, and Z is a number that changes its sign when they
are exchanged, then Z is symmetric. Nothing else is needed: no variance, no range. Of independent Z the signs decide, or
their sum; of Z that are symmetric given what was before, an e-process. Where Z is cut at a range that was fixed before,
``evidence.either_side`` may bet on it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array
from rac_theory.numerics.confidence import at_least, divergence
from rac_theory.numerics.evidence import either_side
from rac_theory.numerics.linalg import orthonormal_range

_SHORTEST = 1e-9  # a range that is shorter is rounding


@dataclass(eq=False)
class Bets:
    """Columns of variables with claimed means, bet on from both sides; each column may be a new one in every block.

    What a column holds in a block must be fixed before its draws are seen. Then the wealth of each bet is a
    supermartingale under the claim, whatever the columns are chosen from, and passes ``1 / alpha`` anywhere with
    probability at most alpha. The first ``fixed`` columns, which hold the same in every block, are held against
    Hoeffding's form of Chernoff's bound too, which loses nothing where a variable is 0 or 1.
    """

    fixed: int = 0
    _blocks: list[tuple[Array, Array, Array]] = field(default_factory=list)  # x - claimed, and its range
    _sums: Array | float = 0.0  # of the x and of the claimed means, and their count: (3, columns)

    def add(self, x: Array, claimed: Array, low: Array, high: Array) -> None:
        """Bet on variables ``low <= x <= high`` with means ``claimed``: (k, columns), and what broadcasts with it.

        A column that is not yet known has x = claimed = low = high.
        """
        claimed = np.broadcast_to(claimed, x.shape)
        below, above = (np.broadcast_to(np.maximum(end, _SHORTEST), x.shape) for end in (claimed - low, high - claimed))
        self._blocks.append((x - claimed, below, above))
        self._sums = self._sums + (high > low) * np.stack(
            [x.sum(axis=0), claimed.sum(axis=0), np.full(x.shape[1], len(x))]
        )

    def refuted(self, alpha: float) -> tuple[int, float, float] | None:
        """The column that gives a false claim away, its claimed mean and that of the draws; None if none does."""
        wealth = either_side(*(np.concatenate(parts) for parts in zip(*self._blocks, strict=True)))
        observed, claimed, count = np.asarray(self._sums)
        first = slice(0, self.fixed)
        wealth[first] = np.maximum(wealth[first], self._chernoff(observed[first], claimed[first], count[first]))
        column = int(wealth.argmax())
        if wealth[column] < math.log(4 * len(wealth) / alpha):
            return None
        return column, float(claimed[column] / count[column]), float(observed[column] / count[column])

    def _chernoff(self, observed: Array, claimed: Array, count: Array) -> Array:
        """Count times the divergence of the mean that is seen from the one that is claimed, both in [0, 1]."""
        x, p = (np.clip(total / np.maximum(count, 1), 0.0, 1.0) for total in (observed, claimed))
        with np.errstate(divide="ignore"):
            return count * divergence(x, p)


def log_wealth_without_range(Z: Array, variance: float) -> float:
    """Return the largest log wealth of bets that E[Z] > 0, for Z of any range whose variance is at most ``variance``.

    With ``x = l Z`` the mean of ``(1 + x + x^2 / 2) / (1 + l^2 variance / 2)`` is at most 1 where E[Z] <= 0. For
    negative x, ``1 / (1 - x + x^2 / 2)`` is still less (Catoni's function: a large loss is no gain). Several bets l
    share the wealth.
    """
    bets = np.sqrt(2 / (variance + 1e-300)) * 2.0 ** -np.arange(0, 10)[:, None]
    x = bets * Z
    gains = np.sign(x) * np.log1p(np.abs(x) + x**2 / 2)
    wealth = np.cumsum(gains - np.log1p(bets**2 * variance / 2), axis=1)
    return float(wealth.max()) - math.log(len(bets))


_ROUNDING = 1e-9  # of a difference of cosines, or of sums of few
_BETS = 2.0 ** -np.arange(-1.0, 9.0)


def exchanged(
    past: Array, other_past: Array, new: Array, other_new: Array, alike: Callable[[Array, Array], Array]
) -> Array:
    """Return by how much two new draws are more like their own past than like the other one.

    If each new draw is independent of both pasts and of the other one, and both have one law, exchanging the two
    changes the sign of this number and not its law, given the pasts: its sign is a fair coin, whatever came before.
    """
    within = alike(past, new) + alike(other_past, other_new)
    return within - alike(past, other_new) - alike(other_past, new)


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
    >>> from rac_theory.numerics.bets import unfair
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
