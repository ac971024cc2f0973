"""An account of significance: opened with alpha, each use draws its part, and it cannot be overdrawn."""

import math
from collections.abc import Mapping
from types import MappingProxyType

from rac_theory.base import checks

_ROUNDING = 1e-12  # relative to alpha: parts of it, added up in floating point, may come to a hair more


class Account:
    """The probability ``alpha`` with which one answer may be wrong, and what it was spent on.

    Whatever may err by chance draws its level here: by the union bound the answer is wrong with probability at most the
    sum, and the sum is at most alpha, or a draw is refused.

    Parameters
    ----------
    alpha : float
        In (0, 1).

    Examples
    --------
    >>> from rac_theory.numerics.account import Account
    >>> account = Account(1e-3)
    >>> account.draw("lambda_min", 2.5e-4)
    0.00025
    >>> account.rest("runs")
    0.00075
    >>> account.draw("another look", 1e-4)
    Traceback (most recent call last):
        ...
    ValueError: levels must add up to at most alpha=0.001, got 0.0001 for another look on top of lambda_min: 0.00025, \
runs: 0.00075
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = checks.finite("alpha", alpha, above=0, below=1)
        self._spent: dict[str, float] = {}

    @property
    def spent(self) -> Mapping[str, float]:
        """What was drawn so far, by purpose."""
        return MappingProxyType(dict(self._spent))

    @property
    def left(self) -> float:
        """What may still be drawn."""
        return max(self.alpha - math.fsum(self._spent.values()), 0.0)

    def draw(self, purpose: str, level: float) -> float:
        """Spend ``level`` on a purpose, and return it.

        Raises
        ------
        ValueError
            If the level is negative or nan, or if there is not so much left.
        """
        if not 0 <= level <= self.left + _ROUNDING * self.alpha:
            before = ", ".join(f"{name}: {spent:g}" for name, spent in self._spent.items()) or "nothing"
            raise ValueError(
                f"levels must add up to at most alpha={self.alpha:g}, got {level:g} for {purpose} on top of {before}"
            )
        self._spent[purpose] = self._spent.get(purpose, 0.0) + level
        return level

    def rest(self, purpose: str) -> float:
        """Spend all that is left on a purpose, and return it.

        Raises
        ------
        ValueError
            If nothing is left.
        """
        if not self.left > _ROUNDING * self.alpha:
            raise ValueError(f"alpha={self.alpha:g} must leave something for {purpose}, all of it was spent")
        return self.draw(purpose, self.left)


def for_constants(alpha: float, rows: int) -> float:
    """Return what each of some rows may spend on sampled constants: half of alpha, shared, as any may be wrong."""
    return alpha / 2 / max(rows, 1)
