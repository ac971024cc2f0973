"""Least squares and quadratics that are wrong in one thing; the docstring of each says in what."""

import math

import numpy as np

from rac_theory.problems import LeastSquares, PLSine, Quadratic


class Tampered(LeastSquares):
    """Least squares through the general code: no closed forms beside value and gradient."""

    eigenbasis = None

    def value_and_gradient(self, W):
        return self.value(W), self.gradient(W)

    def value(self, W):
        return LeastSquares.value_and_gradient(self, W)[0]

    def gradient(self, W):
        return LeastSquares.value_and_gradient(self, W)[1]


class GradientDoubled(Tampered):
    """The gradient is doubled."""

    def gradient(self, W):
        return 2 * super().gradient(W)


class GradientOffByAPercent(Tampered):
    """The gradient is off by a percent."""

    def gradient(self, W):
        return 1.01 * super().gradient(W)


class GradientWithoutPenalty(Tampered):
    """The penalty is missing in the gradient."""

    def gradient(self, W):
        return super().gradient(W) - self.l2 * W


class ValueWithoutPenalty(Tampered):
    """The penalty is missing in the value."""

    def value(self, W):
        return super().value(W) - self.l2 / 2 * np.sum(W**2, axis=(-2, -1))


class GradientOfTheFirstRun(Tampered):
    """A batch has the gradient of its first matrix."""

    def gradient(self, W):
        G = super().gradient(W)
        return np.broadcast_to(G[:1], G.shape).copy() if G.ndim > 2 else G


class Stale(Tampered):
    """value_and_gradient was not overridden with the rest."""

    def value_and_gradient(self, W):
        value, gradient = LeastSquares.value_and_gradient(self, W)
        return value, 1.5 * gradient


class HalfL(Tampered):
    """L is halved."""

    @property
    def L(self):
        return LeastSquares.L.fget(self) / 2


class LargeMu(Tampered):
    """mu is larger by a tenth."""

    @property
    def mu(self):
        return 1.1 * LeastSquares.mu.fget(self)


class MuIsL(Tampered):
    """mu is L."""

    @property
    def mu(self):
        return self.L


class PLForStrongConvexity(LeastSquares):
    """The PL constant of rows of lower rank passed as strong convexity."""

    @property
    def strong_convexity(self):
        return self.mu


class ConvexSine(PLSine):
    """A function that is not convex passed as convex."""

    convex = True


class HighInfimum(Tampered):
    """f* is too high by a percent of the first gap, and so is its lower bound."""

    @property
    def f_star(self):
        start = float(LeastSquares.value(self, np.zeros((1, *self.shape)))[0])
        true = LeastSquares.f_star.fget(self)
        return true + 0.01 * (start - true)

    @property
    def f_lower(self):
        return self.f_star


class LowInfimum(Tampered):
    """f* is zero, below the infimum."""

    @property
    def f_star(self):
        return 0.0

    @property
    def f_lower(self):
        return 0.0


class HighLowerBound(Tampered):
    """A lower bound is above the infimum."""

    @property
    def f_star(self):
        return math.nan

    @property
    def f_lower(self):
        return 1.01 * LeastSquares.f_star.fget(self)


class WrongMinimiser(Quadratic):
    """The minimiser of another problem."""

    eigenbasis = None

    def value_and_gradient(self, W):
        return super().value_and_gradient(W - 0.1)


class BiasedComponents(Tampered):
    """The gradient of component 0 is listed as that of component 1."""

    def component_gradient(self, W, indices):
        return super().component_gradient(W, np.where(indices == 1, 0, indices))


class SummedComponents(Tampered):
    """A minibatch is summed where it should be averaged."""

    def component_gradient(self, W, indices):
        return indices.shape[1] * super().component_gradient(W, indices)


class ComponentsWithoutPenalty(Tampered):
    """Components lack the penalty that f has."""

    def component_gradient(self, W, indices):
        return super().component_gradient(W, indices) - self.l2 * W


class MeanLForLargest(Tampered):
    """L passed as the largest L of a component."""

    @property
    def L_max(self):
        return self.L


class HighComponentInfima(Tampered):
    """Infima of components are too high, so that D is too small."""

    @property
    def component_infima(self):
        return super().component_infima + 0.1
