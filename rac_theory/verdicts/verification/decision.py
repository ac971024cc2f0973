"""What runs say about a claim at the steps that are judged: exactly, or as far as a sample can."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.numerics import evidence, lower_mean, upper_mean
from rac_theory.verdicts.verification.evidence_of_runs import Sample
from rac_theory.verdicts.verification.judged_claim import JudgedClaim
from rac_theory.verdicts.verification.question import Question
from rac_theory.verdicts.verification.status import Status

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
    known = np.isfinite(curve)
    above = known & (curve > question.refuting)
    over = np.isin(t, claim.resolved) & (curve > question.confirming + claim.rounding)
    status, against, at = Status.UNDECIDED, 0.0, None
    finite = t[: len(t) if known.all() else int(np.argmin(known))]
    reach = int(finite[-1]) if finite.size else None
    if above.any():
        worst = _largest_ratio(curve, question.bound, above)
        status, against, at = Status.VIOLATED, math.inf, int(t[worst])
        reason = f"at t={at} the value is {curve[worst]:.6g}, the bound {question.bound[worst]:.6g} (exact)."
    elif not known.all():
        reason = _out_of_range(int(t[~known][0]))
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
    sample: Sample, question: Question, t: NDArray[np.int64], alpha: float, limits: float | None = None
) -> Decision:
    """Test the claim ``E X_t <= bound_t`` for all t at level alpha, from independent runs.

    Parameters
    ----------
    sample : Sample
    question : Question
        The claim at the steps that are judged.
    t : (T,)
        These steps.
    alpha : float
        Level of the refutation, and of the confirmation.
    limits : float, optional
        Level of the confidence limits, alpha if None: less where the runs themselves said how their means are grouped.
    """
    X, bound, ceiling = sample.X, question.bound, question.ceiling
    limits = alpha if limits is None else limits
    mean, levels = X.mean(axis=0), limits * evidence.shares(len(t))
    upper = upper_mean(np.minimum(X, ceiling), ceiling, limits) if sample.bounded else np.full(len(t), np.inf)
    seen, detectable = what_would_show(X, limits)
    reach = int(t[seen[-1]]) if seen.size else None
    against, at, status = sample.log_evidence, None, Status.UNDECIDED
    if against >= math.log(1 / alpha):
        worst = _largest_ratio(mean, bound, np.isfinite(mean) & (mean > 0))
        status, at = Status.VIOLATED, int(t[worst])
        reason = (
            f"refuted at level {alpha:g} by an e-value of 10^{against / math.log(10):.1f}; at t={at} the mean of "
            f"{sample.runs} runs is {mean[worst]:.6g}, the bound {bound[worst]:.6g}."
        )
    elif sample.bounded and (sample.confirmation >= math.log(1 / alpha)).all():
        status = Status.HOLDS
        reason = f"confirmed at level {alpha:g} by {sample.runs} runs at every t."
    elif reach is not None and reach >= t[-1] / 2:
        status, last = Status.CONSISTENT, seen[-1]
        # A sample that misses the rare large values cannot know it: what is excluded is said beside what would show.
        top = float(np.broadcast_to(ceiling, bound.shape)[last]) if sample.bounded else math.inf
        excluded = _excluded(X[:, last], float(bound[last]), top, levels[last])
        reason = (
            f"{sample.runs} runs neither refute nor confirm it; at t={reach} a violation by {detectable[last]:.0%} "
            f"would have shown if the runs have the shape of their law, and whatever its shape {excluded}."
        )
    elif not np.isfinite(mean).all():
        reason = _out_of_range(int(t[~np.isfinite(mean)][0]))
    else:
        middle = int(np.searchsorted(t, t[-1] / 2))
        needed = evidence.runs_to_detect(X[:, middle], _SEEN, -math.log(levels[middle]))
        each = sample.runs // len(X)  # runs behind each row of X
        many = "no number can be named from them" if needed is None else f"at t={t[middle]} it takes {needed * each}"
        more = "" if needed is None else " or more"
        reason = (
            f"{sample.runs} runs are too few to see a violation by {_SEEN:.0%} beyond t={reach or 0}; {many}{more}."
        )
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
    """Say which violations the runs, (runs,), exclude; alpha is for a step that they themselves have singled out."""
    if not math.isfinite(ceiling):
        return "none is excluded"
    excess = float(upper_mean(np.minimum(X, ceiling)[:, None], ceiling, alpha)[0]) / bound - 1
    return f"only one by {excess:.0%} or more is excluded" if excess > 0 else "every one is excluded there"
