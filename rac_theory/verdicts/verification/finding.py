"""A finding: what runs said of a bound, wherever they come from, with the numbers that say so."""

import importlib.metadata
import json
import platform
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import scipy

from rac_theory.base import Array, Value, printable, type_name, write_whole
from rac_theory.verdicts.verification.decision import Decision, Slack, Status
from rac_theory.verdicts.verification.judged_claim import JudgedBound
from rac_theory.verdicts.verification.plain_verdict import content
from rac_theory.verdicts.verification.rate import Rate, fit_rate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from rac_theory.drawing import Chart


@cache
def own_version() -> str:
    """Return the version of this library as it is installed."""
    return importlib.metadata.version("rac-theory")


def versions() -> dict[str, str]:
    """Return the versions that a number may depend on, by name."""
    return {
        "rac_theory": own_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "python": platform.python_version(),
    }


class NoCurve(np.ndarray[Any, np.dtype[np.float64]]):
    """The curve of a verdict without runs: it is empty, and reading a step of it is an error that says so."""

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, int | np.integer):
            raise IndexError("a verdict must rest on runs to have a curve: nothing was run, and its reason says why")
        return super().__getitem__(key)


def no_curve() -> Array:
    """Return the curve of a verdict without runs."""
    return np.empty(0).view(NoCurve)


@dataclass(frozen=True, eq=False)
class Finding(Value, ABC):
    """What runs said of a bound. Arrays run over t = 0, ..., steps; they are empty where nothing was run.

    Attributes
    ----------
    status : Status
    reason : str
        One sentence: what decided.
    alpha : float
        Significance level for the whole curve, sampled constants included.
    levels : mapping
        What alpha was spent on: sampled constants, runs, and the check of a user's algorithm. The parts add up to alpha
        at most.
    evidence : "exact", "sampled" or "none"
    runs : int
    bound, mean : (steps + 1,)
        The bound and the sample mean of the metric, in the metric's unit; nan where undefined.
    lower, upper : (steps + 1,)
        Confidence limits for the expected metric at level alpha, the lower one for all t at once, the upper one for
        each t, which is what refuting and confirming take; nan where not judged. They come from bets of their own, see
        ``rac_theory.numerics.limits``.
    detectable : (steps + 1,)
        Relative violation of the bound that these runs would have detected, estimated from one half of them; nan where
        not judged.
    reach : int or None
        The last t at which a violation by half would have been detected, by the other half. HOLDS, VIOLATED and the
        limits are about every step that is judged; mean, slack, rates and CONSISTENT are meaningful only up to it.
    informative_from : int or None
        The first t at which the bound says more than the ceiling of the metric.
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
    >>> import numpy as np
    >>> from rac_theory import Verdict, judge_runs
    >>> from rac_theory.verdicts.verification.finding import Finding
    >>> issubclass(Verdict, Finding)
    True
    >>> found = judge_runs(np.random.default_rng(0).random(400), 0.75, ceiling=1.0)  # of mean 1/2
    >>> isinstance(found, Finding), found.reach, found.levels
    (True, 1, {'runs': 0.001})
    >>> print(f"{found.lower[1]:.2f} <= {found.mean[1]:.2f} <= {found.upper[1]:.2f}, slack {found.slack}")
    0.48 <= 0.53 <= 0.58, slack 1.41 [1.29, 1.57]
    """

    status: Status
    reason: str
    alpha: float
    levels: Mapping[str, float] = field(default_factory=dict)
    evidence: Literal["exact", "sampled", "none"] = "none"
    runs: int = 0
    bound: Array = field(default_factory=no_curve)
    mean: Array = field(default_factory=no_curve)
    lower: Array = field(default_factory=no_curve)
    upper: Array = field(default_factory=no_curve)
    detectable: Array = field(default_factory=no_curve)
    reach: int | None = None
    informative_from: int | None = None
    log_evidence: float = 0.0
    violated_at: int | None = None
    fitted: Rate | None = None
    promised: Rate | None = None
    sample: Array = field(default_factory=lambda: np.empty((0, 0)))
    versions: Mapping[str, str] = field(default_factory=versions)

    @classmethod
    def of(
        cls,
        decision: Decision,
        claim: JudgedBound,
        curves: Array,
        falls: Literal["linear", "sublinear"] | None,
        **rest: Any,
    ) -> Self:
        """Put a decision and what it was made from together, with the other fields of the class.

        Parameters
        ----------
        decision : Decision
        claim : JudgedBound
        curves : (groups, steps + 1)
            The runs, or means over groups of them.
        falls : "linear", "sublinear" or None
            The kind of rate that is fitted; none if None.
        """
        fitted = fit_rate(curves, falls, decision.reach) if decision.reach and falls is not None else None
        promised = fit_rate(claim.bound[None], fitted.kind, fitted.last) if fitted else None
        decided = vars(decision) | {
            name: claim.at_all_steps(getattr(decision, name)) for name in ("lower", "upper", "detectable")
        }
        curves_and_rates = {"bound": claim.bound, "mean": curves.mean(axis=0), "fitted": fitted, "promised": promised}
        return cls(**decided, **curves_and_rates, informative_from=claim.informative_from, **rest)

    @property
    @abstractmethod
    def head(self) -> str:
        """What was claimed of what, for the beginning of a sentence."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What a figure is headed with."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The metric, in mathtext."""

    @property
    @abstractmethod
    def falls(self) -> Literal["linear", "sublinear"] | None:
        """How the bound falls, None if that is not known: "sublinear" has a logarithmic axis of t."""

    @property
    @abstractmethod
    def about(self) -> Mapping[str, Any]:
        """What was judged, as plain data."""

    @property
    @abstractmethod
    def more(self) -> str:
        """What would say more than this, in a line."""

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
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # or a bound is 1e308
            means = np.array([self.upper[t], self.mean[t], self.lower[t]])
            # A mean gap that f_star no longer resolves may come out negative.
            numbers = np.where(means > 0, self.bound[t] / means, np.inf)
        return Slack(t, *map(float, numbers))

    def __str__(self) -> str:
        return f"{self._sentences} For more: {printable(self.more)}."

    @property
    def _sentences(self) -> str:
        parts = [f"{self.head}: {self.reason}"]
        if self.slack is not None and np.isfinite(self.slack.value):
            parts.append(f"At t={self.slack.t} the bound is {self.slack} times the mean.")
        if self.fitted is not None and self.promised is not None:
            word = "factor a step" if self.fitted.kind == "linear" else "power of t"
            parts.append(f"Fitted {word} {self.fitted}, promised {self.promised}.")
        if self.informative_from is not None and self.informative_from > 1:
            parts.append(f"Informative from t={self.informative_from}.")
        return printable(" ".join(parts))

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self._sentences}>"

    @property
    def chart(self) -> "Chart":
        """What a figure of this verdict shows: the mean and its band up to ``reach``, or to where it is refuted.

        Raises
        ------
        ValueError
            If nothing was run.
        """
        from rac_theory.drawing import bound_and_runs

        if not self.mean.size:
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
            xscale="log" if self.falls == "sublinear" else "linear",
            ylabel=self.label,
            title=self.title,
            names=(bound, mean),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data that JSON can hold: nan is None, and an infinity is a text."""
        return content(self)

    def save(self, path: str | Path) -> Path:
        """Write it as JSON, which ``Verdict.load`` reads; return the path."""
        return write_whole(Path(path), json.dumps(content(self), allow_nan=False, indent=1))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw bound, mean, band and single runs on matplotlib axes, made if none are given; return the axes."""
        from rac_theory.drawing import plot

        return plot.curves(self.chart, ax)
