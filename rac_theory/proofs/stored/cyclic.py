"""Proofs for blocks that take turns: T18."""

from rac_theory.algebra import between
from rac_theory.proofs import facts_of_cycles as known
from rac_theory.proofs.drawn import mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import G, assumed, gap, gap_next, one, plus, sign
from rac_theory.proofs.induction import iterate, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, pl
from rac_theory.statements.assumptions import known_cost_of_turns
from rac_theory.statements.symbols import L_H, L, ell, gamma, gap0, gap0_upper
from rac_theory.theorems import cyclic

_, stable = assumed(between(0, gamma * L_H, 2))
drift = plus[gamma] * plus[L] * sign(ell, known_cost_of_turns)
drifts = proved("", 1 + gamma * L * ell > 0, one + drift)
gains = proved("", cyclic.theta >= 0, plus[gamma] * stable / drifts / drifts)


def cycle() -> Fact:
    """What a cycle gains, of the gradient at its beginning."""
    # ((1 + delta) a)^2 - (a + b)^2 is a product, for delta = gamma L ell and b <= delta a.
    both = (2 * known.used_sign + drift * known.used_sign) + known.missed_sign
    seen = (1 + gamma * L * ell) ** 2 * known.used**2 >= G @ G
    whole = proved("What a cycle sees", seen, known.parts + known.lipschitz * both)
    said = gap_next <= gap - cyclic.theta / 2 * (G @ G)
    return mean(proved("One cycle, in any order", said, known.turns + half * gains * whole))


def T18() -> tuple[Fact, Fact]:
    slope = half * gains
    return telescope(cycle(), one, slope, gap0_upper, end), slope * weights(one)


def T18_pl() -> tuple[Fact, Fact]:
    (rho,) = assumed(cyclic.rho >= 0)
    return iterate(cycle() + gains * pl, rho, gap0), one
