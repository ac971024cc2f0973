"""Ensembles of independent runs, in blocks: the story of every experiment."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import DTypeLike

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.blas import one_blas_thread
from rac_theory.case import Case
from rac_theory.kernel import Kernel, Record
from rac_theory.kernels import kernel_for
from rac_theory.randomness import BLOCKS, Randomness, child, generator, seed_sequence


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What an ensemble did at t = 0, ..., steps.

    Attributes
    ----------
    values : (runs, steps + 1)
        ``f(W^t)``.
    squared_gradients : (runs, steps + 1)
        ``||grad f(W^t)||^2``.
    squared_distances : (runs, steps + 1) or None
        ``||W^t - W*||^2``, where it was asked for.
    problem : Problem
        What was run on.
    kernel, last
        What turns the coordinates of the last iterates, (runs, m, n), into matrices.
    """

    values: Array
    squared_gradients: Array
    squared_distances: Array | None
    problem: Problem
    kernel: Kernel
    last: Array

    def __post_init__(self) -> None:
        for array in (self.values, self.squared_gradients, self.squared_distances, self.last):
            if array is not None:
                array.flags.writeable = False

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.values)

    @property
    def steps(self) -> int:
        """Number of outer steps."""
        return int(self.values.shape[1]) - 1

    @cached_property
    def W(self) -> Array:
        """The last iterates, (runs, m, n)."""
        W = self.kernel.matrices(self.last)
        W.flags.writeable = False
        return W

    @property
    def norms(self) -> Array:
        """Upper bounds of the norms of the last iterates, (runs,), at no cost."""
        return self.kernel.norms(self.last)

    @cached_property
    def gaps(self) -> Array:
        """``f(W^t) - f_star``, (runs, steps + 1); nan if f_star is unknown."""
        return self.values - self.problem.f_star


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
    record: Collection[Literal["distances"]] = (),
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
        What is recorded beside f and the squared gradient norm: ``"distances"`` for squared distances to ``W_star``.
    """
    case = Case(algorithm, problem, W0, steps)
    for name in record:
        checks.one_of("record", name, ("distances",))
    checks.integer("runs", runs, 1)
    return simulate_part(case, seed_sequence(rng), 0, runs, n_jobs, dtype, distances="distances" in record)


def simulate_part(
    case: Case,
    root: np.random.SeedSequence,
    first: int,
    runs: int,
    n_jobs: int = 1,
    dtype: DTypeLike = np.float64,
    distances: bool = False,
) -> Trajectory:
    """Return the runs from number ``first`` on, a multiple of the size of a block, of the ensemble of a case."""
    start = case.start.astype(_precision(dtype))
    kernel = kernel_for(case.algorithm, case.problem, start, distances)
    blocks = range(first // kernel.block, -(-(first + runs) // kernel.block))
    batches = [blocks[i : i + kernel.streams] for i in range(0, len(blocks), kernel.streams)]
    prefer = "threads" if kernel.threads else "processes"
    workers = Parallel(n_jobs=min(n_jobs, len(batches)), prefer=prefer, return_as="generator")
    measured = np.empty((3 if distances else 2, case.steps + 1, runs), start.dtype)
    last = np.empty((runs, *start.shape), start.dtype)
    with one_blas_thread():
        filled = 0
        for record in workers(delayed(_run)(kernel, root, batch, case.steps) for batch in batches):
            kept = slice(filled, min(filled + len(record.last), runs))
            measured[:, :, kept] = record.measured[:, :, : kept.stop - filled]
            last[kept] = record.last[: kept.stop - filled]
            filled = kept.stop
    values, squares, *squared_distances = np.swapaxes(measured, 1, 2)
    return Trajectory(values, squares, squared_distances[0] if distances else None, case.problem, kernel, last)


def _run(kernel: Kernel, root: np.random.SeedSequence, blocks: range, steps: int) -> Record:
    """Run blocks whole, the last one too, to be cut afterwards: a draw must not depend on the number of runs."""
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        return kernel.run([generator(child(root, BLOCKS, i)) for i in blocks], steps)


def _precision(dtype: DTypeLike) -> np.dtype[Any]:
    if np.dtype(dtype) not in (np.float64, np.float32):
        raise ValueError(f"dtype must be float64 or float32, got {np.dtype(dtype)}")
    return np.dtype(dtype)
