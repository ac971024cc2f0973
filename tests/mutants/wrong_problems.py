"""Least squares and quadratics that are wrong in one thing; the docstring of each says in what."""

import math

import numpy as np

from rac_theory.problems import LeastSquares, PLSine, Quadratic

from .mutant import wrong


class Tampered(LeastSquares):
    """Least squares through the general code: no closed forms beside value and gradient."""

    eigenbasis = None

    def value_and_gradient(self, W):
        return self.value(W), self.gradient(W)

    def value(self, W):
        return LeastSquares.value_and_gradient(self, W)[0]

    def gradient(self, W):
        return LeastSquares.value_and_gradient(self, W)[1]


def gradient(what, change):
    """Another gradient, from the right one and W."""
    return wrong(Tampered, what, gradient=lambda self, W: change(self, Tampered.gradient(self, W), W))


def said(base, what, **constants):
    """A problem that says something else of its constants, each from what it is."""
    return wrong(base, what, **{name: property(of) for name, of in constants.items()})


GradientDoubled = gradient("The gradient is doubled", lambda self, G, W: 2 * G)
GradientOffByAPercent = gradient("The gradient is off by a percent", lambda self, G, W: 1.01 * G)
GradientWithoutPenalty = gradient("The penalty is missing in the gradient", lambda self, G, W: G - self.l2 * W)
GradientOfTheFirstRun = gradient(
    "A batch has the gradient of its first matrix",
    lambda self, G, W: np.broadcast_to(G[:1], G.shape).copy() if G.ndim > 2 else G,
)
ValueWithoutPenalty = wrong(
    Tampered,
    "The penalty is missing in the value",
    value=lambda self, W: Tampered.value(self, W) - self.l2 / 2 * np.sum(W**2, axis=(-2, -1)),
)


Stale = wrong(
    Tampered,
    "value_and_gradient was not overridden with the rest",
    value_and_gradient=lambda self, W: (self.value(W), 1.5 * self.gradient(W)),
)
WrongMinimiser = wrong(
    Quadratic,
    "The minimiser of another problem",
    eigenbasis=None,
    value_and_gradient=lambda self, W: Quadratic.value_and_gradient(self, W - 0.1),
)
BiasedComponents = wrong(
    Tampered,
    "The gradient of component 0 is listed as that of component 1",
    component_gradient=lambda self, W, i: LeastSquares.component_gradient(self, W, np.where(i == 1, 0, i)),
)
SummedComponents = wrong(
    Tampered,
    "A minibatch is summed where it should be averaged",
    component_gradient=lambda self, W, i: i.shape[1] * LeastSquares.component_gradient(self, W, i),
)
ComponentsWithoutPenalty = wrong(
    Tampered,
    "Components lack the penalty that f has",
    component_gradient=lambda self, W, i: LeastSquares.component_gradient(self, W, i) - self.l2 * W,
)


def too_high(problem):
    """The infimum and a percent of the first gap."""
    start, infimum = float(problem.value(np.zeros((1, *problem.shape)))[0]), LeastSquares.f_star.fget(problem)
    return infimum + 0.01 * (start - infimum)


HalfL = said(Tampered, "L is halved", L=lambda p: LeastSquares.L.fget(p) / 2)
LargeMu = said(Tampered, "mu is larger by a tenth", mu=lambda p: 1.1 * LeastSquares.mu.fget(p))
MuIsL = said(Tampered, "mu is L", mu=lambda p: p.L)
PLForStrongConvexity = said(
    LeastSquares, "The PL constant of rows of lower rank passed as strong convexity", strong_convexity=lambda p: p.mu
)
ConvexSine = said(PLSine, "A function that is not convex passed as convex", convex=lambda p: True)
HighInfimum = said(
    Tampered,
    "f* is too high by a percent of the first gap, and so is its lower bound",
    f_star=too_high,
    f_lower=too_high,
)
LowInfimum = said(Tampered, "f* is zero, below the infimum", f_star=lambda p: 0.0, f_lower=lambda p: 0.0)
HighLowerBound = said(
    Tampered,
    "A lower bound is above the infimum",
    f_star=lambda p: math.nan,
    f_lower=lambda p: 1.01 * LeastSquares.f_star.fget(p),
)
MeanLForLargest = said(Tampered, "L passed as the largest L of a component", L_max=lambda p: p.L)
HighComponentInfima = said(
    Tampered,
    "Infima of components are too high, so that D is too small",
    component_infima=lambda p: LeastSquares.component_infima.func(p) + 0.1,
)
