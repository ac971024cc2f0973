r"""RAC-LoRA with one stochastic gradient a sketch, under structured noise (A, beta, C); and with steps that decrease.

Where steps decrease no floor of noise is left. T19 is T5 with steps that fall like :math:`1/\sqrt t`, where the floor
becomes a logarithm over :math:`\sqrt T`. Where noise grows with f, A > 0, it ends at the T at which Q is 1: a longer
run needs a shorter first step. T19_pl is T6 with steps that fall like 1/t, of at least :math:`1/(\mu \lambda_{\min}
(t + t_0))`: the gap at the start is forgotten like :math:`1/T^2`, and noise falls like 1/T.
"""

import math

from rac_theory.algebra import Lemma, Let, choice, powers, sqrt, total
from rac_theory.proofs import E as expected
from rac_theory.proofs import (
    Fact,
    G,
    H,
    assumed,
    by_signs,
    gap_is_positive,
    gap_next,
    gather,
    grant,
    low,
    mean,
    no_step_or_more,
    one,
    plus,
    proved,
    sign,
    some,
    square,
    telescope,
    weigh,
    weights,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    Values,
    gap,
    rac_lora_harmonic_steps,
    rac_lora_root_steps,
    rac_lora_stochastic,
    reductions,
    squared_gradient_with_weights,
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
from rac_theory.statements.symbols import A, C, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, mu, t, t_0
from rac_theory.theorems import rac_lora_gd
from rac_theory.theorems.shared import axioms, end, half, most, moves, noise, noisy, pl, unbiased

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

_NOISY_STEPS = (smooth, structured_noise, lambda_min > 0, known_largest_projection)
_SOURCE_STEPS = "derived from the descent lemma and the inequality of structured noise, one step size after the other"

# Steps that fall like 1/sqrt(t).
gamma_t = Let("gamma_t", gamma * sqrt(t_0 / (t + t_0)), "size of step t")
H_T = Let("h_T", total(t, T, t_0 / (t + t_0)), "sum of squared steps, relative to the first")
Q = Let("Q", L * A * lambda_max * gamma**2 * H_T, "growth that noise causes, in all steps")

T19 = Theorem(
    id="T19",
    name="rac_lora_sgd_nonconvex_decreasing",
    source=_SOURCE_STEPS,
    about=rac_lora_root_steps,
    given=(*_NOISY_STEPS, gamma * L * beta < 2, bounded_below, Q < 1),
    claim=E(squared_gradient_with_weights(gamma_t))
    <= (gap0_upper + L * lambda_max * C / 2 * gamma**2 * H_T)
    / (lambda_min * (1 - L * gamma * beta / 2) * (1 - Q) * total(t, T, gamma_t)),
    tightest=Tightest(
        1.0, "GD on x^2/2 with a first step of 1/L: an equality at every T; 0.876 at T = 10 for noise +-1"
    ),
)

# Steps that fall like 1/t.
numerator = Let("c", gamma * t_0, "gamma_t = c/(t + t_0)")
kappa = Let(
    "kappa",
    L * numerator * (beta + lambda_max * A * numerator),
    "what the steps lose to curvature and to noise that grows with f",
)

S_T = Let("S_T", total(t, T, (1 + (kappa - 1) / (t + t_0)) ** 2), "what the noise of each step adds, with its weight")
bound = ((t_0 + kappa - 2) ** 2 * gap0 + L * lambda_max * C * numerator**2 / 2 * S_T) / (T + t_0 + kappa - 2) ** 2

T19_pl = Theorem(
    id="T19_pl",
    name="rac_lora_sgd_pl_decreasing",
    source=_SOURCE_STEPS,
    about=rac_lora_harmonic_steps,
    given=(
        *_NOISY_STEPS,
        certified_minimum,
        polyak_lojasiewicz,
        numerator * mu * lambda_min >= 1,
        kappa >= 1,
        t_0 >= kappa + 1,
    ),
    claim=E(gap) <= bound,
    tightest=Tightest(1.0, "x^2/2, H = I, gamma_t = 1/(t + t_0), additive noise: kappa = 1, an equality at every T"),
    lemmas={
        bound: (t_0 >= kappa + 1, Lemma((0, math.inf), dict.fromkeys((L, beta, lambda_max, A, C, gap0), "up"))),
    },
)

TRIED = {
    "minibatch": "T5 T6",
    "horizon": "T5_step",
    "noisy": "T5 T5_step T6",
    "root steps": "T19",
    "harmonic steps": "T19_pl",
}

LIMIT = E(gap) <= rho**T * gap0 + L * gamma**2 * lambda_max * C / (2 * (1 - rho))
"""T6 with the sum of powers of rho to infinity."""

NO_NOISE: tuple[Values, str] = {A: 0, beta: 1, C: 0}, "exact gradients, which are noise of size zero"
REDUCTIONS = reductions({T5: rac_lora_gd.T1_sharp, T5_step: rac_lora_gd.T1, T6: rac_lora_gd.T2_sharp}, *NO_NOISE)


# Proofs.
(damped,) = assumed(gamma * L * beta < 2)
descent_share = 1 - L * gamma * beta / 2
keeps = proved("", descent_share > 0, half * damped)


def step() -> Fact:
    """One step of T5, the sketch being averaged."""
    inequality = expected(gap_next) <= (
        1 + q
    ) * gap_at_W + L * gamma**2 * lambda_max * C / 2 - gamma * lambda_min * descent_share * (G @ G)
    before_sketch = mean(noisy) + plus[gamma] * unbiased + half * plus[L] * plus[gamma] * plus[gamma] * noise  # (12)
    return proved("One step", inequality, before_sketch + plus[gamma] * keeps * low(G))


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


_root, _harmonic = rac_lora_root_steps, rac_lora_harmonic_steps
count, offset, noisy_steps, unbiased_steps = (
    {about: grant(name, about) for about in (_root, _harmonic)} for name in ("time", "offset", "descent", "unbiased")
)
ahead = {about: by_signs("A count and an offset", t + t_0 > 0, count[about], offset[about]) for about in count}
root_size = by_signs("A step size", gamma_t > 0, plus[gamma], count[_root], offset[_root])
growth_of_first = plus[L] * plus[A] * most * plus[gamma] * plus[gamma]
noise_of_first = half * plus[L] * most * plus[C] * plus[gamma] * plus[gamma]
share = proved("", t_0 / (t + t_0) >= 0, offset[_root] / ahead[_root])


def root_step() -> Fact:
    """One step of T19, with what the longest step loses to noise."""
    h = t_0 / (t + t_0)
    grown, added = L * A * lambda_max * gamma**2 * h, L * lambda_max * C / 2 * gamma**2 * h
    inequality = expected(gap_next) <= (1 + grown) * gap_at_W + added - lambda_min * descent_share * gamma_t * (G @ G)
    size = root_size
    before = mean(noisy_steps[_root]) + size * unbiased_steps[_root] + half * plus[L] * size * size * noise
    shorter = half * plus[L] * plus[beta] * size * axioms.root_falls * mean(square(H(G)))
    return proved("One step", inequality, before + size * keeps * low(G) + shorter)


def prove_T19() -> tuple[Fact, Fact]:
    (bounded,) = assumed(Q < 1)
    slope, size = moves * keeps, root_size
    gathered = gather(
        root_step(), growth_of_first, slope, noise_of_first, share, size, bounded, square(G), end, gap0_upper
    )
    return gathered, slope * bounded * some(size)


_fast, _above_one, _late = (next(assumed(relation)) for relation in T19_pl.given[-3:])
_after = _late + count[_harmonic]


def harmonic_step() -> Fact:
    """One step of T19_pl, before it is weighted."""
    u, later, size = t + t_0, ahead[_harmonic], plus[gamma] * offset[_harmonic] / ahead[_harmonic]
    inequality = expected(gap_next) <= (1 - 2 / u + kappa / u**2) * gap_at_W + L * lambda_max * C * numerator**2 / (
        2 * u**2
    )
    steep = plus[L] * plus[lambda_max] * plus[A] * plus[gamma] * plus[gamma] * offset[_harmonic]
    enough = _after + steep * offset[_harmonic] + one + later
    keeps = proved("", 1 - L * numerator * beta / (2 * u) >= 0, half * enough / later)
    before = mean(noisy_steps[_harmonic]) + size * unbiased_steps[_harmonic] + half * plus[L] * size * size * noise
    fall = size * keeps * low(G) + 2 * size * plus[lambda_min] * keeps * pl
    fast = 2 * _fast * keeps * gap_is_positive[certified_minimum] / later
    return proved("One step", inequality, before + fall + fast)


def prove_T19_pl() -> tuple[Fact, Fact]:
    u, later, gap_sign = t + t_0, ahead[_harmonic], gap_is_positive[certified_minimum]
    root = proved("", u + kappa - 2 > 0, _after + 2 * _above_one + one)
    next_root = root + one
    squares = _after * _after + 2 * _after * (_above_one + one)
    more = proved("", (u - 1) ** 2 - kappa**2 + kappa - 1 >= 0, _above_one + squares)
    slack = _above_one * more / later / later
    times, added = L * lambda_max * C * numerator**2 / 2, (1 + (kappa - 1) / u) ** 2
    inequality = (u + kappa - 1) ** 2 * expected(gap_next) <= (u + kappa - 2) ** 2 * gap_at_W + times * added
    step = proved("", inequality, next_root * next_root * harmonic_step() + slack * gap_sign)
    last = proved("", T + t_0 + kappa - 2 > 0, no_step_or_more + _late + 2 * _above_one + one)
    return weigh(step, root * root, times, added, gap0), last * last
