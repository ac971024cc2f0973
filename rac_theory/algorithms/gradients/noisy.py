"""The full gradient plus Gaussian noise, once."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.algorithms.gradients.noise import Noise, additive_noise
from rac_theory.base import Array, checks
from rac_theory.problems import Problem


@dataclass(frozen=True)
class Noisy:
    r"""One step with ``grad f(W)`` plus Gaussian noise n of total variance :math:`E\|n\|^2 = \sigma^2`.

    Parameters
    ----------
    sigma : float
        In units of the gradient, >= 0: the root of the *total* variance, so one entry has ``sigma / sqrt(m n)``.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import SGD, Case, Noisy, expected
    >>> problem = Quadratic.left([[1.0]], W_star=[[1.0]])
    >>> case = Case(SGD(0.5, Noisy(sigma=0.2)), problem, steps=100)
    >>> print(f"{expected(case).gap[-1]:.6f}")  # the floor gamma sigma^2 / (2 (2 - gamma)) = 1/150
    0.006667
    """

    sigma: float

    deterministic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", checks.weight("sigma", self.sigma))

    def check(self, problem: Problem) -> None:
        """Accept every problem."""

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return ``step(W, grad f(W) + n)``."""
        m, n = W.shape[-2:]
        noise = self.sigma / math.sqrt(m * n) * rng.standard_normal(W.shape)
        return step(W, problem.gradient(W) + noise.astype(W.dtype, copy=False))

    def noise(self, problem: Problem) -> Noise:
        """Additive noise: (0, 1, sigma^2)."""
        return additive_noise(self.sigma)
