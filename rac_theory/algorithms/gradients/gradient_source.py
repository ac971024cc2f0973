"""A gradient source: what happens between two draws of the sketch; by default one step with the full gradient."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeAlias

import numpy as np

from rac_theory.algorithms.gradients.noise import NO_NOISE, Noise
from rac_theory.base import Array, having
from rac_theory.problems import Problem

Step: TypeAlias = Callable[[Array, Array], Array]
"""The algorithm's low-rank step ``step(W, G)``, with the sketch already drawn: two (runs, m, n) to (runs, m, n)."""


class GradientSource(Protocol):
    """Where the gradients of one outer step come from, and how many steps they make under one sketch.

    Nothing needs to be inherited. ``descend`` must draw from ``rng`` alone and the same amount whatever W is.

    A source that multiplies gradients by step sizes of its own says which: ``step_sizes(problem, W, G)``, (runs,), at
    blocks W whose gradients are G. They are recorded then, times the ``gamma`` of the algorithm.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import SGD, Case, simulate
    >>> class Dropped:  # half of the gradients do not arrive, the others count twice
    ...     deterministic = False
    ...
    ...     def check(self, problem):
    ...         pass  # any problem will do
    ...
    ...     def descend(self, problem, W, step, rng):
    ...         arrives = rng.random((len(W), 1, 1)) < 0.5
    ...         return step(W, 2 * arrives * problem.gradient(W))
    >>> problem = Quadratic.left([[1.0]], W_star=[[1.0]])
    >>> run = simulate(Case(SGD(0.5, Dropped()), problem, steps=1), runs=100, rng=0)
    >>> sorted(set(run.gaps[:, 1].tolist()))  # a run has arrived, or stands where it was
    [0.0, 0.5]
    """

    @property
    def deterministic(self) -> bool:
        """Whether ``descend`` never draws from ``rng``."""

    def check(self, problem: Problem, /) -> None:
        """Raise a ``ValueError`` if the problem lacks what this source needs."""

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator, /) -> Array:
        """Apply ``step`` with one or more gradients of ``problem``: (runs, m, n) to (runs, m, n)."""


def check_source(name: str, source: GradientSource) -> None:
    """Raise a ``ValueError`` if a value that may be a user's is no gradient source."""
    having(name, source, "a gradient source, such as Exact()", ("descend",))


def check_fits(source: GradientSource, problem: Problem) -> None:
    """Raise a ``ValueError`` if a source that can tell says that the problem lacks what it needs."""
    if hasattr(source, "check"):
        source.check(problem)


def never_draws(source: GradientSource) -> bool:
    """Tell whether a source says that it is deterministic; one that says nothing may draw."""
    return bool(getattr(source, "deterministic", False))


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
