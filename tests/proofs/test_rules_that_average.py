"""What is true of some draws, or at some W, makes no case, and what is drawn is no number that may be chosen."""

import pytest

from rac_theory.algebra import Symbol
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import Missing, induction
from rac_theory.proofs.drawn import letter, mean
from rac_theory.proofs.fact import granted, proved
from rac_theory.proofs.facts import assumed, nothing
from rac_theory.proofs.quantities import E, G, gap, gap_next
from rac_theory.statements import assumptions as known
from rac_theory.statements.symbols import T, gap0, mu

rho, tau = Symbol("rho"), Symbol("tau")
x, u = letter("x", "", "H"), letter("u", "", "H")


def test_a_case_is_not_one_of_some_draws():
    """Else of u = |x - 1| both cases had ``E[u]^2 <= (1 - E[x])^2``, which is false where x is 0 or 2."""
    few, many = granted("", u <= 1 - x, x <= 1), granted("", u <= 1 - x, x >= 1)
    with pytest.raises(Missing, match="must not depend on what is drawn"):
        induction.cases(mean(few), mean(many), x <= 1)


def test_a_case_is_not_one_of_some_W():
    """A step that falls where the gap is at most 1, and another where it is not, are no steps from everywhere."""
    few, many = (granted("", E(gap_next) <= rho * gap, one) for one in (gap <= 1, gap >= 1))
    fallen = [induction.iterate(each, granted("", rho >= 0), gap0) for each in (few, many)]
    with pytest.raises(Missing, match="must not depend on what is drawn"):
        induction.cases(*fallen, gap <= 1)


def test_what_is_drawn_is_not_any_number():
    """Else ``2 mu <= ||G||^2`` followed from PL, and ``gap <= 1`` at ``gap = 1``."""
    *_, pl = assumed(known.polyak_lojasiewicz)
    (small,) = assumed(gap <= 1)
    said = proved("", 2 * mu * gap <= G @ G + (1 - gap), 2 * pl + small)
    with pytest.raises(ValueError, match="must stand for any number"):
        induction.instance(said, gap, lifted(1), {gap <= 1: nothing})


@pytest.mark.parametrize("one", [induction.LAST[gap], T], ids=["E[f(W^T)] - f*", "T"])
def test_what_is_there_after_T_steps_is_not_any_number(one):
    """Else a bound on it was one on every number."""
    (value,) = [each for each in induction.symbols_of(one) if each.name in ("E[f(W^T)]", "T")]
    with pytest.raises(ValueError, match="must stand for any number"):
        induction.instance(granted("", one <= gap0, value <= 1), value, lifted(1), {value <= 1: nothing})


def test_a_letter_of_a_condition_is_not_any_number():
    """tau is the step that a Gaussian gain is of."""
    fact = granted("", tau <= 1, tau <= 1, known.positive_gaussian_gain)
    with pytest.raises(ValueError, match="must stand for any number"):
        induction.instance(fact, tau, lifted(1), {tau <= 1: nothing})
