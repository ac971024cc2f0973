"""Wrong theorems about convex and strongly convex functions: T3, T4 and T4_gap."""

from fractions import Fraction

import numpy as np

from rac_theory import GD, RACLoRA, sketches, theorems
from rac_theory.algebra import sqrt
from rac_theory.problems import FromFunctions
from rac_theory.statements.symbols import L, T, distance0, lambda_min, s

from .theorems import ALL_SEEN, AXIS, DOUBLED, ROUND, SLOPED, SWAPPED, at_haar, at_rare, mutants

T3, T3_sharp, T3_isotropic = theorems.T3, theorems.T3_sharp, theorems.T3_isotropic
T4, T4_gap = theorems.T4, theorems.T4_gap


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


BANK = [
    *mutants(
        T3,
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
    *mutants(T3, at_rare(), SWAPPED, steps=60),
    *mutants(
        T3_isotropic, at_haar(1.0), ALL_SEEN, ("distance for its square", "wrong units", {distance0: sqrt(distance0)})
    ),
    *mutants(
        T3_sharp,
        (GD(0.95), ROUND),
        (
            "2 - gamma L is missing below",
            "long steps gain less",
            T3_sharp.claim.bound.at({T: 0}) / (1 + lambda_min * T),
        ),
    ),
    *mutants(
        T4,
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        ("s replaced by L", "the flattest direction decides", {s: L}),
        (
            "lambda_min larger by 2%",
            "on an axis the theorem is an equality",
            {lambda_min: Fraction(51, 50) * lambda_min},
        ),
        ("2 T for T", "a rate of the distance, squared", {T: 2 * T}),
        W0=AXIS,
    ),
    *mutants(
        T4_gap, at_haar(1.0), DOUBLED, ("s larger by 2%", "an equality on the identity", {s: Fraction(51, 50) * s})
    ),
    *mutants(T4_gap, at_rare(), SWAPPED),
]
