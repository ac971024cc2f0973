"""Steps that fit the draw, as a user would write a variant, wrong in one thing; docstrings say what is wrong."""

import numpy as np

from rac_theory import InverseOnRange, StepPerDraw


class SmallestCurvature(StepPerDraw):
    """Divides by the smallest eigenvalue of HQH in the range, not by the largest."""

    def fitted(self, blocks, Y):
        return Y / np.linalg.eigvalsh(blocks)[..., 0].min(axis=1)[:, None, None, None]


class FirstBlock(StepPerDraw):
    """Divides by what is largest along one direction of the other side, not along all."""

    def fitted(self, blocks, Y):
        return Y / np.linalg.eigvalsh(blocks[:, 0])[:, -1][:, None, None, None]


class Projection(InverseOnRange):
    """H G for (HQH)^+ G."""

    def fitted(self, blocks, Y):
        return Y


class Diagonal(InverseOnRange):
    """Divides by the diagonal of HQH alone."""

    def fitted(self, blocks, Y):
        return Y / np.diagonal(blocks, axis1=2, axis2=3)[..., None]


class GammaTwice(InverseOnRange):
    """Gamma once for M and once more for the move."""

    def step(self, curvature, U, W, G):
        return W + self.gamma * (super().step(curvature, U, W, G) - W)


class FirstRange(InverseOnRange):
    """The range of a run is drawn once."""

    def iterates(self, problem, W, rng):
        state = rng.bit_generator.state
        while True:
            rng.bit_generator.state = state
            W = next(super().iterates(problem, W, rng))
            yield W
