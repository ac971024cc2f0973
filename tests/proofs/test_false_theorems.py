"""No false theorem gets a proof: each is refuted by a case first, and then nothing is found for it."""

import pytest

from rac_theory import GD, Case, Status, prove, verify
from rac_theory.algebra.expression import lifted
from rac_theory.statements import assumptions
from rac_theory.statements.symbols import C, T, gamma, gap0, gap0_upper, lambda_min
from rac_theory.theorems import E, gap
from rac_theory.theorems import weighted_squared_gradient as weighted

from .false_theorems import FALSE, LINE, is_false, like, slow

VOID = C * (C / C**2)
"""Reads as 1, and is 0 where C is: zero times what is not known is zero."""


@pytest.mark.parametrize("name", FALSE)
def test_a_false_theorem_has_no_proof(name):
    """A rate, a factor, an eigenvalue, an exponent, or a number of steps that is wrong, and what is not assumed."""
    assert is_false(FALSE[name])
    assert prove(FALSE[name]) is None


ABUSES = {
    "a number that is read as 1": like("T2", E(gap) <= slow**T * gap0 * VOID, assumptions.structured_noise),
    "weights that are read as 1": like(
        "T1", E(weighted(VOID)) <= 2 * gap0_upper / (lambda_min * gamma * T), assumptions.structured_noise
    ),
    "a step size as an exponent": like("T2", E(gap) <= slow**T * gap0 * lifted(-1) ** (2 * gamma)),
}


@pytest.mark.parametrize("name", ABUSES)
def test_what_is_read_is_what_is_computed(name):
    """On L x^2/2 with gamma = 1/2 and no noise: found false, and proved."""
    assert verify(ABUSES[name], Case(GD(gamma=0.5), LINE, steps=4)).status == Status.VIOLATED
    assert prove(ABUSES[name]) is None
