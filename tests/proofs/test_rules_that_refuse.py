"""What a rule asks for it must be given: an instance of what is true of any number, a potential, a drift."""

import numpy as np
import pytest

from rac_theory.algebra import Relation, Symbol, number, symbols_of
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import Missing, induction
from rac_theory.proofs.drawn import letter
from rac_theory.proofs.fact import granted
from rac_theory.proofs.quantities import E, G, V, Z, distance, gap, gap_next, moved, moved_next, own
from rac_theory.statements.symbols import K, L_max, T, distance0, eta, gamma, gap0, gap0_upper, j, lambda_min
from rac_theory.theorems import sharp_drift
from rac_theory.theorems.rac_lora_gd import best, for_any_b
from rac_theory.theorems.rac_lora_gd import e as gain

a, b, c, p, y, z = (Symbol(name) for name in "abcpyz")
shares, whole = {b > 0: granted("", c > 0), b <= 1: granted("", c <= 1, a <= 3)}, (b > 0, b <= 1)
young = granted("Young's inequality, of numbers", 2 * y * z <= b * y**2 + z**2 / b, *whole, a <= 2)


def test_an_instance_is_what_is_true_of_any_number_at_one():
    """Another number than the one that is asked for, or one left in its place, would be caught: at the best of all
    numbers, z / y, it is an equality, and at no other."""
    rng = np.random.default_rng(0)
    for at_best in (True, False) * 20:
        larger, smaller = rng.uniform(1, 2), rng.uniform(0.1, 0.9)
        share = smaller / larger if at_best else rng.uniform(0.95, 1)
        found = induction.instance(young, b, c / 2, {b > 0: granted("", c / 2 > 0), b <= 1: granted("", c / 2 <= 1)})
        above = number(found.value.expression, {"y": larger, "z": smaller, "c": 2 * share})
        assert abs(above) <= 1e-12 if at_best else above > 1e-6


def test_an_instance_rests_on_what_proves_that_its_number_is_one_of_those():
    """What is assumed of the letter is met, and nothing else is forgotten."""
    assert induction.instance(young, b, c, shares).by == {a <= 2, a <= 3}
    assert induction.instance(young, b, c, {**shares, b > 0: granted("", c > 0, c > 0)}).by == {a <= 2, a <= 3, c > 0}
    of_any_b = _asked(for_any_b())
    assert of_any_b == {b > 0, b <= 1, 1 - gain <= (1 + gain) * b}
    met = {one: granted("", one.at({b: c})) for one in of_any_b}
    assert induction.instance(for_any_b(), b, c, met).by == for_any_b().by - of_any_b


def _asked(fact):
    """What is assumed of b."""
    return {one for one in fact.by if isinstance(one, Relation) and b in symbols_of(one)}


@pytest.mark.parametrize(
    ("of_first", "of_second"),
    [(c >= 0, c <= 1), (c > -1, c <= 1), (c > 0, c <= 2), (c > 0, 2 * c <= 1), (b > 0, b <= 1)],
    ids=["at least for more", "a lower bound", "a higher bound", "of twice it", "of the letter"],
)
def test_an_assumption_that_is_not_proved_of_the_number_is_refused(of_first, of_second):
    """A number below 0 would make Young's inequality false."""
    with pytest.raises(Missing, match=r"is not what was computed|may be equal"):
        induction.instance(young, b, c, {b > 0: granted("", of_first), b <= 1: granted("", of_second)})


@pytest.mark.parametrize("forgotten", whole, ids=repr)
def test_an_assumption_that_is_left_out_is_refused(forgotten):
    """That one is met does not make the other met."""
    with pytest.raises(KeyError):
        induction.instance(young, b, c, {one: fact for one, fact in shares.items() if one != forgotten})


@pytest.mark.parametrize("one", [gamma, T, lambda_min, gap0], ids=repr)
def test_a_constant_is_not_any_number(one):
    """A fact about the step size is not one about every number, even if something is assumed of it."""
    with pytest.raises(ValueError, match="must stand for any number of which something is assumed"):
        induction.instance(granted("", gap <= one, one > 0), one, c, {one > 0: granted("", c > 0)})


def test_a_letter_of_which_nothing_is_assumed_and_what_has_no_name_are_refused():
    """A letter such as y may be the name of something; and a sum says nothing in which a number could be put."""
    with pytest.raises(ValueError, match="of which something is assumed"):
        induction.instance(young, y, c, {})
    with pytest.raises(ValueError, match="in what has a name"):
        induction.instance(young + young, b, c, shares)


@pytest.mark.parametrize("drawn", [gap, letter("x", "", "H"), 1 / (1 + gap)], ids=["gap", "x", "1 / (1 + gap)"])
def test_a_number_that_is_drawn_is_refused(drawn):
    """What is true on average for each b is not so for a b that depends on the draw, nor is b the same at each W."""
    met = {b > 0: granted("", drawn > 0), b <= 1: granted("", drawn <= 1)}
    with pytest.raises(Missing, match="must not depend on what is drawn"):
        induction.instance(young, b, drawn, met)


def test_a_best_b_that_may_be_0_is_refused():
    """Where e = 1 and kappa < 1 the best b of T2_tight is 0, by which nothing can be divided."""
    met = {one: granted("", one.at({b: best})) for one in _asked(for_any_b())}
    assert induction.instance(for_any_b(), b, best, met).said is not None
    with pytest.raises(Missing, match="but that they may be equal"):
        induction.instance(for_any_b(), b, best, {**met, b > 0: granted("", best >= 0)})


psi = gap + c * lambda_min * distance
POTENTIAL = {
    "step": psi.at(induction.AFTER) <= psi - a * gap,
    "falls": E(gap_next) <= gap,
    "above": p * gap <= psi,
    "below": psi <= gap + c * (V @ V),
    "c": a >= 0,
}


def _potential(said, p=p, of_distance=c >= 0):
    of = {gap0: granted("", lifted(0) <= 1), distance0: granted("", of_distance)}
    return induction.potential(psi, *(granted("", each) for each in said.values()), p, of)


@pytest.mark.parametrize(
    ("which", "weaker"),
    [
        ("step", psi.at(induction.AFTER) <= psi - a * gap + 1),
        ("falls", E(gap_next) <= 2 * gap),
        ("above", p * gap <= 2 * psi),
        ("below", psi <= 2 * gap + c * (V @ V)),
        ("c", a >= -1),
    ],
    ids=POTENTIAL,
)
def test_a_potential_asks_for_each_of_its_facts(which, weaker):
    """With one of them weaker the conclusion is false: a gap may rise, a potential may be nothing, or fall less."""
    assert _potential(POTENTIAL).said is not None
    with pytest.raises(Missing, match="is not what was computed"):
        _potential({**POTENTIAL, which: weaker})


def test_a_potential_has_shares_that_no_draw_changes_and_are_not_negative():
    """Of a distance with another share, and of p, which is in the conclusion."""
    with pytest.raises(Missing, match="is not what was computed"):
        _potential(POTENTIAL, of_distance=c >= -1)
    with pytest.raises(Missing, match="must not depend on what is drawn"):
        _potential({**POTENTIAL, "above": gap * gap <= psi}, p=gap)
    with pytest.raises(Missing, match="must not depend on what is drawn"):
        _potential({**POTENTIAL, "c": gap >= 0})


def test_a_drift_asks_for_the_step_that_it_adds_up():
    """A push or a growth that is not the one of the step, and one that depends on a draw, would be caught."""
    step = granted("", moved_next <= (1 + eta * L_max) * moved + eta * own)
    grows, mean = granted("", 1 + eta * L_max >= 0), sharp_drift.s_K / L_max
    assert induction.drifted(step, grows, eta, mean).said is not None
    for growth, push in ((granted("", eta * L_max >= 0), eta), (grows, eta / 2)):
        with pytest.raises(Missing, match="is not what was computed"):
            induction.drifted(step, growth, push, mean)
    with pytest.raises(Missing, match="must not depend on what is drawn"):
        induction.drifted(step, grows, eta * gap, mean)


@pytest.mark.parametrize("index", [j, T, K], ids=repr)
def test_a_share_is_known_for_every_number_of_steps(index):
    """A step that is true for some j alone, or of T or K steps, would be caught: all from 0 to T - 1 are added."""
    share = c * index
    said = share.at({index: index + 1}) * gap - share * E(gap_next) >= G @ G
    by = () if index != j else (j <= 1,)
    with pytest.raises(ValueError, match="must stand for every whole number"):
        induction.accumulate(granted("", said, *by), granted("", share >= 0), index, gap0)
    if index == j:
        assert induction.accumulate(granted("", said), granted("", share >= 0), index, gap0).said is not None


@pytest.mark.parametrize(("of", "other"), [(G @ G, Z @ Z), (Z @ Z, G @ G)], ids=["G", "Z"])
def test_what_is_added_up_is_what_the_step_takes_away(of, other):
    """Squares of G are no squares of Z, G times the root of a step: one for the other would be caught."""
    signs = granted("", lifted(0) < 1), granted("", c >= 0)
    step = granted("", E(gap_next) <= gap - c * of)
    assert induction.telescope(step, *signs, gap0_upper, granted("", gap >= 0), of).said is not None
    with pytest.raises(Missing, match="must not depend on what is drawn"):
        induction.telescope(step, *signs, gap0_upper, granted("", gap >= 0), other)
