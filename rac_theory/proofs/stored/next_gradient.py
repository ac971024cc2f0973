"""The proof of T2_tight: descent with its remainder, Young's inequality, and PL at both ends of a step."""

from fractions import Fraction

from rac_theory.algebra import Let
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import (
    E,
    G,
    G_next,
    U,
    assumed,
    below_one,
    gap,
    gap_is_positive,
    gap_next,
    low,
    mu_below_L,
    one,
    pl_next,
    plus,
    remainder,
    square,
    square_of,
    stays,
)
from rac_theory.proofs.induction import cases, instance, iterate, square_root
from rac_theory.proofs.letters import b
from rac_theory.proofs.stored.exact_steps import half, length, pl, stable
from rac_theory.statements.assumptions import certified_minimum
from rac_theory.statements.symbols import L, gamma, gap0, lambda_min, mu
from rac_theory.theorems.rac_lora_gd import Q, R, e, kappa, rho_tight

# The mean of both roots, whose square is the factor of T2_tight, and the b that makes it so.
x = Let("x", (kappa * R + 2 * Q) / (2 + kappa))
best = Let("b_x", R / x)
_ENOUGH = 1 - e <= (1 + e) * b

kappa_sign = proved("", kappa > 0, plus[mu] / plus[L])
at_most_L = proved("", kappa <= 1, mu_below_L / plus[L])
e_sign = proved("", e >= 0, length * stable * plus[lambda_min])
whole = proved("", 2 + kappa > 0, 2 * one + kappa_sign)

# What is under the roots.
e_below_1 = proved("", e <= 1, below_one + plus[lambda_min] * square_of(1 - gamma * L))
below_Q = proved("", 1 - kappa * e * (1 + kappa) / 2 >= 0, e_below_1 + half * e_sign * at_most_L * whole)
root_R, other = square_root(R, e_below_1), square_root(Q, below_Q)
root = square_root(R, *assumed(e < 1))

# PL at W and at W+, and what a step gains.
here = proved("", kappa * gap <= G @ G / (2 * L), pl / plus[L])
there = proved("", kappa * E(gap_next) <= E(G_next @ G_next) / (2 * L), half * mean(pl_next) / plus[L])
gained = half * plus[gamma] * stable * low(G)
gain = proved("", e / (2 * L) * (G @ G) <= gamma * (2 - gamma * L) / 2 * E(G @ H(G)), gained)


def for_any_b() -> Fact:
    """(6) of T2, times the number below its fraction, for any parameter b of Young's inequality."""
    (is_positive,), (at_most_1,), (enough,) = map(assumed, (b > 0, b <= 1, _ENOUGH))
    young = mean(square(G_next * b - U)) / is_positive
    drawn = mean(remainder) + Fraction(1, 4) * young / plus[L] + half * at_most_1 * there
    rest = (one + half * at_most_1 / is_positive) * gain + half * enough / is_positive * here
    left = 1 - kappa * ((1 + e) * b - (1 - e)) / (2 * b)
    return proved("", (1 + kappa * (1 - b) / 2) * E(gap_next) <= left * gap, drawn + rest)


def at_most_1() -> tuple[Fact, Fact]:
    """That R and x are."""
    below = proved("", R <= 1, e_sign / proved("", 1 + R > 0, one + root))
    beside_Q = proved("", 1 + Q > 0, one + other)
    Q_below = proved("", Q <= 1, half * e_sign * kappa_sign * (one + kappa_sign) / beside_Q)
    return below, proved("", x <= 1, (kappa_sign * below + 2 * Q_below) / whole)


def shortly() -> Fact:
    """One step where e < 1, with the best b."""
    x_sign = proved("", x > 0, (kappa_sign * root + 2 * other) / whole)
    order = proved("", R <= Q, half * e_sign * at_most_L * whole / proved("", R + Q > 0, root + other))
    sign = proved("", best > 0, root / x_sign)
    small = proved("", best <= 1, 2 * order / whole / x_sign)
    R_below, x_below = at_most_1()
    enough = proved("", _ENOUGH.at({b: best}), sign * (R_below + root * x_below + e_sign))
    times = proved("", 1 + kappa * (1 - best) / 2 > 0, one + half * kappa_sign * small)
    fallen = instance(for_any_b(), b, best, {b > 0: sign, b <= 1: small, _ENOUGH: enough})
    return proved("", E(gap_next) <= rho_tight * gap, fallen / times)


def at_once() -> Fact:
    """One step where e = 1: then H = I, and U = 0."""
    (is_all,) = assumed(e >= 1)
    drawn = mean(remainder) + Fraction(1, 4) * mean(stays) / plus[L] + half * there + gain
    fallen = proved("", (2 + kappa) / 2 * E(gap_next) <= (1 - kappa * e) * gap, drawn + e_sign * here)
    left = kappa_sign * root_R * (kappa_sign * root_R + 4 * other) + 2 * kappa_sign * is_all
    enough = proved("", 2 * (1 - kappa * e) / (2 + kappa) <= rho_tight, left / whole / whole)
    rest = enough * gap_is_positive[certified_minimum]
    return proved("", E(gap_next) <= rho_tight * gap, 2 * fallen / whole + rest)


def T2_tight() -> tuple[Fact, Fact]:
    x_sign = (kappa_sign * root_R + 2 * other) / whole
    rho = proved("", rho_tight >= 0, x_sign * x_sign)
    return iterate(cases(shortly(), at_once(), e < 1), rho, gap0), one
