"""One run followed step by step: every iterate, and the factors where the algorithm has them."""

from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.case import Case
from rac_theory.randomness import Randomness, generator, seed_sequence


@dataclass(frozen=True, eq=False)
class FollowedRun:
    """What one run did at t = 0, ..., steps.

    Attributes
    ----------
    W : (steps + 1, m, n)
        The iterates.
    values : (steps + 1,)
        f at each.
    gradients : (steps + 1, m, n)
        The gradient of f at each.
    gamma : float
        The size of one gradient step.
    scale : float
        The factor c of the product of factors.
    B, A : (steps + 1, m, r), (steps + 1, r, n) or None
        What each step departs from: after a merge, the factors of the next link. None where there are no factors.
    """

    W: Array
    values: Array
    gradients: Array
    gamma: float
    scale: float = 1.0
    B: Array | None = None
    A: Array | None = None


def follow(
    algorithm: Algorithm, problem: Problem, W0: Array | None = None, *, steps: int, rng: Randomness = None
) -> FollowedRun:
    """Run an algorithm once and keep everything.

    Parameters
    ----------
    algorithm : Algorithm
        Factors are kept where it has ``factored(problem, W, rng)``, as ``LoRA`` has.
    problem : Problem
    W0 : (m, n), optional
        The start; ``problem.start`` where there is one, else zero.
    steps : int
    rng : seed, SeedSequence or Generator
    """
    case = Case(algorithm, problem, W0, checks.integer("steps", steps, 1))
    stream, start = generator(seed_sequence(rng)), case.start[None]
    known: Any = algorithm
    with np.errstate(over="ignore", invalid="ignore"):
        if not hasattr(algorithm, "factored"):
            W = np.concatenate([*islice(chain([start], algorithm.iterates(problem, start, stream)), steps + 1)])
            return FollowedRun(W, problem.value(W), problem.gradient(W), algorithm.gamma)
        states = islice(known.factored(problem, start, stream), steps + 1)
        W, B, A = (np.concatenate(part) for part in zip(*states, strict=True))
        return FollowedRun(W, problem.value(W), problem.gradient(W), algorithm.gamma, known.scale, B, A)
