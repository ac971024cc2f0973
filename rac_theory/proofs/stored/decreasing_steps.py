"""Proofs for steps that decrease: T19, T19_pl."""

from rac_theory.proofs import facts_of_decreasing_steps as facts
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import (
    E,
    G,
    assumed,
    gap,
    gap_is_positive,
    gap_next,
    low,
    no_step_or_more,
    one,
    plus,
    square,
)
from rac_theory.proofs.induction_over_sizes import gather, some, weigh
from rac_theory.proofs.stored.exact_steps import end, half, moves, pl
from rac_theory.proofs.stored.noisy_steps import keeps, kept, most, noise
from rac_theory.statements.assumptions import certified_minimum, rac_lora_harmonic_steps, rac_lora_root_steps
from rac_theory.statements.symbols import A, C, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min, t, t_0
from rac_theory.theorems import decreasing
from rac_theory.theorems.decreasing import c, gamma_t, kappa

_root, _harmonic = rac_lora_root_steps, rac_lora_harmonic_steps
growth = plus[L] * plus[A] * most * plus[gamma] * plus[gamma]
noise_of_first = half * plus[L] * most * plus[C] * plus[gamma] * plus[gamma]
share = proved("", t_0 / (t + t_0) >= 0, facts.offset[_root] / facts.later[_root])


def root_step() -> Fact:
    """One step of T19, with what the longest step loses to noise."""
    h = t_0 / (t + t_0)
    grown, added = L * A * lambda_max * gamma**2 * h, L * lambda_max * C / 2 * gamma**2 * h
    said = E(gap_next) <= (1 + grown) * gap + added - lambda_min * kept * gamma_t * (G @ G)
    size = facts.root_size
    before = mean(facts.noisy[_root]) + size * facts.unbiased[_root] + half * plus[L] * size * size * noise
    shorter = half * plus[L] * plus[beta] * size * facts.root_falls * mean(square(H(G)))
    return proved("One step", said, before + size * keeps * low(G) + shorter)


def T19() -> tuple[Fact, Fact]:
    (bounded,) = assumed(decreasing.Q < 1)
    slope, size = moves * keeps, facts.root_size
    gathered = gather(root_step(), growth, slope, noise_of_first, share, size, bounded, square(G), end, gap0_upper)
    return gathered, slope * bounded * some(size)


_fast, _above_one, _late = (next(assumed(each)) for each in decreasing.T19_pl.given[-3:])
_after = _late + facts.count[_harmonic]


def harmonic_step() -> Fact:
    """One step of T19_pl, before it is weighted."""
    u, later, size = t + t_0, facts.later[_harmonic], plus[gamma] * facts.offset[_harmonic] / facts.later[_harmonic]
    said = E(gap_next) <= (1 - 2 / u + kappa / u**2) * gap + L * lambda_max * C * c**2 / (2 * u**2)
    steep = plus[L] * plus[lambda_max] * plus[A] * plus[gamma] * plus[gamma] * facts.offset[_harmonic]
    enough = _after + steep * facts.offset[_harmonic] + one + later
    keeps = proved("", 1 - L * c * beta / (2 * u) >= 0, half * enough / later)
    before = mean(facts.noisy[_harmonic]) + size * facts.unbiased[_harmonic] + half * plus[L] * size * size * noise
    fall = size * keeps * low(G) + 2 * size * plus[lambda_min] * keeps * pl
    fast = 2 * _fast * keeps * gap_is_positive[certified_minimum] / later
    return proved("One step", said, before + fall + fast)


def T19_pl() -> tuple[Fact, Fact]:
    u, later, known = t + t_0, facts.later[_harmonic], gap_is_positive[certified_minimum]
    root = proved("", u + kappa - 2 > 0, _after + 2 * _above_one + one)
    next_root = root + one
    squares = _after * _after + 2 * _after * (_above_one + one)
    more = proved("", (u - 1) ** 2 - kappa**2 + kappa - 1 >= 0, _above_one + squares)
    slack = _above_one * more / later / later
    times, added = L * lambda_max * C * c**2 / 2, (1 + (kappa - 1) / u) ** 2
    said = (u + kappa - 1) ** 2 * E(gap_next) <= (u + kappa - 2) ** 2 * gap + times * added
    step = proved("", said, next_root * next_root * harmonic_step() + slack * known)
    last = proved("", T + t_0 + kappa - 2 > 0, no_step_or_more + _late + 2 * _above_one + one)
    return weigh(step, root * root, times, added, gap0), last * last
