"""Histories: every iterate of an ensemble, and the factors where its algorithm has them, kept on request."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TypeAlias

import numpy as np

from problems.checks import Array
from rac_theory.algorithms import Factored
from rac_theory.numerics.randomness import generator
from rac_theory.simulation.kernels.diagonal_kernel import DiagonalKernel
from rac_theory.simulation.kernels.kernel import Kernel, Record
from rac_theory.simulation.kernels.several_steps import SeveralSteps, steps_at_once
from rac_theory.simulation.kernels.stepping import Stepping, Visit
from rac_theory.simulation.remembered_gradient import RememberingProblem

History: TypeAlias = dict[str, Array]
"""By name, "W" and the factors "B" and "A": each (steps + 1, runs, rows, columns)."""


def run_and_keep(
    kernel: Kernel, streams: Sequence[np.random.SeedSequence], steps: int, kept: Collection[str], runs: int
) -> tuple[Record, History]:
    """Run blocks and keep the history of their first ``runs`` runs.

    The numbers are those of the same blocks when nothing is kept. A block is run whole, but only what is asked for is
    held: an ensemble may be one run of a block of 256.

    Parameters
    ----------
    kernel : Kernel
    streams : sequence of SeedSequence
        One for each block.
    steps : int
    kept : collection of str
        Of "W" and "factors", one at least.
    runs : int
    """
    if isinstance(kernel, Stepping):
        (stream,) = streams
        path = kernel.path(generator(stream))
        history: dict[str, list[Array]] = {}
        if "factors" in kept:
            path = _with_factors(path, kernel, generator(stream), history, runs)
        if "W" in kept:
            path = _with_iterates(path, history, runs)
        record = kernel.record(path, steps)
        return record, {name: np.stack(pages) for name, pages in history.items()}
    assert isinstance(kernel, DiagonalKernel)
    record = kernel.run([generator(stream) for stream in streams], steps)
    return record, {"W": _again(kernel, [generator(stream) for stream in streams], steps, runs)}


def _with_iterates(path: Iterator[Visit], history: dict[str, list[Array]], runs: int) -> Iterator[Visit]:
    """Pass a path on, and write its iterates down."""
    pages = history["W"] = []
    for visit in path:
        pages.append(visit.W[:runs].copy())  # a view would hold the whole block
        yield visit


def _with_factors(
    path: Iterator[Visit], kernel: Stepping, rng: np.random.Generator, history: dict[str, list[Array]], runs: int
) -> Iterator[Visit]:
    """Pass a path on, and write down the factors that ``factored`` yields beside it from the same random numbers.

    They are the factors of this path only if their weights are its iterates, to the last bit, which is checked. Their
    gradients are then those of the path, and need not be computed again.
    """
    observed = RememberingProblem(kernel.problem)
    algorithm: Any = kernel.algorithm
    states = algorithm.factored(observed, np.repeat(kernel.start[None], kernel.block, axis=0), rng)
    pages: tuple[list[Array], list[Array]] = ([], [])
    history |= zip("BA", pages, strict=True)
    rank: int | None = None
    for t, visit in enumerate(path):
        name = f"{type(algorithm).__name__}.factored at t={t}"
        state = _checked(name, next(states, None) if isinstance(states, Iterator) else states, visit.W, rank)
        rank = state.B.shape[2]
        for factor, written in zip((state.B, state.A), pages, strict=True):
            written.append(factor[:runs].copy())
        state.W.flags.writeable = False
        # A copy, as the algorithm may write to the other one; its layout in memory matters to the last bit.
        observed.remember(state.W, visit.gradient.copy(order="K"))
        yield visit


def _checked(name: str, state: Any, W: Array, rank: int | None) -> Factored:
    """Refuse what is no state at these iterates, (runs, m, n), or of another rank than before."""
    if state is None:
        raise ValueError(f"{name} must yield Factored(W, B, A) for ever, got nothing more, or no yield")
    parts: list[Any] = [getattr(state, letter, None) for letter in Factored._fields]
    found = Factored(*parts)
    r = rank or (np.shape(found.B) or (0,))[-1]
    shapes = W.shape, (*W.shape[:2], r), (len(W), r, W.shape[2])
    of_kind = [isinstance(part, np.ndarray) and part.dtype == W.dtype for part in parts]
    if not all(of_kind) or tuple(map(np.shape, parts)) != shapes:
        came = (f"{p.dtype} {p.shape}" if isinstance(p, np.ndarray) else type(p).__name__ for p in parts)
        raise ValueError(
            f"{name} must yield W {W.dtype} {W.shape}, and of the same type B (runs, m, r) and A (runs, r, n) with "
            f"r={r}, got {', '.join(came)}"
        )
    if not np.array_equal(found.W, W, equal_nan=True):
        raise ValueError(
            f"{name} must yield the weights that iterates yields, to the last bit, got some that are off by "
            f"{np.abs(found.W - W).max():.3g}; let iterates yield the W of factored, as LoRA does"
        )
    return found


def _again(kernel: DiagonalKernel, rngs: list[np.random.Generator], steps: int, runs: int) -> Array:
    """Make the steps of a kernel on a quadratic once more, one at a time, and return the iterates."""
    case = kernel.case
    d, q = case.start.shape
    ahead = steps_at_once(d, q, case.sketch.rank) if isinstance(kernel, SeveralSteps) else None
    blocks = (chain.from_iterable(case.rows(rng, kernel.block, ahead)) for rng in rngs)
    E = np.repeat(case.start[None], runs, axis=0)
    path = [E]
    for ranges in islice(zip(*blocks, strict=True), steps):
        Q = np.concatenate(ranges)[:runs]
        E = E - np.swapaxes(Q, 1, 2) @ (Q @ (case.gamma * case.curvatures * E))
        path.append(E)
    E = np.concatenate(path)
    W = kernel.matrices(np.swapaxes(E, 1, 2) if case.transposed else E)
    return W.reshape(steps + 1, runs, *W.shape[1:])
