"""Every rise explained: the curvature that each step of a run on factors has met, against 2/gamma."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np
from numpy.typing import NDArray

from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms import Factored


@dataclass(frozen=True, eq=False)
class Steps:
    """What the steps of a block of runs did, each (runs, steps).

    Attributes
    ----------
    rise : f after less f before.
    noise : a bound on the rounding error of ``rise``.
    length : norm of the step, of both factors together.
    curvature : what the step has met on its way, see ``factor_loss.curvature_met``; times gamma, so that 2 is the edge.
    """

    rise: Array
    noise: Array
    length: Array
    curvature: Array

    @property
    def rises(self) -> NDArray[np.bool_]:
        """Whether the value rises by more than rounding, (runs, steps)."""
        return np.asarray(self.rise > self.noise)


def look_at_steps(
    problem: Problem, states: Iterator[Factored], *, steps: int, gamma: float, scale: float = 1.0
) -> Steps:
    r"""Measure each step of gradient descent on factors from the states it departs from.

    Parameters
    ----------
    problem : Problem
    states : iterator of Factored
        As ``factored`` of an algorithm yields them: a merge leaves W alone, so it does not matter here.
    steps : int
    gamma, scale : float
        Those of the algorithm.
    """
    found = []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for before, after in pairwise(islice(states, steps + 1)):
            f, then = problem.value(before.W), problem.value(after.W)
            G = problem.gradient(before.W)
            squares = _squared(G @ np.swapaxes(before.A, 1, 2)) + _squared(np.swapaxes(before.B, 1, 2) @ G)
            length = gamma * scale * np.sqrt(squares)
            # With slope -length^2 / gamma: 2 (rise + length^2/gamma) / length^2, times gamma.
            curvature = np.where(length > 0, 2 + 2 * gamma * (then - f) / length**2, 0.0)
            found.append((then - f, 1e-12 * np.maximum(f, then), length, curvature))
    return Steps(*(np.stack(part, axis=1) for part in zip(*found, strict=True)))


def _squared(M: Array) -> Array:
    return np.asarray(np.square(M).sum(axis=(-2, -1)))
