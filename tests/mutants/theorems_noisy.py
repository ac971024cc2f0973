"""Wrong theorems about one stochastic gradient a sketch, and about plain steps: T5, T6 and T12."""

from fractions import Fraction

import numpy as np

from rac_theory import Local, Minibatch, Noisy, RACLoRA, sketches, theorems
from rac_theory.algorithms import SGD
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements.symbols import A, C, K, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu, nu

from .theorems import DOUBLED, SWAPPED, TWICE_NU, mutants

T5, T5_step, T6 = theorems.T5, theorems.T5_step, theorems.T6
T12_nonconvex, T12_pl, T12_gaussian = theorems.T12_nonconvex, theorems.T12_pl, theorems.T12_gaussian

LINE = Quadratic.left(np.eye(1), np.ones((1, 1)))
SQUARE = Quadratic.left(np.eye(4), np.full((4, 4), 2.0))
PARABOLAS = LeastSquares(np.ones((20, 1)), np.arange(20.0) ** 1.5)  # of one curvature: T6 is an equality
RARE = Quadratic.left(np.eye(2), np.array([[30.0], [0.0]]))


def on_line(gamma=1.0):
    return SGD(gamma, Noisy(1.0)), LINE


def on_square(gamma=0.7):
    return RACLoRA(sketches.Haar(4, 1), gamma, gradients=Noisy(3.0)), SQUARE


def on_parabolas(size=2):
    return SGD(0.4, Minibatch(size, replace=True)), PARABOLAS


def on_rare():
    return RACLoRA(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.5, gradients=Noisy(0.01)), RARE


def plain(sketch, gamma=0.7, problem=SQUARE, **more):
    """lora_alpha = r: the plain step without a scale."""
    return RACLoRA(sketch, gamma, lora_alpha=float(sketch.rank), **more), problem


HAAR, GAUSSIAN = plain(sketches.Haar(4, 1)), plain(sketches.Gaussian(dim=4, rank=2), 1 / 7)


LAST_ALONE = (1 - 2 * gamma * mu * lambda_min * (1 - L * gamma * beta / 2)) ** T * gap0 + (
    L * gamma**2 * lambda_max * C / 2
)


BANK = [
    *mutants(
        T5,
        on_line(),
        ("a missing noise term", "noise does not vanish with the gradient", {C: 0}),
        ("half of the noise", "at gamma = 1 the floor is attained", {C: C / 2}),
        (
            "1 - L gamma beta / 2 is missing",
            "the noise-free part of the second-order term is dropped",
            T5.claim.bound * (1 - L * gamma * beta / 2),
        ),
        steps=200,
    ),
    *mutants(
        T5, on_line(0.5), ("gamma^2 in the noise", "a floor of the gap, not of gradients", {C: C * gamma}), steps=400
    ),
    *mutants(T5, on_rare(), SWAPPED, steps=60),
    *mutants(
        T5_step,
        on_line(),
        ("a missing noise term", "noise does not vanish with the gradient", {C: 0}),
        ("half of the noise", "at gamma = 1 the floor is attained", {C: C / 2}),
        steps=200,
    ),
    *mutants(
        T6,
        on_square(),
        ("a missing noise term", "noise does not vanish with the gap", {C: 0}),
        ("half of the noise", "the second-order term has L/2, and sums over steps", {C: C / 2}),
        ("gamma^3 in the noise", "of descent, gamma^2 remains", {C: C * gamma}),
        ("beta is missing", "the signal has a second-order term too", {beta: 0}),
        ("lambda_max smaller by 5%", "noise enters with lambda_max", {lambda_max: Fraction(19, 20) * lambda_max}),
        ("noise of the last step alone", "earlier noise decays by rho a step, not at once", LAST_ALONE),
    ),
    *mutants(T6, on_square(0.3), ("gamma doubled in the rate", "twice the progress of a step", {mu: 2 * mu}), DOUBLED),
    *mutants(
        T6,
        on_parabolas(),
        ("A is missing", "minibatches stray more far from the minimum", {A: 0}),
        ("b^2 for b", "the variance of a mean of b falls like 1/b", {A: A / 2, C: C / 2}),
    ),
    *mutants(T6, on_parabolas(10), ("without replacement for with", "N - b over N - 1 of the noise", {C: C * 10 / 19})),
    *mutants(T6, on_rare(), SWAPPED, steps=60),
    *mutants(T12_pl, HAAR, TWICE_NU, ("nu without its second-order term", "2 tau E[BB'] alone", {nu: 2 * gamma / 4})),
    *mutants(
        T12_pl,
        plain(sketches.Haar(4, 1), 1.0, gradients=Local(3)),
        ("K times nu", "after the first of K inner steps nothing may be left to gain", {nu: nu * K}),
    ),
    *mutants(
        T12_nonconvex,
        HAAR,
        TWICE_NU,
        ("the factor 2 is missing", "nu stands for gamma lambda_min, not for half of it", {gap0_upper: gap0_upper / 2}),
    ),
    *mutants(
        T12_gaussian,
        GAUSSIAN,
        ("d for d + r + 1", "E[(BB')^2] = r (d + r + 1) I", {nu: 4 * gamma - 8 * gamma**2}),
        ("r/L for r/(L (d + r + 1))", "as if normalisation bought nothing", {nu: Fraction(2, 4)}),
    ),
]
