"""LoRA: simultaneous gradient descent on two factors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from problems import checks
from problems.checks import Array
from problems.members import being
from problems.problem import Problem
from rac_theory.algorithms.initialisation import Initialisation


class Factored(NamedTuple):
    """What a step on factors departs from: the weights (runs, m, n), B (runs, m, r) and A (runs, r, n)."""

    W: Array
    B: Array
    A: Array


@dataclass(frozen=True, eq=False)
class LoRA:
    r"""Gradient descent on :math:`(B, A) \mapsto f(W^0 + c B A)` with :math:`c = \mathrm{lora\_alpha}/r`.

    Both factors move at once: :math:`B \leftarrow B - \gamma c\, G A^\top` and
    :math:`A \leftarrow A - \gamma c\, B^\top G`, with G the gradient of f at the weights before the step.

    Parameters
    ----------
    initialisation : Initialisation
        How the factors start; ``Initialisation.kaiming(shape, rank)`` is what is usual.
    gamma : float
        The size of one gradient step, > 0.
    lora_alpha : float, optional
        The scaling of LoRA, > 0; None is c = 1.
    """

    initialisation: Initialisation
    gamma: float
    lora_alpha: float | None = None

    def __post_init__(self) -> None:
        check_steps(self)

    @property
    def deterministic(self) -> bool:
        """Whether the factors always start alike."""
        return self.initialisation.deterministic

    @property
    def scale(self) -> float:
        """The factor c of the product B A."""
        return 1.0 if self.lora_alpha is None else self.lora_alpha / self.initialisation.rank

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the factors do not fit the problem."""
        self.initialisation.check(problem.shape)

    def factored(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Factored]:
        """Yield what each step departs from, the start first, for ever."""
        B, A = self.initialisation.draw(rng, W)
        return factor_descent(problem, W, B, A, self.gamma, self.scale)

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Yield the weights after 1, 2, ... steps: blocks (runs, m, n)."""
        return weights_after(self.factored(problem, W, rng))


def check_steps(algorithm: object) -> None:
    """Check and convert the fields of a frozen algorithm on factors."""
    fields = vars(algorithm)
    being("initialisation", fields["initialisation"], Initialisation)
    fields["gamma"] = checks.positive("gamma", fields["gamma"])
    if fields["lora_alpha"] is not None:
        fields["lora_alpha"] = checks.positive("lora_alpha", fields["lora_alpha"])


def factor_descent(problem: Problem, W: Array, B: Array, A: Array, gamma: float, scale: float) -> Iterator[Factored]:
    """Yield what each simultaneous step departs from; the weights beneath the factors are such that it starts at W."""
    beneath = W - scale * (B @ A) if B.any() and A.any() else W
    while True:
        yield Factored(W, B, A)
        G = problem.gradient(W)
        B, A = B - gamma * scale * (G @ np.swapaxes(A, 1, 2)), A - gamma * scale * (np.swapaxes(B, 1, 2) @ G)
        W = beneath + scale * (B @ A)


def weights_after(states: Iterator[Factored]) -> Iterator[Array]:
    """Yield the weights of all states but the first."""
    next(states)
    return (state.W for state in states)
