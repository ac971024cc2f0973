"""Wrong theorems about GaLore with exact gradients: T17, on cases where it is an equality or near one."""

from fractions import Fraction

import numpy as np

from rac_theory import GaLore, Local, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L, T, delta, gamma, gap0_upper

from .theorems import SQUARED_T, TWICE_T, mutants

T17, T17_pl = theorems.T17, theorems.T17_pl
EVEN = Quadratic.left(2 * np.eye(4), np.eye(4))  # equal singular values, from zero


def at_even(gamma_L, rank=1, steps=1):
    return GaLore(rank, gamma_L / EVEN.L, Local(steps)), EVEN


BANK = [
    *mutants(
        T17,
        at_even(1.0, rank=4),
        ("the factor 2 is missing", "descent gives gamma/2 of a squared gradient a step", {gap0_upper: gap0_upper / 2}),
    ),
    *mutants(
        T17, at_even(0.2), SQUARED_T, ("delta is missing", "a leading subspace has a part of it", {delta: 1}), steps=60
    ),
    *mutants(
        T17, at_even(1.8, rank=4), ("2 - gamma L is missing", "false beyond 1/L", T17.claim.bound * (2 - gamma * L))
    ),
    *mutants(
        T17,
        at_even(1.0, rank=4, steps=3),
        ("3 T for T, lazy", "a subspace that is kept for three steps gives the rate once, not three times", {T: 3 * T}),
    ),
    *mutants(T17_pl, at_even(0.5), ("delta is missing", "the rate of full gradient descent", {delta: 1}), steps=6),
    *mutants(
        T17_pl,
        at_even(1.0),
        (
            "delta larger by 2%",
            "where singular values are equal nothing is to spare at T = 1",
            {delta: Fraction(51, 50) * delta},
        ),
        steps=2,
    ),
    *mutants(
        T17_pl,
        at_even(1.0, steps=3),
        ("3 T for T, lazy", "a subspace that is kept for three steps gives the rate once, not three times", {T: 3 * T}),
        steps=3,
    ),
    *mutants(T17_pl, at_even(0.3), TWICE_T, steps=6),
]
