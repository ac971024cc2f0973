"""The figures of the ledger: one for each ensemble and metric, drawn where the runs are."""

from pathlib import Path

from rac_theory import plot, svg
from rac_theory.ensemble import Ensemble
from rac_theory.results import slug
from rac_theory.verdict import Verdict


def draw(ensemble: Ensemble, verdicts: list[Verdict], folder: Path) -> list[str | None]:
    """Draw each verdict that rests on runs into ``folder``; return the file names, None where nothing was run."""
    return [_draw_one(ensemble, verdict, folder) for verdict in verdicts]


def _draw_one(ensemble: Ensemble, verdict: Verdict, folder: Path) -> str | None:
    if verdict.evidence == "none":
        return None
    figure = plot.figure()
    ax = verdict.plot(figure.subplots())
    ax.set_title(f"{verdict.theorem.id} {verdict.status.name}\n{ensemble.key}", fontsize=9, y=1.0)
    if verdict.fitted is not None and verdict.promised is not None:
        text = f"fitted {verdict.fitted}\npromised {verdict.promised}"
        ax.text(0.98, 0.97, text, transform=ax.transAxes, ha="right", va="top", fontsize=8)
    name = f"{slug(str(ensemble.key))}_{verdict.theorem.id}.svg"
    svg.save(figure, folder / name)
    return name
