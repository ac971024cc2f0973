"""The proof for steps that are certified where they are taken: T16."""

from rac_theory.proofs.drawn import mean
from rac_theory.proofs.fact import Fact, proved
from rac_theory.proofs.facts import E, Z, certified, gap, gap_next, low, one
from rac_theory.proofs.induction import Z2, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, moves
from rac_theory.statements.symbols import gap0_upper, lambda_min


def step() -> Fact:
    """(4) of T1, with Z for the root of gamma times G."""
    return proved("One step", E(gap_next) <= gap - lambda_min / 2 * (Z @ Z), mean(certified) + half * low(Z))


def T16() -> tuple[Fact, Fact]:
    slope = half * moves
    return telescope(step(), one, slope, gap0_upper, end, Z2), slope * weights(one)
