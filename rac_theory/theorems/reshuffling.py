"""RAC-LoRA with one reshuffled epoch a sketch; L is the largest constant of a component, N their number."""

from fractions import Fraction

from rac_theory.algebra import Let, powers
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_heterogeneity,
    known_largest_projection,
    known_variance,
    polyak_lojasiewicz,
    rac_lora_reshuffled,
    smooth_components,
)
from rac_theory.statements.claim import E
from rac_theory.statements.metric import gap, mean_squared_gradient, weighted_squared_gradient
from rac_theory.statements.symbols import D, N, T, eta, gap0, gap0_upper, lambda_max, lambda_min, mu, sigma_squared
from rac_theory.statements.symbols import L_max as L
from rac_theory.statements.theorem import Theorem, Tightest

_EPOCH = (smooth_components, 2 * eta * N * L <= 1, lambda_min > 0, known_largest_projection)
_SOURCE = "derived from a lemma on one reshuffled epoch in the range of the sketch"

q = Let(
    "q", Fraction(4, 9) * eta**3 * N * (N + 1) * L**3 * lambda_max, "growth that the order of an epoch causes, an epoch"
)
w = Let("w", 1 / (1 + q), "weight of an epoch relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")
loss = Fraction(7, 9) * eta * N * mu * lambda_min
rho = Let("rho", 1 - loss + q, "factor of the gap, an epoch")

T7 = Theorem(
    id="T7",
    name="rac_lora_rr_nonconvex",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_reshuffled,
    given=(*_EPOCH, bounded_below, known_variance),
    claim=E(mean_squared_gradient)
    <= 18 * gap0_upper / (7 * eta * N * lambda_min * T)
    + Fraction(4, 7) * eta**2 * L**2 * (N + 1) * (lambda_max / lambda_min) * sigma_squared,
    tightest=Tightest(0.615, "identical components x^2/2 at eta = 1/(2N), N and T to infinity; 0.569 for N = 2"),
)

T7d = Theorem(
    id="T7d",
    name="rac_lora_rr_nonconvex_data",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_reshuffled,
    given=(*_EPOCH, bounded_below, known_heterogeneity),
    claim=E(weighted_squared_gradient(w))
    <= 18 * gap0_upper / (7 * eta * N * lambda_min * W_T)
    + Fraction(4, 7) * eta**2 * L**2 * (N + 1) * (lambda_max / lambda_min) * D,
    tightest=Tightest(0.615, "identical components x^2/2 at eta = 1/(2N), N and T to infinity; 0.536 for N = 2"),
)

T8 = Theorem(
    id="T8",
    name="rac_lora_rr_pl",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_reshuffled,
    given=(*_EPOCH, certified_minimum, polyak_lojasiewicz, known_variance),
    claim=E(gap)
    <= (1 - loss) ** T * gap0
    + Fraction(2, 7) * eta**2 * L**2 * (N + 1) * (lambda_max / lambda_min) * (sigma_squared / mu),
    tightest=Tightest(
        0.648, "identical components, a sketch that hardly ever moves, where the bound has halved; 0.591 for N = 2"
    ),
)

T8d = Theorem(
    id="T8d",
    name="rac_lora_rr_pl_data",
    source=_SOURCE,
    mark="derived",
    about=rac_lora_reshuffled,
    given=(*_EPOCH, certified_minimum, polyak_lojasiewicz, known_heterogeneity, rho >= 0, rho < 1),
    claim=E(gap)
    <= rho**T * gap0 + powers(rho, 0, T - 1) * Fraction(2, 9) * eta**3 * N * (N + 1) * L**2 * lambda_max * D,
    tightest=Tightest(
        0.648, "identical components, a sketch that hardly ever moves, where the bound has halved; 0.51 for N = 2"
    ),
)
