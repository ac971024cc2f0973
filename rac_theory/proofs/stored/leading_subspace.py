"""Proofs for steps along the leading subspace of the gradient: T17."""

from rac_theory.proofs.drawn import mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import E, G, gap, gap_next, mu_below_L, one, plus, sign, square_of
from rac_theory.proofs.facts_of_several_steps import (
    delta_below_1,
    leading,
    leading_first,
    leading_later,
)
from rac_theory.proofs.induction import iterate, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, pl, stable
from rac_theory.statements.symbols import L, delta, gamma, gap0, gap0_upper, mu


def step() -> Fact:
    """(4) of T1, with what is left of the gradient in its leading subspace."""
    said = E(gap_next) <= gap - gamma * (2 - gamma * L) * delta / 2 * (G @ G)
    whole = mean(leading_first) + mean(leading_later)
    return proved("One step", said, whole + half * plus[gamma] * stable * mean(leading))


kept = sign(delta, delta > 0)


def T17() -> tuple[Fact, Fact]:
    slope = half * plus[gamma] * stable * kept
    return telescope(step(), one, slope, gap0_upper, end), slope * weights(one)


def T17_pl() -> tuple[Fact, Fact]:
    fall = step() + plus[gamma] * stable * kept * pl
    rho = square_of(1 - gamma * L) + plus[gamma] * stable * (mu_below_L + plus[mu] * delta_below_1)
    return iterate(fall, rho, gap0), one
