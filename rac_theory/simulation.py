"""Ensembles of independent runs, in blocks: the story of every experiment."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import DTypeLike

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.blas import one_blas_thread
from rac_theory.case import Case
from rac_theory.history import History, run_and_keep
from rac_theory.kernel import Kernel, Record
from rac_theory.kernels import kernel_for
from rac_theory.randomness import BLOCKS, Randomness, child, generator, seed_sequence

if TYPE_CHECKING:
    from matplotlib.axes import Axes


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
    algorithm : Algorithm
        What was run.
    problem : Problem
        What was run on.
    kernel, last
        What turns the coordinates of the last iterates, (runs, m, n), into matrices.
    iterates : (runs, steps + 1, m, n) or None
        Every ``W^t``, where "W" was asked for; the last ones are there as ``W`` in any case.
    B, A : (runs, steps + 1, m, r), (runs, steps + 1, r, n) or None
        Where "factors" were asked for, those that each step departs from: after a merge, the factors of the next link.
    """

    values: Array
    squared_gradients: Array
    squared_distances: Array | None
    algorithm: Algorithm
    problem: Problem
    kernel: Kernel
    last: Array
    iterates: Array | None = None
    B: Array | None = None
    A: Array | None = None

    def __post_init__(self) -> None:
        recorded = (self.values, self.squared_gradients, self.squared_distances, self.iterates, self.B, self.A)
        for array in (*recorded, self.last):
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

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draw the gaps, or the squared gradients where f_star is unknown, on matplotlib axes; return the axes."""
        from rac_theory import chart, plot

        return plot.curves(chart.ensemble(self.gaps, self.squared_gradients), ax)


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
        run.
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
    kernel = kernel_for(case.algorithm, case.problem, start, distances)
    blocks = range(first // kernel.block, -(-(first + runs) // kernel.block))
    batches = [blocks[i : i + kernel.streams] for i in range(0, len(blocks), kernel.streams)]
    wanted = [min(kernel.block * len(batch), runs + first - kernel.block * batch[0]) for batch in batches]
    prefer = "threads" if kernel.threads else "processes"
    workers = Parallel(n_jobs=min(n_jobs, len(batches)), prefer=prefer, return_as="generator")
    measured = np.empty((3 if distances else 2, case.steps + 1, runs), start.dtype)
    last = np.empty((runs, *start.shape), start.dtype)
    parts: list[History] = []
    with one_blas_thread():
        filled = 0
        tasks = (
            delayed(_run)(kernel, root, batch, case.steps, kept, n) for batch, n in zip(batches, wanted, strict=True)
        )
        for n, (record, history) in zip(wanted, workers(tasks), strict=True):
            measured[:, :, filled : filled + n] = record.measured[:, :, :n]
            last[filled : filled + n] = record.last[:n]
            parts.append(history)
            filled += n
    values, squares, *squared_distances = np.swapaxes(measured, 1, 2)
    histories = {name: np.swapaxes(np.concatenate([part[name] for part in parts], 1), 0, 1) for name in parts[0]}
    return Trajectory(
        values,
        squares,
        squared_distances[0] if distances else None,
        case.algorithm,
        case.problem,
        kernel,
        last,
        histories.get("W"),
        histories.get("B"),
        histories.get("A"),
    )


def _run(
    kernel: Kernel, root: np.random.SeedSequence, blocks: range, steps: int, kept: Collection[str], runs: int
) -> tuple[Record, History]:
    """Run blocks whole, the last one too, to be cut afterwards: a draw must not depend on the number of runs."""
    streams = [child(root, BLOCKS, i) for i in blocks]
    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        if kept:
            return run_and_keep(kernel, streams, steps, kept, runs)
        return kernel.run([generator(stream) for stream in streams], steps), {}


def _precision(dtype: DTypeLike) -> np.dtype[Any]:
    if np.dtype(dtype) not in (np.float64, np.float32):
        raise ValueError(f"dtype must be float64 or float32, got {np.dtype(dtype)}")
    return np.dtype(dtype)
