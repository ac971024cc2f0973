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


def said(base, doc, **constants):
    """A problem that says something else of its constants, each from what it is."""
    return type(base.__name__, (base,), {"__doc__": doc} | {name: property(of) for name, of in constants.items()})


def too_high(problem):
    """The infimum and a percent of the first gap."""
    start, infimum = float(problem.value(np.zeros((1, *problem.shape)))[0]), LeastSquares.f_star.fget(problem)
    return infimum + 0.01 * (start - infimum)


HalfL = said(Tampered, "L is halved.", L=lambda p: LeastSquares.L.fget(p) / 2)
LargeMu = said(Tampered, "mu is larger by a tenth.", mu=lambda p: 1.1 * LeastSquares.mu.fget(p))
MuIsL = said(Tampered, "mu is L.", mu=lambda p: p.L)
PLForStrongConvexity = said(
    LeastSquares, "The PL constant of rows of lower rank passed as strong convexity.", strong_convexity=lambda p: p.mu
)
ConvexSine = said(PLSine, "A function that is not convex passed as convex.", convex=lambda p: True)
HighInfimum = said(
    Tampered,
    "f* is too high by a percent of the first gap, and so is its lower bound.",
    f_star=too_high,
    f_lower=too_high,
)
LowInfimum = said(Tampered, "f* is zero, below the infimum.", f_star=lambda p: 0.0, f_lower=lambda p: 0.0)
HighLowerBound = said(
    Tampered,
    "A lower bound is above the infimum.",
    f_star=lambda p: math.nan,
    f_lower=lambda p: 1.01 * LeastSquares.f_star.fget(p),
)
MeanLForLargest = said(Tampered, "L passed as the largest L of a component.", L_max=lambda p: p.L)
HighComponentInfima = said(
    Tampered,
    "Infima of components are too high, so that D is too small.",
    component_infima=lambda p: LeastSquares.component_infima.func(p) + 0.1,
)
