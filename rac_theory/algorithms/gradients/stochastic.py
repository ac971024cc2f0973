"""One stochastic gradient a sketch: the mean of a fresh uniform minibatch, or the full gradient plus Gaussian noise."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.algorithms.gradients.noise import Noise, additive_noise, minibatch_noise, minibatch_share
from rac_theory.base import Array, checks
from rac_theory.problems import Indices, Problem, components_of


@dataclass(frozen=True)
class Minibatch:
    """One step with the mean gradient of ``size`` components, drawn afresh for every run and step.

    Parameters
    ----------
    size : int
        The number b of components, >= 1; at most N without replacement.
    replace : bool
        Whether a component can be drawn twice.

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory import Minibatch
    >>> problem = LeastSquares([[1.0], [1.0], [1.0]], Y=[0.0, 1.0, 2.0])
    >>> [f"{Minibatch(size).noise(problem).C:.4f}" for size in (1, 2, 3)]  # all of them: no noise
    ['0.6667', '0.1667', '0.0000']
    """

    size: int
    replace: bool = False

    deterministic: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", checks.count("size", self.size))
        object.__setattr__(self, "replace", checks.boolean("replace", self.replace))

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the problem has no components, or too few."""
        minibatch_share(components_of(problem, self).n_components, self.size, replace=self.replace)

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return ``step(W, g)``."""
        components = components_of(problem, self)
        return step(W, components.component_gradient(W, self._draw(components.n_components, len(W), rng)))

    def noise(self, problem: Problem) -> Noise:
        """``(s L_max, 1 - s, s D)``, see ``minibatch_noise``."""
        return minibatch_noise(components_of(problem, self), self.size, replace=self.replace)

    def _draw(self, N: int, runs: int, rng: np.random.Generator) -> Indices:
        """One minibatch for each run, (runs, size)."""
        if self.replace:
            return rng.integers(N, size=(runs, self.size))
        return uniform_subsets(N, self.size, runs, rng)


def uniform_subsets(N: int, size: int, count: int, rng: np.random.Generator) -> Indices:
    """Draw independent uniform subsets of ``0..N-1``, (count, size), each in no particular order.

    For j from N - size to N - 1 the subset gains a uniform number of ``0..j``, or j itself if it has that number
    (R. Floyd; Bentley & Floyd, *A sample of brilliance*, Comm. ACM 30, 1987). It takes ``size`` draws a subset where a
    permutation takes N, but ``size**2 / 2`` comparisons: a large subset is the beginning of a permutation.
    """
    if size > 32 and size**2 > 2 * N:
        return np.array([rng.permutation(N)[:size] for _ in range(count)], dtype=np.intp).reshape(count, size)
    chosen = rng.integers(0, np.arange(N - size, N) + 1, size=(count, size))
    for position in range(1, size):
        is_drawn = (chosen[:, :position] == chosen[:, position, None]).any(axis=1)
        chosen[is_drawn, position] = N - size + position
    return chosen


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
