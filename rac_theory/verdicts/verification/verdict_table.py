"""Verdicts as a table for a paper."""

from collections.abc import Iterable

from rac_theory.base import being
from rac_theory.drawing import latex
from rac_theory.verdicts.verification.finding import Finding


def verdict_table(verdicts: Iterable[Finding]) -> str:
    r"""Return verdicts as a table in LaTeX, with rules of booktabs: what was judged, the answer, slack and evidence.

    Examples
    --------
    >>> from rac_theory import GD, Case, verify
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.verdicts import verdict_table
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=3)
    >>> print(verdict_table(verify(id, case) for id in ("T1", "T2")).splitlines()[5])
    T1 & GD(gamma=0.5) on Quadratic(1x1 \#a88bd495), 3 steps & HOLDS & 1.52 & exact \\
    """
    rows = []
    for place, verdict in enumerate(verdicts):
        being(f"verdicts[{place}]", verdict, Finding)
        claim, _, case = verdict.head.partition(f" {verdict.status.name} for ")
        rows.append([claim, case, verdict.status.name, str(verdict.slack or ""), _evidence(verdict)])
    return latex.table(["claim", "case", "verdict", "bound / mean", "evidence"], rows)


def _evidence(verdict: Finding) -> str:
    return f"{verdict.runs} runs" if verdict.evidence == "sampled" else verdict.evidence
