"""Proofs for convex and for strongly convex functions: T3, T4."""

from rac_theory.algebra.expression import lifted
from rac_theory.proofs.drawn import H, mean
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import (
    G,
    V,
    apart,
    assumed,
    below_maximum,
    cocoercive,
    convexity,
    curved_cocoercive,
    curved_monotone,
    curved_smooth,
    distance,
    even,
    even_cross,
    exact,
    gap,
    high,
    low,
    no_step_or_more,
    norm,
    norm_is_positive,
    nothing,
    one,
    plus,
    spread,
    square,
    straight,
)
from rac_theory.proofs.induction import V2, cases, iterate, potential
from rac_theory.proofs.stored.exact_steps import half, moves, short, stable
from rac_theory.statements.symbols import L, T, distance0, gamma, gap0, lambda_max, s
from rac_theory.theorems import convex

seen = mean(square(H(G)))


def _falls(stable: Fact) -> Fact:
    """No step rises, on average."""
    return mean(exact) + half * plus[gamma] * stable * seen


def _of_potential(kappa: Fact, room: Fact, stable: Fact) -> tuple[Fact, Fact]:
    """(7) of T3, where ``room`` says that ``kappa <= 2 - gamma L``."""
    share = half * kappa / plus[gamma]
    psi = (share * moves).value.expression * distance + gap
    nearer = share * moves * mean(apart) + kappa * moves * (straight + convexity)
    step = nearer + half * plus[gamma] * (kappa * spread + room * seen) + mean(exact)
    above, below = share * moves * norm_is_positive, share * norm
    loss = kappa * moves
    fact = potential(psi, step, _falls(stable), above, below, loss, lifted(1), {gap0: one, distance0: share})
    return fact, one + loss * no_step_or_more


def T3() -> tuple[Fact, Fact]:
    return _of_potential(one, short, short + one)


def T3_sharp() -> tuple[Fact, Fact]:
    return _of_potential(stable, nothing, stable)


def T3_isotropic() -> tuple[Fact, Fact]:
    nearer = 2 * plus[gamma] * (even_cross + moves * cocoercive) + plus[gamma] * plus[gamma] * even(G)
    step = nearer + plus[gamma] * moves * short / plus[L] * square(G)
    loss = 2 * plus[gamma] * moves
    fact = potential(V2, step, _falls(short + one), square(V), nothing, loss, lifted(0), {distance0: one})
    return fact, loss * plus[T]


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
