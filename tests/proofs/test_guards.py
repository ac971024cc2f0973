"""What stands between a wrong combination and a proof: signs that are strict, divisors, and what is linear."""

from dataclasses import replace

import pytest

from rac_theory.algebra import Symbol
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import Missing, Proof, induction
from rac_theory.proofs.defined import Defined
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import nothing, one
from rac_theory.proofs.quantities import G, gap
from rac_theory.statements.symbols import T, gap0
from rac_theory.theorems import T2, T5, E, mean_squared_gradient
from rac_theory.theorems import gap as of_gap
from rac_theory.theorems.ours import STORED

x, y = Symbol("x"), Symbol("y")
POSITIVE, AT_LEAST_ZERO = granted("", y > 0), granted("", x >= 0)


def test_a_product_is_strict_if_both_factors_are_and_a_sum_if_one_term_is():
    """Else zero times a number could be divided by."""
    assert (POSITIVE * POSITIVE).strict
    assert not (POSITIVE * AT_LEAST_ZERO).strict
    assert not (AT_LEAST_ZERO * POSITIVE).strict
    assert (AT_LEAST_ZERO + POSITIVE).strict
    assert not (AT_LEAST_ZERO + AT_LEAST_ZERO).strict


def test_a_claim_is_not_multiplied_by_what_may_be_zero():
    """Zero times any claim is true: everything would be proved."""
    hopeful = replace(T2, id="hopeful", claim=E(of_gap) <= gap0 / T - gap0)
    with pytest.raises(Missing, match="must be known to be positive"):
        Proof(hopeful, nothing, nothing)


@pytest.mark.parametrize("divisor", [x, 1 + x, x * y, y - 1, x + y**2 - 1, x**2])
def test_what_is_divided_by_is_known_to_be_positive(divisor):
    """Of x nothing is known, or that it is not negative: 1 + x is positive in the second case alone."""
    with pytest.raises(Missing, match="is not known to be positive"):
        Defined([POSITIVE]).check(y / divisor)
    if divisor == 1 + x:
        Defined([POSITIVE, AT_LEAST_ZERO]).check(y / divisor)
    else:
        with pytest.raises(Missing, match="is not known to be positive"):
            Defined([POSITIVE, AT_LEAST_ZERO]).check(y / divisor)


def test_what_is_above_a_positive_quotient_may_be_negative():
    """As both sides may be: of (1 + x) / (1 - y) > 0 it was taken that 1 + x > 0."""
    with pytest.raises(Missing, match="is not known to be positive"):
        Defined([granted("", (1 + x) / (1 - y) > 0)]).check(1 / (1 + x))
    Defined([granted("", 2 + x - y > 0)]).check(1 / (2 + x - y))


@pytest.mark.parametrize("psi", [(G @ G) * gap, gap * gap, G @ G, gap + 1])
def test_a_potential_is_a_sum_of_multiples(psi):
    """A factor that is drawn, a square, a letter of which nothing is known after the step, and a number beside."""
    with pytest.raises(Missing, match=r"must not depend on what is drawn|must be a sum of multiples"):
        induction.potential(psi, nothing, nothing, nothing, nothing, one, lifted(0), {gap0: one})


def test_a_mean_with_other_weights_is_another():
    """One letter stood for the squared gradient at every t: a plain mean had the proof of the weighted bound of T5."""
    plain = replace(T5, id="plain", claim=E(mean_squared_gradient) <= T5.claim.bound)
    with pytest.raises(Missing, match="the claim is not what is proved"):
        Proof(plain, *STORED["T5"]())
