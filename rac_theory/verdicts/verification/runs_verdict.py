"""A verdict on runs of any origin: what they say of a bound on their mean."""

from dataclasses import dataclass
from typing import Literal

from rac_theory.verdicts.verification.finding import Finding
from rac_theory.verdicts.verification.more import more_than_runs


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class RunsVerdict(Finding):
    """The answer of ``judge_runs`` and ``compare_runs``: a finding, and what it was made from in words.

    Attributes
    ----------
    status, reason, alpha, levels, evidence, runs
        What became of the claim and by which evidence, as in ``Finding``.
    bound, mean, lower, upper, detectable, sample
        Curves, as in ``Finding``.
    reach, informative_from, log_evidence, violated_at, fitted, promised, versions
        Numbers, as in ``Finding``.
    metric : str
        What the curves are of.
    claimed : str
        What its mean is claimed to be below.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import judge_runs
    >>> losses = np.random.default_rng(0).random(400)  # of mean 1/2
    >>> judge_runs(losses, 0.75, ceiling=1.0, metric="loss").head
    'E[loss] <= bound HOLDS for 400 runs'
    """

    metric: str
    claimed: str

    @property
    def head(self) -> str:
        """What was claimed of what, for the beginning of a sentence."""
        steps = len(self.bound) - 1
        many = "" if steps == 1 else f", {steps} steps"
        return f"E[{self.metric}] <= {self.claimed} {self.status.name} for {self.runs} runs{many}"

    @property
    def title(self) -> str:
        """What a figure is headed with."""
        return f"E[{self.metric}] <= {self.claimed} {self.status.name} for {self.runs} runs"

    @property
    def about(self) -> dict[str, str]:
        """What was judged, as plain data."""
        return {"metric": self.metric, "claimed": self.claimed}

    @property
    def more(self) -> str:
        """What would say more than this, in a line."""
        return more_than_runs(self)

    @property
    def label(self) -> str:
        """The metric as it was named."""
        return self.metric.replace("$", r"\$")

    @property
    def falls(self) -> Literal["linear", "sublinear"] | None:
        """How the bound falls, where a theorem says so."""
        return None if self.fitted is None else self.fitted.kind

    def _repr_html_(self) -> str:
        from rac_theory.verdicts.verification.shown_verdict import shown_of_runs

        return shown_of_runs(self)
