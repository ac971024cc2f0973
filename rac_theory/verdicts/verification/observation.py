"""What is kept of a part of an ensemble for one claim: enough to go on, and to say so in a figure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.verdicts.verification.decision import Decision, sampled_decision
from rac_theory.verdicts.verification.evidence_of_runs import Part, Pilot, Sample, group_means
from rac_theory.verdicts.verification.judged_bound import JudgedBound
from rac_theory.verdicts.verification.judged_claim import JudgedClaim
from rac_theory.verdicts.verification.recorded_curves import Recording

_SHOWN = 10  # single runs kept for figures


@dataclass(frozen=True, eq=False)
class Observation:
    """What is kept of a part of an ensemble: its answer to the question, means over groups of runs, a few runs."""

    part: Part
    curves: Array
    shown: Array

    @classmethod
    def of(cls, claim: JudgedClaim, part: Recording, group: int = 1, pilot: Pilot | None = None) -> "Observation":
        """Reduce a part; a run below the declared infimum proves the declaration false, and no verdict rests on it."""
        _check_infimum(claim.problem, part.curves.values + part.curves.minimum)
        return cls.seen(claim, claim.curves(part), group, pilot)

    @classmethod
    def seen(cls, claim: JudgedBound, curves: Array, group: int = 1, pilot: Pilot | None = None) -> "Observation":
        """Reduce curves of the metric, (runs, steps + 1), wherever they come from."""
        answer = Part.of(claim.judged_part(curves), claim.question, pilot)
        return cls(answer, group_means(curves, group), curves[:_SHOWN].copy())


def decided(
    claim: JudgedBound, observations: Sequence[Observation], alpha: float, limits: float | None = None
) -> Decision:
    """Decide by what was observed of all parts of an ensemble; the levels are those of ``sampled_decision``."""
    X = claim.judged_part(np.concatenate([observation.curves for observation in observations]))
    sample = Sample.of([observation.part for observation in observations], X, claim.question)
    return sampled_decision(sample, claim.question, claim.judged, alpha, limits)


def _check_infimum(problem: Problem, values: Array) -> None:
    lowest = float(np.nanmin(values))
    declared = problem.f_star - getattr(problem, "f_star_error", 0.0)
    for name, bound in (("f_star", declared), ("f_lower", problem.f_lower)):
        if lowest < bound - 64 * np.finfo(float).eps * max(abs(bound), abs(float(values[0, 0]))):
            raise ValueError(f"{name} must not be above f, got {bound:.17g}, but a run went down to {lowest:.17g}")
