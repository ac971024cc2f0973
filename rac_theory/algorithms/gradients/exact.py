"""The full gradient, once."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.algorithms.gradients.noise import NO_NOISE, Noise
from rac_theory.base.checks import Array
from rac_theory.problems import Problem


@dataclass(frozen=True)
class Exact:
    """One step with the full gradient.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Exact
    >>> Exact().noise(Quadratic.left([[1.0]], W_star=[[1.0]])).C  # E||g||^2 = ||grad f||^2
    0.0
    """

    deterministic: ClassVar[bool] = True

    def check(self, problem: Problem) -> None:
        """Accept every problem."""

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return ``step(W, grad f(W))``."""
        return step(W, problem.gradient(W))

    def noise(self, problem: Problem) -> Noise:
        """No noise: (0, 1, 0)."""
        return NO_NOISE
