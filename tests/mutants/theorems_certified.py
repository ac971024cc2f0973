"""Wrong theorems about certified steps: T16. On quadratics the certificate is 1/L, and it is T1 times the step."""

from dataclasses import replace

from rac_theory import SGD, CertifiedStep, RACLoRA, sketches, theorems
from rac_theory.statements.symbols import T, gap0_upper, lambda_max, lambda_min
from rac_theory.theorems import E, mean_squared_gradient

from .theorems import RARE, ROUND, changed, mutant

T16 = theorems.T16
GD_ROUND = (SGD(1.0, CertifiedStep()), ROUND)


def sketched(sketch, problem):
    return RACLoRA(sketch, 1.0, gradients=CertifiedStep()), problem


BANK = [
    mutant(
        "the factor 2 is missing",
        "half of a squared gradient times its step is certified",
        changed(T16, {gap0_upper: gap0_upper / 2}),
        T16,
        GD_ROUND,
    ),
    mutant("T^2 for T", "sums are bounded, not means", changed(T16, {T: T**2}), T16, GD_ROUND),
    mutant(
        "lambda_max for lambda_min",
        "the worst direction decides, not the best",
        changed(T16, {lambda_min: lambda_max}),
        T16,
        sketched(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), RARE),
        200,
    ),
    mutant(
        "lambda_min is missing",
        "a sketch sees a part of the gradient",
        changed(T16, {lambda_min: 1}),
        T16,
        sketched(sketches.Haar(4, 1), ROUND),
    ),
    mutant(
        "the steps are left out on the left",
        "what a short step certifies of a large gradient is little",
        replace(T16, claim=E(mean_squared_gradient) <= T16.claim.bound),
        T16,
        GD_ROUND,
    ),
]
