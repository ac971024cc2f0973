"""Wrong theorems about GaLore with exact gradients: T17, on cases where it is an equality or near one."""

from fractions import Fraction

import numpy as np

from rac_theory import GaLore, Local, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L, T, delta, gamma, gap0_upper

from .theorems import bounded, changed, mutant

T17, T17_pl = theorems.T17, theorems.T17_pl
EVEN = Quadratic.left(2 * np.eye(4), np.eye(4))  # equal singular values, from zero


def at_even(gamma_L, rank=1, steps=1):
    return GaLore(rank, gamma_L / EVEN.L, Local(steps)), EVEN


BANK = [
    mutant(
        "the factor 2 is missing",
        "descent gives gamma/2 of a squared gradient a step",
        changed(T17, {gap0_upper: gap0_upper / 2}),
        T17,
        at_even(1.0, rank=4),
    ),
    mutant("T^2 for T", "sums of squares are bounded, not means", changed(T17, {T: T**2}), T17, at_even(0.2), 60),
    mutant("delta is missing", "a leading subspace has a part of it", changed(T17, {delta: 1}), T17, at_even(0.2), 60),
    mutant(
        "2 - gamma L is missing",
        "false beyond 1/L",
        bounded(T17, T17.claim.bound * (2 - gamma * L)),
        T17,
        at_even(1.8, rank=4),
    ),
    mutant(
        "3 T for T, lazy",
        "a subspace that is kept for three steps gives the rate once, not three times",
        changed(T17, {T: 3 * T}),
        T17,
        at_even(1.0, rank=4, steps=3),
    ),
    mutant(
        "delta is missing", "the rate of full gradient descent", changed(T17_pl, {delta: 1}), T17_pl, at_even(0.5), 6
    ),
    mutant(
        "delta larger by 2%",
        "where singular values are equal nothing is to spare at T = 1",
        changed(T17_pl, {delta: Fraction(51, 50) * delta}),
        T17_pl,
        at_even(1.0),
        2,
    ),
    mutant(
        "3 T for T, lazy",
        "a subspace that is kept for three steps gives the rate once, not three times",
        changed(T17_pl, {T: 3 * T}),
        T17_pl,
        at_even(1.0, steps=3),
        3,
    ),
    mutant("2 T for T", "a rate of the iterates, squared", changed(T17_pl, {T: 2 * T}), T17_pl, at_even(0.3), 6),
]
