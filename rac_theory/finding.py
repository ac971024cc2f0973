"""What runs say about a claim at the steps that are judged: exactly, or as far as a sample can."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems.checks import Array
from rac_theory import evidence
from rac_theory.sample import Question, Sample
from rac_theory.verdict import Status

_SEEN = 0.5  # a curve reaches as far as a violation by this much would have been seen


@dataclass(frozen=True, eq=False)
class Finding:
    """Status and reason, with the numbers at the judged steps; the attributes are those of ``Verdict``."""

    status: Status
    reason: str
    lower: Array
    upper: Array
    detectable: Array
    reach: int | None
    log_evidence: float = 0.0
    violated_at: int | None = None


def exact_finding(curve: Array, bound: Array, t: NDArray[np.int64], words: str) -> Finding:
    """Compare the expected curve, (T,), with the bound, (T,), at the steps t, (T,); ``words`` say how it is known."""
    curve = np.where(np.isnan(curve), np.inf, curve)  # a run that became nan has diverged
    worst = int(np.argmax(curve / bound))
    if curve[worst] > bound[worst]:
        reason = f"at t={t[worst]} the value is {curve[worst]:.6g}, the bound {bound[worst]:.6g} (exact)."
        status, against, at = Status.VIOLATED, math.inf, int(t[worst])
    else:
        reason = f"{words}, and it is below the bound at every t."
        status, against, at = Status.HOLDS, 0.0, None
    return Finding(status, reason, curve, curve, np.zeros_like(curve), int(t[-1]), against, at)


def sampled_finding(
    sample: Sample, question: Question, t: NDArray[np.int64], alpha: float, limits: float | None = None
) -> Finding:
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
    mean, share = X.mean(axis=0), evidence.shares(len(t))
    detectable = evidence.detectable(X, bound, limits)
    bounded = sample.bounded
    upper = evidence.upper_mean(np.minimum(X, ceiling), ceiling, limits) if bounded else np.full(len(t), np.inf)
    seen = np.flatnonzero(detectable <= _SEEN)
    reach = int(t[seen[-1]]) if seen.size else None
    against, at = sample.log_evidence, None
    if against >= math.log(1 / alpha):
        worst = int(np.argmax(mean / bound))
        status, at = Status.VIOLATED, int(t[worst])
        reason = (
            f"refuted at level {alpha:g} by an e-value of 10^{against / math.log(10):.1f}; at t={at} the mean of "
            f"{sample.runs} runs is {mean[worst]:.6g}, the bound {bound[worst]:.6g}."
        )
    elif bounded and (sample.confirmation >= math.log(1 / alpha)).all():
        status = Status.HOLDS
        reason = f"confirmed at level {alpha:g} by {sample.runs} runs at every t."
    elif reach is not None and reach >= t[-1] / 2:
        status, last = Status.CONSISTENT, seen[-1]
        # A sample that misses the rare large values cannot know it: what is excluded is said beside what would show.
        excluded = _excluded(X[:, last], float(bound[last]), ceiling if bounded else math.inf, limits * share[last])
        reason = (
            f"{sample.runs} runs neither refute nor confirm it; at t={reach} a violation by {detectable[last]:.0%} "
            f"would have shown if the runs have the shape of their law, and whatever its shape {excluded}."
        )
    else:
        status = Status.UNDECIDED
        middle = int(np.searchsorted(t, t[-1] / 2))
        needed = evidence.runs_to_detect(X[:, middle], _SEEN, -math.log(limits * share[middle]))
        each = sample.runs // len(X)  # runs behind each row of X
        many = "no number can be named from them" if needed is None else f"at t={t[middle]} it takes {needed * each}"
        more = "" if needed is None else " or more"
        reason = (
            f"{sample.runs} runs are too few to see a violation by {_SEEN:.0%} beyond t={reach or 0}; {many}{more}."
        )
    return Finding(status, reason, mean / (1 + detectable), upper, detectable, reach, against, at)


def _excluded(X: Array, bound: float, ceiling: float, alpha: float) -> str:
    """Say which violations the runs, (runs,), exclude; alpha is for a step that they themselves have singled out."""
    if not math.isfinite(ceiling):
        return "none is excluded"
    excess = float(evidence.upper_mean(np.minimum(X, ceiling)[:, None], ceiling, alpha)[0]) / bound - 1
    return f"only one by {excess:.0%} or more is excluded" if excess > 0 else "every one is excluded there"
