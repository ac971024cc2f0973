"""Wrong theorems about any step, by its gain: T15, on cases where it is an equality or near one."""

from fractions import Fraction

import numpy as np

from rac_theory import GD, InverseOnRange, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L, T, gamma, gap0_upper, lambda_max, lambda_min, mu, nu

from .theorems import changed, mutant
from .theorems_gain import on_columns

T15, T15_pl = theorems.T15, theorems.T15_pl
TWO = Quadratic.left(np.diag([1.0, 0.1]), np.ones((2, 1)))
STEEP, FLAT = np.array([[4.0], [1.0]]), np.array([[1.0], [4.0]])  # off the minimiser along one axis of TWO alone
EVEN = Quadratic.left(np.eye(2), np.array([[0.0], [3.0]]))
LINE = Quadratic.left(np.eye(1), np.ones((1, 1)))
SELDOM = sketches.FiniteSupport(np.eye(2)[..., None], [0.98, 0.02])


def on_coordinates(gamma=1.0):
    """The inverse on a coordinate: E[M] is diag(.98, .2) times gamma, and of a start on the flat axis .98 is kept."""
    return InverseOnRange(SELDOM, gamma), TWO


def on_line():
    """Steps of 2/5, 5/2 and 0 with probabilities .6, .1 and .3: the second goes uphill, and nu is .259."""
    lengths = np.sqrt([0.4, 2.5, 0.0]).reshape(3, 1, 1)
    return RACLoRA(sketches.FiniteSupport(lengths, [0.6, 0.1, 0.3]), 1.0, lora_alpha=1.0), LINE


MEAN_STEP = 2 * Fraction(49, 100) - Fraction(49, 100) ** 2

BANK = [
    mutant(
        "the factor 2 is missing",
        "half of nu is taken off",
        changed(T15, {gap0_upper: gap0_upper / 2}),
        T15,
        on_columns(4.0),
    ),
    mutant("nu doubled", "twice the progress of a step", changed(T15, {nu: 2 * nu}), T15, on_columns(4.0)),
    mutant(
        "mu for Q in nu",
        "the steepest direction decides what is left of a step",
        changed(T15, {nu: gamma * (2 - gamma * mu) * lambda_min}),
        T15,
        (GD(1.7), TWO),
        W0=STEEP,
    ),
    mutant(
        "the largest eigenvalue of N",
        "the direction that gains least decides",
        changed(T15, {nu: gamma * (2 - gamma * L) * lambda_max}),
        T15,
        (RACLoRA(SELDOM, 1.0), EVEN),
        200,
    ),
    mutant(
        "E[M] Q E[M] for E[M Q M]",
        "a step that varies bends more than the mean step",
        changed(T15, {nu: MEAN_STEP}),
        T15,
        on_line(),
        60,
    ),
    mutant("nu doubled", "twice the progress of a step", changed(T15_pl, {nu: 2 * nu}), T15_pl, on_columns(7.5)),
    mutant(
        "nu larger by 2%",
        "where N and Q are multiples of the identity the theorem has no slack",
        changed(T15_pl, {nu: Fraction(51, 50) * nu}),
        T15_pl,
        on_line(),
    ),
    mutant(
        "nu without its second-order term",
        "2 gamma E[H] alone",
        changed(T15_pl, {nu: 2 * gamma * lambda_min}),
        T15_pl,
        on_columns(0.8),
    ),
    mutant(
        "E[M] Q E[M] for E[M Q M]",
        "a step that varies bends more than the mean step",
        changed(T15_pl, {nu: MEAN_STEP}),
        T15_pl,
        on_line(),
    ),
    mutant(
        "gamma for gamma (2 - gamma)",
        "an inverse that is taken too far comes back",
        changed(T15_pl, {nu: nu / (2 - gamma)}),
        T15_pl,
        on_coordinates(1.7),
        W0=FLAT,
    ),
    mutant(
        "the mean eigenvalue of E[(HQH)^+]",
        "the direction that gains least decides",
        changed(T15_pl, {nu: Fraction(59, 100)}),
        T15_pl,
        on_coordinates(),
        W0=FLAT,
    ),
    mutant("L for mu", "the flattest direction decides", changed(T15_pl, {mu: L}), T15_pl, on_coordinates(), W0=FLAT),
    mutant(
        "2 T for T",
        "a rate of the iterates, squared",
        changed(T15_pl, {T: 2 * T}),
        T15_pl,
        on_coordinates(),
        W0=FLAT,
    ),
]
