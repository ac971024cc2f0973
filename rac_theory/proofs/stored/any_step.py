"""Proofs by the gain of a step W - MG: T12, T15."""

from rac_theory.proofs.drawn import mean
from rac_theory.proofs.fact import Fact
from rac_theory.proofs.facts import one, sign
from rac_theory.proofs.facts_of_gain import first, gain, later, mu_nu_below_1
from rac_theory.proofs.induction import iterate, telescope, weights
from rac_theory.proofs.stored.exact_steps import end, half, pl
from rac_theory.statements.assumption import Assumption, Predicate
from rac_theory.statements.assumptions import (
    one_exact_step,
    plain_gaussian_rac_lora,
    plain_or_fitted,
    positive_gain,
    positive_gaussian_gain,
)
from rac_theory.statements.symbols import gap0, gap0_upper, nu


def step(about: Predicate) -> Fact:
    """(4) of T1 with nu / 2."""
    return mean(first[about]) + mean(later[about]) + half * gain[about]


def _nonconvex(about: Predicate) -> tuple[Fact, Fact]:
    slope = half * sign(nu, positive_gain)
    return telescope(step(about), one, slope, gap0_upper, end), slope * weights(one)


def _pl(about: Predicate, by: Assumption) -> tuple[Fact, Fact]:
    return iterate(step(about) + sign(nu, by) * pl, mu_nu_below_1[by], gap0), one


def T12_nonconvex() -> tuple[Fact, Fact]:
    return _nonconvex(plain_or_fitted)


def T12_pl() -> tuple[Fact, Fact]:
    return _pl(plain_or_fitted, positive_gain)


def T12_gaussian() -> tuple[Fact, Fact]:
    return _pl(plain_gaussian_rac_lora, positive_gaussian_gain)


def T15() -> tuple[Fact, Fact]:
    return _nonconvex(one_exact_step)


def T15_pl() -> tuple[Fact, Fact]:
    return _pl(one_exact_step, positive_gain)
