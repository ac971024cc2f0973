"""Several steps with the full gradient under one sketch."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.base import Array, checks
from rac_theory.problems import Problem


@dataclass(frozen=True)
class Local:
    """K steps with the full gradient under one sketch.

    Parameters
    ----------
    steps : int
        The number K of steps, >= 1.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import SGD, Case, Local, simulate
    >>> problem = Quadratic.left([[1.0]], W_star=[[1.0]])
    >>> simulate(Case(SGD(0.5, Local(3)), problem, steps=1)).values.tolist()  # each of the three steps quarters f
    [[0.5, 0.0078125]]
    """

    steps: int

    deterministic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", checks.count("steps", self.steps))

    def check(self, problem: Problem) -> None:
        """Accept every problem."""

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Apply ``W <- step(W, grad f(W))`` K times."""
        for _ in range(self.steps):
            W = step(W, problem.gradient(W))
        return W
