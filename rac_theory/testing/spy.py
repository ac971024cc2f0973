"""One outer step of a projected descent, seen from inside: which gradients were put into which projections."""

import copy
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.testing.refuted import Refuted

_NUMBERS = 1 << 22  # in a block of runs


@dataclass(frozen=True, eq=False)
class Sample:
    """One outer step of many runs from one W, (m, n), of gradient G.

    Attributes
    ----------
    W, G : (m, n)
    g : (runs, m, n)
        The stochastic gradients.
    step : callable
        The algorithm's low-rank step that they were put into.
    moved : (runs, m, n)
        The iterates after the step.
    """

    W: Array
    G: Array
    g: Array
    step: Any
    moved: Array


@dataclass
class _Spy:
    """A gradient source that remembers what it was given, and what its steps were given and gave."""

    source: Any
    sketching: tuple[np.random.Generator, Any] | None = None  # the generator of the sketches, and its state at first
    shares_seed: bool = False
    single: tuple[Any, Array] | None = (
        None  # the step, and the gradients, if what came out is one step from what went in
    )
    last: list[Any] = field(default_factory=list)

    def descend(self, problem: Problem, W: Array, step: Any, rng: np.random.Generator) -> Array:
        def watched(V: Array, G: Array) -> Array:
            moved = np.asarray(step(V, G))
            self.last = [V, np.array(G), moved]
            return moved

        if self.sketching is not None:
            used, before = self.sketching
            drew = used.bit_generator.state != before
            self.shares_seed = drew and rng.bit_generator.state == before
        block = W.copy()
        result = np.asarray(self.source.descend(problem, W, watched, rng))
        if self.last and np.array_equal(self.last[0], block) and np.array_equal(self.last[2], result, equal_nan=True):
            self.single = step, self.last[1]
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


def draws_of(shape: tuple[int, ...], draws: int) -> int:
    """How many runs of matrices of this shape make a sample: ``draws``, or what fits in memory with ease."""
    return min(draws, max(256, _NUMBERS // math.prod(shape)))


def one_step(algorithm: ProjectedDescent, problem: Problem, W: Array, draws: int, seed: list[int]) -> Sample | None:
    """Run one outer step of the algorithm as it is, with a spy in the place of its gradient source.

    At most ``draws`` runs, fewer where W is large. None if the outer step was not one step with one gradient a run.

    Raises
    ------
    Refuted
        If the sketches and the gradient source were given generators in the same state.
    """
    spied, spy = copy.copy(algorithm), _Spy(algorithm.gradients)

    def low_rank_steps(rng: np.random.Generator, W: Array) -> Any:
        spy.sketching = rng, rng.bit_generator.state
        return algorithm.low_rank_steps(rng, W)

    vars(spied).update(gradients=spy, low_rank_steps=low_rank_steps)
    block = np.repeat(W[None], draws_of(W.shape, draws), axis=0)
    moved = np.array(next(spied.iterates(problem, block, np.random.default_rng(seed))))
    if spy.shares_seed:
        raise Refuted(
            f"{type(algorithm).__name__} must draw sketch and gradient independently: both were given generators of "
            "the same seed"
        )
    if spy.single is None:
        return None
    step, g = spy.single
    return Sample(W, np.asarray(problem.gradient(W)), g, step, moved)
