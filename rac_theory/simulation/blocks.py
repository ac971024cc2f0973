"""Blocks of an ensemble, each with a random stream of its own, shared out among workers and put together again."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from joblib.parallel import get_active_backend
from numpy.typing import DTypeLike

from problems.checks import Array
from problems.naming import shown
from rac_theory.cases.case import Case
from rac_theory.numerics.randomness import BLOCKS, child, generator
from rac_theory.processes.blas import one_blas_thread
from rac_theory.processes.interrupts import left_to_the_parent
from rac_theory.processes.kept_memory import keep_freed_memory
from rac_theory.processes.shared_memory import SharedArray, SharedObject, Writable
from rac_theory.simulation.history import History, run_and_keep
from rac_theory.simulation.kernels.choice import kernel_for
from rac_theory.simulation.kernels.kernel import Kernel
from rac_theory.simulation.trajectory import Trajectory

_TASK = 1 << 20  # numbers that a worker computes before it sends them


def simulate_part(
    case: Case,
    root: np.random.SeedSequence,
    first: int,
    runs: int,
    n_jobs: int = 1,
    dtype: DTypeLike = np.float64,
    distances: bool = False,
    kept: Collection[str] = (),
) -> Trajectory:
    """Return the runs from number ``first`` on, a multiple of the size of a block, of the ensemble of a case."""
    start = case.start.astype(_precision(dtype))
    with one_blas_thread():  # a second thread would go on spinning for a while, beside the workers
        kernel = kernel_for(case.algorithm, case.problem, start, distances)
    blocks = range(first // kernel.block, -(-(first + runs) // kernel.block))
    workers = min(effective_n_jobs(n_jobs), len(blocks))
    tasks = _tasks(kernel, blocks, case.steps, workers)
    processes = 1 if kernel.threads else workers
    work = _Work(kernel, root, first, runs, case.steps, kept, keeps_last=not kernel.recomputes_last)
    told = SharedObject(work, processes)
    measured = SharedArray.empty((3 if distances else 2, case.steps + 1, runs), start.dtype, processes)
    pool = Parallel(
        n_jobs=min(n_jobs, len(tasks)),
        prefer="threads" if kernel.threads else "processes",
        return_as="generator" if get_active_backend()[0].supports_return_generator else "list",
        batch_size=1,  # joblib would make tasks longer, and leave a worker without one at the end
    )
    parts: list[_Part] = []
    with one_blas_thread():
        for part in chain.from_iterable(pool(delayed(_do)(told, task, measured) for task in tasks)):
            if part.measured is not None:
                measured.write(part.first, part.measured)
            parts.append(part._replace(measured=None))
    values, squares, *squared_distances = np.swapaxes(measured.array, 1, 2)
    histories = {
        name: np.swapaxes(np.concatenate([part.history[name] for part in parts], 1), 0, 1) for name in parts[0].history
    }
    last = partial(np.concatenate, [part.last for part in parts])
    return Trajectory(
        values,
        squares,
        squared_distances[0] if distances else None,
        np.concatenate([part.norms for part in parts]),
        case,
        kernel,
        partial(work.last_iterates, blocks) if kernel.recomputes_last else last,
        histories.get("W"),
        histories.get("B"),
        histories.get("A"),
    )


class _Part(NamedTuple):
    """What a worker sends of the runs of one call of a kernel; no numbers where it wrote them in their place."""

    first: int
    measured: Array | None
    norms: Array
    last: Array | None
    history: History


@dataclass(frozen=True)
class _Work:
    """What a worker is told of an ensemble."""

    kernel: Kernel
    root: np.random.SeedSequence
    first: int
    runs: int
    steps: int
    kept: Collection[str]
    keeps_last: bool

    def do(self, blocks: range, measured: Writable | None = None) -> list[_Part]:
        """Run blocks whole, the last one too, and cut afterwards: a draw must not depend on the number of runs."""
        keep_freed_memory()
        kernel = self.kernel
        parts: list[_Part] = []
        with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
            for i in range(0, len(blocks), kernel.streams):
                streams = [child(self.root, BLOCKS, block) for block in blocks[i : i + kernel.streams]]
                begin = kernel.block * blocks[i] - self.first
                n = min(kernel.block * len(streams), self.runs - begin)
                if self.kept:
                    record, history = run_and_keep(kernel, streams, self.steps, self.kept, n)
                else:
                    record, history = kernel.run([generator(stream) for stream in streams], self.steps), {}
                numbers, ends = record.measured[:, :, :n], record.last[:n]
                written = measured is not None and measured.write(begin, numbers)
                parts.append(
                    _Part(
                        begin,
                        None if written else numbers,
                        kernel.norms(ends),
                        ends if self.keeps_last else None,
                        history,
                    )
                )
        return parts

    def last_iterates(self, blocks: range) -> Array:
        """Run once more what was not kept, and return the last iterates."""
        parts = replace(self, kept=(), keeps_last=True).do(blocks)
        return np.concatenate([part.last for part in parts if part.last is not None])


def _do(told: SharedObject[_Work], blocks: range, measured: Writable) -> list[_Part]:
    left_to_the_parent()
    return told.content.do(blocks, measured)


def _tasks(kernel: Kernel, blocks: range, steps: int, workers: int) -> list[range]:
    """Share blocks out: enough of them in a task to be worth sending, and a few tasks for each worker."""
    together = kernel.streams
    if workers > 1:
        worthwhile = _TASK // (steps * kernel.block * together)
        together *= max(1, min(worthwhile, len(blocks) // (4 * workers * together)))
    return [blocks[i : i + together] for i in range(0, len(blocks), together)]


def _precision(dtype: DTypeLike) -> np.dtype[Any]:
    try:
        precision = np.dtype(dtype)
    except TypeError:
        raise ValueError(f"dtype must be float64 or float32, got {shown(dtype)}") from None
    if precision not in (np.float64, np.float32):
        raise ValueError(f"dtype must be float64 or float32, got {precision}")
    return precision
