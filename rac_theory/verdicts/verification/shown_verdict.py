"""A verdict as a notebook shows it: what became of the claim, the numbers behind it, and the chart beside them."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from markupsafe import Markup

from rac_theory.base import being
from rac_theory.drawing import html, latex
from rac_theory.verdicts.verification.finding import Finding

if TYPE_CHECKING:
    from rac_theory.verdicts.verification.verdict import Verdict


def shown(verdict: "Verdict") -> str:
    """Return the verdict as HTML."""
    theorem = verdict.theorem
    numbers = html.facts([*verdict.case.parts, *_evidence(verdict), *_numbers(verdict)])
    chart = html.drawn(verdict.chart) if verdict.mean.size else ""
    return html.together(
        html.heading(f"{theorem.id} {verdict.status.name}:", verdict.reason),
        html.formulas(theorem.pieces),
        html.listed(verdict.unmet) if len(verdict.unmet) > 1 else "",
        html.side_by_side(numbers, chart),
        html.line(f"For more: {verdict.more}."),
        html.folded("Constants", Markup(verdict.constants._repr_html_())),
    )


def shown_of_runs(verdict: "Finding") -> str:
    """Return a verdict on runs of any origin, or one that was read from a file, as HTML."""
    chart = html.drawn(verdict.chart) if verdict.mean.size else ""
    return html.together(
        html.heading(f"{verdict.head}:", verdict.reason),
        html.side_by_side(html.facts([*_evidence(verdict), *_numbers(verdict)]), chart),
        html.line(f"For more: {verdict.more}."),
    )


def _evidence(verdict: "Finding") -> list[tuple[str, str]]:
    if verdict.evidence == "none":
        return [("evidence", "none: nothing was run")]
    is_sampled = verdict.evidence == "sampled"
    spent = ", ".join(f"{level:.3g} for {name}" for name, level in verdict.levels.items() if level)
    return [
        ("evidence", f"{verdict.runs} runs" if is_sampled else "exact"),
        ("level", f"{verdict.alpha:g}: {spent}" if is_sampled or verdict.levels.get("sampled constants") else ""),
    ]


def _numbers(verdict: "Finding") -> list[tuple[str, str]]:
    """The numbers by name; empty where there is none."""
    slack, steps = verdict.slack, len(verdict.bound) - 1
    fitted, promised = verdict.fitted, verdict.promised
    says_more = verdict.informative_from is not None and verdict.informative_from > 1
    return [
        ("bound / mean", f"{slack} at t = {slack.t}" if slack is not None and math.isfinite(slack.value) else ""),
        ("rate", f"{fitted} fitted, {promised} promised" if fitted is not None and promised is not None else ""),
        ("informative", f"from t = {verdict.informative_from}" if says_more else ""),
        ("reach", f"t = {verdict.reach} of {steps}" if verdict.reach is not None and verdict.reach < steps else ""),
        ("log e-value", f"{verdict.log_evidence:.4g} against the claim" if verdict.log_evidence > 0 else ""),
        ("above the bound", f"most at t = {verdict.violated_at}" if verdict.violated_at is not None else ""),
    ]


def verdict_table(verdicts: Iterable[Finding]) -> str:
    r"""Return verdicts as a table in LaTeX, with rules of booktabs: what was judged, the answer, slack and evidence.

    Parameters
    ----------
    verdicts : iterable of Finding
        One row each, in this order.

    Returns
    -------
    str
        A ``tabular`` for a document that loads ``booktabs``.

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
    for position, verdict in enumerate(verdicts):
        being(f"verdicts[{position}]", verdict, Finding)
        claim, _, case = verdict.head.partition(f" {verdict.status.name} for ")
        rows.append([claim, case, verdict.status.name, str(verdict.slack or ""), _rests_on(verdict)])
    return latex.table(["claim", "case", "verdict", "bound / mean", "evidence"], rows)


def _rests_on(verdict: Finding) -> str:
    return f"{verdict.runs} runs" if verdict.evidence == "sampled" else verdict.evidence
