"""No false theorem gets a proof: each is refuted by a case first, and then nothing is found for it."""

from fractions import Fraction

import pytest

from rac_theory import GD, Case, Status, prove, theorems, verify
from rac_theory.algebra.expression import lifted
from rac_theory.statements import assumptions
from rac_theory.statements.symbols import A, C, L, T, gamma, gap0, gap0_upper, lambda_min
from rac_theory.theorems import E, gap
from rac_theory.theorems import weighted_squared_gradient as weighted

from .false_theorems import FALSE, LINE, is_false, like, slow

LONG = (
    "lambda_max in a mean", "no 2",
    "no lambda_min", "2 T", "L for mu", "the best that may be", "isotropic, with d", "no 2 in T1_tight", "a sixteenth",
    "only the flat side", "half of the noise", "noise a step late", "noise of a step less", "no beta", "no noise",
    "half of the noise in a mean",
)  # fmt: skip
"""For which it is looked for seconds to minutes: ``python -m tests.proofs.test_false_theorems`` tries all."""
VOID = C * (C / C**2)
"""Reads as 1, and is 0 where C is: zero times what is not known is zero."""


@pytest.mark.parametrize("name", FALSE)
def test_it_is_false(name):
    assert is_false(FALSE[name])


@pytest.mark.parametrize("name", [name for name in FALSE if name not in LONG])
def test_a_false_theorem_has_no_proof(name):
    """A rate, a factor, an eigenvalue, an exponent, or a number of steps that is wrong, and what is not assumed."""
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
    if verify(ABUSES[name], Case(GD(gamma=0.5), LINE, steps=4)).status != Status.VIOLATED:
        raise ValueError("it must be false")
    assert prove(ABUSES[name]) is None


TRUE = {
    "half the rate": like("T2", E(gap) <= (1 - gamma * theorems.symbols.mu * lambda_min / 2) ** T * gap0),
    "twice the start": like("T2", E(gap) <= 2 * slow**T * gap0),
    "half a step": like("T2", E(gap) <= slow**T * gap0, gamma * L <= Fraction(1, 2)),
    "twice T1": like("T1", E(theorems.mean_squared_gradient) <= 4 * gap0_upper / (lambda_min * gamma * T)),
    "with what is not used": like("T2", E(gap) <= slow**T * gap0, assumptions.structured_noise, A <= 1),
}


@pytest.mark.parametrize("name", TRUE)
def test_a_true_theorem_has_a_proof(name):
    """What follows from ours, or as ours do."""
    assert prove(TRUE[name]) is not None


if __name__ == "__main__":
    for name, theorem in FALSE.items():
        print(f"{name}: {'PROVED' if prove(theorem) else 'not found'}")
