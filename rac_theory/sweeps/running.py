"""A cell that is run: from names alone to rows, wherever that happens."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from joblib import parallel_config

from problems.checks import Array
from problems.naming import printable
from problems.problem import Problem
from rac_theory.ledger.default_problems import default_problem
from rac_theory.ledger.ensemble import Ensemble
from rac_theory.ledger.step_size_setting import setting_named
from rac_theory.ledger.verdict_row import FAILED, Row
from rac_theory.processes.blas import one_blas_thread
from rac_theory.processes.interrupts import left_to_the_parent
from rac_theory.sketches.plug_in import sketch_factory
from rac_theory.sweeps.grid import Cell

_PROBLEMS = 16  # that a worker keeps, as their constants cost more than a short cell


@dataclass(frozen=True)
class Level:
    """What all cells of a sweep have in common."""

    steps: int | None
    alpha: float
    lambda_alpha: float


class Finished(NamedTuple):
    """A cell's number, its rows, and the seconds that it took."""

    cell: int
    rows: list[Row]
    seconds: float


def run_cell(cell: Cell, level: Level) -> Finished:
    """Build the cell's ensemble, run it and judge its claims. Whatever it raises becomes its rows."""
    left_to_the_parent()
    begin = time.perf_counter()
    try:
        # Problems too: their bits would depend on the number of threads. And joblib hands Dask to what runs on Dask:
        # each block of the cell would be sent to all workers again, with the data, and a worker begin another cell.
        with one_blas_thread(), parallel_config(backend="sequential"):
            ensemble = _ensemble(cell, level)
            verdicts = ensemble.verdicts()
        rows = [Row.of(number, ensemble, v) for (number, _), v in zip(cell.claims, verdicts, strict=True)]
    except (Exception, SystemExit) as error:
        rows = [_failed(cell, level, number, claim, error) for number, claim in cell.claims]
    return Finished(cell.number, rows, time.perf_counter() - begin)


def _failed(cell: Cell, level: Level, number: int, claim: str, error: BaseException) -> Row:
    return Row(
        number,
        claim,
        **asdict(cell.key),
        gamma_L=math.nan,
        steps=level.steps or 0,
        runs=cell.runs,
        alpha=level.alpha,
        lambda_alpha=level.lambda_alpha,
        status=FAILED,
        reason=printable(f"{type(error).__name__}: {error}"),
        evidence="none",
    )


def _ensemble(cell: Cell, level: Level) -> Ensemble:
    key = cell.key
    problem, W0 = _problem(key.problem, setting_named(key.setting).prepare)
    return Ensemble.build(
        key,
        problem,
        W0,
        sketch_factory(key.sketch),
        cell.claims,
        runs=cell.runs,
        steps=level.steps,
        alpha=level.alpha,
        lambda_alpha=level.lambda_alpha,
    )


@lru_cache(maxsize=_PROBLEMS)
def _problem(name: str, prepare: Callable[[Any], Problem]) -> tuple[Problem, Array | None]:
    """Return a problem as settings need it, and its start: settings that need nothing special share its constants."""
    entry = default_problem(name)
    problem = prepare(entry.build())
    return problem, entry.start(problem)
