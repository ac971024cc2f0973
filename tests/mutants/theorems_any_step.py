"""Wrong theorems about any step, by its gain: T15, on cases where it is an equality or near one."""

from fractions import Fraction

import numpy as np

from rac_theory import GD, InverseOnRange, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L, gamma, gap0_upper, lambda_max, lambda_min, mu, nu

from .theorems import TWICE_NU, TWICE_T, mutants
from .theorems_gain import on_columns
from .theorems_noisy import LINE

T15, T15_pl = theorems.T15, theorems.T15_pl
TWO = Quadratic.left(np.diag([1.0, 0.1]), np.ones((2, 1)))
STEEP, FLAT = np.array([[4.0], [1.0]]), np.array([[1.0], [4.0]])  # off the minimiser along one axis of TWO alone
EVEN = Quadratic.left(np.eye(2), np.array([[0.0], [3.0]]))
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
    *mutants(
        T15,
        on_columns(4.0),
        ("the factor 2 is missing", "half of nu is taken off", {gap0_upper: gap0_upper / 2}),
        TWICE_NU,
    ),
    *mutants(
        T15,
        (GD(1.7), TWO),
        (
            "mu for Q in nu",
            "the steepest direction decides what is left of a step",
            {nu: gamma * (2 - gamma * mu) * lambda_min},
        ),
        W0=STEEP,
    ),
    *mutants(
        T15,
        (RACLoRA(SELDOM, 1.0), EVEN),
        (
            "the largest eigenvalue of N",
            "the direction that gains least decides",
            {nu: gamma * (2 - gamma * L) * lambda_max},
        ),
        steps=200,
    ),
    *mutants(
        T15,
        on_line(),
        ("E[M] Q E[M] for E[M Q M]", "a step that varies bends more than the mean step", {nu: MEAN_STEP}),
        steps=60,
    ),
    *mutants(T15_pl, on_columns(7.5), TWICE_NU),
    *mutants(
        T15_pl,
        on_line(),
        (
            "nu larger by 2%",
            "where N and Q are multiples of the identity the theorem has no slack",
            {nu: Fraction(51, 50) * nu},
        ),
        ("E[M] Q E[M] for E[M Q M]", "a step that varies bends more than the mean step", {nu: MEAN_STEP}),
    ),
    *mutants(
        T15_pl,
        on_columns(0.8),
        ("nu without its second-order term", "2 gamma E[H] alone", {nu: 2 * gamma * lambda_min}),
    ),
    *mutants(
        T15_pl,
        on_coordinates(1.7),
        ("gamma for gamma (2 - gamma)", "an inverse that is taken too far comes back", {nu: nu / (2 - gamma)}),
        W0=FLAT,
    ),
    *mutants(
        T15_pl,
        on_coordinates(),
        ("the mean eigenvalue of E[(HQH)^+]", "the direction that gains least decides", {nu: Fraction(59, 100)}),
        ("L for mu", "the flattest direction decides", {mu: L}),
        TWICE_T,
        W0=FLAT,
    ),
]
