"""Proofs for convex and for strongly convex functions: T3, T4."""

from rac_theory.algebra.expression import Expression
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import (
    G, V, apart, assumed, cocoercive, convexity, curved_cocoercive, curved_monotone, curved_smooth, distance, even_cross,
    even_square, exact, gap, high, low, below_maximum, norm, norm_is_positive, nothing, one, plus, spread, square, straight,
)  # fmt: skip
from rac_theory.proofs.induction import V2, cases, iterate, potential
from rac_theory.proofs.stored.exact_steps import half, moves, short, stable
from rac_theory.theorems import convex
from rac_theory.theorems.symbols import L, T, distance0, gamma, gap0, lambda_max, lambda_min, s

seen = mean(square(H(G)))


def _falls(stable: Fact) -> Fact:
    """No step rises, on average."""
    return mean(exact) + half * plus[gamma] * stable * seen


def _of_potential(share: Fact, kappa: Expression, room: Fact, stable: Fact) -> tuple[Fact, Fact]:
    """(7) of T3, with ``share`` saying that kappa is not negative, and ``room`` that ``kappa <= 2 - gamma L``."""
    psi = kappa * lambda_min * distance / (2 * gamma) + gap
    nearer = share * (half * moves / plus[gamma] * mean(apart) + moves * (straight + convexity))
    step = nearer + half * plus[gamma] * (share * spread + room * seen) + mean(exact)
    above, below = (half * share / plus[gamma] * fact for fact in (moves * norm_is_positive, norm))
    of = {gap0: 1, distance0: kappa / (2 * gamma)}
    return potential(psi, step, _falls(stable), above, below, kappa * lambda_min, 1, of), one + share * moves * plus[T]


def T3() -> tuple[Fact, Fact]:
    return _of_potential(one, one.value.expression, short, short + one)


def T3_sharp() -> tuple[Fact, Fact]:
    return _of_potential(stable, 2 - gamma * L, nothing, stable)


def T3_isotropic() -> tuple[Fact, Fact]:
    nearer = 2 * plus[gamma] * (even_cross + moves * cocoercive) + plus[gamma] * plus[gamma] * even_square
    step = nearer + plus[gamma] * moves * short / plus[L] * square(G)
    c = 2 * gamma * lambda_min
    fact = potential(V2, step, _falls(short + one), square(V), nothing, c, 0, {distance0: 1})
    return fact, 2 * plus[gamma] * moves * plus[T]


def T4() -> tuple[Fact, Fact]:
    few = gamma * (L + s) <= 2
    (rho,) = assumed(convex.rho >= 0)
    by_s, by_L = below_maximum((1 - gamma * s) ** 2, (1 - gamma * L) ** 2)
    (is_short,), (is_long,) = assumed(few), assumed(gamma * (L + s) >= 2)
    gradient_step = V - G * gamma
    drawn = low(V) + high(gradient_step)
    curve = plus[gamma] * plus[gamma] * curved_cocoercive
    shortly = drawn + plus[lambda_max] * (curve + plus[gamma] * is_short * curved_monotone + by_s * square(V))
    long = drawn + plus[lambda_max] * (curve + plus[gamma] * is_long * curved_smooth + by_L * square(V))
    return iterate(cases(shortly, long, few), rho, distance0), one
