"""From a case and its constants to verdicts: what needs no run, what is read of runs, and what that comes to."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from rac_theory.cases.case import Case
from rac_theory.cases.constants import Constants
from rac_theory.numerics.account import Account
from rac_theory.numerics.randomness import RUNS, child
from rac_theory.theorems.theorem import Theorem
from rac_theory.verification.decision import Decision, exact_decision, sampled_decision
from rac_theory.verification.evidence_of_runs import Sample
from rac_theory.verification.fixed_ensemble import part_size, read
from rac_theory.verification.judged_claim import JudgedClaim
from rac_theory.verification.measured_constants import as_far_as_measured, relied_on
from rac_theory.verification.observation import Observation
from rac_theory.verification.rate import fit_rate
from rac_theory.verification.recorded_curves import Evidence, exact_recording
from rac_theory.verification.until_decided import groupings, read_until_decided
from rac_theory.verification.verdict import Status, Verdict


def judge(
    theorems: Sequence[Theorem],
    case: Case,
    constants: Constants,
    *,
    runs: int,
    alpha: float,
    seed: np.random.SeedSequence,
    evidence: Evidence = "auto",
    n_jobs: int = 1,
    until_decided: bool = False,
) -> list[Verdict]:
    """Judge theorems by one expectation or ensemble, if any of them applies; memory does not grow with ``runs``.

    With ``until_decided`` there are as many runs as it takes to decide all of them, and at most ``runs``.
    """
    unseen = [_without_runs(theorem, case, constants, alpha) for theorem in theorems]
    open_ = [theorem for theorem, verdict in zip(theorems, unseen, strict=True) if verdict is None]
    exact = exact_recording(case, evidence) if open_ else None
    account = _account(alpha, constants)
    level = limits = account.rest("runs")
    if exact is not None:
        claims = [JudgedClaim.of(theorem, case, constants, exact, exact=True) for theorem in open_]
        observations = [[Observation.of(claim, exact)] for claim in claims]
    elif until_decided:
        limits = level / groupings(runs, part_size(case.steps))
        claims, observations = read_until_decided(open_, case, constants, runs, child(seed, RUNS), n_jobs, level)
    else:
        claims, observations = read(open_, case, constants, runs, child(seed, RUNS), n_jobs)
    settle = partial(_settle, case, constants, account, limits, exact is not None, seed)
    settled = map(settle, claims, observations)
    return [next(settled) if verdict is None else verdict for verdict in unseen]


def not_applicable(theorem: Theorem, case: Case, constants: Constants, unmet: tuple[str, ...], alpha: float) -> Verdict:
    """Return the verdict on a case that does not meet the assumptions."""
    return Verdict(Status.NOT_APPLICABLE, "; ".join(unmet) + ".", theorem, case, constants, alpha, unmet=unmet)


def _account(alpha: float, constants: Constants) -> Account:
    """Open an account for one verdict, with what its constants have spent."""
    account = Account(alpha)
    if constants.alpha_spent > 0:
        account.draw("sampled constants", constants.alpha_spent)
    return account


def _without_runs(theorem: Theorem, case: Case, constants: Constants, alpha: float) -> Verdict | None:
    """Return the verdict where no run could change it: an assumption is not met, or something is no number."""
    if unmet := theorem.unmet(case, constants):
        return not_applicable(theorem, case, constants, unmet, alpha)
    bound = theorem.bound(constants, case.steps)
    unknown = [name for name in theorem.metric.needs if not math.isfinite(getattr(constants, name))]
    if not np.isfinite(bound[1:]).any():
        reason = "the bound is not a finite number at any t: it says nothing here."
    elif unknown:
        reason = f"the {theorem.metric.name} cannot be judged without knowing {' and '.join(unknown)}."
    else:
        return None
    return Verdict(Status.UNDECIDED, reason, theorem, case, constants, alpha, bound=bound)


@np.errstate(over="ignore", invalid="ignore")
def _settle(
    case: Case,
    constants: Constants,
    account: Account,
    limits: float,
    exact: bool,
    seed: np.random.SeedSequence,
    claim: JudgedClaim,
    observations: list[Observation],
) -> Verdict:
    """Turn what was observed of an ensemble into a verdict."""
    theorem, judged = claim.theorem, claim.judged
    curves = np.concatenate([observation.curves for observation in observations])
    X = claim.judged_part(curves)
    if exact:
        words = "one run decides" if case.algorithm.deterministic else "the expectation is exact"
        resolved = np.isin(judged, claim.resolved)
        decision = exact_decision(X[0], claim.question, judged, resolved, claim.rounding, words)
    else:
        sample = Sample.of([observation.part for observation in observations], X, claim.question)
        decision = sampled_decision(sample, claim.question, judged, account.spent["runs"], limits)
    if decision.status is not Status.VIOLATED:
        decision = _up_to_resolution(decision, claim, case.steps)
    if decision.status in (Status.HOLDS, Status.CONSISTENT) and claim.informative_from is None:
        vacuous = "the bound never says more than descent alone does: take more steps."
        decision = replace(decision, status=Status.UNDECIDED, reason=vacuous)
    decision = as_far_as_measured(decision, constants, relied_on(theorem, case, constants))
    fitted = fit_rate(curves, theorem.rate, decision.reach) if decision.reach else None
    lower, upper, detectable = np.full((3, len(claim.bound)), np.nan)
    lower[judged], upper[judged], detectable[judged] = decision.lower, decision.upper, decision.detectable
    return Verdict(
        decision.status,
        decision.reason,
        theorem,
        case,
        constants,
        account.alpha,
        levels=dict(account.spent),
        evidence="exact" if exact else "sampled",
        runs=int(case.algorithm.deterministic) if exact else sum(o.part.runs for o in observations),
        seed=(seed.entropy, seed.spawn_key),
        bound=claim.bound,
        mean=curves.mean(axis=0),
        lower=lower,
        upper=upper,
        detectable=detectable,
        reach=decision.reach,
        informative_from=claim.informative_from,
        log_evidence=decision.log_evidence,
        violated_at=decision.violated_at,
        fitted=fitted,
        promised=fit_rate(claim.bound[None], theorem.rate, fitted.last) if fitted else None,
        sample=observations[0].shown,
    )


def _up_to_resolution(decision: Decision, claim: JudgedClaim, steps: int) -> Decision:
    """Say nothing good about a bound below what rounding and f_star let one see, nor where it is no number."""
    if not claim.resolved.size:
        reason = "the bound is below what rounding and f_star let one see from the first step on."
        return replace(decision, status=Status.UNDECIDED, reason=reason, reach=None)
    last, reason = int(claim.resolved[-1]), decision.reason
    if silent := int(np.count_nonzero(~np.isfinite(claim.bound[1 : last + 1]))):
        reason = f"{reason} At {silent} steps the bound is no finite number, and nothing is said there."
    if last < steps:
        reason = f"{reason} Only up to t={last}: beyond, the bound is below what rounding and f_star let one see."
    return replace(decision, reason=reason, reach=min(decision.reach, last) if decision.reach else None)
