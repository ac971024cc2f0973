"""A sample: what any number of runs come down to, in constant memory, for all that is asked of them.

An ensemble is read in parts. The first part is bet on as it comes; on each later part the bets go on from what the
first one taught, so that parts are computed apart from each other, by any worker. The wealth on a part has mean at most
one given the first part, whatever the bets, so the product of wealths is an e-process at the ends of the parts: every
test holds as it stands, with a few bets that could have been better informed.

Limits and rates need the runs themselves. Beyond a few thousand they are kept as means over groups of equal size: means
of independent runs are independent, non-negative, and have the same mean and ceiling as the runs.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import Past, log_average, log_wealth
from rac_theory.verdicts.verification.question import Question


@dataclass(frozen=True, eq=False)
class Pilot:
    """What earlier parts, as a rule the first one, taught the bets against a claim and those for it."""

    against: Past
    confirming: Past

    @classmethod
    def of(cls, X: Array, question: Question) -> "Pilot":
        """Learn from runs, (runs, T)."""
        return cls(Past(), Past()).then(X, question)

    def then(self, X: Array, question: Question) -> "Pilot":
        """Return what is known after the runs X, (runs, T), too."""
        return Pilot(self.against.then(question.excess(X)), self.confirming.then(*question.shortfall(X)))


@dataclass(frozen=True, eq=False)
class Part:
    """What some of the runs come down to: log wealths at their end, (T,), and the best that they came to before."""

    runs: int
    against: Array
    best_against: float
    confirming: Array
    best_confirming: Array
    bounded: bool

    @classmethod
    def of(cls, X: Array, question: Question, pilot: Pilot | None = None) -> "Part":
        """Reduce runs, (runs, T), to what is asked of them."""
        past = pilot or Pilot(Past(), Past())
        against = log_wealth(question.excess(X), past=past.against)
        Z, worst = question.shortfall(X)
        confirming = log_wealth(Z, worst, past=past.confirming)
        return cls(
            runs=len(X),
            against=against[-1].copy(),  # a view would keep all of it
            best_against=log_average(against),
            confirming=confirming[-1].copy(),
            best_confirming=confirming.max(axis=0),
            bounded=question.has_ceiling and bool(np.all(X / question.ceiling <= 1 + 1e-9)),
        )

    def then(self, later: "Part") -> "Part":
        """Return this part and a later one together; of the later one only the end counts, where all t are known."""
        against, confirming = self.against + later.against, self.confirming + later.confirming
        return Part(
            self.runs + later.runs,
            against,
            max(self.best_against, log_average(against[None])),
            confirming,
            np.maximum(self.best_confirming, confirming),
            self.bounded and later.bounded,
        )

    def confirmation(self, question: Question) -> Array:
        """Return the largest log e-value for the claim at each t, as in ``Sample``: (T,)."""
        if not self.bounded:
            return np.full_like(question.bound, -np.inf)
        return np.where(question.is_vacuous, np.inf, self.best_confirming)

    def decides(self, question: Question, alpha: float) -> bool:
        """Say whether the runs refute the claim, or confirm it at every t, each at level alpha."""
        threshold = math.log(1 / alpha)
        return self.best_against >= threshold or bool((self.confirmation(question) >= threshold).all())


@dataclass(frozen=True, eq=False)
class Sample:
    """All parts together.

    Attributes
    ----------
    runs : int
    X : (groups, T)
        The runs, or means over groups of them.
    log_evidence : float
        Largest log e-value against the claim.
    confirmation : (T,)
        Largest log e-value for the claim at each t; inf where it is vacuous, -inf without a ceiling.
    bounded : bool
        Whether there is a ceiling that all runs kept.
    """

    runs: int
    X: Array
    log_evidence: float
    confirmation: Array
    bounded: bool

    @classmethod
    def of(cls, parts: Iterable[Part], X: Array, question: Question) -> "Sample":
        """Put parts together, in their order; X, (groups, T), is what is kept of their runs."""
        whole = reduce(Part.then, parts)
        return cls(whole.runs, X, whole.best_against, whole.confirmation(question), whole.bounded)


def group_means(X: Array, group: int) -> Array:
    """Return means over groups of runs, the last of which may be smaller: (runs, T) to (groups, T)."""
    if group == 1:
        return X
    return np.add.reduceat(X, np.arange(0, len(X), group)) / np.diff([*range(0, len(X), group), len(X)])[:, None]
