"""Histories: every iterate of an ensemble, and the factors where its algorithm has them, kept on request."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, TypeAlias

import numpy as np

from problems.checks import Array
from problems.problem import Problem
from rac_theory.kernel import Kernel, Record
from rac_theory.kernels import Following, SeveralSteps, Stepping
from rac_theory.kernels.diagonal_kernel import DiagonalKernel
from rac_theory.kernels.several_steps import steps_at_once
from rac_theory.randomness import generator

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
    rngs = [generator(stream) for stream in streams]
    if isinstance(kernel, Following):
        (stream,) = streams
        path = islice(kernel.path(generator(stream)), steps + 1)
        return kernel.run(rngs, steps), {"W": np.stack([W[:runs].copy() for W, _, _ in path])}
    if isinstance(kernel, Stepping):
        pages = _Pages(runs)
        # A class of the same name, as errors tell by it whose iterates are wrong.
        keeping = type(type(kernel.algorithm).__name__, (_Keeping,), {})(kernel.algorithm, pages, "factors" in kept)
        record = replace(kernel, algorithm=keeping).run(rngs, steps)
        return record, pages.bound("WBA" if "W" in kept else "BA")
    assert isinstance(kernel, DiagonalKernel)
    record = kernel.run(rngs, steps)
    return record, {"W": _again(kernel, [generator(stream) for stream in streams], steps, runs)}


@dataclass
class _Pages:
    """What was kept so far of the first runs, by name and step."""

    runs: int
    written: dict[str, list[Array]] = field(default_factory=dict)

    def write(self, **arrays: Array) -> None:
        for name, array in arrays.items():
            self.written.setdefault(name, []).append(array[: self.runs].copy())

    def bound(self, names: str) -> History:
        return {name: np.stack(pages) for name, pages in self.written.items() if name in names}


@dataclass
class _Keeping:
    """An algorithm whose iterates, and factors, are written down as they come."""

    algorithm: Any
    pages: _Pages
    factors: bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self.algorithm, name)

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        if self.factors:
            for t, state in enumerate(self.algorithm.factored(problem, W, rng)):
                self.pages.write(W=state.W, B=state.B, A=state.A)
                if t > 0:
                    yield state.W
        self.pages.write(W=W)
        for after in self.algorithm.iterates(problem, W, rng):
            if isinstance(after, np.ndarray):  # the kernel refuses what is none
                self.pages.write(W=after)
            yield after


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
