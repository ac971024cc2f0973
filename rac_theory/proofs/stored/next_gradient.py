"""The proof of T2_tight: descent with its remainder, Young's inequality, and PL at both ends of a step."""

from fractions import Fraction
from functools import cache

from rac_theory.algebra import Let, Symbol, sqrt
from rac_theory.proofs.drawn import mean
from rac_theory.proofs.fact import Fact, granted, proved
from rac_theory.proofs.facts import (
    E,
    G,
    G_next,
    U,
    assumed,
    defined,
    gap,
    gap_is_positive,
    gap_next,
    gap_next_is_positive,
    low,
    mu_below_L,
    one,
    pl_next,
    plus,
    remainder,
    square,
    square_of,
    stays,
)  # fmt: skip
from rac_theory.proofs.induction import cases, instance, iterate
from rac_theory.proofs.stored.exact_steps import half, length, pl, stable
from rac_theory.theorems.assumptions import certified_minimum
from rac_theory.theorems.rac_lora_gd import e, kappa, rho_tight
from rac_theory.theorems.symbols import L, gamma, gap0, lambda_min, mu

# The roots of T2_tight, x whose square is its factor, and the parameter b that makes it so.
R, Q = Let("R", sqrt(1 - e)), Let("Q", sqrt(1 - e * kappa * (1 + kappa) / 2))
x = Let("x", (kappa * R + 2 * Q) / (2 + kappa))
best = R / x
_b = Symbol("b")
_ENOUGH = (1 - e) * (1 / _b - 1) <= 2 * e

over_L = one / plus[L]
(share_below, share_above), (gain_below, gain_above) = defined(kappa), defined(e)
share = proved("kappa is positive", kappa > 0, plus[mu] / plus[L] + share_above)
gain = proved("e is not negative", e >= 0, length * stable * plus[lambda_min] + gain_above)
at_most_L = proved("kappa <= 1", kappa <= 1, mu_below_L / plus[L] + share_below)
whole = proved("2 + kappa is positive", 2 + kappa > 0, 2 * one + share)
# PL at W and at W+ with kappa, and what a step gains on average with e, in units of L.
this_gap = half * over_L * pl + half * share_below * gap_is_positive[certified_minimum]
next_gap = half * over_L * pl_next + share_below * gap_next_is_positive
moved = half * plus[gamma] * stable * low(G) + half * over_L * gain_below * square(G)


@cache
def fall() -> Fact:
    """(6) of T2, times the number below its fraction, for any parameter b of Young's inequality."""
    (is_positive,), (at_most_1,), (enough,) = map(assumed, (_b > 0, _b <= 1, _ENOUGH))
    said = (1 + kappa * (1 - _b) / 2) * E(gap_next) <= (1 - kappa * e + kappa * (1 - e) * (1 / _b - 1) / 2) * gap
    young = square(G_next * _b - U) / is_positive
    drawn = remainder + Fraction(1, 4) * over_L * young + half * at_most_1 * next_gap
    rest = mean(drawn) + (one + half * at_most_1 / is_positive) * moved + enough * this_gap
    return proved("One step, for any b", said, rest)


@cache
def shortly() -> Fact:
    """One step where e < 1, with the best b."""
    root, other = granted("A root of what is positive", R > 0, e < 1), granted("A root", Q >= 0)
    x_sign = proved("x is positive", x > 0, (share * root + 2 * other) / whole)
    b_sign = proved("b is positive", best > 0, root / x_sign)
    order = half * gain * at_most_L * whole / proved("R + Q is positive", R + Q > 0, root + other)
    at_most_1 = proved("b <= 1", best <= 1, 2 * proved("R is the smaller root", R <= Q, order) / whole / x_sign)
    R_at_most_1 = gain / proved("1 + R is positive", 1 + R > 0, one + root)
    Q_at_most_1 = half * gain * share * (one + share) / proved("1 + Q is positive", 1 + Q > 0, one + other)
    product = proved("The roots are at most 1", R * Q <= 1, R_at_most_1 + root * Q_at_most_1)
    enough = proved("b is large enough", _ENOUGH.at({_b: best}), (2 * product + 2 * gain * (one + share)) / whole)
    times = proved("A divisor", 1 + kappa * (1 - best) / 2 > 0, one + half * share * at_most_1)
    fallen = instance(fall(), _b, best, {_b > 0: b_sign, _b <= 1: at_most_1, _ENOUGH: enough})
    return proved("One step", E(gap_next) <= rho_tight * gap, fallen / times)


@cache
def at_once() -> Fact:
    """One step where e = 1: then H = I, and U = 0."""
    (is_all,) = assumed(e >= 1)
    other, root = granted("A root", Q >= 0), granted("A root", R >= 0)
    drawn = mean(remainder + Fraction(1, 4) * over_L * stays + half * next_gap) + moved
    said = (1 + kappa / 2) * E(gap_next) <= (1 - kappa * e) * gap
    fallen = proved("One step", said, drawn + 2 * gain * this_gap)
    left = share * root * (share * root + 4 * other) + 2 * share * is_all
    enough = proved("x is large enough", (1 - kappa * e) / (1 + kappa / 2) <= rho_tight, left / whole / whole)
    half_whole = proved("1 + kappa / 2 is positive", 1 + kappa / 2 > 0, half * whole)
    return proved(
        "One step", E(gap_next) <= rho_tight * gap, fallen / half_whole + enough * gap_is_positive[certified_minimum]
    )


def T2_tight() -> tuple[Fact, Fact]:
    rho = proved("The factor is a square", rho_tight >= 0, square_of(x))
    return iterate(cases(shortly(), at_once(), e < 1), rho, gap0), one
