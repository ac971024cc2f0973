"""Proofs for steps with the exact gradient, without convexity: T1, T2 and what is sharper."""

from fractions import Fraction

from rac_theory.algebra import between
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import (
    E,
    G,
    assumed,
    below_one,
    exact,
    flat,
    gap,
    gap_is_positive,
    gap_next,
    low,
    mu_below_L,
    one,
    plus,
    sign,
    square,
    square_of,
)
from rac_theory.proofs.induction import accumulate, iterate, power, sum_of_powers, telescope, weights
from rac_theory.statements.assumptions import bounded_below, polyak_lojasiewicz
from rac_theory.statements.symbols import L, T, gamma, gap0, gap0_upper, j, lambda_min, mu

half = Fraction(1, 2)
end = gap_is_positive[bounded_below]
(short,) = assumed(gamma * L <= 1)
length, stable = assumed(between(0, gamma * L, 2))
_, pl = assumed(polyak_lojasiewicz)
moves = sign(lambda_min, lambda_min > 0)


def step() -> Fact:
    """(4) of T1 for steps up to 1/L."""
    said = E(gap_next) <= gap - gamma * lambda_min / 2 * (G @ G)
    return proved("One step", said, mean(exact) + half * plus[gamma] * (short * mean(square(H(G))) + low(G)))


def long_step() -> Fact:
    """(4) of T1."""
    said = E(gap_next) <= gap - gamma * (2 - gamma * L) * lambda_min / 2 * (G @ G)
    return proved("One step", said, mean(exact) + half * plus[gamma] * stable * low(G))


def T1() -> tuple[Fact, Fact]:
    slope = half * plus[gamma] * moves
    return telescope(step(), one, slope, gap0_upper, end), slope * weights(one)


def T1_sharp() -> tuple[Fact, Fact]:
    slope = half * plus[gamma] * stable * moves
    return telescope(long_step(), one, slope, gap0_upper, end), slope * weights(one)


def T2() -> tuple[Fact, Fact]:
    fall = step() + plus[gamma] * plus[lambda_min] * pl
    rho = short + plus[gamma] * (mu_below_L + plus[mu] * below_one)
    return iterate(fall, rho, gap0), one


def T2_sharp() -> tuple[Fact, Fact]:
    fall = long_step() + plus[gamma] * stable * plus[lambda_min] * pl
    rho = square_of(1 - gamma * L) + plus[gamma] * stable * (mu_below_L + plus[mu] * below_one)
    return iterate(fall, rho, gap0), one


def T1_tight() -> tuple[Fact, Fact]:
    loss = gamma * L * (2 - gamma * L) * lambda_min
    rho = proved("", 1 - loss >= 0, square_of(1 - gamma * L) + length * stable * below_one)
    p = 2 * plus[L] * sum_of_powers(rho, j)
    both = p * long_step() + power(rho, j) * flat
    return accumulate(both, p, j, gap0_upper), plus[T]
