"""What runs say about a claim at the steps that are judged: exactly, or as far as a sample can."""

import enum
import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array
from rac_theory.cases import Constants
from rac_theory.numerics import evidence, lower_mean, upper_mean
from rac_theory.verdicts.verification.evidence_of_runs import Part
from rac_theory.verdicts.verification.judged_claim import JudgedBound, JudgedClaim, Question, Trial, claimed_steps


class Status(enum.StrEnum):
    """What a claim turned out to be on a case; each member equals its name, and ``meaning`` explains it.

    Examples
    --------
    >>> from rac_theory import Status
    >>> Status.HOLDS == "HOLDS"
    True
    >>> Status.VIOLATED.meaning
    'refuted at level alpha, or exactly'
    """

    HOLDS = "HOLDS"
    CONSISTENT = "CONSISTENT"
    UNDECIDED = "UNDECIDED"
    VIOLATED = "VIOLATED"
    NOT_APPLICABLE = "NOT_APPLICABLE"

    @property
    def meaning(self) -> str:
        """One line on when this is the answer."""
        return _MEANINGS[self.name]


_MEANINGS = {
    "HOLDS": "at every t that is judged: exactly, or confirmed at level alpha for the whole curve",
    "CONSISTENT": "not violated and not confirmed; a violation by half, of the shape seen, would have shown in half",
    "UNDECIDED": "too little to say either",
    "VIOLATED": "refuted at level alpha, or exactly",
    "NOT_APPLICABLE": "an assumption of the theorem is not met",
}


class Slack(NamedTuple):
    """How many times larger the bound is than the mean at step t, with a confidence interval."""

    t: int
    low: float
    value: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.value:.3g}"
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


_SEEN = 0.5  # a curve reaches as far as a violation by this much would have been seen


@dataclass(frozen=True, eq=False)
class Decision:
    """Status and reason, with the numbers at the judged steps; the attributes are those of ``Verdict``."""

    status: Status
    reason: str
    lower: Array
    upper: Array
    detectable: Array
    reach: int | None
    log_evidence: float = 0.0
    violated_at: int | None = None


def exact_decision(curve: Array, claim: JudgedClaim, words: str) -> Decision:
    """Compare the expected curve with the bound of a claim.

    Parameters
    ----------
    curve : (T,)
        At the steps that are judged. A value that is no finite number says nothing: it has left the range of floating
        point.
    claim : JudgedClaim
        Where it stands out from rounding it has to be true to HOLD, and the error of evaluating curve and bound is the
        only thing that is forgiven it there.
    words : str
        How the curve is known.
    """
    question, t = claim.question, claim.judged
    finite_values = np.isfinite(curve)
    above = finite_values & (curve > question.refuting)
    over = np.isin(t, claim.resolved) & (curve > question.confirming + claim.rounding)
    status, against, at = Status.UNDECIDED, 0.0, None
    finite = t[: len(t) if finite_values.all() else int(np.argmin(finite_values))]
    reach = int(finite[-1]) if finite.size else None
    if above.any():
        worst = _largest_ratio(curve, question.bound, above)
        status, against, at = Status.VIOLATED, math.inf, int(t[worst])
        reason = f"at t={at} the value is {curve[worst]:.6g}, the bound {question.bound[worst]:.6g} (exact)."
    elif not finite_values.all():
        reason = _out_of_range(int(t[~finite_values][0]))
    elif over.any():
        worst = _largest_ratio(curve, question.bound, over)
        share = curve[worst] / question.bound[worst]
        reason = f"at t={t[worst]} the value is {share:.12g} times the bound, and f_star is not known so well."
    else:
        status = Status.HOLDS
        met = "" if (curve <= question.confirming).all() else ", up to the rounding of double precision"
        reason = f"{words}, and it is below the bound at every t{met}."
    return Decision(status, reason, curve, curve, np.zeros_like(curve), reach, against, at)


def _largest_ratio(curve: Array, bound: Array, among: NDArray[np.bool_]) -> int:
    """Where a curve exceeds a bound most, relatively, among some steps; a bound of zero by any amount."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return int(np.argmax(np.where(among, curve / bound, -math.inf)))


def _out_of_range(t: int) -> str:
    return f"from t={t} on values leave the range of floating point, which is no evidence: take other units."


def sampled_decision(
    part: Part, X: Array, question: Question, t: NDArray[np.int64], alpha: float, limits: float | None = None
) -> Decision:
    """Test the claim ``E X_t <= bound_t`` for all t at level alpha, from independent runs.

    Parameters
    ----------
    part : Part
        What all of the runs come down to.
    X : (groups, T)
        The runs, or means over groups of them.
    question : Question
        The claim at the steps that are judged.
    t : (T,)
        These steps.
    alpha : float
        Level of the refutation, and of the confirmation.
    limits : float, optional
        Level of the confidence limits, alpha if None: less where the runs themselves said how their means are grouped.
    """
    bound, ceiling, confirmation = question.bound, question.ceiling, part.confirmation(question)
    limits = alpha if limits is None else limits
    mean, levels = X.mean(axis=0), limits * evidence.shares(len(t))
    upper = upper_mean(np.minimum(X, ceiling), ceiling, limits) if part.bounded else np.full(len(t), np.inf)
    reached, detectable = what_would_show(X, limits)
    reach = int(t[reached[-1]]) if reached.size else None
    against, at, status = part.best_against, None, Status.UNDECIDED
    if against >= math.log(1 / alpha):
        worst = _largest_ratio(mean, bound, np.isfinite(mean) & (mean > 0))
        status, at = Status.VIOLATED, int(t[worst])
        reason = (
            f"refuted at level {alpha:g} by an e-value of 10^{against / math.log(10):.1f}; at t={at} the mean of "
            f"{part.runs} runs is {mean[worst]:.6g}, the bound {bound[worst]:.6g}."
        )
    elif part.bounded and (confirmation >= math.log(1 / alpha)).all():
        status = Status.HOLDS
        reason = f"confirmed at level {alpha:g} by {part.runs} runs at every t."
    elif reach is not None and reach >= t[-1] / 2:
        status, last = Status.CONSISTENT, reached[-1]
        # A sample that misses the rare large values cannot know it: what is excluded is said beside what would show.
        top = float(np.broadcast_to(ceiling, bound.shape)[last]) if part.bounded else math.inf
        excluded = _excluded(X[:, last], float(bound[last]), top, levels[last])
        reason = (
            f"{part.runs} runs neither refute nor confirm it; at t={reach} a violation by {detectable[last]:.0%} "
            f"would have shown if the runs have the shape of their law, and whatever its shape {excluded}."
        )
    elif not np.isfinite(mean).all():
        reason = _out_of_range(int(t[~np.isfinite(mean)][0]))
    else:
        middle = int(np.searchsorted(t, t[-1] / 2))
        needed = evidence.runs_to_detect(X[:, middle], _SEEN, -math.log(levels[middle]))
        group = part.runs // len(X)  # runs behind each row of X
        estimate = "no number can be named from them"
        # By all of the runs as many may seem enough: the half that says how far the curve reaches was wider.
        if needed is not None and needed * group > part.runs:
            estimate = f"at t={t[middle]} it takes {needed * group} or more"
        reason = f"{part.runs} runs are too few to see a violation by {_SEEN:.0%} beyond t={reach or 0}; {estimate}."
    return Decision(status, reason, lower_mean(X, levels), upper, detectable, reach, against, at)


def what_would_show(X: Array, alpha: float) -> tuple[NDArray[np.int64], Array]:
    """Return the indices at which a violation by half would have shown, and which violation would have at each, (T,).

    One half of the runs says how far the curve reaches, and the other half, each run taken twice, what would have
    shown: runs that choose a step because they look narrow there would promise too much of it.
    """
    if len(X) < 2:
        return np.empty(0, dtype=np.int64), np.full(X.shape[1], np.inf)
    choosing, stating = (np.resize(X[half::2], X.shape) for half in (0, 1))
    return np.flatnonzero(evidence.detects(choosing, _SEEN, alpha)), evidence.detectable(stating, alpha)


def _excluded(X: Array, bound: float, ceiling: float, alpha: float) -> str:
    """Say which violations the runs, (runs,), exclude at level alpha, at a step that was chosen by the same runs."""
    if not math.isfinite(ceiling):
        return "none is excluded"
    excess = float(upper_mean(np.minimum(X, ceiling)[:, None], ceiling, alpha)[0]) / bound - 1
    return f"only one by {excess:.0%} or more is excluded" if excess > 0 else "every one is excluded there"


def with_reservations(decision: Decision, claim: JudgedClaim) -> Decision:
    """Limit a decision where resolution, a bound without content or a measured constant supports less than it says."""
    trial = claim.trial
    if claim.impossible.size:
        t = int(claim.impossible[0])
        reason = f"at t={t} the bound is {claim.bound[t]:.6g}, and the {trial.theorem.metric.name} is never negative."
        decision = replace(decision, status=Status.VIOLATED, reason=reason, log_evidence=math.inf, violated_at=t)
    if decision.status is not Status.VIOLATED:
        decision = up_to_resolution(decision, claim)
    if decision.status in (Status.HOLDS, Status.CONSISTENT) and claim.informative_from is None:
        shorter = "" if trial.theorem.descends else ", or shorter ones"
        vacuous = f"the bound never says more than descent alone does: take more steps{shorter}."
        decision = replace(decision, status=Status.UNDECIDED, reason=vacuous)
    return as_far_as_measured(decision, trial.constants, relied_on(trial))


def up_to_resolution(decision: Decision, claim: JudgedBound) -> Decision:
    """Limit a decision to the steps at which the bound is a number above what rounding and f_star hide."""
    if not claim.resolved.size:
        reason = "the bound is below what rounding and f_star let one see from the first step on."
        return replace(decision, status=Status.UNDECIDED, reason=reason, reach=None)
    last, reason = int(claim.resolved[-1]), decision.reason
    if silent := int(np.count_nonzero(~np.isfinite(claim.bound[1:]))):
        reason = f"{reason} At {silent} steps the bound is no finite number, and nothing is said there."
    if last < claimed_steps(claim.bound)[-1]:
        reason = f"{reason} Only up to t={last}: beyond, the bound is below what rounding and f_star let one see."
    return replace(decision, reason=reason, reach=min(decision.reach, last) if decision.reach else None)


def relied_on(trial: Trial) -> tuple[str, ...]:
    """Return the measured numbers without which nothing can be judged: of what is given, of bound or metric."""
    c, metric = trial.constants, trial.theorem.metric

    def is_needed(name: str) -> bool:
        unknown: dict[str, Any] = {name: math.nan}
        without = replace(trial, constants=replace(c, **unknown))
        return name in metric.needs or bool(without.unmet) or not np.isfinite(without.bound[1:]).any()

    return tuple(filter(is_needed, sorted(c.measured)))


def as_far_as_measured(decision: Decision, c: Constants, names: tuple[str, ...]) -> Decision:
    """Limit a decision that rests on measured numbers: it holds as far as these do, and a breach refutes nothing."""
    if not names:
        return decision
    numbers = " and ".join(f"{name}={getattr(c, name):.6g}" for name in names)
    if decision.status is Status.VIOLATED:
        reason = (
            f"{decision.reason} But {numbers} was measured, not proved, so nothing is refuted: it may be too small."
        )
        return replace(decision, status=Status.UNDECIDED, reason=reason)
    return replace(decision, reason=f"{decision.reason} As far as {numbers} goes, which was measured, not proved.")
