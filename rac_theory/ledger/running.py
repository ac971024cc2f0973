"""The ledger: runs a plan, ensemble by ensemble, and says what the rows add up to."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rac_theory.base import as_they_finish, plug_in_faults, worker_count, write_whole
from rac_theory.cases import Case
from rac_theory.drawing import chart_svg
from rac_theory.ledger.ensemble import Ensemble
from rac_theory.ledger.plan import Plan
from rac_theory.ledger.results import slug
from rac_theory.ledger.verdict_row import Row
from rac_theory.runs import kernel_for, record
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


_FIXED = 0.2  # seconds an ensemble takes for judging and drawing, whatever its size


def estimate(plan: Plan) -> list[float]:
    """Estimate the seconds that each ensemble takes, from a few timed steps on each problem.

    Parameters
    ----------
    plan : Plan

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
