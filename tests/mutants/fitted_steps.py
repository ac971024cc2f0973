"""The mutants among steps that fit the draw: a bound is as good as the M that it is about."""

import numpy as np

from rac_theory import sketches, theorems
from rac_theory.problems import Quadratic

from . import wrong_fitted_steps as wrong
from .algorithms import RUNS, mutant

HESSIAN = np.diag([3.0, 1.0, 0.5, 0.5])
SPREAD = Quadratic.left(HESSIAN, np.ones((4, 2)))
COLUMNS = Quadratic.kronecker(HESSIAN, np.diag([1.0, 8.0]), np.ones((4, 2)))
ROUND = Quadratic.left(np.eye(4), np.ones((4, 2)))
SUMS = Quadratic.left(np.ones((4, 4)) + 0.2 * np.eye(4), np.ones((4, 2)))
FEW, MOST = sketches.Coordinate(4, 2), sketches.Coordinate(4, 3)


def step(cls, why, sketch=FEW, problem=SPREAD, gamma=1.0):
    """A subclass of one of both kinds that steps wrongly, and the one that it inherits from."""
    return mutant(*(kind(sketch, gamma) for kind in (cls, *cls.__bases__)), why, RUNS, problem, theorem=theorems.T12_pl)


BANK = [
    step(wrong.SmallestCurvature, "no step beyond 2 / lambda_max(HQH) descends"),
    step(wrong.FirstBlock, "the gradient has all directions of the other side", FEW, COLUMNS),
    step(wrong.Projection, "HQH <= H only where no direction is steeper than 1"),
    step(wrong.Diagonal, "what coordinates share bends the step as well", MOST, SUMS),
    step(wrong.GammaTwice, "the step is gamma M G", FEW, ROUND, 0.5),
    step(wrong.FirstRange, "E[M] given the past is M, which has no gain off its range", FEW, ROUND),
]
