"""Ensembles of independent runs, in blocks: the story of every experiment."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.case import Case
from rac_theory.observed import Observed
from rac_theory.randomness import BLOCKS, Randomness, child, generator, seed_sequence

_BLOCK_NUMBERS = 1 << 14  # a block of iterates should stay in the cache of one core


@dataclass(frozen=True, eq=False)
class Trajectory:
    """What an ensemble did at t = 0, ..., steps.

    Attributes
    ----------
    values : (runs, steps + 1)
        ``f(W^t)``.
    squared_gradients : (runs, steps + 1)
        ``||grad f(W^t)||^2``.
    W : (runs, m, n)
        The last iterates.
    problem : Problem
        What was run on.
    """

    values: Array
    squared_gradients: Array
    W: Array
    problem: Problem

    def __post_init__(self) -> None:
        for name in ("values", "squared_gradients", "W"):
            getattr(self, name).flags.writeable = False

    @property
    def runs(self) -> int:
        """Number of runs."""
        return len(self.values)

    @property
    def steps(self) -> int:
        """Number of outer steps."""
        return int(self.values.shape[1]) - 1

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
        Worker processes, as in joblib; any other backend that ``joblib.parallel_config`` sets is used instead.
    """
    start = Case(algorithm, problem, W0, steps).start
    checks.integer("runs", runs, 1)
    root = seed_sequence(rng)
    size = 1 if algorithm.deterministic else block_size(problem.shape)
    blocks = Parallel(n_jobs=n_jobs)(
        delayed(_run_block)(algorithm, problem, start, steps, size, child(root, BLOCKS, i))
        for i in range(-(-runs // size))
    )
    values, squares, W = (np.concatenate(parts)[:runs] for parts in zip(*blocks, strict=True))
    return Trajectory(values, squares, W, problem)


def _checked(W: Array, shape: tuple[int, ...], algorithm: Algorithm) -> Array:
    """Refuse what a step of a user's algorithm cannot return."""
    if getattr(W, "shape", None) != shape:
        came = "None (a missing return statement?)" if W is None else getattr(W, "shape", type(W).__name__)
        raise ValueError(f"{type(algorithm).__name__}.step must return an array of shape {shape}, got {came}")
    return W


def block_size(shape: tuple[int, int]) -> int:
    """Return how many runs make a block: a power of two in 16..256 that depends on the shape of W alone."""
    fitting = int(_BLOCK_NUMBERS // (shape[0] * shape[1]))
    return 1 << min(8, max(4, fitting.bit_length() - 1))


def _run_block(
    algorithm: Algorithm, problem: Problem, start: Array, steps: int, size: int, seed: np.random.SeedSequence
) -> tuple[Array, Array, Array]:
    """Run one block to its end. The last block is run whole too and cut afterwards: a draw must not depend on R."""
    rng = generator(seed)
    observed = Observed(problem)
    values, squares = np.empty((2, size, steps + 1))
    W: Array = np.repeat(start[None], size, axis=0)
    with threadpool_limits(1), np.errstate(over="ignore", invalid="ignore"):
        for t in range(steps):
            values[:, t], squares[:, t] = observed.look(W)
            W.flags.writeable = False  # a step in place would find a stale gradient: better an error
            W = _checked(algorithm.step(observed, W, rng), W.shape, algorithm)
        values[:, steps], squares[:, steps] = observed.look(W)
    return values, squares, W
