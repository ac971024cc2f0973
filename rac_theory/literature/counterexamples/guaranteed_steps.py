"""LoRA with the step that C8 guarantees: what it does in each step."""

from math import sqrt
from typing import NamedTuple

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.factor_loss import FactorLoss
from rac_theory.problems import Problem

SHARE = 0.907
"""J falls by at least this share of ``eta ||grad J||^2`` at a guaranteed step."""


class Descent(NamedTuple):
    """What guaranteed steps did, each (steps,): their sizes, what J fell by, and ``||grad J||^2`` at their start."""

    etas: Array
    falls: Array
    squares: Array

    @property
    def shares(self) -> Array:
        """What J fell by over ``eta ||grad J||^2``; nan at a zero gradient, where neither J nor a factor moves."""
        promised = self.etas * self.squares
        moving = promised > 0
        return np.where(moving, self.falls / np.where(moving, promised, 1.0), np.nan)


def guaranteed_step(smoothness: float, squared_factors: float, gradient_norm: float) -> float:
    r"""Return :math:`\min\{1 / (4 \sqrt 2 (L \|V\|^2 + \|G\|)), 1\}`, with :math:`\|V\|^2 = \|B\|^2 + \|A\|^2`."""
    return 1 / max(4 * sqrt(2) * (smoothness * squared_factors + gradient_norm), 1.0)


def descend(problem: Problem, W0: Array, B: Array, A: Array, steps: int) -> Descent:
    """Make guaranteed steps on the factors, from B and A."""
    loss = FactorLoss(problem, W0)
    etas, falls, squares = np.empty((3, steps))
    for t in range(steps):
        G = problem.gradient(loss.weights(B, A)[None])[0]
        dB, dA = G @ A.T, B.T @ G
        squares[t] = np.sum(dB**2) + np.sum(dA**2)
        etas[t] = guaranteed_step(problem.L, float(np.sum(B**2) + np.sum(A**2)), float(np.linalg.norm(G)))
        after = B - etas[t] * dB, A - etas[t] * dA
        falls[t] = loss.value(B, A) - loss.value(*after)
        B, A = after
    return Descent(etas, falls, squares)
