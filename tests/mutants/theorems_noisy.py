"""Wrong theorems about one stochastic gradient a sketch, and about plain steps: T5, T6 and T12."""

from fractions import Fraction

import numpy as np

from rac_theory import Local, Minibatch, Noisy, RACLoRA, sketches, theorems
from rac_theory.algorithms import SGD
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements.symbols import A, C, K, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu, nu

from .theorems import bounded, changed, doubled, mutant, swapped

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
    mutant(
        "a missing noise term",
        "noise does not vanish with the gradient",
        changed(T5, {C: 0}),
        T5,
        on_line(),
        200,
    ),
    mutant(
        "half of the noise",
        "at gamma = 1 the floor is attained",
        changed(T5, {C: C / 2}),
        T5,
        on_line(),
        200,
    ),
    mutant(
        "gamma^2 in the noise",
        "a floor of the gap, not of gradients",
        changed(T5, {C: C * gamma}),
        T5,
        on_line(0.5),
        400,
    ),
    mutant(
        "1 - L gamma beta / 2 is missing",
        "the noise-free part of the second-order term is dropped",
        bounded(T5, T5.claim.bound * (1 - L * gamma * beta / 2)),
        T5,
        on_line(),
        200,
    ),
    swapped(T5, on_rare(), 60),
    mutant(
        "a missing noise term",
        "noise does not vanish with the gradient",
        changed(T5_step, {C: 0}),
        T5_step,
        on_line(),
        200,
    ),
    mutant(
        "half of the noise",
        "at gamma = 1 the floor is attained",
        changed(T5_step, {C: C / 2}),
        T5_step,
        on_line(),
        200,
    ),
    mutant(
        "a missing noise term",
        "noise does not vanish with the gap",
        changed(T6, {C: 0}),
        T6,
        on_square(),
    ),
    mutant(
        "half of the noise",
        "the second-order term has L/2, and sums over steps",
        changed(T6, {C: C / 2}),
        T6,
        on_square(),
    ),
    mutant(
        "gamma^3 in the noise",
        "of descent, gamma^2 remains",
        changed(T6, {C: C * gamma}),
        T6,
        on_square(),
    ),
    mutant(
        "beta is missing",
        "the signal has a second-order term too",
        changed(T6, {beta: 0}),
        T6,
        on_square(),
    ),
    mutant(
        "gamma doubled in the rate",
        "twice the progress of a step",
        changed(T6, {mu: 2 * mu}),
        T6,
        on_square(0.3),
    ),
    mutant(
        "lambda_max smaller by 5%",
        "noise enters with lambda_max",
        changed(T6, {lambda_max: Fraction(19, 20) * lambda_max}),
        T6,
        on_square(),
    ),
    mutant(
        "noise of the last step alone",
        "earlier noise decays by rho a step, not at once",
        bounded(T6, LAST_ALONE),
        T6,
        on_square(),
    ),
    mutant(
        "A is missing",
        "minibatches stray more far from the minimum",
        changed(T6, {A: 0}),
        T6,
        on_parabolas(),
    ),
    mutant(
        "b^2 for b",
        "the variance of a mean of b falls like 1/b",
        changed(T6, {A: A / 2, C: C / 2}),
        T6,
        on_parabolas(),
    ),
    mutant(
        "without replacement for with",
        "N - b over N - 1 of the noise",
        changed(T6, {C: C * 10 / 19}),
        T6,
        on_parabolas(10),
    ),
    swapped(T6, on_rare(), 60),
    mutant("nu doubled", "twice the progress of a step", changed(T12_pl, {nu: 2 * nu}), T12_pl, HAAR),
    mutant(
        "nu without its second-order term",
        "2 tau E[BB'] alone",
        changed(T12_pl, {nu: 2 * gamma / 4}),
        T12_pl,
        HAAR,
    ),
    mutant(
        "K times nu",
        "after the first of K inner steps nothing may be left to gain",
        changed(T12_pl, {nu: nu * K}),
        T12_pl,
        plain(sketches.Haar(4, 1), 1.0, gradients=Local(3)),
    ),
    mutant(
        "nu doubled",
        "twice the progress of a step",
        changed(T12_nonconvex, {nu: 2 * nu}),
        T12_nonconvex,
        HAAR,
    ),
    mutant(
        "the factor 2 is missing",
        "nu stands for gamma lambda_min, not for half of it",
        changed(T12_nonconvex, {gap0_upper: gap0_upper / 2}),
        T12_nonconvex,
        HAAR,
    ),
    mutant(
        "d for d + r + 1",
        "E[(BB')^2] = r (d + r + 1) I",
        changed(T12_gaussian, {nu: 4 * gamma - 8 * gamma**2}),
        T12_gaussian,
        GAUSSIAN,
    ),
    mutant(
        "r/L for r/(L (d + r + 1))",
        "as if normalisation bought nothing",
        changed(T12_gaussian, {nu: Fraction(2, 4)}),
        T12_gaussian,
        GAUSSIAN,
    ),
    doubled(T6, on_square(0.3)),
]
