"""Wrong theorems about certified steps: T16. On quadratics the certificate is 1/L, and it is T1 times the step."""

from dataclasses import replace

from rac_theory import SGD, CertifiedStep, RACLoRA, sketches, theorems
from rac_theory.statements.symbols import T, gap0_upper
from rac_theory.theorems import E, mean_squared_gradient

from .theorems import ALL_SEEN, RARE, ROUND, SWAPPED, mutants

T16 = theorems.T16
GD_ROUND = (SGD(1.0, CertifiedStep()), ROUND)


def sketched(sketch, problem):
    return RACLoRA(sketch, 1.0, gradients=CertifiedStep()), problem


BANK = [
    *mutants(
        T16,
        GD_ROUND,
        (
            "the factor 2 is missing",
            "half of a squared gradient times its step is certified",
            {gap0_upper: gap0_upper / 2},
        ),
        ("T^2 for T", "sums are bounded, not means", {T: T**2}),
        (
            "the steps are left out on the left",
            "what a short step certifies of a large gradient is little",
            replace(T16, claim=E(mean_squared_gradient) <= T16.claim.bound),
        ),
    ),
    *mutants(T16, sketched(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), RARE), SWAPPED, steps=200),
    *mutants(T16, sketched(sketches.Haar(4, 1), ROUND), ALL_SEEN),
]
