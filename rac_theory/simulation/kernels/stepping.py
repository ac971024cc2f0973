"""The general kernel: any algorithm on any problem, one gradient of the whole block a step."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from problems.batch import squared_norms
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.simulation.kernels.kernel import Record, is_large
from rac_theory.simulation.remembered_gradient import RememberingProblem

_NUMBERS = 1 << 15  # in a block of iterates, which should stay in the cache of one core with its gradients


class Visit(NamedTuple):
    """A block of iterates (runs, m, n), f there (runs,), and the gradients (runs, m, n)."""

    W: Array
    value: Array
    gradient: Array


@dataclass(frozen=True, eq=False)
class Stepping:
    """Asks the algorithm for one iterate after the other, and the problem for f and gradient at each."""

    algorithm: Algorithm
    problem: Problem
    start: Array
    minimiser: Array | None = None  # where squared distances to it are asked for

    streams = 1
    recomputes_last = False

    @cached_property
    def block(self) -> int:
        """A power of two in 16..256; 1 where all runs are the same, which may take a sketch's whole support to tell."""
        return 1 if self.algorithm.deterministic else block_size(self.start.shape)

    @property
    def threads(self) -> bool:
        """Whether a matrix is large."""
        return is_large(self.start.size)

    def run(self, rngs: list[np.random.Generator], steps: int) -> Record:
        """Run one block to its end."""
        (rng,) = rngs
        return self.record(self.path(rng), steps)

    def record(self, path: Iterator[Visit], steps: int) -> Record:
        """Follow the path of a block to its end, and write down its numbers."""
        measured = np.empty((2 if self.minimiser is None else 3, steps + 1, self.block), self.start.dtype)
        for t, (W, value, G) in zip(range(steps + 1), path, strict=False):  # the range first: no step too many is made
            flat = (G if G.flags.c_contiguous else np.swapaxes(G, 1, 2)).reshape(len(G), -1)  # without a copy, mostly
            measured[0, t], measured[1, t] = value, np.vecdot(flat, flat)
            if self.minimiser is not None:
                measured[2, t] = squared_norms(W - self.minimiser)
        return Record(measured, W)

    def path(self, rng: np.random.Generator) -> Iterator[Visit]:
        """Yield what a block visits at t = 0, 1, ..., for ever."""
        observed = RememberingProblem(self.problem)
        W: Array = np.repeat(self.start[None], self.block, axis=0)
        iterates = self.algorithm.iterates(observed, W, rng)
        while True:
            value, G = observed.look(W)
            W.flags.writeable = False  # an iterate overwritten in place would find a stale gradient: better an error
            yield Visit(W, value, G)
            W = self._checked(next(iterates, None) if isinstance(iterates, Iterator) else iterates, W)

    def matrices(self, last: Array) -> Array:
        """Return the iterates themselves."""
        return last

    def norms(self, last: Array) -> Array:
        """Return their Frobenius norms."""
        return np.sqrt(squared_norms(last))

    def _checked(self, W: Any, before: Array) -> Array:
        """Refuse what a user's algorithm cannot yield."""
        name = f"{type(self.algorithm).__name__}.iterates"
        if W is before:
            raise ValueError(f"{name} must yield a new array each step, got the last one again")
        if not isinstance(W, np.ndarray) or W.shape != before.shape or W.dtype != before.dtype:
            came = f"{W.dtype} {W.shape}" if isinstance(W, np.ndarray) else type(W).__name__
            came += " (nothing more, or no yield)" if W is None else ""
            raise ValueError(f"{name} must yield arrays {before.dtype} {before.shape} for ever, got {came}")
        return W


def block_size(shape: tuple[int, ...]) -> int:
    """Return how many runs make a block of the general kernel."""
    fitting = int(_NUMBERS // (shape[0] * shape[1]))
    return 1 << min(8, max(4, fitting.bit_length() - 1))
