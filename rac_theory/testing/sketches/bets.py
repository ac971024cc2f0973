"""Bets against a claim about the mean of bounded variables, that come block after block."""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.special import rel_entr

from rac_theory.base.checks import Array
from rac_theory.numerics import log_wealth

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
    _above: list[Array] = field(default_factory=list)
    _below: list[Array] = field(default_factory=list)
    _sums: Array | float = 0.0  # of what was seen and of what was said, and how many: (3, columns)

    def add(self, x: Array, said: Array, low: Array, high: Array) -> None:
        """Bet on variables ``low <= x <= high`` with means ``said``: (k, columns), and what broadcasts with it.

        A column that is not yet known has x = said = low = high.
        """
        said = np.broadcast_to(said, x.shape)
        self._above.append((x - said) / np.maximum(said - low, _SHORTEST))
        self._below.append((said - x) / np.maximum(high - said, _SHORTEST))
        self._sums = self._sums + (high > low) * np.stack(
            [x.sum(axis=0), said.sum(axis=0), np.full(x.shape[1], len(x))]
        )

    def refuted(self, alpha: float) -> tuple[int, float, float] | None:
        """The column that gives a false claim away, its claimed mean and that of the draws; None if none does."""
        wealth = np.maximum(*(log_wealth(np.concatenate(side)).max(axis=0) for side in (self._above, self._below)))
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
            return np.asarray(count * (rel_entr(x, p) + rel_entr(1 - x, 1 - p)))
