"""The proofs for finite differences: T20, T20_pl."""

from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import (
    E,
    G,
    below_one,
    by_differences,
    error,
    gap,
    gap_next,
    low,
    mu_below_L,
    one,
    plus,
    small_errors,
    square,
)
from rac_theory.proofs.induction import iterate, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, moves, pl, short
from rac_theory.statements.symbols import bias_squared, gamma, gap0, gap0_upper, lambda_min, mu


def step() -> Fact:
    """(4) of T1, with what the errors take back."""
    said = E(gap_next) <= gap - gamma * lambda_min / 2 * (G @ G) + gamma * bias_squared / 2
    moved = short * mean(square(H(G) + H(error)))
    return proved("One step", said, mean(by_differences) + half * plus[gamma] * (moved + low(G) + mean(small_errors)))


def T20() -> tuple[Fact, Fact]:
    slope = half * plus[gamma] * moves
    return telescope(step(), one, slope, gap0_upper, end), slope * weights(one)


def T20_pl() -> tuple[Fact, Fact]:
    fall = step() + plus[gamma] * plus[lambda_min] * pl
    rho = short + plus[gamma] * (mu_below_L + plus[mu] * below_one)
    return iterate(fall, rho, gap0), one
