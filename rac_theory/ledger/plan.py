"""A plan: the ensembles of a grid, with every constant computed, before anything is run or written."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from rac_theory.ledger.default_problems import built
from rac_theory.ledger.ensemble import Ensemble
from rac_theory.ledger.layout import Axes, Grid, Layout, lay_out
from rac_theory.ledger.theorem_settings import setting_named
from rac_theory.ledger.verdict_row import Row
from rac_theory.problems import Problem


@dataclass(frozen=True, eq=False)
class Plan:
    """Every ensemble of a grid, rows that cannot be run, and notes on what was left out."""

    ensembles: tuple[Ensemble, ...]
    missing: tuple[Row, ...]
    notes: tuple[str, ...]


def plan(grid: Grid) -> Plan:
    """Lay out the ensembles of a grid and compute all their constants.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        For an unknown name, a rank that fits nothing, data that cannot be read, or a plug-in that does not work.
    """
    build: Any = cache(built)

    @cache  # once for all sketches: to divide a problem costs its minima
    def prepared(name: str, setting: str) -> Problem:
        return setting_named(setting).prepare(build(name))

    axes = Axes(grid)
    layout = lay_out(axes, build)
    ensembles = [
        Ensemble.build(cell, layout.level, prepared(cell.key.problem, cell.key.setting)) for cell in layout.cells
    ]
    return Plan(tuple(ensembles), tuple(_missing(layout, axes)), layout.notes)


def _missing(layout: Layout, axes: Axes) -> list[Row]:
    """Return a row for each claim on a problem whose data are not installed, numbered after those of the cells."""
    grid, tried = axes.grid, dict.fromkeys(claim for claims in axes.claims.values() for claim in claims)
    claims = [(name, claim) for name in layout.missing for claim in tried]
    return [
        Row.missing(number, claim, name, layout.missing[name], grid.seeds[0], grid.alpha)
        for number, (name, claim) in enumerate(claims, layout.rows + 1)
    ]
