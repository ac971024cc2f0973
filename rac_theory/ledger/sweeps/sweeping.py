"""A sweep: every cell of a grid is run once, however often the process is killed."""

import math
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rac_theory.base import LOST, as_they_finish, checks, progress, worker_count
from rac_theory.ledger.ensemble import Cell
from rac_theory.ledger.layout import Grid
from rac_theory.ledger.running import Finished, run_cell
from rac_theory.ledger.sweeps.found import Sweep
from rac_theory.ledger.sweeps.store import Store


class Forecast:
    """Mean seconds of cells that agree in problem, setting, side and rank, or in fewer of these where none does."""

    def __init__(self) -> None:
        self._seconds: dict[Hashable, tuple[float, int]] = defaultdict(lambda: (0.0, 0))

    def learn(self, cell: Cell, seconds: float) -> None:
        """Take in a cell that was run."""
        for kind in _kinds(cell):
            total, count = self._seconds[kind]
            self._seconds[kind] = total + seconds, count + 1

    def seconds(self, cell: Cell) -> float:
        """Return the seconds that a cell is likely to take; nan if none has been run."""
        for kind in _kinds(cell):
            if kind in self._seconds:
                total, count = self._seconds[kind]
                return total / count
        return math.nan

    def total(self, cells: Iterable[Cell], workers: int) -> float:
        """Return the seconds for cells that are shared evenly among workers."""
        return sum(map(self.seconds, cells)) / workers


def pilots(cells: Iterable[Cell]) -> Iterator[Cell]:
    """Yield one cell for each problem and setting, then the others in their order."""
    kinds, later = set(), []
    for cell in cells:
        kind = cell.key.problem, cell.key.setting
        if kind in kinds:
            later.append(cell)
        else:
            kinds.add(kind)
            yield cell
    yield from later


def memory_of_a_worker() -> float:
    """Return the most bytes that this process has held so far; nan where the system does not tell."""
    try:
        import resource
    except ImportError:
        return math.nan
    unit = 1 if sys.platform == "darwin" else 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def _kinds(cell: Cell) -> Iterator[Hashable]:
    key = cell.key
    yield key.problem, key.setting, key.side, key.rank
    yield key.problem, key.setting
    yield key.problem
    yield None


_PILOT_SECONDS = 3.0  # of cells that are run here, first, to learn what cells cost


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Attributes
    ----------
    done, total : int
        Cells.
    seconds_left : float
        From the cells so far, if the others are shared evenly among the workers.
    workers : int
    memory : float
        Bytes for all workers, if each holds as much as the first cells have taken here; nan if unknown.

    Examples
    --------
    >>> from rac_theory.ledger.sweeps import Progress
    >>> print(Progress(done=10, total=100, seconds_left=42.0, workers=2, memory=2.0**30))
    10 of 100 cells are done; the rest needs about 42 s and 1 GiB of memory, with 2 workers
    """

    done: int
    total: int
    seconds_left: float
    workers: int
    memory: float

    def __str__(self) -> str:
        done = f"{self.done} of {self.total} cells are done"
        if self.done == self.total:
            return done
        seconds = f"about {self.seconds_left:.3g} s" if self.seconds_left >= 1 else "less than a second"
        memory = "an unknown amount" if math.isnan(self.memory) else f"{self.memory / 2**30:.2g} GiB"
        workers = f"{self.workers} worker{'s' * (self.workers != 1)}"
        return f"{done}; the rest needs {seconds} and {memory} of memory, with {workers}"


def sweep(
    grid: Grid, store: str | Path, *, n_jobs: int | None = None, watch: Callable[[Progress], None] | None = None
) -> Sweep:
    """Run every cell of a grid that the store does not have, and return what the store then holds.

    A cell is stored in one transaction as soon as it is finished, so whatever ends the process loses the cells that
    were running and no other; the same call continues. A cell that raises is stored as rows with status ``FAILED``.
    The cells run in processes of this machine, or on the backend that ``joblib.parallel_config`` sets, such as Dask;
    their numbers do not depend on it.

    Parameters
    ----------
    grid : Grid
    store : path
        An SQLite file, made if it is not there.
    n_jobs : int, optional
        Workers; by default as many as there are, and none for a short sweep.
    watch : callable, optional
        Called with a ``Progress`` when the first cells have shown what the others cost, and after every cell; without
        it there is a bar where somebody waits.

    Returns
    -------
    Sweep
        All rows of the store.

    Raises
    ------
    ValueError
        For a grid without cells, or a store that was written for another grid or by other versions.
    OSError
        If the store cannot be written, or a worker process or a scheduler was lost; what is in the store is safe.

    Examples
    --------
    >>> import tempfile
    >>> from rac_theory import Grid, sweep
    >>> grid = Grid(claims=("T2",), problems=("quadratic",), sketches=("gaussian",), ranks=(1, 2), sides=("left",))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = sweep(grid, f"{folder}/cells.sqlite")
    >>> [(row.rank, row.status) for row in found.rows]
    [(1, 'HOLDS'), (2, 'HOLDS')]
    """
    if n_jobs is not None:
        checks.integer("n_jobs", n_jobs, 1)
    grid.cells  # noqa: B018  # no store is made for a grid that is refused
    with closing(Store(Path(store), grid)) as open_store:
        job = _Job(grid, open_store, watch)
        with progress.task("cells", job.total) if watch is None else progress.silent():
            progress.advance(job.total - len(job.left))
            job.run_pilots()
            job.run_others(n_jobs)
        return Sweep.of(open_store)


class _Job:
    def __init__(self, grid: Grid, store: Store, watch: Callable[[Progress], None] | None) -> None:
        self.store, self.watch, self.forecast = store, watch, Forecast()
        self.level = grid.layout.level
        self.left = {cell.number: cell for cell in grid.cells}
        self.total, self.workers, self.memory = len(self.left), 1, math.nan
        for number, seconds in store.seconds().items():
            if number not in self.left:
                raise ValueError(f"store must hold cells of the grid alone, got {str(store.path)!r} with cell {number}")
            self.forecast.learn(self.left.pop(number), seconds)

    def run_pilots(self) -> None:
        """Run cells of as many kinds as a few seconds allow."""
        end = time.monotonic() + _PILOT_SECONDS
        for cell in pilots(tuple(self.left.values())):
            self._keep(run_cell(cell, self.level))
            if time.monotonic() > end:
                break
        self.memory = memory_of_a_worker()

    def run_others(self, jobs: int | None) -> None:
        """Run what is left, long cells first, so that no worker is left with one at the end."""
        order = sorted(self.left.values(), key=lambda cell: -self.forecast.seconds(cell))
        self.workers = worker_count(jobs, self.forecast.total(order, 1)) if order else 1
        self._tell()
        results = as_they_finish(run_cell, ((cell, self.level) for cell in order), self.workers)
        try:
            for finished in results:
                self._keep(finished)
                self._tell()
        except LOST as error:
            which = "a worker process" if isinstance(error, BrokenProcessPool) else "the scheduler of the workers"
            raise ChildProcessError(
                f"{which} was lost with {len(self.left)} cells to go, killed or out of memory; the others are in "
                f"{str(self.store.path)!r}, and the next start continues: fewer jobs take less memory"
            ) from error
        finally:
            with warnings.catch_warnings():  # that cells are given up is what is wanted when one could not be kept
                warnings.simplefilter("ignore")
                results.close()

    def _keep(self, finished: Finished) -> None:
        self.store.add(finished)
        self.forecast.learn(self.left.pop(finished.cell), finished.seconds)
        progress.advance()

    def _tell(self) -> None:
        if self.watch is not None:
            left = self.forecast.total(self.left.values(), self.workers)
            memory = self.memory * self.workers
            self.watch(Progress(self.total - len(self.left), self.total, left, self.workers, memory))
