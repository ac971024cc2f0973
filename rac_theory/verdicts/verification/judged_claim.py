"""A claim as it is judged: a theorem on a case, at which steps, and against what."""

import math
from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.problems import Problem
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.judged_bound import JudgedBound, claimed_steps
from rac_theory.verdicts.verification.question import Question
from rac_theory.verdicts.verification.recorded_curves import Recording

_EVALUATION = 4 * float(np.finfo(float).eps)  # relative, a step: what powers and recursions lose
_OF_CONSTANTS = 1e-9  # relative: constants are rounded, gamma may exceed 1/L by 1e-12, and powers multiply that


@dataclass(frozen=True, eq=False)
class JudgedClaim(JudgedBound):
    """A theorem on a case, with the steps that rounding and f_star let one judge.

    Attributes
    ----------
    bound, resolved, judged, question, informative_from
        As in ``JudgedBound``: resolved is what stands out from rounding and from the uncertainty of f_star, which the
        question allows for; informative is what says more than descent alone.
    theorem : Theorem
    problem : Problem
    constants : Constants
    rounding : (T,)
        The part of the blur that is the error of evaluating an expectation and its bound.
    """

    theorem: Theorem
    problem: Problem
    constants: Constants
    rounding: Array

    @classmethod
    def of(cls, theorem: Theorem, case: Case, constants: Constants, first: Recording, exact: bool) -> "JudgedClaim":
        """Look at the first runs to see how far iterates go, and with them rounding."""
        metric = theorem.metric
        bound = theorem.bound(constants, case.steps)
        ceiling = metric.ceiling(constants)
        everywhere = claimed_steps(bound)
        claim = np.maximum(bound, 0.0)  # what is not negative can only be claimed to be zero
        rounding = metric.rounding(first.curves, constants, claim, _shift(case, first.norm))
        rounding = rounding + _EVALUATION * case.steps * claim
        doubt = np.broadcast_to(metric.doubt(constants, claim), bound.shape)
        resolved = everywhere[np.abs(bound[everywhere]) >= 100 * (rounding + doubt)[everywhere]]
        if exact:
            curve = metric.along(first.curves, constants)[0]
            # A bound that is met to the last bit needs no resolution, not even zero.
            resolved = everywhere if (curve <= bound - doubt)[everywhere].all() else resolved
        judged = resolved if resolved.size and not exact else everywhere
        question = Question(
            claim[judged],
            ceiling if theorem.descends and not exact else math.inf,
            blur=(_OF_CONSTANTS * claim + rounding + doubt)[judged],
            doubt=(doubt if exact else rounding + doubt)[judged],
        )
        informative = everywhere[bound[everywhere] < ceiling * (1 - _OF_CONSTANTS)]
        return cls(
            bound,
            resolved,
            judged,
            question,
            int(informative[0]) if informative.size else None,
            theorem,
            case.problem,
            constants,
            rounding[judged],
        )

    def curves(self, part: Recording) -> Array:
        """Return the metric along runs, (runs, steps + 1)."""
        return self.theorem.metric.along(part.curves, self.constants)


def _shift(case: Case, norm: float) -> float:
    """Bound how far rounding moves an iterate: a few units in the last place each step, added like a random walk."""
    norm = max(norm, float(np.linalg.norm(case.start)))
    return 4 * float(np.finfo(float).eps) * math.sqrt(case.steps) * norm
