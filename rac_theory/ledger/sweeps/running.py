"""A cell that is run: from names alone to rows, wherever that happens."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from joblib import parallel_config

from rac_theory.base import one_blas_thread, printable
from rac_theory.ledger.cell import Cell, Level
from rac_theory.ledger.default_problems import built, file_version
from rac_theory.ledger.ensemble import Ensemble
from rac_theory.ledger.theorem_settings import setting_named
from rac_theory.ledger.verdict_row import FAILED, Row
from rac_theory.problems import Problem

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
