"""A sample: what any number of runs come down to, in constant memory, for all that is asked of them.

An ensemble is read in parts. The first part is bet on as it comes; on each later part the bets go on from what the
first one taught, so that parts are computed apart from each other, by any worker. The wealth on a part has mean at most
one given the first part, whatever the bets, so the product of wealths is an e-process at the ends of the parts: every
test holds as it stands, with a few bets that could have been better informed.

Limits and rates need the runs themselves. Beyond a few thousand they are kept as means over groups of equal size: means
of independent runs are independent, non-negative, and have the same mean and ceiling as the runs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from rac_theory.base import Array
from rac_theory.numerics import EPS, Past, log_average, log_wealth
from rac_theory.problems import Problem
from rac_theory.verdicts.verification.judged_claim import JudgedBound, JudgedClaim, Question, Recording


@dataclass(frozen=True, eq=False)
class Pilot:
    """What bets against a claim, and those for it, have learnt from earlier parts, as a rule from the first one."""

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
    """The evidence of some runs: log wealths after the last of them, (T,), and the largest that were reached before."""

    runs: int
    against: Array
    best_against: float
    confirming: Array
    best_confirming: Array
    bounded: bool

    @classmethod
    def of(cls, X: Array, question: Question, pilot: Pilot | None = None) -> "Part":
        """Bet on runs, (runs, T), and keep the evidence."""
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
        """Return the evidence of this part and a later one; of the later one only the wealths at its end count."""
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
        """Return the largest log e-value for the claim at each t, (T,): inf where vacuous, -inf without a ceiling."""
        if not self.bounded:
            return np.full_like(question.bound, -np.inf)
        return np.where(question.is_vacuous, np.inf, self.best_confirming)

    def decides(self, question: Question, alpha: float) -> bool:
        """Say whether the runs refute the claim, or confirm it at every t, each at level alpha."""
        threshold = math.log(1 / alpha)
        return self.best_against >= threshold or bool((self.confirmation(question) >= threshold).all())


def group_means(X: Array, group: int) -> Array:
    """Return means over groups of runs, the last of which may be smaller: (runs, T) to (groups, T)."""
    if group == 1:
        return X
    return np.add.reduceat(X, np.arange(0, len(X), group)) / np.diff([*range(0, len(X), group), len(X)])[:, None]


_SHOWN = 10  # single runs kept for figures


@dataclass(frozen=True, eq=False)
class Observation:
    """What is kept of a part of an ensemble: its answer to the question, means over groups of runs, a few runs."""

    part: Part
    curves: Array
    first_runs: Array

    @classmethod
    def of(cls, claim: JudgedClaim, part: Recording, group: int = 1, pilot: Pilot | None = None) -> "Observation":
        """Reduce a part; a run below the declared infimum proves the declaration false, and no verdict rests on it."""
        _check_infimum(claim.trial.case.problem, part.curves.values + part.curves.minimum)
        return cls.of_curves(claim, claim.curves(part), group, pilot)

    @classmethod
    def of_curves(cls, claim: JudgedBound, curves: Array, group: int = 1, pilot: Pilot | None = None) -> "Observation":
        """Reduce curves of the metric, (runs, steps + 1), wherever they come from."""
        part = Part.of(claim.judged_part(curves), claim.question, pilot)
        return cls(part, group_means(curves, group), curves[:_SHOWN].copy())

    @classmethod
    def joined(cls, observations: Sequence["Observation"]) -> "Observation":
        """Put parts of an ensemble together, in their order."""
        part = reduce(Part.then, (observation.part for observation in observations))
        return cls(
            part, np.concatenate([observation.curves for observation in observations]), observations[0].first_runs
        )


def _check_infimum(problem: Problem, values: Array) -> None:
    lowest = float(np.nanmin(values))
    declared = problem.f_star - getattr(problem, "f_star_error", 0.0)
    for name, bound in (("f_star", declared), ("f_lower", problem.f_lower)):
        if lowest < bound - 64 * EPS * max(abs(bound), abs(float(values[0, 0]))):
            raise ValueError(f"{name} must not be above f, got {bound:.17g}, but a run went down to {lowest:.17g}")
