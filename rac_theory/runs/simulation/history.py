"""Histories: what a block measured, its iterates, factors and states, written down along its path."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from rac_theory.algorithms import Factored
from rac_theory.base import Array, advance
from rac_theory.numerics import generator
from rac_theory.runs.simulation.kernels.kernel import Kernel, Visit
from rac_theory.runs.simulation.kernels.stepping import RememberingProblem, Stepping


class Record(NamedTuple):
    """What a kernel has measured of a block of runs, and where the runs ended.

    Attributes
    ----------
    measured : (kinds, steps + 1, runs)
        What the kernel ``measures``, at t = 0, ..., steps.
    last : (runs, ...)
        The last iterates, in the coordinates of the kernel.
    """

    measured: Array
    last: Array


def record(path: Iterator[Visit], steps: int) -> Record:
    """Follow a path for ``steps`` steps, and put together what was measured on the way."""
    t = 0
    for visit in path:
        kinds, several, runs = visit.measured.shape
        if t == 0:
            measured = np.empty((kinds, steps + 1, runs), visit.measured.dtype)
        measured[:, t : t + several] = visit.measured
        t += several
    return Record(measured, visit.W(0))


History: TypeAlias = dict[str, Array]
"""By name, "W", the factors "B" and "A", and states as "states.M": each (steps + 1, runs, rows, columns)."""

_Pages: TypeAlias = dict[str, list[Array]]


def run_and_keep(
    kernel: Kernel, streams: Sequence[np.random.SeedSequence], steps: int, recorded: Collection[str], runs: int
) -> tuple[Record, History]:
    """Run blocks, one for each stream, and keep the history of their first ``runs`` runs.

    What is kept changes no number. A block is run whole, but only what is asked for is held: an ensemble may be one run
    of a block of 256.

    Parameters
    ----------
    kernel : Kernel
    streams : sequence of SeedSequence
    steps : int
    recorded : collection of str
        Of "W", "factors" and "states"; nothing is kept of any other.
    runs : int
    """
    path = kernel.path([generator(stream) for stream in streams], steps)
    pages: _Pages = {}
    if "factors" in recorded:
        assert isinstance(kernel, Stepping)  # no other serves an algorithm that has factors
        path = _with_factors(path, kernel, generator(*streams), pages, runs)
    if "states" in recorded:
        assert isinstance(kernel, Stepping)  # a method that another serves has no state but W
        path = _with_states(path, kernel, generator(*streams), pages, runs)
    if "W" in recorded:
        path = _with_iterates(path, kernel, pages, runs)
    return record(_counted(path, runs / (steps + 1)), steps), {
        name: np.stack(written) for name, written in pages.items()
    }


def _counted(path: Iterator[Visit], share: float) -> Iterator[Visit]:
    for visit in path:
        advance(share * visit.measured.shape[1])
        yield visit


def _with_iterates(path: Iterator[Visit], kernel: Kernel, pages: _Pages, runs: int) -> Iterator[Visit]:
    pages["W"] = []
    for visit in path:
        for t in range(visit.measured.shape[1]):
            # A copy: a view would hold the whole block, or change with the next step.
            pages["W"].append(np.array(kernel.matrices(visit.W(t)[:runs])))
        yield visit


def _with_factors(
    path: Iterator[Visit], kernel: Stepping, rng: np.random.Generator, pages: _Pages, runs: int
) -> Iterator[Visit]:
    pages |= {"B": [], "A": []}
    for visit, state in with_factors_of(path, kernel, rng):
        pages["B"].append(state.B[:runs].copy())
        pages["A"].append(state.A[:runs].copy())
        yield visit


def _with_states(
    path: Iterator[Visit], kernel: Stepping, rng: np.random.Generator, pages: _Pages, runs: int
) -> Iterator[Visit]:
    """Pass a path on, and keep what the method, run once more with the same random numbers, holds beside it."""
    algorithm: Any = kernel.algorithm
    names = algorithm.method.names
    pages |= {f"states.{name}": [] for name in names}
    start = np.repeat(kernel.start[None], kernel.block, axis=0)
    for visit, states in zip(path, algorithm.states(kernel.problem, start, rng), strict=False):
        for name, matrix in zip(names, states, strict=False):
            pages[f"states.{name}"].append(np.array(kernel.matrices(matrix[:runs])))
        yield visit


def with_factors_of(
    path: Iterator[Visit], kernel: Stepping, rng: np.random.Generator
) -> Iterator[tuple[Visit, Factored]]:
    """Pass a path on, with what ``factored`` yields beside it from the same random numbers.

    They are the factors of this path only if their weights are its iterates, to the last bit, which is checked. Their
    gradients are then those of the path, and need not be computed again.
    """
    problem = RememberingProblem(kernel.problem)
    algorithm: Any = kernel.algorithm
    states = algorithm.factored(problem, np.repeat(kernel.start[None], kernel.block, axis=0), rng)
    rank: int | None = None
    for t, visit in enumerate(path):
        name = f"{type(algorithm).__name__}.factored at t={t}"
        state = next(states, None) if isinstance(states, Iterator) else states
        if state is None:
            raise ValueError(f"{name} must yield Factored(W, B, A) without end, got nothing more, or no yield")
        W = visit.W(0)
        factored = _of_shape(name, state, W, rank)
        _check_weights(name, factored.W, W)
        rank = factored.B.shape[2]
        factored.W.flags.writeable = False
        assert visit.gradient is not None  # the kernel computes it
        # A copy, as the algorithm may write to the other one; its layout in memory matters to the last bit.
        problem.remember(factored.W, visit.gradient.copy(order="K"))
        yield visit, factored


def _of_shape(name: str, state: Any, W: Array, rank: int | None) -> Factored:
    """Return a state with the shapes and the type that go with W, (runs, m, n), and the rank of the step before."""
    parts: list[Any] = [getattr(state, letter, None) for letter in Factored._fields]
    runs, m, n = W.shape
    r = rank or (np.shape(parts[1]) or (0,))[-1]
    fits = all(isinstance(part, np.ndarray) and part.dtype == W.dtype for part in parts)
    if not fits or [part.shape for part in parts] != [(runs, m, n), (runs, m, r), (runs, r, n)]:
        shapes = (f"{p.dtype} {p.shape}" if isinstance(p, np.ndarray) else type(p).__name__ for p in parts)
        raise ValueError(
            f"{name} must yield W {W.dtype} {W.shape}, and of the same type B (runs, m, r) and A (runs, r, n) with "
            f"r={r}, got {', '.join(shapes)}"
        )
    return Factored(*parts)


def _check_weights(name: str, weights: Array, W: Array) -> None:
    if not np.array_equal(weights, W, equal_nan=True):
        raise ValueError(
            f"{name} must yield the weights that iterates yields, to the last bit, got some that are off by "
            f"{np.abs(weights - W).max():.3g}; let iterates yield the W of factored, as LoRA does"
        )
