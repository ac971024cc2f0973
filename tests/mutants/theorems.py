"""Wrong theorems about exact gradients: T1 to T4, and T17 of GaLore, with a constant, a power or a term changed."""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from rac_theory import GD, GaLore, Local, RACLoRA, sketches, theorems
from rac_theory.algebra import sqrt
from rac_theory.problems import FromFunctions, Quadratic
from rac_theory.statements.symbols import L, T, delta, distance0, eta, gamma, gap0_upper, lambda_max, lambda_min, mu, s
from rac_theory.theorems import E
from rac_theory.theorems.rac_lora_gd import kappa, rho_tight

from .mutant import Mutant, Trial

ROUND = Quadratic.left(2 * np.eye(4), np.ones((4, 3)))
FLAT = Quadratic.left(np.eye(4) / 2, np.ones((4, 3)))
SLOPED = Quadratic.left(np.diag([0.2, 1.0]), np.array([[3.0], [0.0]]))
RARE = Quadratic.left(np.eye(2), np.array([[3.0], [0.0]]))  # all error where the sketch hardly ever looks
SINGULAR = Quadratic.left(2 * np.eye(4), np.eye(4))  # from zero all singular values are equal
SELDOM = sketches.WeightedCoordinate(2, 1, [0.05, 0.95])


def at_haar(gamma_L, problem=ROUND):
    """A case where T2 and its sharp form are equalities."""
    return RACLoRA(sketches.Haar(4, 1), gamma_L / problem.L), problem


def at_huber(T=20):
    """The case on which T3 is tight up to 1/2."""
    eta = 1 / (2 * T + 1)
    problem = FromFunctions(
        (1, 1),
        lambda W: float(np.where(abs(W) > eta, eta * abs(W) - eta**2 / 2, W**2 / 2).sum()),
        lambda W: np.clip(W, -eta, eta),
        L=1.0,
        convex=True,
        f_star=0.0,
        W_star=np.zeros((1, 1)),
        start=np.ones((1, 1)),
    )
    return GD(1.0), problem


def leading(gamma_L, rank=1, steps=1):
    """GaLore on singular values that are equal, where T17 is an equality or near one."""
    return GaLore(rank, gamma_L / SINGULAR.L, Local(steps)), SINGULAR


def bounded(theorem, bound):
    """The theorem with another bound, under the same name and assumptions."""
    return replace(theorem, claim=E(theorem.metric) <= bound)


def wrongly(theorem, change):
    """The theorem with a change: expressions of its bound by others, a bound made of it or given, or all of it."""
    if isinstance(change, theorems.Theorem):
        return change
    if callable(change):
        return bounded(theorem, change(theorem.claim.bound))
    return bounded(theorem, theorem.claim.bound.at(change) if isinstance(change, dict) else change)


def off_by(percent, symbol):
    """A symbol that is larger than it is."""
    return {symbol: Fraction(100 + percent, 100) * symbol}


def mutants(id, case, *faults, steps=40, W0=None, **known):
    """Wrong theorems that ``verify`` must refute on a case of the right one; a fault is a name, why, and a change."""

    def trial(tried):
        return lambda: Trial(*case, tried, steps, W0, known=known)

    theorem = theorems.ALL[id]
    return [
        Mutant("theorem", f"{id}: {name}", why, trial(wrongly(theorem, change)), trial(theorem), ("verify",))
        for name, why, change in faults
    ]


DOUBLED = ("gamma doubled", "promises twice the progress of a step", {gamma: 2 * gamma, eta: 2 * eta})
SWAPPED = ("lambda_max for lambda_min", "the worst direction decides, not the best", {lambda_min: lambda_max})
RANK_LOST = ("r/d where rank is lost", "trace E[H] is the mean rank, below r", {lambda_min: Fraction(2, 4)})
ALL_SEEN = ("lambda_min is missing", "a sketch sees a part of the gradient", {lambda_min: 1})
SQUARED_T = ("T^2 for T", "sums of squares are bounded, not means", {T: T**2})
TWICE_T = ("2 T for T", "a rate of the iterates, squared", {T: 2 * T})
NO_TWO = ("the factor 2 is missing", "descent gives half of a squared gradient a step", {gap0_upper: gap0_upper / 2})
TOO_LONG = ("2 - gamma L is missing", "false beyond 1/L")
LAZY = ("3 T for T, lazy", "a subspace that is kept for three steps gives the rate once, not three times", {T: 3 * T})

TIGHT = at_haar(1.0)
GD_ROUND, LONG = (GD(0.5), ROUND), (GD(1.7 / ROUND.L), ROUND)
AT_RARE = RACLoRA(SELDOM, 1.0), RARE
# Two coordinates drawn with replacement are one in a quarter of the draws: E[H] is 7/16 I, not 1/2 I.
AT_LOST_RANK = RACLoRA(sketches.CoordinateWithReplacement(4, 2), 1 / ROUND.L), ROUND
AXIS = np.array([[4.0], [0.0]])  # one away from the minimiser of SLOPED along its flat axis

BANK = [
    *mutants("T1", GD_ROUND, DOUBLED, NO_TWO, SQUARED_T),
    *mutants("T1", (GD(2.0), FLAT), ("gamma^2 for gamma", "at gamma = 2 that is half of the bound", {gamma: gamma**2})),
    *mutants("T1", AT_RARE, SWAPPED),
    *mutants("T1", AT_LOST_RANK, RANK_LOST),
    *mutants("T1", TIGHT, ALL_SEEN),
    *mutants(
        "T1_sharp",
        (GD(0.15), ROUND),
        DOUBLED,
        ("(2 - gamma L)^2 for 2 - gamma L", "more than descent gives below 1/L", lambda bound: bound / (2 - gamma * L)),
    ),
    *mutants("T1_sharp", LONG, (*TOO_LONG, theorems.T1.claim.bound)),
    *mutants("T1_tight", at_haar(0.3), DOUBLED),
    *mutants("T1_tight", AT_RARE, SWAPPED),
    *mutants("T1_tight", AT_LOST_RANK, RANK_LOST),
    *mutants("T1_tight", TIGHT, ("T + 1 for T", "the sum ends at T - 1", {T: T + 1})),
    *mutants(
        "T2",
        TIGHT,
        DOUBLED,
        ("T + 1 for T", "one step too many", {T: T + 1}),
        TWICE_T,
        ALL_SEEN,
        ("mu larger by 2%", "on the identity the theorem has no slack", off_by(2, mu)),
    ),
    *mutants("T2", AT_RARE, SWAPPED),
    *mutants("T2", AT_LOST_RANK, RANK_LOST),
    *mutants("T2", (GD(1.0), SLOPED), ("L for mu", "the flattest direction decides", {mu: L}), W0=AXIS),
    *mutants("T2", at_haar(1.0, FLAT), ("gamma^2 for gamma", "at gamma = 2 that is twice the rate", {gamma: gamma**2})),
    *mutants("T2_sharp", at_haar(1.7), (*TOO_LONG, theorems.T2.claim.bound)),
    *mutants("T2_sharp", at_haar(0.7), ("2 for 2 - gamma L", "the second-order term is dropped", {L: 0})),
    *mutants("T2_sharp", AT_RARE, SWAPPED),
    *mutants("T2_tight", at_haar(0.3), DOUBLED),
    *mutants("T2_tight", AT_RARE, SWAPPED),
    *mutants("T2_tight", AT_LOST_RANK, RANK_LOST),
    *mutants(
        "T2_tight",
        TIGHT,
        ("1 + 2 kappa for 1 + kappa", "more than a full step gains where mu = L", {1 + kappa: 1 + 2 * kappa}),
        ("rho^2 for rho", "rho is the square of the mean of both roots already", {rho_tight: rho_tight**2}),
    ),
    *mutants(
        "T3",
        at_huber(),
        (
            "a quarter of the distance",
            "the potential starts with ||W0 - W*||^2 / (2 gamma)",
            {distance0: distance0 / 2},
        ),
        ("T^2 for T", "the rate of accelerated methods", {T: T**2}),
        ("the distance is missing", "convexity alone does not bound the gap by the start", {distance0: 0}),
        steps=20,
    ),
    *mutants("T3", AT_RARE, SWAPPED, steps=60),
    *mutants("T3_isotropic", TIGHT, ALL_SEEN, ("distance for its square", "wrong units", {distance0: sqrt(distance0)})),
    *mutants(
        "T3_sharp",
        (GD(0.95), ROUND),
        ("2 - gamma L is missing below", "long steps gain less", lambda bound: bound.at({T: 0}) / (1 + lambda_min * T)),
    ),
    *mutants(
        "T4",
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        ("s replaced by L", "the flattest direction decides", {s: L}),
        ("lambda_min larger by 2%", "on an axis the theorem is an equality", off_by(2, lambda_min)),
        ("2 T for T", "a rate of the distance, squared", {T: 2 * T}),
        W0=AXIS,
    ),
    *mutants("T4_gap", TIGHT, DOUBLED, ("s larger by 2%", "an equality on the identity", off_by(2, s))),
    *mutants("T4_gap", AT_RARE, SWAPPED),
    *mutants("T17", leading(1.0, rank=4), NO_TWO),
    *mutants(
        "T17",
        leading(0.2),
        SQUARED_T,
        ("delta is missing", "a leading subspace has a part of it", {delta: 1}),
        steps=60,
    ),
    *mutants("T17", leading(1.8, rank=4), (*TOO_LONG, lambda bound: bound * (2 - gamma * L))),
    *mutants("T17", leading(1.0, rank=4, steps=3), LAZY),
    *mutants("T17_pl", leading(0.5), ("delta is missing", "the rate of full gradient descent", {delta: 1}), steps=6),
    *mutants(
        "T17_pl",
        leading(1.0),
        ("delta larger by 2%", "where singular values are equal nothing is to spare at T = 1", off_by(2, delta)),
        steps=2,
    ),
    *mutants("T17_pl", leading(1.0, steps=3), LAZY, steps=3),
    *mutants("T17_pl", leading(0.3), TWICE_T, steps=6),
]
