"""What keeps a decision from saying all that it seems to: resolution, bounds without content, measured constants."""

from dataclasses import replace

import numpy as np

from rac_theory.cases import Case, Constants
from rac_theory.verdicts.verification.decision import Decision
from rac_theory.verdicts.verification.judged_bound import JudgedBound, claimed_steps
from rac_theory.verdicts.verification.judged_claim import JudgedClaim
from rac_theory.verdicts.verification.measured_constants import as_far_as_measured, relied_on
from rac_theory.verdicts.verification.status import Status


def with_reservations(decision: Decision, claim: JudgedClaim, case: Case, constants: Constants) -> Decision:
    """Return a decision on a claim with all that is to be said against it."""
    if decision.status is not Status.VIOLATED:
        decision = up_to_resolution(decision, claim)
    if decision.status in (Status.HOLDS, Status.CONSISTENT) and claim.informative_from is None:
        shorter = "" if claim.theorem.descends else ", or shorter ones"
        vacuous = f"the bound never says more than descent alone does: take more steps{shorter}."
        decision = replace(decision, status=Status.UNDECIDED, reason=vacuous)
    return as_far_as_measured(decision, constants, relied_on(claim.theorem, case, constants))


def up_to_resolution(decision: Decision, claim: JudgedBound) -> Decision:
    """Say nothing good about a bound below what rounding and f_star let one see, nor where it is no number."""
    if not claim.resolved.size:
        reason = "the bound is below what rounding and f_star let one see from the first step on."
        return replace(decision, status=Status.UNDECIDED, reason=reason, reach=None)
    last, reason = int(claim.resolved[-1]), decision.reason
    if silent := int(np.count_nonzero(~np.isfinite(claim.bound[1:]))):
        reason = f"{reason} At {silent} steps the bound is no finite number, and nothing is said there."
    if last < claimed_steps(claim.bound)[-1]:
        reason = f"{reason} Only up to t={last}: beyond, the bound is below what rounding and f_star let one see."
    return replace(decision, reason=reason, reach=min(decision.reach, last) if decision.reach else None)
