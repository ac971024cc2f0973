"""A cell that is run: from names alone to rows, wherever that happens."""

import math
import signal
import threading
import time
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from multiprocessing import parent_process
from typing import Any, NamedTuple

from problems.checks import Array
from problems.problem import Problem
from rac_theory import theorems
from rac_theory.blas import one_blas_thread
from rac_theory.case import Case, starting_point
from rac_theory.constants import Constants
from rac_theory.embedded import embedded_problem
from rac_theory.ensemble import Ensemble, informative_steps
from rac_theory.randomness import PROJECTION, child
from rac_theory.row import Row
from rac_theory.settings import SETTINGS
from rac_theory.sketches.plug_in import sketch_factory
from rac_theory.sweeps.grid import Cell
from rac_theory.sweeps.step_sizes import setting_named

FAILED = "FAILED"
"""The status of the rows of a cell that raised; it is no verdict."""

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
    _leave_interrupts_to_the_parent()
    begin = time.perf_counter()
    try:
        # Constants too: their bits would depend on the number of threads.
        with one_blas_thread():
            ensemble = _ensemble(cell, level)
            verdicts = ensemble.verdicts()
        rows = [Row.of(number, ensemble, v) for (number, _), v in zip(cell.claims, verdicts, strict=True)]
    except Exception as error:
        rows = [_failed(cell, level, number, claim, error) for number, claim in cell.claims]
    return Finished(cell.number, rows, time.perf_counter() - begin)


def _leave_interrupts_to_the_parent() -> None:
    """Let Ctrl-C end the sweep, not a cell. Dask runs cells in threads, where signals are not ours to set."""
    if parent_process() is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _failed(cell: Cell, level: Level, number: int, claim: str, error: Exception) -> Row:
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
        reason=f"{type(error).__name__}: {error}",
        evidence="none",
    )


@lru_cache(maxsize=_PROBLEMS)
def _problem(name: str, setting: str) -> tuple[Problem, Array | None]:
    entry = embedded_problem(name)
    problem = entry.build()
    return setting_named(setting).prepare(problem), entry.start(problem)


def _ensemble(cell: Cell, level: Level) -> Ensemble:
    key = cell.key
    # All step sizes share one problem, and with it the constants that it has computed.
    problem, W0 = _problem(key.problem, key.setting if key.setting in SETTINGS else "1/L")
    rest: dict[str, Any] = {"runs": cell.runs, "alpha": level.alpha, "lambda_alpha": level.lambda_alpha}
    if key.setting in SETTINGS:
        return Ensemble.build(key, problem, W0, sketch_factory(key.sketch), cell.claims, steps=level.steps, **rest)
    setting, W0 = setting_named(key.setting), starting_point(problem, W0)
    dim = problem.shape[1 if key.side == "right" else 0]
    gamma = setting.step(Constants(gamma=math.nan, L=problem.L), dim, key.rank)
    gradients = setting.gradients(problem, W0)
    algorithm = setting.algorithm(sketch_factory(key.sketch), problem.shape, key.rank, key.side, gradients, gamma)
    case = Case(algorithm, problem, W0, level.steps or 1)
    constants = Constants.of(case, alpha=level.lambda_alpha, rng=child(key.seed_sequence(), PROJECTION))
    if level.steps is None:
        claims = [theorems.ALL[claim] for _, claim in cell.claims]
        case = replace(case, steps=informative_steps(claims, case, constants, setting.longest))
    return Ensemble(key, case, constants, claims=cell.claims, **rest)
