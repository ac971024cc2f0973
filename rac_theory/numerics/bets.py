"""Bets against a claim about a mean: of bounded variables that come block after block, and of some without a range."""

import math
from dataclasses import dataclass, field

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics.confidence import divergence
from rac_theory.numerics.evidence import either_side

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
    _blocks: list[tuple[Array, Array, Array]] = field(default_factory=list)  # x - said, and how far it may be off
    _sums: Array | float = 0.0  # of what was seen and of what was said, and how many: (3, columns)

    def add(self, x: Array, said: Array, low: Array, high: Array) -> None:
        """Bet on variables ``low <= x <= high`` with means ``said``: (k, columns), and what broadcasts with it.

        A column that is not yet known has x = said = low = high.
        """
        said = np.broadcast_to(said, x.shape)
        below, above = (np.broadcast_to(np.maximum(end, _SHORTEST), x.shape) for end in (said - low, high - said))
        self._blocks.append((x - said, below, above))
        self._sums = self._sums + (high > low) * np.stack(
            [x.sum(axis=0), said.sum(axis=0), np.full(x.shape[1], len(x))]
        )

    def refuted(self, alpha: float) -> tuple[int, float, float] | None:
        """The column that gives a false claim away, its claimed mean and that of the draws; None if none does."""
        wealth = either_side(*(np.concatenate(parts) for parts in zip(*self._blocks, strict=True)))
        seen, said, count = np.asarray(self._sums)
        first = slice(0, self.fixed)
        wealth[first] = np.maximum(wealth[first], self._chernoff(seen[first], said[first], count[first]))
        column = int(wealth.argmax())
        if wealth[column] < math.log(4 * len(wealth) / alpha):
            return None
        return column, float(said[column] / count[column]), float(seen[column] / count[column])

    def _chernoff(self, seen: Array, said: Array, count: Array) -> Array:
        """Count times the divergence of the mean that is seen from the one that is claimed, both in [0, 1]."""
        x, p = (np.clip(total / np.maximum(count, 1), 0.0, 1.0) for total in (seen, said))
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
