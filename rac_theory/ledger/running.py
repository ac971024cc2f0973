"""From a grid to rows: the plan with all constants, what it takes, its ensembles run, and a cell run by name alone."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from joblib import parallel_config

from rac_theory.base import as_they_finish, one_blas_thread, plug_in_faults, printable, worker_count, write_whole
from rac_theory.cases import Case
from rac_theory.drawing import chart_svg
from rac_theory.ledger.default_problems import built, file_version
from rac_theory.ledger.ensemble import Cell, Ensemble, Level
from rac_theory.ledger.layout import Axes, Grid, Layout, lay_out
from rac_theory.ledger.results import slug
from rac_theory.ledger.theorem_settings import setting_named
from rac_theory.ledger.verdict_row import FAILED, Row
from rac_theory.problems import Problem
from rac_theory.runs import kernel_for, record
from rac_theory.verdicts import Verdict


@dataclass(frozen=True, eq=False)
class Plan:
    """Every ensemble of a grid, rows that cannot be run, and notes on what was left out."""

    ensembles: tuple[Ensemble, ...]
    missing: tuple[Row, ...]
    notes: tuple[str, ...]


def plan(grid: Grid) -> Plan:
    """Lay out the ensembles of a grid and compute all their constants.

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


_FIXED = 0.2  # seconds an ensemble takes for judging and drawing, whatever its size


def estimate(plan: Plan) -> list[float]:
    """Estimate the seconds that each ensemble takes, from a few timed steps on each problem.

    Returns
    -------
    list of float
        One for each ensemble; 0 where no run is needed.
    """
    steps: dict[tuple[str, str, int], float] = {}
    for e in plan.ensembles:
        kind = (e.key.problem, e.key.side, e.key.rank)
        if e.needs_runs and kind not in steps:
            steps[kind] = _seconds_of_a_step(e.case)
    return [
        e.runs * e.case.steps * steps[e.key.problem, e.key.side, e.key.rank] + _FIXED if e.needs_runs else 0.0
        for e in plan.ensembles
    ]


def run(
    plan: Plan, seconds: Sequence[float], figures: Path | None = None, jobs: int | None = None
) -> Iterator[tuple[int, list[Row]]]:
    """Yield the index of each ensemble with its rows as it is finished, in no particular order.

    Parameters
    ----------
    plan : Plan
    seconds : sequence of float
        What ``estimate`` says of it.
    figures : Path, optional
        An existing folder for one figure per ensemble and metric.
    jobs : int, optional
        Worker processes; by default as many as there are cores, and none for a short job.
    """
    # Long ensembles first, so that no worker is left with one at the end.
    order = sorted(range(len(seconds)), key=lambda i: -seconds[i])
    tasks = ((i, plan.ensembles[i], figures) for i in order)
    yield from as_they_finish(_run_one, tasks, worker_count(jobs, sum(seconds)))


def _seconds_of_a_step(case: Case) -> float:
    kernel = kernel_for(case.algorithm, case.problem, case.start)
    begin = time.perf_counter()
    record(kernel.path([np.random.default_rng(0)], 1), 1)
    return (time.perf_counter() - begin) / (2 * kernel.block)  # f and gradient are computed at both ends


def _run_one(index: int, ensemble: Ensemble, figures: Path | None) -> tuple[int, list[Row]]:
    begin = time.perf_counter()
    with plug_in_faults.told():  # here, as tracebacks do not travel
        verdicts = ensemble.verdicts()
    files = draw(ensemble, verdicts, figures) if figures is not None else [None] * len(verdicts)
    seconds = time.perf_counter() - begin
    rows = [
        Row.of(number, ensemble, verdict, figure=file, seconds=seconds)
        for (number, _), verdict, file in zip(ensemble.claims, verdicts, files, strict=True)
    ]
    return index, rows


_PROBLEMS = 16  # that a worker keeps, as their constants cost more than a short cell


class Finished(NamedTuple):
    """A cell's number, its rows, and the seconds that it took."""

    cell: int
    rows: list[Row]
    seconds: float


def run_cell(cell: Cell, level: Level) -> Finished:
    """Build the cell's ensemble, run it and judge its claims. Whatever it raises becomes its rows."""
    begin = time.perf_counter()
    try:
        # Problems too: their bits would depend on the number of threads. And joblib hands Dask to what runs on Dask:
        # each block of the cell would be sent to all workers again, with the data, and a worker begin another cell.
        with one_blas_thread(), parallel_config(backend="sequential"):
            name, prepare = cell.key.problem, setting_named(cell.key.setting).prepare
            problem = _problem(name, prepare, file_version(name))
            ensemble = Ensemble.build(cell, level, problem)
            verdicts = ensemble.verdicts()
        rows = [Row.of(number, ensemble, v) for (number, _), v in zip(cell.claims, verdicts, strict=True)]
    except (Exception, SystemExit) as error:
        reason = printable(f"{type(error).__name__}: {error}")
        rows = [Row.untried(number, claim, cell, level, FAILED, reason) for number, claim in cell.claims]
    return Finished(cell.number, rows, time.perf_counter() - begin)


@lru_cache(maxsize=_PROBLEMS)
def _problem(name: str, prepare: Callable[[Any], Problem], version: tuple[int, int] | None) -> Problem:
    """Return a problem as settings need it: those that need nothing special share it, and what it has computed.

    A worker outlives a sweep: a file that was written anew since then is another ``version``.
    """
    return prepare(built(name))
