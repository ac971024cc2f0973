"""Wrong theorems about convex and strongly convex functions: T3 and T4."""

import numpy as np

from problems import FromFunctions
from rac_theory import GD, RACLoRA, sketches, theorems

from .theorems import AXIS, ROUND, SLOPED, at_haar, at_rare, mutant, swapped, with_constants, with_formula

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
        with_constants(T3, distance0=lambda c: c.distance0 / 2),
        T3,
        at_huber(),
        20,
    ),
    mutant(
        "T^2 for T",
        "the rate of accelerated methods",
        with_formula(T3, lambda c, t: T3.formula(c, t**2)),
        T3,
        at_huber(),
        20,
    ),
    swapped(T3, at_rare(), 60),
    mutant(
        "the distance is missing",
        "convexity alone does not bound the gap by the start",
        with_constants(T3, distance0=lambda c: 0.0),
        T3,
        at_huber(),
        20,
    ),
    mutant(
        "lambda_min is missing",
        "a sketch sees a part of the gradient",
        with_constants(T3_isotropic, lambda_min=lambda c: 1.0),
        T3_isotropic,
        at_haar(1.0),
    ),
    mutant(
        "distance for its square",
        "wrong units",
        with_constants(T3_isotropic, distance0=lambda c: c.distance0**0.5),
        T3_isotropic,
        at_haar(1.0),
    ),
    mutant(
        "2 - gamma L is missing below",
        "long steps gain less",
        with_formula(T3_sharp, lambda c, t: T3_sharp.formula(c, 0 * t) / (1 + c.lambda_min * t)),
        T3_sharp,
        (GD(0.95), ROUND),
    ),
    mutant(
        "s replaced by L",
        "the flattest direction decides",
        with_constants(T4, strong_convexity=lambda c: c.L),
        T4,
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        W0=AXIS,
    ),
    mutant(
        "lambda_min larger by 2%",
        "on an axis the theorem is an equality",
        with_constants(T4, lambda_min=lambda c: 1.02 * c.lambda_min),
        T4,
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        W0=AXIS,
    ),
    mutant(
        "2 T for T",
        "a rate of the distance, squared",
        with_formula(T4, lambda c, t: T4.formula(c, 2 * t)),
        T4,
        (RACLoRA(sketches.Coordinate(2, 1), 0.5), SLOPED),
        W0=AXIS,
    ),
]
