"""RAC-LoRA with one stochastic gradient a sketch, under structured noise (A, beta, C)."""

from rac_theory.algebra import Let, choice, powers
from rac_theory.proofs import E as expected
from rac_theory.proofs import Fact, G, assumed, gap_next, low, mean, one, plus, proved, sign, telescope, weights
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    Values,
    gap,
    rac_lora_stochastic,
    reductions,
    weighted_squared_gradient,
)
from rac_theory.statements.assumptions import (
    bounded_below,
    certified_minimum,
    known_largest_projection,
    polyak_lojasiewicz,
    smooth,
    structured_noise,
)
from rac_theory.statements.symbols import A, C, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu
from rac_theory.theorems import rac_lora_gd
from rac_theory.theorems.shared import axioms, end, half, most, moves, noise, noisy, unbiased

_NOISY = (smooth, structured_noise, gamma * L * beta < 2, lambda_min > 0, known_largest_projection)
_SOURCE = "derived from the descent lemma and the inequality of structured noise"

q = Let("q", L * A * gamma**2 * lambda_max, "growth that noise causes, a step")
w = Let("w", 1 / (1 + q), "weight of a step relative to the one before")
W_T = Let("W_T", powers(w, 1, T), "sum of the weights from w to w^T")

T5 = Theorem(
    id="T5",
    name="rac_lora_sgd_nonconvex",
    source=_SOURCE,
    about=rac_lora_stochastic,
    given=(*_NOISY, bounded_below),
    claim=E(weighted_squared_gradient(w))
    <= (gap0_upper / (gamma * lambda_min * W_T) + L * gamma * C * lambda_max / (2 * lambda_min))
    / (1 - L * gamma * beta / 2),
    tightest=Tightest(1.0, "x^2/2, gamma = 1, x^0 = 1, noise +-1: 1 against 1 + 1/T"),
)

c = Let("c", choice(A > 0, 4, 2), "what noise costs the first term")

T5_step = Theorem(
    id="T5_step",
    name="rac_lora_sgd_nonconvex_step",
    source=_SOURCE,
    about=rac_lora_stochastic,
    given=(*_NOISY, gamma * L * beta <= 1, gamma**2 * L * A * lambda_max * T <= 1, bounded_below),
    claim=E(weighted_squared_gradient(w))
    <= c * gap0_upper / (gamma * lambda_min * T) + L * gamma * C * lambda_max / lambda_min,
    tightest=Tightest(1.0, "as T5; with C = 0 the largest is 63/74, at T = 3 for noise +-x/sqrt(3)"),
)

rho = Let(
    "rho",
    1 - 2 * gamma * mu * lambda_min * (1 - L * gamma * beta / 2) + L * gamma**2 * lambda_max * A,
    "factor of the gap, a step",
)

T6 = Theorem(
    id="T6",
    name="rac_lora_sgd_pl",
    source=_SOURCE,
    about=rac_lora_stochastic,
    given=(*_NOISY, certified_minimum, polyak_lojasiewicz, rho >= 0, rho < 1),
    claim=E(gap) <= rho**T * gap0 + powers(rho, 0, T - 1) * L * gamma**2 * lambda_max * C / 2,
    tightest=Tightest(1.0, "a multiple of the identity, isotropic sketch, additive noise: an equality at every T"),
)

TRIED = {"minibatch": "T5 T6", "horizon": "T5_step", "noisy": "T5 T5_step T6"}

LIMIT = E(gap) <= rho**T * gap0 + L * gamma**2 * lambda_max * C / (2 * (1 - rho))
"""T6 with the sum of powers of rho to infinity."""

NO_NOISE: tuple[Values, str] = {A: 0, beta: 1, C: 0}, "exact gradients, which are noise of size zero"
REDUCTIONS = reductions({T5: rac_lora_gd.T1_sharp, T5_step: rac_lora_gd.T1, T6: rac_lora_gd.T2_sharp}, *NO_NOISE)


# Proofs.
(damped,) = assumed(gamma * L * beta < 2)
descent_share = 1 - L * gamma * beta / 2
keeps = proved("", descent_share > 0, half * damped)


def _before_sketch() -> Fact:
    """(12) of T5."""
    return mean(noisy) + plus[gamma] * unbiased + half * plus[L] * plus[gamma] * plus[gamma] * noise


def step() -> Fact:
    """One step of T5, the sketch being averaged."""
    inequality = expected(gap_next) <= (
        1 + q
    ) * gap_at_W + L * gamma**2 * lambda_max * C / 2 - gamma * lambda_min * descent_share * (G @ G)
    return proved("One step", inequality, _before_sketch() + plus[gamma] * keeps * low(G))


growth = proved("", 1 + q > 0, one + plus[L] * plus[A] * plus[gamma] * plus[gamma] * most)


def average() -> tuple[Fact, Fact]:
    slope = plus[gamma] * moves * keeps
    return telescope(step(), growth, slope, gap0_upper, end), slope * weights(growth)


def prove_T5_step() -> tuple[Fact, Fact]:
    (small,) = assumed(gamma * L * beta <= 1)
    bounded, times = average()
    enough = proved("", c * W_T >= 2 * T, axioms.enough_weight)
    gap_at_start = sign(gap0_upper, bounded_below)
    first_term = keeps * enough * gap_at_start / plus[T] + small * gap_at_start
    second_term = half * small * plus[L] * plus[gamma] * plus[gamma] * plus[C] * most * weights(growth)
    return bounded + first_term + second_term, times
