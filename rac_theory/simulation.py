"""Ensembles of independent runs, in blocks: the story of every experiment."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any, Literal, NamedTuple

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from joblib.parallel import get_active_backend
from numpy.typing import DTypeLike

from problems import checks
from problems.checks import Array
from problems.naming import shown
from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.blas import one_blas_thread
from rac_theory.case import Case
from rac_theory.history import History, run_and_keep
from rac_theory.interrupts import left_to_the_parent
from rac_theory.kernel import Kernel
from rac_theory.kernels import kernel_for
from rac_theory.memory import keep_freed_memory
from rac_theory.randomness import BLOCKS, Randomness, child, generator, seed_sequence
from rac_theory.shared_memory import SharedArray, SharedObject, Writable
from rac_theory.trajectory import Trajectory

_TASK = 1 << 20  # numbers that a worker computes before it sends them


def simulate(
    algorithm: Algorithm,
    problem: Problem,
    W0: Array | None = None,
    *,
    steps: int,
    runs: int = 1,
    rng: Randomness = None,
    n_jobs: int = 1,
    dtype: DTypeLike = np.float64,
    record: Collection[Literal["distances", "W", "factors"]] = (),
) -> Trajectory:
    """Run an ensemble and record f and the squared gradient norm at every step.

    Runs come in blocks of a fixed size, each with a random stream of its own. So the numbers are the same for any
    number of workers on one machine, and R runs are the first R of any larger ensemble. BLAS uses one thread: at these
    sizes more are slower, and the bits would depend on their number.

    A run that diverges goes to infinity or nan, and stays there, without a warning.

    Parameters
    ----------
    algorithm : Algorithm
    problem : Problem
    W0 : (m, n), optional
        The start of every run; ``problem.start`` where there is one, else zero.
    steps, runs : int
        At least 1.
    rng : seed, SeedSequence or Generator
        With a seed, the same call gives the same bits.
    n_jobs : int
        Workers, as in joblib: threads or processes, as suits the kernel; any other backend that
        ``joblib.parallel_config`` sets is used instead.
    dtype : float64 or float32
        The precision of the runs. Sketches are drawn in double precision and rounded, so that both see the same ones.
    record : collection of str
        What is recorded beside f and the squared gradient norm: ``"distances"`` for squared distances to ``W_star``,
        ``"W"`` for every iterate, ``"factors"`` for B and A at every step of an algorithm that has some. It changes no
        run: factors are those that ``algorithm.factored`` yields beside the iterates that run.

    Raises
    ------
    ValueError
        For arguments that do not fit together, an algorithm whose iterates are none, and one whose ``factored`` yields
        other weights than its ``iterates``.
    """
    case = Case(algorithm, problem, W0, steps)
    for name in record:
        checks.one_of("record", name, ("distances", "W", "factors"))
    if "factors" in record and not hasattr(algorithm, "factored"):
        raise ValueError(
            f"record must not have 'factors' for an algorithm without them, as a method factored shows, got it for "
            f"{algorithm!r}; 'W' records its iterates"
        )
    checks.integer("runs", runs, 1)
    kept = [name for name in ("W", "factors") if name in record]
    return simulate_part(case, seed_sequence(rng), 0, runs, n_jobs, dtype, "distances" in record, kept)


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
    work = _Work(kernel, root, first, runs, case.steps, kept, keeps_last=not kernel.forgets)
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
        case.algorithm,
        case.problem,
        kernel,
        partial(work.last_iterates, blocks) if kernel.forgets else last,
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
