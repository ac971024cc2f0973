"""Runs of any origin as they are judged: read in parts, decided, and told with what is to be said against it."""

from dataclasses import replace
from typing import Any

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.verdicts.verification.decision import Decision
from rac_theory.verdicts.verification.evidence_of_runs import Pilot
from rac_theory.verdicts.verification.fixed_ensemble import behind_a_row, part_size
from rac_theory.verdicts.verification.given_bound import GivenBound
from rac_theory.verdicts.verification.judge import opened
from rac_theory.verdicts.verification.judged_bound import JudgedBound, claimed_steps
from rac_theory.verdicts.verification.measured_constants import as_far_as_measured
from rac_theory.verdicts.verification.observation import Observation, decided
from rac_theory.verdicts.verification.question import Question
from rac_theory.verdicts.verification.reservations import up_to_resolution
from rac_theory.verdicts.verification.runs_verdict import RunsVerdict
from rac_theory.verdicts.verification.status import Status

_UNIT = 64 * float(np.finfo(float).eps)  # of the largest bound: what a run that starts there may be off by later


@np.errstate(over="ignore", invalid="ignore")
def judged_runs(
    X: Array, ceiling: Array | None, given: GivenBound, alpha: float, metric: str, rounding: float = 0.0
) -> RunsVerdict:
    """Judge curves that were checked.

    Parameters
    ----------
    X : (runs, steps + 1)
    ceiling : (steps + 1,) or None
        At least X.
    given : GivenBound
    alpha : float
    metric : str
    rounding : float
        What X may be off by, as a share of the bound: it counts neither against the claim nor for it.
    """
    told: dict[str, Any] = {"metric": metric, "claimed": given.name}
    if unmet := given.unmet:
        reason = "; ".join(unmet) + "."
        return RunsVerdict(Status.NOT_APPLICABLE, reason, alpha, runs=len(X), bound=given.values, **told)
    claim = _claim(given.values, ceiling, rounding)
    account = opened(alpha, given.constants)
    seen = _observed(X, claim)
    curves = np.concatenate([one.curves for one in seen])
    return RunsVerdict.of(
        _with_reservations(decided(claim, seen, account.rest("runs")), claim, given),
        claim,
        curves,
        given.theorem.rate if given.theorem else None,
        alpha=alpha,
        levels=dict(account.spent),
        evidence="sampled",
        runs=len(X),
        sample=seen[0].shown,
        **told,
    )


def _claim(bound: Array, ceiling: Array | None, rounding: float) -> JudgedBound:
    """Say at which steps a bound is judged: where rounding may decide nothing is, which no value of a run says."""
    claimed = claimed_steps(bound)
    top = np.full(len(bound), np.inf) if ceiling is None else ceiling
    informative = claimed[bound[claimed] < top[claimed]]
    if not informative.size:
        raise ValueError(
            f"bound must be below ceiling at some t >= 1, got no less than {bound[claimed].min():g} below ceilings of "
            f"no more than {top[claimed].max():g}: every run would meet it"
        )
    blur = rounding * bound + _UNIT * np.nanmax(bound)
    resolved = claimed[bound[claimed] >= 100 * blur[claimed]]
    judged = resolved if resolved.size else claimed
    question = Question(bound[judged], top[judged], blur=blur[judged], doubt=blur[judged])
    return JudgedBound(bound, resolved, judged, question, int(informative[0]))


def _observed(X: Array, claim: JudgedBound) -> list[Observation]:
    """Read runs in the parts in which an ensemble of ours would be read, on which the bets depend."""
    size = part_size(X.shape[1] - 1)
    group = behind_a_row(len(X), size)
    pilot = Pilot.of(claim.judged_part(X[:size]), claim.question) if len(X) > size else None
    later = (Observation.seen(claim, X[i : i + size], group, pilot) for i in range(size, len(X), size))
    return [Observation.seen(claim, X[:size], group), *later]


def _with_reservations(decision: Decision, claim: JudgedBound, given: GivenBound) -> Decision:
    """Say at how many steps nothing is claimed, what measured constants are worth, and what is taken on trust."""
    if decision.status is not Status.VIOLATED:
        decision = up_to_resolution(decision, claim)
    decision = as_far_as_measured(decision, given.constants, tuple(sorted(given.constants.measured)))
    if trust := given.on_trust:
        decision = replace(decision, reason=f"{decision.reason} On trust: {'; '.join(trust)}.")
    return decision
