"""Wrong theorems about exact gradients: T1 and T2 with a constant, a power or a term changed."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rac_theory import GD, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L, T, eta, gamma, gap0_upper, lambda_max, lambda_min, mu, nu
from rac_theory.theorems import E
from rac_theory.theorems.rac_lora_gd import kappa, rho_tight

from .mutant import Mutant, Trial

T1, T1_sharp, T1_tight = (theorems.ALL[name] for name in ("T1", "T1_sharp", "T1_tight"))
T2, T2_sharp, T2_tight = (theorems.ALL[name] for name in ("T2", "T2_sharp", "T2_tight"))

ROUND = Quadratic.left(2 * np.eye(4), np.ones((4, 3)))
FLAT = Quadratic.left(np.eye(4) / 2, np.ones((4, 3)))
SLOPED = Quadratic.left(np.diag([0.2, 1.0]), np.array([[3.0], [0.0]]))
RARE = Quadratic.left(np.eye(2), np.array([[3.0], [0.0]]))  # all error where the sketch hardly ever looks


def at_haar(gamma_L, problem=ROUND):
    """A case where T2 and its sharp form are equalities."""
    return RACLoRA(sketches.Haar(4, 1), gamma_L / problem.L), problem


def at_rare():
    return RACLoRA(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 1.0), RARE


def at_lost_rank():
    """Two coordinates drawn with replacement are one in a quarter of the draws: E[H] is 7/16 I, not 1/2 I."""
    return RACLoRA(sketches.CoordinateWithReplacement(4, 2), 1 / ROUND.L), ROUND


def bounded(theorem, bound):
    """The theorem with another bound, under the same name and assumptions."""
    return replace(theorem, claim=E(theorem.metric) <= bound)


def wrongly(theorem, change):
    """The theorem with a change: expressions of its bound by others, a bound in its place, or all of it."""
    if isinstance(change, theorems.Theorem):
        return change
    return bounded(theorem, theorem.claim.bound.at(change) if isinstance(change, dict) else change)


def mutants(theorem, case, *faults, steps=40, W0=None, **known):
    """Wrong theorems that ``verify`` must refute on a case of the right one; a fault is a name, why, and a change."""

    def trial(tried):
        return lambda: Trial(*case, tried, steps, W0, known=known)

    right = trial(theorem)
    return [
        Mutant("theorem", f"{theorem.id}: {name}", why, trial(wrongly(theorem, change)), right, ("verify",))
        for name, why, change in faults
    ]


DOUBLED = ("gamma doubled", "promises twice the progress of a step", {gamma: 2 * gamma, eta: 2 * eta})
SWAPPED = ("lambda_max for lambda_min", "the worst direction decides, not the best", {lambda_min: lambda_max})
RANK_LOST = ("r/d where rank is lost", "trace E[H] is the mean rank, below r", {lambda_min: Fraction(2, 4)})
ALL_SEEN = ("lambda_min is missing", "a sketch sees a part of the gradient", {lambda_min: 1})
SQUARED_T = ("T^2 for T", "sums of squares are bounded, not means", {T: T**2})
TWICE_T = ("2 T for T", "a rate of the iterates, squared", {T: 2 * T})
TWICE_NU = ("nu doubled", "twice the progress of a step", {nu: 2 * nu})
GD_ROUND = (GD(0.5), ROUND)
LONG = (GD(1.7 / ROUND.L), ROUND)
AXIS = np.array([[4.0], [0.0]])  # one away from the minimiser of SLOPED along its flat axis

BANK = [
    *mutants(
        T1,
        GD_ROUND,
        DOUBLED,
        ("the factor 2 is missing", "descent gives gamma/2 of a squared gradient a step", {gap0_upper: gap0_upper / 2}),
        SQUARED_T,
    ),
    *mutants(T1, (GD(2.0), FLAT), ("gamma^2 for gamma", "at gamma = 2 that is half of the bound", {gamma: gamma**2})),
    *mutants(T1, at_rare(), SWAPPED),
    *mutants(T1, at_lost_rank(), RANK_LOST),
    *mutants(T1, at_haar(1.0), ALL_SEEN),
    *mutants(
        T1_sharp,
        (GD(0.15), ROUND),
        DOUBLED,
        (
            "(2 - gamma L)^2 for 2 - gamma L",
            "more than descent gives below 1/L",
            T1_sharp.claim.bound / (2 - gamma * L),
        ),
    ),
    *mutants(T1_sharp, LONG, ("2 - gamma L is missing", "false beyond 1/L", T1.claim.bound)),
    *mutants(T1_tight, at_haar(0.3), DOUBLED),
    *mutants(T1_tight, at_rare(), SWAPPED),
    *mutants(T1_tight, at_lost_rank(), RANK_LOST),
    *mutants(T1_tight, at_haar(1.0), ("T + 1 for T", "the sum ends at T - 1", {T: T + 1})),
    *mutants(
        T2,
        at_haar(1.0),
        DOUBLED,
        ("T + 1 for T", "one step too many", {T: T + 1}),
        TWICE_T,
        ("lambda_min is missing", "the rate of full gradient descent", {lambda_min: 1}),
        ("mu larger by 2%", "on the identity the theorem has no slack", {mu: Fraction(51, 50) * mu}),
    ),
    *mutants(T2, at_rare(), SWAPPED),
    *mutants(T2, at_lost_rank(), RANK_LOST),
    *mutants(T2, (GD(1.0), SLOPED), ("L for mu", "the flattest direction decides", {mu: L}), W0=AXIS),
    *mutants(T2, at_haar(1.0, FLAT), ("gamma^2 for gamma", "at gamma = 2 that is twice the rate", {gamma: gamma**2})),
    *mutants(T2_sharp, at_haar(1.7), ("2 - gamma L is missing", "false beyond 1/L", T2.claim.bound)),
    *mutants(T2_sharp, at_haar(0.7), ("2 for 2 - gamma L", "the second-order term is dropped", {L: 0})),
    *mutants(T2_sharp, at_rare(), SWAPPED),
    *mutants(T2_tight, at_haar(0.3), DOUBLED),
    *mutants(T2_tight, at_rare(), SWAPPED),
    *mutants(T2_tight, at_lost_rank(), RANK_LOST),
    *mutants(
        T2_tight,
        at_haar(1.0),
        ("1 + 2 kappa for 1 + kappa", "more than a full step gains where mu = L", {1 + kappa: 1 + 2 * kappa}),
        ("rho^2 for rho", "rho is the square of the mean of both roots already", {rho_tight: rho_tight**2}),
    ),
]
