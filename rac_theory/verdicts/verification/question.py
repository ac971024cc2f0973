"""The question that runs are asked: whether a mean stays below a bound, and what counts as evidence either way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.numerics import excess, shortfall


@dataclass(frozen=True, eq=False)
class Question:
    """Whether ``E X_t <= bound_t`` for all t, for ``0 <= X <= ceiling``.

    A tolerance is no evidence: what may keep a claim from being refuted never helps to confirm it.

    Attributes
    ----------
    bound : (T,)
        What is claimed, at least 0.
    ceiling : float or (T,)
        inf if unknown.
    blur : float or (T,)
        What rounding and an uncertain f_star may add to X: the claim is refuted against ``bound + blur``.
    doubt : float or (T,)
        What they may hide of X: the claim is confirmed against ``bound - doubt``.
    """

    bound: Array
    ceiling: Array | float
    blur: Array | float = 0.0
    doubt: Array | float = 0.0

    @property
    def refuting(self) -> Array:
        """What runs have to exceed on average to refute the claim, (T,)."""
        return np.asarray(self.bound + self.blur)

    @property
    def confirming(self) -> Array:
        """What they have to be below to confirm it, (T,); nothing is below zero or less."""
        return np.asarray(self.bound - self.doubt)

    @property
    def has_ceiling(self) -> bool:
        """Whether there is a ceiling at every step."""
        return bool(np.isfinite(self.ceiling).all())

    @property
    def is_vacuous(self) -> NDArray[np.bool_]:
        """Where the claim says no more than the ceiling does, (T,)."""
        return np.asarray(self.confirming >= self.ceiling)

    def excess(self, X: Array) -> Array:
        """Return what is bet on to refute the claim, (runs, T)."""
        return excess(X, self.refuting)

    def shortfall(self, X: Array) -> tuple[Array, Array]:
        """Return what is bet on to confirm the claim, (runs, T), and the largest loss, (T,): see ``evidence``."""
        return shortfall(X, self.confirming, self.ceiling)
