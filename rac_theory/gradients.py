"""Gradient sources: what happens between two draws of the sketch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from problems.checks import Array
from problems.problem import Problem

Step: TypeAlias = Callable[[Array, Array], Array]
"""The algorithm's low-rank step ``step(W, G)``, with the sketch already drawn: two (runs, m, n) to (runs, m, n)."""


class GradientSource(Protocol):
    """Where the gradients of one outer step come from, and how many steps they make under one sketch."""

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator, /) -> Array:
        """Apply ``step`` with one or more gradients of ``problem``: (runs, m, n) to (runs, m, n)."""
        ...


@dataclass(frozen=True)
class Exact:
    """One step with the full gradient."""

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return ``step(W, grad f(W))``."""
        return step(W, problem.gradient(W))
