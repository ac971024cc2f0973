"""A verdict: what became of a claim on a case, with the numbers that say so."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from problems.checks import Array
from problems.naming import type_name
from problems.value import Value
from rac_theory.cases.case import Case
from rac_theory.cases.constants import Constants
from rac_theory.theorems.theorem import Theorem
from rac_theory.verification.rate import Rate
from rac_theory.verification.versions import versions

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rac_theory.drawing.chart import Chart


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


@dataclass(frozen=True, eq=False)
class Verdict(Value):
    """The answer of ``verify``. Arrays run over t = 0, ..., steps; they are empty where nothing was run.

    Attributes
    ----------
    status : Status
    reason : str
        One sentence: what decided.
    theorem, case, constants
        What was tried, so that a verdict can be repeated.
    alpha : float
        Significance level for the whole curve, sampled constants and the check of an implementation included.
    levels : mapping
        What alpha was spent on: sampled constants, runs, and the check of the algorithm where that is not ours. The
        parts add up to alpha at most.
    evidence : "exact", "sampled" or "none"
    runs : int
    seed : tuple
        Entropy and spawn key of the SeedSequence that everything came from.
    unmet : tuple of str
        The assumptions that are not met.
    bound, mean : (steps + 1,)
        The bound and the sample mean of the metric, in the metric's unit; nan where undefined.
    lower, upper : (steps + 1,)
        Confidence limits for the expected metric at level alpha, the lower one for all t at once, the upper one for
        each t, which is what refuting and confirming take; nan where not judged. They come from bets of their own, see
        ``rac_theory.numerics.limits``.
    detectable : (steps + 1,)
        Relative violation of the bound that these runs would have given away, by one half of them; nan where not
        judged.
    reach : int or None
        The last t at which a violation by half would have shown, by the other half. HOLDS, VIOLATED and the limits
        speak of every step that is judged; mean, slack, rates and CONSISTENT are worth reading up to it, no further.
    informative_from : int or None
        The first t at which the bound says more than descent alone.
    log_evidence : float
        Largest log e-value against the claim; inf where it is refuted exactly.
    violated_at : int or None
        Where the mean exceeds the bound most, relatively.
    fitted, promised : Rate or None
        The rate of the mean and that of the bound, fitted over the same steps.
    sample : (at most 10, steps + 1)
        The metric along the first runs, for figures.

    Examples
    --------
    >>> from problems import Quadratic
    >>> from rac_theory import GD, Case, Status, verify
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]]), steps=5)
    >>> verdict = verify("T2", case)
    >>> verdict.status is Status.HOLDS, verdict.evidence, verdict.unmet
    (True, 'exact', ())
    >>> print([f"{ratio:.3f}" for ratio in verdict.bound / verdict.mean])
    ['1.000', '6.000', '12.000', '24.000', '48.000', '96.000']
    """

    status: Status
    reason: str
    theorem: Theorem
    case: Case
    constants: Constants
    alpha: float
    levels: Mapping[str, float] = field(default_factory=dict)
    evidence: Literal["exact", "sampled", "none"] = "none"
    runs: int = 0
    seed: tuple[Any, tuple[int, ...]] = (None, ())
    unmet: tuple[str, ...] = ()
    bound: Array = field(default_factory=lambda: np.empty(0))
    mean: Array = field(default_factory=lambda: np.empty(0))
    lower: Array = field(default_factory=lambda: np.empty(0))
    upper: Array = field(default_factory=lambda: np.empty(0))
    detectable: Array = field(default_factory=lambda: np.empty(0))
    reach: int | None = None
    informative_from: int | None = None
    log_evidence: float = 0.0
    violated_at: int | None = None
    fitted: Rate | None = None
    promised: Rate | None = None
    sample: Array = field(default_factory=lambda: np.empty((0, 0)))
    versions: Mapping[str, str] = field(default_factory=versions)

    @property
    def refuted(self) -> bool:
        """Whether the claim is VIOLATED."""
        return self.status is Status.VIOLATED

    def __bool__(self) -> bool:
        raise TypeError(
            f"a verdict has five answers, not two, and this one is {self.status.name}: write `verdict.status is "
            "Status.HOLDS`, or `not verdict.refuted`"
        )

    @cached_property
    def slack(self) -> Slack | None:
        """The slack at ``reach``; None where nothing was run or nothing can be said."""
        return None if not self.reach else self.slack_at(self.reach)

    def slack_at(self, t: int) -> Slack:
        """Return bound over mean at step t, with its interval: sampled numbers after ``reach`` mean little."""
        with np.errstate(divide="ignore", invalid="ignore"):
            means = np.array([self.upper[t], self.mean[t], self.lower[t]])
            # A mean gap that f_star no longer resolves may come out negative.
            numbers = np.where(means > 0, self.bound[t] / means, np.inf)
        return Slack(t, *map(float, numbers))

    def __str__(self) -> str:
        head = f"{self.theorem.id} {self.status.name} for {self.case.algorithm!r} on {self.case.problem!r}"
        start = f" from {self.case.start_shown}" if self.case.start_shown else ""
        parts = [f"{head}{start}, {self.case.steps} steps: {self.reason}"]
        if self.slack is not None and np.isfinite(self.slack.value):
            parts.append(f"At t={self.slack.t} the bound is {self.slack} times the mean.")
        if self.fitted is not None and self.promised is not None:
            word = "factor a step" if self.fitted.kind == "linear" else "power of t"
            parts.append(f"Fitted {word} {self.fitted}, promised {self.promised}.")
        if self.informative_from is not None and self.informative_from > 1:
            parts.append(f"Informative from t={self.informative_from}.")
        return " ".join(parts)

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self}>"

    def _repr_html_(self) -> str:
        from rac_theory.verification.shown_verdict import shown

        return shown(self)

    @property
    def chart(self) -> "Chart":
        """What a figure of this verdict shows: the mean and its band up to ``reach``, or to where it is refuted.

        Raises
        ------
        ValueError
            If nothing was run.
        """
        from rac_theory.drawing.chart import bound_and_runs

        if not self.bound.size:
            raise ValueError(f"a verdict must rest on runs to be drawn, got {self.status.name}: {self.reason}")
        is_exact = self.evidence == "exact"
        nothing = np.full_like(self.bound, np.nan)
        mean, bound = ("exact mean" if is_exact else "mean"), "bound"
        if self.fitted is not None and self.promised is not None:
            mean, bound = f"{mean}, fitted {self.fitted.label}", f"{bound}, promised {self.promised.label}"
        return bound_and_runs(
            self.bound,
            self.mean,
            nothing if is_exact else self.lower,
            nothing if is_exact else self.upper,
            self.sample[: 0 if is_exact else None],  # what is exact is the mean itself
            reach=max(self.reach or 0, self.violated_at or 0),
            xscale="log" if self.theorem.rate == "sublinear" else "linear",
            ylabel=self.theorem.metric.label,
            title=f"{self.theorem.id}: {self.status.name}",
            names=(bound, mean),
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw bound, mean, band and single runs on matplotlib axes, made if none are given; return the axes."""
        from rac_theory.drawing import plot

        return plot.curves(self.chart, ax)
