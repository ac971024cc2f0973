"""Wrong theorems about any step by its gain, or by the smoothness along the sketch: T13 to T16, T18, T26."""

from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
from scipy.linalg import hadamard

from rac_theory import GD, SGD, CertifiedStep, CyclicRACLoRA, InverseOnRange, Noisy, RACLoRA, sketches, theorems
from rac_theory.algorithms import Preconditioned
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L_H, C, L, beta, ell, gamma, lambda_max, lambda_min, mu, nu
from rac_theory.statements.symbols import largest_weight as A
from rac_theory.statements.symbols import least_weight as a
from rac_theory.theorems import E, mean_squared_gradient

from .theorems import ALL_SEEN, AT_RARE, DOUBLED, NO_TWO, ROUND, SQUARED_T, SWAPPED, TIGHT, TWICE_T, mutants, off_by
from .theorems_noisy import LINE, SQUARE, TWICE_NU

STEEP = Quadratic.left(np.diag([1.0, 0.0, 0.0, 0.0]), np.ones((4, 2)))  # L_H is L/4 on columns of a Hadamard matrix
TWO = Quadratic.left(np.diag([1.0, 0.1]), np.ones((2, 1)))
ALONG_STEEP, ALONG_FLAT = np.array([[4.0], [1.0]]), np.array([[1.0], [4.0]])  # off the minimiser of TWO on one axis
EVEN = Quadratic.left(np.eye(2), np.array([[0.0], [3.0]]))
ALIKE = Quadratic.left(0.1 * np.eye(10) + 0.9, np.ones((10, 1)))  # where ten coordinates in a fixed order are slow
AWAY = 1 + np.linspace(-1, 1, 10)[:, None]  # from the minimiser of ALIKE, where the steep direction is at rest
SELDOM = sketches.FiniteSupport(np.eye(2)[..., None], [0.98, 0.02])


def on_columns(gamma):
    """A case where T13_pl is an equality at every step, and T13 at gamma = 4."""
    return RACLoRA(sketches.FiniteSupport(hadamard(4).T[..., None] / 2, [0.25] * 4), gamma), STEEP


along = partial(mutants, L_H=0.25)  # of the columns


def on_coordinates(gamma=1.0):
    """The inverse on a coordinate: E[M] is diag(.98, .2) times gamma, and of a start on the flat axis .98 is kept."""
    return InverseOnRange(SELDOM, gamma), TWO


def on_line():
    """Steps of 2/5, 5/2 and 0 with probabilities .6, .1 and .3: the second goes uphill, and nu is .259."""
    lengths = np.sqrt([0.4, 2.5, 0.0]).reshape(3, 1, 1)
    return RACLoRA(sketches.FiniteSupport(lengths, [0.6, 0.1, 0.3]), 1.0, lora_alpha=1.0), LINE


def certified(case):
    """With certified steps; on quadratics the certificate is 1/L, and T16 is T1 times the step."""
    return replace(case[0], gamma=1.0, gradients=CertifiedStep()), case[1]


def in_turns(gamma_L):
    return CyclicRACLoRA(sketches.BlockPartition(4, 4), gamma_L / ROUND.L), ROUND


NOISY = RACLoRA(sketches.Haar(4, 1), 1.0, "left", Noisy(3.0)), SQUARE
GD_CERTIFIED = SGD(1.0, CertifiedStep()), ROUND
UNEQUAL = Preconditioned(sketches.Coordinate(4, 4), 1 / ROUND.L, [0.1, 1.0, 1.0, 1.0]), ROUND
EQUAL = Preconditioned(sketches.Haar(4, 2), 0.5 / ROUND.L, [1.0, 1.0]), ROUND  # where T26_pl is an equality
SEEN_TWICE = {L_H: L_H * lambda_min}
MEAN_STEP = 2 * Fraction(49, 100) - Fraction(49, 100) ** 2
OF_MEAN_STEP = ("E[M] Q E[M] for E[M Q M]", "a step that varies bends more than the mean step", {nu: MEAN_STEP})

BANK = [
    *along("T13", on_columns(4.0), NO_TWO, ALL_SEEN),
    *along("T13", on_columns(6.0), ("L_H lambda_min for L_H", "E[H Q H] for what it is of E[H]", SEEN_TWICE)),
    *along("T13_pl", on_columns(0.8), ("2 for 2 - gamma L_H", "the second-order term is dropped", {L_H: 0}), DOUBLED),
    *mutants(
        "T14",
        NOISY,
        ("half of the noise", "the floor is attained in the long run", {C: C / 2}),
        (
            "1 - L_H gamma beta / 2 is missing",
            "the noise-free part of the second-order term is dropped",
            lambda bound: bound * (1 - L_H * gamma * beta / 2),
        ),
        steps=200,
        L_H=1.0,
    ),
    *mutants(
        "T14_pl",
        NOISY,
        ("half of the noise", "the second-order term has L_H/2, and sums over steps", {C: C / 2}),
        L_H=1.0,
    ),
    *mutants("T15", on_columns(4.0), NO_TWO, TWICE_NU),
    *mutants(
        "T15",
        (GD(1.7), TWO),
        (
            "mu for Q in nu",
            "the steepest direction decides what is left of a step",
            {nu: gamma * (2 - gamma * mu) * lambda_min},
        ),
        W0=ALONG_STEEP,
    ),
    *mutants(
        "T15",
        (RACLoRA(SELDOM, 1.0), EVEN),
        (
            "the largest eigenvalue of N",
            "the direction that gains least decides",
            {nu: gamma * (2 - gamma * L) * lambda_max},
        ),
        steps=200,
    ),
    *mutants("T15", on_line(), OF_MEAN_STEP, steps=60),
    *mutants("T15_pl", on_columns(7.5), TWICE_NU),
    *mutants(
        "T15_pl",
        on_line(),
        ("nu larger by 2%", "where N and Q are multiples of the identity the theorem has no slack", off_by(2, nu)),
        OF_MEAN_STEP,
    ),
    *mutants(
        "T15_pl",
        on_columns(0.8),
        ("nu without its second-order term", "2 gamma E[H] alone", {nu: 2 * gamma * lambda_min}),
    ),
    *mutants(
        "T15_pl",
        on_coordinates(1.7),
        ("gamma for gamma (2 - gamma)", "an inverse that is taken too far comes back", {nu: nu / (2 - gamma)}),
        W0=ALONG_FLAT,
    ),
    *mutants(
        "T15_pl",
        on_coordinates(),
        ("the mean eigenvalue of E[(HQH)^+]", "the direction that gains least decides", {nu: Fraction(59, 100)}),
        ("L for mu", "the flattest direction decides", {mu: L}),
        TWICE_T,
        W0=ALONG_FLAT,
    ),
    *mutants(
        "T16",
        GD_CERTIFIED,
        NO_TWO,
        SQUARED_T,
        (
            "the steps are left out on the left",
            "what a short step certifies of a large gradient is little",
            replace(theorems.T16, claim=E(mean_squared_gradient) <= theorems.T16.claim.bound),
        ),
    ),
    *mutants("T16", certified(AT_RARE), SWAPPED, steps=200),
    *mutants("T16", certified(TIGHT), ALL_SEEN),
    *mutants("T18", in_turns(1.0), NO_TWO, SQUARED_T),
    *mutants(
        "T18_pl",
        (CyclicRACLoRA(sketches.Coordinate(10, 1), 1.0, order="cyclic"), ALIKE),
        ("turns cost nothing", "what a block sees is not the gradient at the start of the cycle", {ell: 0 * ell}),
        steps=60,
        W0=AWAY,
    ),
    *mutants(
        "T18_pl",
        in_turns(0.2),
        ("2 mu for mu", "PL has a half in it", {mu: 2 * mu}),
        ("gamma without its second-order term", "a step that is long for a block gains less", {L_H: 0 * L_H}),
        TWICE_T,
    ),
    *mutants("T26", EQUAL, SQUARED_T, steps=100),
    *mutants("T26_pl", UNEQUAL, ("A for a", "the smallest weight decides", {a: A}), steps=100),
    *mutants("T26_pl", EQUAL, TWICE_T, ("gamma doubled", "promises twice the progress", {gamma: 2 * gamma, L: L / 2})),
]
