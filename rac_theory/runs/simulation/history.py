"""Histories: every iterate of a block, and the factors where its algorithm has them, written down along its path."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from rac_theory.base import advance
from rac_theory.base.checks import Array
from rac_theory.numerics import generator
from rac_theory.runs.simulation.factors import beside
from rac_theory.runs.simulation.kernels.kernel import Kernel, Visit
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.runs.simulation.record import Record, record

History: TypeAlias = dict[str, Array]
"""By name, "W", the factors "B" and "A", and states as "states.M": each (steps + 1, runs, rows, columns)."""

_Pages: TypeAlias = dict[str, list[Array]]


def run_and_keep(
    kernel: Kernel, streams: Sequence[np.random.SeedSequence], steps: int, kept: Collection[str], runs: int
) -> tuple[Record, History]:
    """Run blocks, one for each stream, and keep the history of their first ``runs`` runs.

    What is kept changes no number. A block is run whole, but only what is asked for is held: an ensemble may be one run
    of a block of 256.

    Parameters
    ----------
    kernel : Kernel
    streams : sequence of SeedSequence
    steps : int
    kept : collection of str
        Of "W", "factors" and "states"; nothing is kept of any other.
    runs : int
    """
    path = kernel.path([generator(stream) for stream in streams], steps)
    pages: _Pages = {}
    if "factors" in kept:
        assert isinstance(kernel, Stepping)  # no other serves an algorithm that has factors
        path = _with_factors(path, kernel, generator(*streams), pages, runs)
    if "states" in kept:
        assert isinstance(kernel, Stepping)  # a method that another serves has no state but W
        path = _with_states(path, kernel, generator(*streams), pages, runs)
    if "W" in kept:
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
    for visit, state in beside(path, kernel, rng):
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
