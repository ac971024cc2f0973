r"""RAC-LoRA with stochastic gradients and steps that decrease: no floor of noise is left.

T19 is T5 with steps that fall like :math:`1/\sqrt t`, where the floor becomes a logarithm over :math:`\sqrt T`. Where
noise grows with f, A > 0, it ends at the T at which Q is 1: a longer run needs a shorter first step. T19_pl is T6 with
steps that fall like 1/t, of at least :math:`1/(\mu \lambda_{\min} (t + t_0))`: the gap at the start is forgotten like
:math:`1/T^2`, and noise falls like 1/T.
"""

import math

from rac_theory.algebra import Lemma, Let, sqrt, total
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
    some,
    square,
    weigh,
)
from rac_theory.proofs import gap as gap_at_W
from rac_theory.statements import (
    E,
    Theorem,
    Tightest,
    gap,
    rac_lora_harmonic_steps,
    rac_lora_root_steps,
    squared_gradient_with_weights,
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
from rac_theory.theorems.shared import axioms, end, half, most, moves, noise, pl
from rac_theory.theorems.stochastic import descent_share, keeps

_NOISY = (smooth, structured_noise, lambda_min > 0, known_largest_projection)
_SOURCE = "derived from the descent lemma and the inequality of structured noise, one step size after the other"

# Steps that fall like 1/sqrt(t).
gamma_t = Let("gamma_t", gamma * sqrt(t_0 / (t + t_0)), "size of step t")
H_T = Let("h_T", total(t, T, t_0 / (t + t_0)), "sum of squared steps, relative to the first")
Q = Let("Q", L * A * lambda_max * gamma**2 * H_T, "growth that noise causes, in all steps")

T19 = Theorem(
    id="T19",
    name="rac_lora_sgd_nonconvex_decreasing",
    source=_SOURCE,
    about=rac_lora_root_steps,
    given=(*_NOISY, gamma * L * beta < 2, bounded_below, Q < 1),
    claim=E(squared_gradient_with_weights(gamma_t))
    <= (gap0_upper + L * lambda_max * C / 2 * gamma**2 * H_T)
    / (lambda_min * (1 - L * gamma * beta / 2) * (1 - Q) * total(t, T, gamma_t)),
    tightest=Tightest(
        1.0, "GD on x^2/2 with a first step of 1/L: an equality at every T; 0.876 at T = 10 for noise +-1"
    ),
)

# Steps that fall like 1/t.
c = Let("c", gamma * t_0, "gamma_t = c/(t + t_0)")
kappa = Let(
    "kappa", L * c * (beta + lambda_max * A * c), "what the steps lose to curvature and to noise that grows with f"
)

S_T = Let("S_T", total(t, T, (1 + (kappa - 1) / (t + t_0)) ** 2), "what the noise of each step adds, with its weight")
bound = ((t_0 + kappa - 2) ** 2 * gap0 + L * lambda_max * C * c**2 / 2 * S_T) / (T + t_0 + kappa - 2) ** 2

T19_pl = Theorem(
    id="T19_pl",
    name="rac_lora_sgd_pl_decreasing",
    source=_SOURCE,
    about=rac_lora_harmonic_steps,
    given=(
        *_NOISY,
        certified_minimum,
        polyak_lojasiewicz,
        c * mu * lambda_min >= 1,
        kappa >= 1,
        t_0 >= kappa + 1,
    ),
    claim=E(gap) <= bound,
    tightest=Tightest(1.0, "x^2/2, H = I, gamma_t = 1/(t + t_0), additive noise: kappa = 1, an equality at every T"),
    lemmas={
        bound: (t_0 >= kappa + 1, Lemma((0, math.inf), dict.fromkeys((L, beta, lambda_max, A, C, gap0), "up"))),
    },
)

TRIED = {"root steps": "T19", "harmonic steps": "T19_pl"}


# Proofs.
_root, _harmonic = rac_lora_root_steps, rac_lora_harmonic_steps
count, offset, noisy, unbiased = (
    {about: grant(name, about) for about in (_root, _harmonic)} for name in ("time", "offset", "descent", "unbiased")
)
ahead = {about: by_signs("A count and an offset", t + t_0 > 0, count[about], offset[about]) for about in count}
root_size = by_signs("A step size", gamma_t > 0, plus[gamma], count[_root], offset[_root])
growth = plus[L] * plus[A] * most * plus[gamma] * plus[gamma]
noise_of_first = half * plus[L] * most * plus[C] * plus[gamma] * plus[gamma]
share = proved("", t_0 / (t + t_0) >= 0, offset[_root] / ahead[_root])


def root_step() -> Fact:
    """One step of T19, with what the longest step loses to noise."""
    h = t_0 / (t + t_0)
    grown, added = L * A * lambda_max * gamma**2 * h, L * lambda_max * C / 2 * gamma**2 * h
    inequality = expected(gap_next) <= (1 + grown) * gap_at_W + added - lambda_min * descent_share * gamma_t * (G @ G)
    size = root_size
    before = mean(noisy[_root]) + size * unbiased[_root] + half * plus[L] * size * size * noise
    shorter = half * plus[L] * plus[beta] * size * axioms.root_falls * mean(square(H(G)))
    return proved("One step", inequality, before + size * keeps * low(G) + shorter)


def prove_T19() -> tuple[Fact, Fact]:
    (bounded,) = assumed(Q < 1)
    slope, size = moves * keeps, root_size
    gathered = gather(root_step(), growth, slope, noise_of_first, share, size, bounded, square(G), end, gap0_upper)
    return gathered, slope * bounded * some(size)


_fast, _above_one, _late = (next(assumed(relation)) for relation in T19_pl.given[-3:])
_after = _late + count[_harmonic]


def harmonic_step() -> Fact:
    """One step of T19_pl, before it is weighted."""
    u, later, size = t + t_0, ahead[_harmonic], plus[gamma] * offset[_harmonic] / ahead[_harmonic]
    inequality = expected(gap_next) <= (1 - 2 / u + kappa / u**2) * gap_at_W + L * lambda_max * C * c**2 / (2 * u**2)
    steep = plus[L] * plus[lambda_max] * plus[A] * plus[gamma] * plus[gamma] * offset[_harmonic]
    enough = _after + steep * offset[_harmonic] + one + later
    keeps = proved("", 1 - L * c * beta / (2 * u) >= 0, half * enough / later)
    before = mean(noisy[_harmonic]) + size * unbiased[_harmonic] + half * plus[L] * size * size * noise
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
    times, added = L * lambda_max * C * c**2 / 2, (1 + (kappa - 1) / u) ** 2
    inequality = (u + kappa - 1) ** 2 * expected(gap_next) <= (u + kappa - 2) ** 2 * gap_at_W + times * added
    step = proved("", inequality, next_root * next_root * harmonic_step() + slack * gap_sign)
    last = proved("", T + t_0 + kappa - 2 > 0, no_step_or_more + _late + 2 * _above_one + one)
    return weigh(step, root * root, times, added, gap0), last * last
