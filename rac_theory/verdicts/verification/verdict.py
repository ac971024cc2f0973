"""A verdict: what became of a claim on a case, with the numbers that say so."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from rac_theory.base import repr_of
from rac_theory.cases import Case, Constants
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.finding import Finding
from rac_theory.verdicts.verification.more import more_than
from rac_theory.verdicts.verification.saved_verdict import SavedVerdict, load


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
