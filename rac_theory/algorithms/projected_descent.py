"""Descent along random projections of gradients: what RAC-LoRA and Bernoulli-LoRA have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from rac_theory.algebra import Symbol
from rac_theory.algorithms.gradients.clients import Clients
from rac_theory.algorithms.gradients.gradient_source import GradientSource, Step, check_fits, check_source, never_draws
from rac_theory.algorithms.gradients.several_steps import Local, Reshuffled
from rac_theory.algorithms.method import H, Method, gradient, state
from rac_theory.base import Array, being, checks
from rac_theory.numerics import Randomness
from rac_theory.problems import Problem
from rac_theory.sketches import Spectrum

_W, _gamma = state("W"), Symbol("gamma", constant="gamma", meaning="size of one gradient step")

PLAIN = Method({_W: _W - _gamma * H(gradient(_W))})
"""The method that every projected descent is with one gradient a draw of H; gradient descent is it with H = I."""


class ProjectedDescent(ABC):
    r"""The step :math:`W \leftarrow W - \gamma H g`, with a fresh random projection H for every outer step.

    The theorems are about this class: of H they need no more than that it is an orthogonal projection, independent of
    W and of the noise in g, and the extreme eigenvalues of E[H] as an operator on matrices.

    A subclass is a frozen dataclass with the fields ``gamma`` and ``gradients``.

    Examples
    --------
    >>> from rac_theory import GD, Bernoulli, LoRA, RACLoRA
    >>> from rac_theory.algorithms import ProjectedDescent
    >>> [issubclass(method, ProjectedDescent) for method in (RACLoRA, Bernoulli, LoRA)]  # the theorems are about these
    [True, True, False]
    >>> GD(0.1).projection(alpha=1e-3, draws=1, rng=0).lambda_min  # H = I
    1.0
    """

    gamma: float
    gradients: GradientSource

    def __post_init__(self) -> None:
        object.__setattr__(self, "gamma", checks.positive("gamma", self.gamma))
        check_source("gradients", self.gradients)

    @property
    def deterministic(self) -> bool:
        """Whether the projection never changes and the gradients are not random."""
        return self.one_projection and never_draws(self.gradients)

    @property
    def method(self) -> Method | None:
        """The expression that this is an instance of; None where one draw of H sees several steps, or may be kept."""
        source = self.gradients
        several = isinstance(source, Reshuffled | Clients) or (isinstance(source, Local) and source.steps > 1)
        return PLAIN if self._is_plain and not several else None

    @property
    def is_projected(self) -> bool:
        """Whether H is a projection: not where it is the product of two factors, as with ``lora_alpha``."""
        return True

    @property
    def _is_plain(self) -> bool:
        """Whether a step is ``W - gamma H g`` with a fresh H: of the classes of this library that say so."""
        return False

    @property
    @abstractmethod
    def one_projection(self) -> bool:
        """Whether every draw of H is the same."""

    @abstractmethod
    def projection(self, *, alpha: float, draws: int, rng: Randomness) -> Spectrum:
        """Return the extreme eigenvalues of E[H], acting on matrices; ``matrix`` may be left empty."""

    @abstractmethod
    def check_shape(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if H does not act on matrices of this shape."""

    @abstractmethod
    def low_rank_steps(self, rng: np.random.Generator, W: Array) -> Iterator[Step]:
        """Yield ``step(W, G) = W - gamma H G`` for one fresh H a run after the other, for blocks like W, endlessly."""

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the algorithm cannot run on this problem."""
        self.check_shape(problem.shape)
        check_fits(self.gradients, problem)

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Draw one projection for each run and descend under it, again and again: blocks (runs, m, n)."""
        for step in self.low_rank_steps(rng, W):
            W = self.gradients.descend(problem, W, step, rng)
            yield W


class OfProjectedDescent:
    """What an algorithm takes from the projected descent that draws its H: the size of a step, and the gradients."""

    algorithm: ProjectedDescent

    def __post_init__(self) -> None:
        being("algorithm", self.algorithm, ProjectedDescent, ", such as RACLoRA(sketch, gamma)")

    @property
    def gamma(self) -> float:
        """The size of the first step, which none exceeds, in the norm in which steps are measured."""
        return self.algorithm.gamma

    @property
    def gradients(self) -> GradientSource:
        """Where gradients come from."""
        return self.algorithm.gradients

    @property
    def deterministic(self) -> bool:
        """Whether no step depends on ``rng``."""
        return self.algorithm.deterministic

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the algorithm cannot run on this problem."""
        self.algorithm.check(problem)
