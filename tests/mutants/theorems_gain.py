"""Wrong theorems about the smoothness along the sketch: T13 and T14."""

import numpy as np
from scipy.linalg import hadamard

from rac_theory import Noisy, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L_H, C, beta, gamma, gap0_upper, lambda_min

from .theorems import ALL_SEEN, DOUBLED, mutants

T13, T13_pl, T14, T14_pl = theorems.T13, theorems.T13_pl, theorems.T14, theorems.T14_pl
FLAT = Quadratic.left(np.diag([1.0, 0.0, 0.0, 0.0]), np.ones((4, 2)))  # L_H is L/4 on columns of a Hadamard matrix
SQUARE = Quadratic.left(np.eye(4), np.full((4, 4), 2.0))  # L_H is L


def on_columns(gamma):
    """A case where T13_pl is an equality at every step, and T13 at gamma = 4."""
    return RACLoRA(sketches.FiniteSupport(hadamard(4).T[..., None] / 2, [0.25] * 4), gamma), FLAT


def on_square(gamma=1.0):
    return RACLoRA(sketches.Haar(4, 1), gamma, "left", Noisy(3.0)), SQUARE


BANK = [
    *mutants(
        T13,
        on_columns(4.0),
        ("the factor 2 is missing", "descent gives half of a squared gradient", {gap0_upper: gap0_upper / 2}),
        ALL_SEEN,
        L_H=0.25,
    ),
    *mutants(
        T13,
        on_columns(6.0),
        ("L_H lambda_min for L_H", "E[H Q H] for what it is of E[H]", {L_H: L_H * lambda_min}),
        L_H=0.25,
    ),
    *mutants(
        T13_pl,
        on_columns(0.8),
        ("2 for 2 - gamma L_H", "the second-order term is dropped", {L_H: 0}),
        DOUBLED,
        L_H=0.25,
    ),
    *mutants(
        T14,
        on_square(),
        ("half of the noise", "the floor is attained in the long run", {C: C / 2}),
        (
            "1 - L_H gamma beta / 2 is missing",
            "the noise-free part of the second-order term is dropped",
            T14.claim.bound * (1 - L_H * gamma * beta / 2),
        ),
        steps=200,
        L_H=1.0,
    ),
    *mutants(
        T14_pl,
        on_square(),
        ("half of the noise", "the second-order term has L_H/2, and sums over steps", {C: C / 2}),
        L_H=1.0,
    ),
]
