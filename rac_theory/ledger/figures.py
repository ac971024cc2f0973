"""The figures of the ledger: one for each ensemble and metric, drawn where the runs are."""

from dataclasses import replace
from pathlib import Path

from rac_theory.base import write_whole
from rac_theory.drawing import chart_svg
from rac_theory.ledger.ensemble import Ensemble
from rac_theory.ledger.results import slug
from rac_theory.verdicts import Verdict


def draw(ensemble: Ensemble, verdicts: list[Verdict], folder: Path) -> list[str | None]:
    """Draw each verdict that rests on runs into ``folder``; return the file names, None where nothing was run."""
    return [_draw_one(ensemble, verdict, folder) for verdict in verdicts]


def _draw_one(ensemble: Ensemble, verdict: Verdict, folder: Path) -> str | None:
    if verdict.evidence == "none":
        return None
    chart = replace(verdict.chart, title=f"{verdict.theorem.id} {verdict.status.name}: {ensemble.key}")
    name = f"{slug(str(ensemble.key))}_{verdict.theorem.id}.svg"
    write_whole(folder / name, chart_svg.draw(chart))
    return name
