"""Several gradient steps under one sketch: K with the full gradient, or a shuffled epoch of the components."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.base import Array, checks
from rac_theory.problems import Problem, components_of


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


@dataclass(frozen=True)
class Reshuffled:
    """N steps under one sketch, one with each component, in an order drawn afresh for every run and epoch.

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory import SGD, Case, Reshuffled, simulate
    >>> problem = LeastSquares([[1.0], [1.0]], Y=[0.0, 2.0])
    >>> run = simulate(Case(SGD(0.5, Reshuffled()), problem, steps=1), runs=8, rng=0)
    >>> sorted({f"{w:.3f}" for w in run.W.ravel()})  # after one epoch, in either order
    ['0.500', '1.000']
    """

    deterministic: ClassVar[bool] = False

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the problem has no components."""
        components_of(problem, self)

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Apply ``W <- step(W, grad f_i(W))`` for each i."""
        components = components_of(problem, self)
        order = rng.permuted(np.tile(np.arange(components.n_components), (len(W), 1)), axis=1)
        for position in range(components.n_components):
            W = step(W, components.component_gradient(W, order[:, position, None]))
        return W
