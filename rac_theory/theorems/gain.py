"""RAC-LoRA by the gain of a step: T1_sharp, T2_sharp, T5 and T6 with L_H, the smoothness along the sketch, for L.

L_H is at most L, and may be far smaller. Steps may be as long as 2/L_H allows, so that a single draw may go uphill: no
metric has a ceiling, and mu must be valid everywhere.
"""

from rac_theory.algebra import Let, powers
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    gap,
    mean_squared_gradient,
    rac_lora_exact,
    rac_lora_stochastic,
    reductions,
    weighted_squared_gradient,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_largest_projection,
    polyak_lojasiewicz,
    smooth_along_sketch,
    structured_noise,
)
from rac_theory.statements.symbols import L_H, A, C, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu
from rac_theory.theorems import rac_lora_gd, stochastic

_SOURCE = "derived from the curvature of f seen through the sketch"
_EXACT = (smooth_along_sketch, gamma * L_H < 2, lambda_min > 0)
_NOISY = (smooth_along_sketch, structured_noise, gamma * L_H * beta < 2, lambda_min > 0, known_largest_projection)
_CASE = "x_1^2/2 on R^4, H on a column of a Hadamard matrix, L_H = 1/4"

T13 = Theorem(
    id="T13",
    name="rac_lora_gd_nonconvex_gain",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_exact,
    given=(*_EXACT, bounded_below),
    claim=E(mean_squared_gradient) <= 2 * gap0_upper / (gamma * (2 - gamma * L_H) * lambda_min * T),
    tightest=Tightest(1.0, f"{_CASE}, gamma = 1/L_H: an equality at every T"),
)

T13_pl = Theorem(
    id="T13_pl",
    name="rac_lora_gd_pl_gain",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_exact,
    given=(*_EXACT, certified_minimum, polyak_lojasiewicz),
    claim=E(gap) <= (1 - gamma * (2 - gamma * L_H) * mu * lambda_min) ** T * gap0,
    tightest=Tightest(1.0, f"{_CASE}, any step: an equality at every T"),
)

q = Let("q", L_H * A * gamma**2 * lambda_max, "growth that noise causes, a step")
w = Let("w", 1 / (1 + q), "weight of a step relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")

T14 = Theorem(
    id="T14",
    name="rac_lora_sgd_nonconvex_gain",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_stochastic,
    given=(*_NOISY, bounded_below),
    claim=E(weighted_squared_gradient(w))
    <= (gap0_upper / (gamma * lambda_min * W_T) + L_H * gamma * C * lambda_max / (2 * lambda_min))
    / (1 - L_H * gamma * beta / 2),
    tightest=Tightest(1.0, f"{_CASE}, gamma = 1/L_H, x_1 = 1, noise +-e_1: 1 against 1 + 1/T"),
)

rho = Let(
    "rho",
    1 - 2 * gamma * mu * lambda_min * (1 - L_H * gamma * beta / 2) + L_H * gamma**2 * lambda_max * A,
    "factor of the gap, a step",
)

T14_pl = Theorem(
    id="T14_pl",
    name="rac_lora_sgd_pl_gain",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_stochastic,
    given=(*_NOISY, certified_minimum, polyak_lojasiewicz, rho >= 0, rho < 1),
    claim=E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * L_H * gamma**2 * lambda_max * C / 2,
    tightest=Tightest(1.0, f"{_CASE}, additive noise along e_1: an equality at every T"),
)

TRIED = {
    **dict.fromkeys(("1/L_H", "coordinate descent"), "T13 T13_pl"),
    **dict.fromkeys(("minibatch", "noisy"), "T14 T14_pl"),
}

REDUCTIONS = (
    *reductions({T14: T13, T14_pl: T13_pl}, *stochastic.NO_NOISE),
    *reductions(
        {T13: rac_lora_gd.T1_sharp, T13_pl: rac_lora_gd.T2_sharp, T14: stochastic.T5, T14_pl: stochastic.T6},
        {L_H: L},
        "Q = L I, of which E[H Q H] is L E[H]: nothing is known of f but L",
    ),
)
