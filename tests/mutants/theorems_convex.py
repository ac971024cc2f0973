"""Wrong theorems about convex and strongly convex functions: T3 and T4."""

from fractions import Fraction

import numpy as np

from rac_theory import GD, RACLoRA, sketches, theorems
from rac_theory.algebra import sqrt
from rac_theory.problems import FromFunctions
from rac_theory.statements.symbols import L, T, distance0, lambda_min, s

from .theorems import AXIS, ROUND, SLOPED, at_haar, at_rare, bounded, changed, mutant, swapped

T3, T3_sharp, T3_isotropic, T4 = theorems.T3, theorems.T3_sharp, theorems.T3_isotropic, theorems.T4


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
    mutant(
        "a quarter of the distance",
        "the potential starts with ||W0 - W*||^2 / (2 gamma)",
        changed(T3, {distance0: distance0 / 2}),
        T3,
        at_huber(),
        20,
    ),
    mutant(
        "T^2 for T",
        "the rate of accelerated methods",
        changed(T3, {T: T**2}),
        T3,
        at_huber(),
        20,
    ),
    swapped(T3, at_rare(), 60),
    mutant(
        "the distance is missing",
        "convexity alone does not bound the gap by the start",
        changed(T3, {distance0: 0}),
        T3,
        at_huber(),
        20,
    ),
    mutant(
        "lambda_min is missing",
        "a sketch sees a part of the gradient",
        changed(T3_isotropic, {lambda_min: 1}),
        T3_isotropic,
        at_haar(1.0),
    ),
    mutant(
        "distance for its square",
        "wrong units",
        changed(T3_isotropic, {distance0: sqrt(distance0)}),
        T3_isotropic,
        at_haar(1.0),
    ),
    mutant(
        "2 - gamma L is missing below",
        "long steps gain less",
        bounded(T3_sharp, T3_sharp.claim.bound.at({T: 0}) / (1 + lambda_min * T)),
        T3_sharp,
        (GD(0.95), ROUND),
    ),
    mutant(
        "s replaced by L",
        "the flattest direction decides",
        changed(T4, {s: L}),
        T4,
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        W0=AXIS,
    ),
    mutant(
        "lambda_min larger by 2%",
        "on an axis the theorem is an equality",
        changed(T4, {lambda_min: Fraction(51, 50) * lambda_min}),
        T4,
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        W0=AXIS,
    ),
    mutant(
        "2 T for T",
        "a rate of the distance, squared",
        changed(T4, {T: 2 * T}),
        T4,
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        W0=AXIS,
    ),
]
