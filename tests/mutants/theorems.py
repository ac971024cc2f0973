"""Wrong theorems about exact gradients: T1 and T2 with a constant, a power or a term changed."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rac_theory import GD, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L, T, eta, gamma, gap0_upper, lambda_max, lambda_min, mu
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


def changed(theorem, change):
    """The theorem with expressions in its bound replaced by others."""
    return bounded(theorem, theorem.claim.bound.at(change))


def mutant(name, why, wrong, theorem, case, steps=40, W0=None, **known):
    """A wrong theorem that ``verify`` must refute on a case on which the right one holds."""
    algorithm, problem = case
    return Mutant(
        "theorem",
        f"{theorem.id}: {name}",
        why,
        lambda: Trial(algorithm, problem, wrong, steps, W0, known=known),
        lambda: Trial(algorithm, problem, theorem, steps, W0, known=known),
        ("verify",),
    )


def swapped(theorem, case, steps=40):
    wrong = changed(theorem, {lambda_min: lambda_max})
    return mutant("lambda_max for lambda_min", "the worst direction decides, not the best", wrong, theorem, case, steps)


def doubled(theorem, case, steps=40, **more):
    wrong = changed(theorem, {gamma: 2 * gamma, eta: 2 * eta})
    return mutant("gamma doubled", "promises twice the progress of a step", wrong, theorem, case, steps, **more)


def rank_over_dim(theorem):
    wrong = changed(theorem, {lambda_min: Fraction(2, 4)})
    return mutant("r/d where rank is lost", "trace E[H] is the mean rank, below r", wrong, theorem, at_lost_rank())


GD_ROUND = (GD(0.5), ROUND)
LONG = (GD(1.7 / ROUND.L), ROUND)
AXIS = np.array([[4.0], [0.0]])  # one away from the minimiser of SLOPED along its flat axis

BANK = [
    doubled(T1, GD_ROUND),
    mutant(
        "the factor 2 is missing",
        "descent gives gamma/2 of a squared gradient a step",
        changed(T1, {gap0_upper: gap0_upper / 2}),
        T1,
        GD_ROUND,
    ),
    mutant(
        "T^2 for T",
        "sums of squares are bounded, not means",
        changed(T1, {T: T**2}),
        T1,
        GD_ROUND,
    ),
    mutant(
        "gamma^2 for gamma",
        "at gamma = 2 that is half of the bound",
        changed(T1, {gamma: gamma**2}),
        T1,
        (GD(2.0), FLAT),
    ),
    swapped(T1, at_rare()),
    rank_over_dim(T1),
    mutant(
        "lambda_min is missing",
        "a sketch sees a part of the gradient",
        changed(T1, {lambda_min: 1}),
        T1,
        at_haar(1.0),
    ),
    doubled(T1_sharp, (GD(0.15), ROUND)),
    mutant("2 - gamma L is missing", "false beyond 1/L", bounded(T1_sharp, T1.claim.bound), T1_sharp, LONG),
    mutant(
        "(2 - gamma L)^2 for 2 - gamma L",
        "more than descent gives below 1/L",
        bounded(T1_sharp, T1_sharp.claim.bound / (2 - gamma * L)),
        T1_sharp,
        (GD(0.15), ROUND),
    ),
    doubled(T1_tight, at_haar(0.3)),
    swapped(T1_tight, at_rare()),
    rank_over_dim(T1_tight),
    mutant(
        "T + 1 for T",
        "the sum ends at T - 1",
        changed(T1_tight, {T: T + 1}),
        T1_tight,
        at_haar(1.0),
    ),
    doubled(T2, at_haar(1.0)),
    swapped(T2, at_rare()),
    rank_over_dim(T2),
    mutant(
        "L for mu",
        "the flattest direction decides",
        changed(T2, {mu: L}),
        T2,
        (GD(1.0), SLOPED),
        W0=AXIS,
    ),
    mutant("T + 1 for T", "one step too many", changed(T2, {T: T + 1}), T2, at_haar(1.0)),
    mutant(
        "2 T for T",
        "a rate of the iterates, squared",
        changed(T2, {T: 2 * T}),
        T2,
        at_haar(1.0),
    ),
    mutant(
        "gamma^2 for gamma",
        "at gamma = 2 that is twice the rate",
        changed(T2, {gamma: gamma**2}),
        T2,
        at_haar(1.0, FLAT),
    ),
    mutant(
        "lambda_min is missing",
        "the rate of full gradient descent",
        changed(T2, {lambda_min: 1}),
        T2,
        at_haar(1.0),
    ),
    mutant(
        "mu larger by 2%",
        "on the identity the theorem has no slack",
        changed(T2, {mu: Fraction(51, 50) * mu}),
        T2,
        at_haar(1.0),
    ),
    mutant("2 - gamma L is missing", "false beyond 1/L", bounded(T2_sharp, T2.claim.bound), T2_sharp, at_haar(1.7)),
    mutant(
        "2 for 2 - gamma L",
        "the second-order term is dropped",
        changed(T2_sharp, {L: 0}),
        T2_sharp,
        at_haar(0.7),
    ),
    swapped(T2_sharp, at_rare()),
    doubled(T2_tight, at_haar(0.3)),
    swapped(T2_tight, at_rare()),
    rank_over_dim(T2_tight),
    mutant(
        "1 + 2 kappa for 1 + kappa",
        "more than a full step gains where mu = L",
        changed(T2_tight, {1 + kappa: 1 + 2 * kappa}),
        T2_tight,
        at_haar(1.0),
    ),
    mutant(
        "rho^2 for rho",
        "rho is the square of the mean of both roots already",
        changed(T2_tight, {rho_tight: rho_tight**2}),
        T2_tight,
        at_haar(1.0),
    ),
]
