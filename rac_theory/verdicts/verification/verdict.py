"""A verdict: what became of a claim on a case, with the numbers that say so."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rac_theory.base import repr_of
from rac_theory.cases import Case, Constants
from rac_theory.statements import Theorem, relations_in
from rac_theory.statements.symbols import constants_in
from rac_theory.theorems import ALL
from rac_theory.verdicts.verification.decision import Status
from rac_theory.verdicts.verification.finding import Finding
from rac_theory.verdicts.verification.saved_verdict import SavedVerdict, load

_MORE_RUNS = "more runs; a claim that is met with equality stays as it is"


def more_than(verdict: "Verdict") -> str:
    """Say what would tell more of a theorem and a case."""
    match verdict.status:
        case Status.HOLDS:
            return "prove(theorem) is about every case, and hardest_case(theorem) looks for one on which it fails"
        case Status.VIOLATED:
            return "the claim fails here, or a constant is wrong: verdict.constants says where each comes from"
        case Status.NOT_APPLICABLE:
            return _that_applies(verdict)
    unknown = _unknown(verdict)
    if unknown:
        return _given(unknown)
    if verdict.evidence == "sampled" and _is_unbounded(verdict):
        return "if its assumptions make every step a descent, a theorem with descends=True can be confirmed"
    if verdict.evidence == "sampled":
        return f'runs="until decided" for {_MORE_RUNS}'
    return "other steps, or other units: what is judged must stand out from rounding and from f_star"


def _unknown(verdict: "Verdict") -> list[str]:
    """The constants that the claim, its assumptions or its metric need, and that are not known."""
    theorem = verdict.theorem
    symbols = (*theorem.symbols, *constants_in(*relations_in(*theorem.given)))
    names = [*(symbol.constant for symbol in symbols if symbol.constant), *theorem.metric.needs]
    return [name for name in dict.fromkeys(names) if np.isnan(getattr(verdict.constants, name))]


def _given(unknown: Sequence[str]) -> str:
    names = ", ".join(f"{name}=..." for name in unknown)
    return f"what is proved of a constant is given by constants=dataclasses.replace(verdict.constants, {names})"


def more_than_runs(verdict: "RunsVerdict") -> str:
    """Say what would tell more of runs and a bound."""
    match verdict.status:
        case Status.HOLDS:
            return "verify(theorem, case) judges a case, whose constants are proved, in the place of these runs"
        case Status.VIOLATED:
            return "the bound is too small for the mean of these runs: look at the constants that it is made of"
        case Status.NOT_APPLICABLE:
            return "constants that meet what is given, or another theorem: theorems.listed() has all"
    if _is_unbounded(verdict):
        return "ceiling=, a proved upper end of the metric, without which runs confirm nothing"
    return _MORE_RUNS


def _is_unbounded(verdict: "Finding") -> bool:
    return not np.isfinite(verdict.upper).any()


def _that_applies(verdict: "Verdict") -> str:
    """Name the theorems of ours that apply, those with the metric of this one first."""
    metric = verdict.theorem.metric
    applicable = [theorem for theorem in ALL.values() if not theorem.unmet(verdict.case, verdict.constants)]
    ids = [theorem.id for theorem in applicable if theorem.metric is metric] or [theorem.id for theorem in applicable]
    if ids:
        return f"{', '.join(ids[:4])} {'applies' if len(ids) == 1 else 'apply'} to this case"
    if "the algorithm is" in verdict.unmet[0]:
        return "theorems know a step that is linear as a Method, and one that is meant to be ours as an Implementation"
    if verdict.constants.gamma * verdict.constants.L > 2:
        return f"a shorter step: 2 / L is {2 / verdict.constants.L:.4g}, and gamma {verdict.constants.gamma:.4g}"
    if unknown := _unknown(verdict):
        return _given(unknown)
    return "another step, sketch or problem: theorems.listed(given=...) says what is assumed"


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
        length = "" if steps == 1 else f", {steps} steps"
        return f"E[{self.metric}] <= {self.claimed} {self.status.name} for {self.runs} runs{length}"

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


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Verdict(Finding):
    """The answer of ``verify``: a finding, and the theorem and the case that it is about.

    Attributes
    ----------
    status, reason, alpha, levels, evidence, runs
        What became of the claim and by which evidence, as in ``Finding``.
    bound, mean, lower, upper, detectable, sample
        Curves, as in ``Finding``.
    reach, informative_from, log_evidence, violated_at, fitted, promised, versions
        Numbers, as in ``Finding``.
    theorem, case, constants
        What was tried, so that a verdict can be repeated.
    seed : tuple
        Entropy and spawn key of the SeedSequence that everything came from.
    unmet : tuple of str
        The assumptions that are not met.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, Status, verify
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]]), steps=5)
    >>> verdict = verify("T2", case)
    >>> verdict.status is Status.HOLDS, verdict.evidence, verdict.unmet
    (True, 'exact', ())
    >>> print([f"{ratio:.3f}" for ratio in verdict.bound / verdict.mean])
    ['1.000', '6.000', '12.000', '24.000', '48.000', '96.000']
    """

    theorem: Theorem
    case: Case
    constants: Constants
    seed: tuple[Any, tuple[int, ...]] = (None, ())
    unmet: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """What was claimed of what, for the beginning of a sentence."""
        head = (
            f"{self.theorem.id} {self.status.name} for {repr_of(self.case.algorithm)} on {repr_of(self.case.problem)}"
        )
        start = f" from {self.case.start_shown}" if self.case.start_shown else ""
        return f"{head}{start}, {self.case.steps} steps"

    @property
    def title(self) -> str:
        """What a figure is headed with."""
        return f"{self.theorem.id} {self.status.name}: {self.case.headline}"

    @property
    def about(self) -> dict[str, Any]:
        """What was judged, as plain data."""
        return {
            "theorem": self.theorem.id,
            "statement": self.theorem.statement,
            "assumptions": self.theorem.assumptions,
            "case": repr_of(self.case),
            "constants": asdict(self.constants),
            "unmet": self.unmet,
            "seed": self.seed,
        }

    @property
    def more(self) -> str:
        """What would say more than this, in a line."""
        return more_than(self)

    @property
    def label(self) -> str:
        """The metric, in mathtext."""
        return self.theorem.metric.label

    @property
    def falls(self) -> Literal["linear", "sublinear"]:
        """How the bound falls."""
        return self.theorem.rate

    @staticmethod
    def load(path: str | Path) -> SavedVerdict:
        """Read what ``save`` has written; what was judged comes back in words, as no code is run.

        Raises
        ------
        ValueError
            For any other file, with the field that is at fault.
        """
        return load(path)

    def _repr_html_(self) -> str:
        from rac_theory.verdicts.verification.shown_verdict import shown

        return shown(self)
