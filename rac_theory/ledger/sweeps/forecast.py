"""How long a sweep will take and how much memory, from the cells that have been run."""

import math
import sys
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

from rac_theory.ledger.cell import Cell


class Forecast:
    """Mean seconds of the cells that are alike: of one problem, setting, side and rank, else of less and less."""

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
    seen, later = set(), []
    for cell in cells:
        kind = cell.key.problem, cell.key.setting
        if kind in seen:
            later.append(cell)
        else:
            seen.add(kind)
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
