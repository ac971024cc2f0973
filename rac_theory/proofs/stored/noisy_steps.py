"""Proofs for stochastic gradients: T5, T6."""

from rac_theory.proofs.drawn import mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import (
    E,
    G,
    assumed,
    enough_weight,
    gap,
    gap_next,
    low,
    noisy,
    one,
    plus,
    sign,
    unbiased,
)
from rac_theory.proofs.induction import iterate, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, moves, pl
from rac_theory.statements.assumptions import bounded_below, known_largest_projection, structured_noise
from rac_theory.statements.symbols import A, C, L, T, beta, gamma, gap0, gap0_upper, lambda_max, lambda_min
from rac_theory.theorems import stochastic

*_, noise = assumed(structured_noise)
(damped,) = assumed(gamma * L * beta < 2)
most = sign(lambda_max, known_largest_projection)
kept = 1 - L * gamma * beta / 2
keeps = proved("", kept > 0, half * damped)


def _before_sketch() -> Fact:
    """(12) of T5."""
    return mean(noisy) + plus[gamma] * unbiased + half * plus[L] * plus[gamma] * plus[gamma] * noise


def step() -> Fact:
    """One step of T5, the sketch being averaged."""
    said = E(gap_next) <= (1 + stochastic.q) * gap + L * gamma**2 * lambda_max * C / 2 - gamma * lambda_min * kept * (
        G @ G
    )
    return proved("One step", said, _before_sketch() + plus[gamma] * keeps * low(G))


growth = proved("", 1 + stochastic.q > 0, one + plus[L] * plus[A] * plus[gamma] * plus[gamma] * most)


def T5() -> tuple[Fact, Fact]:
    slope = plus[gamma] * moves * keeps
    return telescope(step(), growth, slope, gap0_upper, end), slope * weights(growth)


def T5_step() -> tuple[Fact, Fact]:
    (small,) = assumed(gamma * L * beta <= 1)
    average, times = T5()
    gap_at_start = sign(gap0_upper, bounded_below)
    first_term = keeps * enough_weight * gap_at_start / plus[T] + small * gap_at_start
    second_term = half * small * plus[L] * plus[gamma] * plus[gamma] * plus[C] * most * weights(growth)
    return average + first_term + second_term, times


def T6() -> tuple[Fact, Fact]:
    (rho,) = assumed(stochastic.rho >= 0)
    return iterate(step() + 2 * plus[gamma] * plus[lambda_min] * keeps * pl, rho, gap0), one
