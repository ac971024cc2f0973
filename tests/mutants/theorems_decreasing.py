"""Wrong theorems about steps that decrease: T19 and T19_pl. On a line without a sketch T19_pl is an equality."""

from dataclasses import replace

import numpy as np

from rac_theory import SGD, Decreasing, Noisy, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import C, T, gap0, gap0_upper, lambda_max, lambda_min, t_0
from rac_theory.theorems import E
from rac_theory.theorems.decreasing import bound

from .theorems import changed, mutant

T19, T19_pl = theorems.T19, theorems.T19_pl
LINE = Quadratic.left(np.eye(1), np.ones((1, 1)))
RARE = Quadratic.left(np.eye(2), np.array([[30.0], [0.0]]))
HARMONIC = (Decreasing(SGD(0.5, Noisy(1.0)), offset=2.0), LINE)
ROOT = (Decreasing(SGD(1.0, Noisy(0.1)), offset=1.0, power=0.5), LINE)
SKETCHED = (
    Decreasing(
        RACLoRA(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.5, gradients=Noisy(0.01)), offset=50.0, power=0.5
    ),
    RARE,
)

BANK = [
    mutant("half the noise", "each step adds L gamma_t^2 C / 2", changed(T19_pl, {C: C / 2}), T19_pl, HARMONIC),
    mutant(
        "the start is forgotten like 1/T^3",
        "two of a gap go in a step of 1/t, times 1/t",
        replace(T19_pl, claim=E(theorems.gap) <= bound.at({gap0: gap0 * t_0 / (T + t_0)})),
        T19_pl,
        HARMONIC,
    ),
    mutant("one step too many", "the sum ends before T", changed(T19_pl, {T: T + 1}), T19_pl, HARMONIC),
    mutant(
        "half of what f can fall",
        "the longest step takes half of gamma times a squared gradient",
        changed(T19, {gap0_upper: gap0_upper / 2}),
        T19,
        ROOT,
    ),
    mutant(
        "lambda_max for lambda_min",
        "the worst direction decides, not the best",
        changed(T19, {lambda_min: lambda_max}),
        T19,
        SKETCHED,
        200,
    ),
]
