"""The general kernel: any algorithm on any problem, one gradient of the whole block a step."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from rac_theory.algorithms import Algorithm, SteepestStep
from rac_theory.base import Array, squared_norms
from rac_theory.problems import Problem, certified_step
from rac_theory.runs.simulation.kernels.kernel import Visit

_NUMBERS = 1 << 15  # in a block of iterates, which should stay in the cache of one core with its gradients


class RememberingProblem:
    """A problem seen through a memory of one iterate: recorder and algorithm ask for the same gradient."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._fused = getattr(problem, "value_and_gradient", None)
        self._W: Array | None = None
        self._G: Array = np.empty(0)
        self._certified: Array | None = None

    def look(self, W: Array) -> tuple[Array, Array]:
        """Return f, (runs,), and the gradient at a block of iterates, (runs, m, n), and remember the gradient."""
        value, G = self._fused(W) if self._fused else (self._problem.value(W), self._problem.gradient(W))
        self.remember(W, G)
        return value, G

    def remember(self, W: Array, G: Array) -> None:
        """Take G for the gradient at this very array."""
        self._W, self._G, self._certified = W, G, None

    def gradient(self, W: Array) -> Array:
        """Return the gradient, without computing it again at the iterate that was looked at last."""
        return self._G if W is self._W else self._problem.gradient(W)

    def certified_step(self, W: Array, G: Array) -> Array:
        """Return what the problem certifies, without computing it again at the iterate that was looked at last."""
        if W is not self._W or G is not self._G:
            return certified_step(self._problem, W, G)
        if self._certified is None:
            self._certified = certified_step(self._problem, W, G)
        return self._certified

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)


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
    def measures(self) -> tuple[str, ...]:
        """What is measured; step sizes are where gradients come with some, norms of gradients of steepest steps."""
        distances = () if self.minimiser is None else ("squared_distances",)
        steps = ("step_sizes",) if hasattr(self._source, "step_sizes") else ()
        norms = ("gradient_norms",) if isinstance(self.algorithm, SteepestStep) else ()
        return ("values", "squared_gradients", *distances, *steps, *norms)

    @property
    def _source(self) -> Any:
        return getattr(self.algorithm, "gradients", None)

    @cached_property
    def block(self) -> int:
        """A power of two in 16..256; 1 where all runs are the same, which may take a sketch's whole support to tell."""
        return 1 if self.algorithm.deterministic else block_size(self.start.shape)

    def path(self, rngs: list[np.random.Generator], steps: int) -> Iterator[Visit]:
        """Yield what a block visits."""
        (rng,) = rngs
        observed = RememberingProblem(self.problem)
        W: Array = np.repeat(self.start[None], self.block, axis=0)
        iterates = self.algorithm.iterates(observed, W, rng)
        yield self._visit(observed, W)
        for _ in range(steps):
            W = self._checked(next(iterates, None) if isinstance(iterates, Iterator) else iterates, W)
            yield self._visit(observed, W)

    def _visit(self, problem: RememberingProblem, W: Array) -> Visit:
        value, G = problem.look(W)
        W.flags.writeable = False  # an iterate overwritten in place would find a stale gradient: better an error
        measured = np.empty((len(self.measures), 1, self.block), self.start.dtype)
        flat = (G if G.flags.c_contiguous else G.mT).reshape(len(G), -1)  # without a copy, mostly
        measured[:2, 0] = value, np.vecdot(flat, flat)
        if self.minimiser is not None:
            measured[2, 0] = squared_norms(W - self.minimiser)
        if "step_sizes" in self.measures:
            measured[-1, 0] = self.algorithm.gamma * self._source.step_sizes(problem, W, G)
        if isinstance(self.algorithm, SteepestStep):
            measured[-1, 0] = self.algorithm.norms(G)
        return Visit(lambda _: W, measured, G)

    def matrices(self, W: Array) -> Array:
        """Return the iterates themselves."""
        return W

    def norms(self, W: Array) -> Array:
        """Return their Frobenius norms."""
        return np.sqrt(squared_norms(W))

    def _checked(self, W: Any, before: Array) -> Array:
        """Refuse what a user's algorithm cannot yield."""
        name = f"{type(self.algorithm).__name__}.iterates"
        if W is before:
            raise ValueError(f"{name} must yield a new array each step, got the last one again")
        if not isinstance(W, np.ndarray) or W.shape != before.shape or W.dtype != before.dtype:
            yielded = f"{W.dtype} {W.shape}" if isinstance(W, np.ndarray) else type(W).__name__
            yielded += " (nothing more, or no yield)" if W is None else ""
            raise ValueError(f"{name} must yield arrays {before.dtype} {before.shape} without end, got {yielded}")
        return W


def block_size(shape: tuple[int, ...]) -> int:
    """Return how many runs make a block of the general kernel."""
    fitting = int(_NUMBERS // (shape[0] * shape[1]))
    return 1 << min(8, max(4, fitting.bit_length() - 1))
