"""Wrong theorems about steps that decrease: T19 and T19_pl. On a line without a sketch T19_pl is an equality."""

from dataclasses import replace

from rac_theory import SGD, Decreasing, Noisy, RACLoRA, sketches, theorems
from rac_theory.statements.symbols import C, T, gap0, gap0_upper, t_0
from rac_theory.theorems import E
from rac_theory.theorems.stochastic import bound

from .theorems import SWAPPED, mutants
from .theorems_noisy import LINE, RARE

T19, T19_pl = theorems.T19, theorems.T19_pl
HARMONIC = (Decreasing(SGD(0.5, Noisy(1.0)), offset=2.0), LINE)
ROOT = (Decreasing(SGD(1.0, Noisy(0.1)), offset=1.0, power=0.5), LINE)
SKETCHED = (
    Decreasing(
        RACLoRA(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.5, gradients=Noisy(0.01)), offset=50.0, power=0.5
    ),
    RARE,
)

BANK = [
    *mutants(
        T19_pl,
        HARMONIC,
        ("half the noise", "each step adds L gamma_t^2 C / 2", {C: C / 2}),
        (
            "the start is forgotten like 1/T^3",
            "two of a gap go in a step of 1/t, times 1/t",
            replace(T19_pl, claim=E(theorems.gap) <= bound.at({gap0: gap0 * t_0 / (T + t_0)})),
        ),
        ("one step too many", "the sum ends before T", {T: T + 1}),
    ),
    *mutants(
        T19,
        ROOT,
        (
            "half of what f can fall",
            "the longest step takes half of gamma times a squared gradient",
            {gap0_upper: gap0_upper / 2},
        ),
    ),
    *mutants(T19, SKETCHED, SWAPPED, steps=200),
]
