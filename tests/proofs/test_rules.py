"""Rules: all of one stands in its member, and what it asks for it must be given: strict signs, a divisor, a case."""

from dataclasses import replace
from itertools import product
from operator import mul
from pkgutil import resolve_name
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory import GD, Case, Status, prove, theorems, verify
from rac_theory.algebra import Let, Relation, Symbol, number, symbols_of, total
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import Proof, checker, facts, induction
from rac_theory.proofs.defined import Defined
from rac_theory.proofs.drawn import H, letter, mean
from rac_theory.proofs.fact import granted
from rac_theory.proofs.facts import by_signs, flat, low, mu_below_L, nothing, plus, square
from rac_theory.proofs.facts import one as unit
from rac_theory.proofs.quantities import E, G, V, Z, distance, gap, gap_next, moved, moved_next, own
from rac_theory.proofs.rules import Rule
from rac_theory.statements import SQUARED_GRADIENT, assumptions, symbols
from rac_theory.statements.symbols import C, K, L, L_max, N, T, distance0, eta, gamma, gap0, j, lambda_min, mu
from rac_theory.theorems import ALL, reshuffling, shared
from rac_theory.theorems.ours import STORED
from rac_theory.theorems.rac_lora_gd import best, for_any_b
from rac_theory.theorems.rac_lora_gd import e as gain
from rac_theory.theorems.shared import exact
from tests.as_one_test import as_one_test
from tests.proofs.missing import missing
from tests.refused import raises, wrong

from .false_theorems import LINE, like

BY_HAND = {"sign": "", "mean": "H m", "cases": "split", "instance": "place ()"}
"""What may be written beside the rules that the checker has by hand."""


def test_the_checker_has_each_rule_with_what_is_written_beside_it_and_no_other():
    """Spelled otherwise there, or with other arguments, it would be refused in every file; what writes it for Coq."""
    for rule in Rule:
        name, *beside = rule.checked.split()
        if name in checker.BY_HAND:
            assert set(beside) <= set(BY_HAND[name].split()), rule
        else:
            assert rule.checked == checker._RULES[name][0], rule
        assert callable(resolve_name(f"rac_theory.proofs.coq.{rule.coq}")), rule
    assert checker._RULES.keys() | checker.BY_HAND.keys() == {rule.checked.split()[0] for rule in Rule}


@pytest.mark.long
def test_rules_are_used_and_what_is_silent_is_a_fact_of_theirs():
    """All but those by which a claim of a reader's follows from one of ours."""
    used: dict[Rule, int] = {}
    for fact in (fact for id in ALL for fact in prove(id).facts if fact.rule):
        used[fact.rule] = max(used.get(fact.rule, 0), len(next(iter(fact.of))))
    assert used.keys() == {*Rule} - {Rule.SQUARES, Rule.LAST}
    for rule in (Rule.ITERATE, Rule.TELESCOPE, Rule.POTENTIAL):
        used[rule] += 1  # a reader's potential may begin with a gap and with a distance, ours with a gap
    assert [rule for rule, facts in used.items() if any(i >= facts for i in rule.silent)] == []


@as_one_test(("first", "second"), product([True, False], repeat=2))
def test_by_cases_something_is_strict_where_it_is_in_both(first, second):
    """Catches a fact that may be an equality in one of them, and is divided by."""
    where = SimpleNamespace(
        _stated=lambda node, lasting: ("<=", "T", 1), lasting=set(), holding=(), _defined=lambda *_: None,
        _same=lambda number, other: True,
    )  # fmt: skip
    facts = [checker.Fact(1, 0, "T", strict, frozenset(), False, (), "") for strict in (first, second)]
    said = checker.File._by_hand(where, "cases", ["T <= 1"], facts, ())
    assert said == (0, "T", first and second, frozenset())


DRAWN = "must not depend on what is drawn"
a, b, c, p, x, y, z, tau = map(Symbol, ("a", "b", "c", "p", "x", "y", "z", "tau"))
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
    """What is assumed of the letter is met, and nothing else is forgotten.

    Where e = 1 and kappa < 1 the best b of T2_tight is 0, by which nothing can be divided.
    """
    assert induction.instance(young, b, c, shares).by == {a <= 2, a <= 3}
    assert induction.instance(young, b, c, {**shares, b > 0: granted("", c > 0, c > 0)}).by == {a <= 2, a <= 3, c > 0}
    of_any_b = {one for one in for_any_b().by if isinstance(one, Relation) and b in symbols_of(one)}
    assert of_any_b == {b > 0, b <= 1, 1 - gain <= (1 + gain) * b}
    met = {one: granted("", one.at({b: c})) for one in of_any_b}
    assert induction.instance(for_any_b(), b, c, met).by == for_any_b().by - of_any_b
    met = {one: granted("", one.at({b: best})) for one in of_any_b}
    assert induction.instance(for_any_b(), b, best, met).said is not None
    met[b > 0] = granted("", best >= 0)
    missing("but that they may be equal", induction.instance, for_any_b(), b, best, met)


def test_an_instance_asks_for_what_is_assumed_of_the_number():
    """A number below 0 would make Young's inequality false; that one assumption is met does not make the other met.

    A letter such as y may be the name of something, and a sum says nothing in which a number could be put. What is true
    on average for each b is not so for a b that depends on the draw, nor is b the same at each W.
    """
    not_met = ((c >= 0, c <= 1), (c > -1, c <= 1), (c > 0, c <= 2), (c > 0, 2 * c <= 1), (b > 0, b <= 1))
    for of_first, of_second in not_met:
        met = {b > 0: granted("", of_first), b <= 1: granted("", of_second)}
        missing(r"is not what was computed|may be equal", induction.instance, young, b, c, met)
    for one in whole:
        raises(KeyError, None, induction.instance, young, b, c, {one: shares[one]})
    wrong("of which something is assumed", induction.instance, young, y, c, {})
    wrong("in what has a name", induction.instance, young + young, b, c, shares)
    for drawn in (gap, letter("x", "", "H"), 1 / (1 + gap)):
        met = {b > 0: granted("", drawn > 0), b <= 1: granted("", drawn <= 1)}
        missing(DRAWN, induction.instance, young, b, drawn, met)


(f_at_T,) = (symbol for symbol in symbols_of(induction.COURSES[gap0].at_last) if symbol.name == "E[f(W^T)]")
gradient_at_k = replace(SQUARED_GRADIENT, argument=Symbol("k"))


@as_one_test("one", [gamma, T, lambda_min, gap0, f_at_T, gradient_at_k, gap, E(G @ H(G)), tau])
def test_what_has_a_value_is_not_any_number(one):
    """A constant, what is there after T steps, or what is drawn: a fact about it is none about every number.

    Else ``2 mu <= ||G||^2`` followed from PL at ``gap = 1``. tau is the step that a Gaussian gain is of.
    The gradients of T1 were any number, too, as their sum had k for t: so gamma lambda_min T <= 4 was proved.
    """
    by = (one > 0, assumptions.positive_gaussian_gain) if one == tau else (one > 0,)
    of_it = granted("", one <= gap0, *by), one, c, {one > 0: granted("", c > 0)}
    wrong("must stand for any number of which something is assumed", induction.instance, *of_it)


def followed(step):
    return induction.iterate(step, granted("", c >= 0), gap0)


u, v = letter("u", "", "H"), letter("v", "", "H")
FEW_AND_MANY = {
    # Else of u = |v - 1| both cases had E[u]^2 <= (1 - E[v])^2, which is false where v is 0 or 2.
    "draws": (v <= 1, *(mean(granted("", u <= 1 - v, one)) for one in (v <= 1, v >= 1))),
    # A step that falls where the gap is at most 1, and another where it is not, are no steps from everywhere.
    "W": (gap <= 1, *(followed(granted("", E(gap_next) <= c * gap, one)) for one in (gap <= 1, gap >= 1))),
}


@as_one_test("of", FEW_AND_MANY)
def test_a_case_is_not_one_of_some(of):
    split, few, many = FEW_AND_MANY[of]
    missing(DRAWN, induction.cases, few, many, split)


psi = gap + c * lambda_min * distance
about = assumptions.rac_lora_exact
AFTER = induction.after(about)
POTENTIAL = {
    "step": psi.at(AFTER) <= psi - a * gap,
    "falls": E(gap_next) <= gap,
    "above": p * gap <= psi,
    "below": psi <= gap + c * (V @ V),
    "c": a >= 0,
}


def _potential(said, p=p, of_distance=c >= 0):
    most = {gap0: granted("", lifted(0) <= 1), distance0: granted("", of_distance)}
    step, falls, above, below, loss = (granted("", relation) for relation in said.values())
    return induction.potential(induction.Psi(about, psi, gap0, most, below), step, falls, above, loss, p)


def test_a_potential_asks_for_each_of_its_facts():
    """With one of them weaker the conclusion is false: a gap may rise, a potential may be nothing, or fall less.

    Its shares are not negative, of a distance too, and no draw changes them, nor p, which is in the conclusion. It is a
    sum of multiples: no square, no letter of which nothing is known after the step, no number, no factor that is drawn.
    """
    assert _potential(POTENTIAL).said is not None
    weaker = {
        "step": psi.at(AFTER) <= psi - a * gap + 1,
        "falls": E(gap_next) <= 2 * gap,
        "above": p * gap <= 2 * psi,
        "below": psi <= 2 * gap + c * (V @ V),
        "c": a >= -1,
    }
    for which in POTENTIAL:
        missing("is not what was computed", _potential, {**POTENTIAL, which: weaker[which]})
    missing("is not what was computed", _potential, POTENTIAL, of_distance=c >= -1)
    missing(DRAWN, _potential, {**POTENTIAL, "above": gap * gap <= psi}, p=gap)
    missing(DRAWN, _potential, {**POTENTIAL, "c": gap >= 0})
    for of in ((G @ G) * gap, gap * gap, G @ G, gap + 1):
        other = induction.Psi(about, of, gap0)
        missing(f"{DRAWN}|must be a sum of multiples", induction.potential, other, *[nothing] * 3, unit, lifted(0))


def test_each_term_of_a_potential_has_a_value_after_the_step():
    """``gap - ||G||^2 / (2 L)``, whose gradient stays that before the step: it would prove a bound of 0 on L x^2/2."""
    psi = gap - G @ G / (2 * L)
    falls = mean(exact) + shared.half * plus[gamma] * (shared.short + unit) * mean(square(H(G)))
    one_step = mean(exact) + shared.half * plus[gamma] * (shared.short * mean(square(H(G))) + low(G))
    step = one_step + plus[gamma] * shared.moves * shared.pl
    loss = plus[gamma] * plus[mu] * shared.moves
    above, below = shared.half * flat / plus[L], shared.pl / plus[L]
    bound = (1 - mu / L) * gap0 / (gamma * mu * lambda_min * T)
    false = like("T2", theorems.E(theorems.gap) <= bound)
    assert verify(false, Case(GD(gamma=0.5), LINE, steps=3)).status == Status.VIOLATED
    false_psi = induction.Psi(about, psi, gap0, {gap0: mu_below_L / plus[L]}, below)
    missing("must be a sum of multiples", induction.potential, false_psi, step, falls, above, loss, lifted(0))


def test_a_drift_asks_for_the_step_that_it_adds_up():
    """A push or a growth that is not the one of the step, and one that depends on a draw, would be caught."""
    step = granted("", moved_next <= (1 + eta * L_max) * moved + eta * own)
    grows, mean = granted("", 1 + eta * L_max >= 0), reshuffling.s_K / L_max
    assert induction.drifted(step, grows, eta, mean).said is not None
    for growth, push in ((granted("", eta * L_max >= 0), eta), (grows, eta / 2)):
        missing("is not what was computed", induction.drifted, step, growth, push, mean)
    missing(DRAWN, induction.drifted, step, grows, eta * gap, mean)


@as_one_test("index", [j, T, K, N, C])
def test_a_share_is_known_for_every_number_of_steps(index):
    """What is true for some j alone, of T or K steps, or of a C, would be caught: all from 0 to T - 1 are added."""
    share, by = c * index, [j <= 1] * (index == j)
    said, known = share.at({index: index + 1}) * gap - share * E(gap_next) >= G @ G, granted("", share >= 0)
    wrong("must stand for every whole number", induction.accumulate, granted("", said, *by), known, index, gap0)
    if index == j:
        assert induction.accumulate(granted("", said), known, index, gap0).said is not None


SHARE_AND_ABOVE = granted("", c >= 0), symbols.gap0_upper, granted("", gap >= 0)


@as_one_test(("of", "other"), [(G @ G, Z @ Z), (Z @ Z, G @ G)])
def test_what_is_added_up_is_what_the_step_takes_away(of, other):
    """Squares of G are no squares of Z, G times the root of a step: one for the other would be caught."""
    step, growth = granted("", E(gap_next) <= gap - c * of), granted("", lifted(0) < 1)
    assert induction.telescope(step, growth, *SHARE_AND_ABOVE, of).said is not None
    missing(DRAWN, induction.telescope, step, growth, *SHARE_AND_ABOVE, other)


def test_a_growth_that_may_be_zero_has_no_weight():
    """Steps that are added have weights 1/growth: one that is known not to be negative alone would be caught."""
    step = granted("", E(gap_next) <= y * gap - c * (G @ G))
    assert induction.telescope(step, granted("", y > 0), *SHARE_AND_ABOVE).said is not None
    missing("must be known to be positive", induction.telescope, step, granted("", y >= 0), *SHARE_AND_ABOVE)


POSITIVE, AT_LEAST_ZERO = granted("", y > 0), granted("", x >= 0)


def test_a_product_is_strict_if_both_factors_are_and_a_sum_if_one_term_is():
    """Else zero times a number could be divided by; as where what may be equal, which it is somewhere, is said to be
    less.
    """
    may_be_equal = (*facts.below_maximum(x, y), facts.square_of(x), facts.stands_for(Let("d", x)))
    assert [fact for fact in (*may_be_equal, nothing, facts.no_step_or_more) if fact.strict] == []
    products = POSITIVE * POSITIVE, POSITIVE * AT_LEAST_ZERO, AT_LEAST_ZERO * POSITIVE
    sums = AT_LEAST_ZERO + POSITIVE, AT_LEAST_ZERO + AT_LEAST_ZERO
    assert [fact.strict for fact in (*products, *sums)] == [True, False, False, True, False]
    first, second = granted("One", y > 0), granted("Other", x >= 0)
    assert sorted(((first + second) * (first * 2 + second)).of.values()) == [1, 2, 3]  # each as often as it was taken
    assert [[*of.values()] for of in ((first + second + first).of, (first * 3).of)] == [[2, 1], [3]]
    for times in (0, -1):  # 0 < 0 would prove everything
        wrong(f"a fact can be taken a positive number of times, not {times}", mul, POSITIVE, times)


def test_a_claim_is_not_multiplied_by_what_may_be_zero():
    """Zero times any claim is true: everything would be proved."""
    hopeful = replace(theorems.T2, id="hopeful", claim=theorems.E(theorems.gap) <= gap0 / T - gap0)
    missing("must be known to be positive", Proof, hopeful, nothing, nothing)


def test_what_is_divided_by_is_known_to_be_positive():
    """Of x nothing is known, or that it is not negative: 1 + x is positive in the second case alone.

    Of (1 + x) / (1 - y) > 0 it was taken that 1 + x > 0, and both may be negative. And a name has a value where an
    instance of a schema is about it: catches a quotient by N that has one without N > 0.
    """
    both = [POSITIVE, AT_LEAST_ZERO]
    Defined(both).check(z / (1 + x))
    others = (x, x * y, y - 1, x + y**2 - 1, x**2)
    for known, divisor in (([POSITIVE], 1 + x), *product(([POSITIVE], both), others)):
        missing("is not known to be positive", Defined(known).check, z / divisor)
    missing("is not known to be positive", Defined([granted("", (1 + x) / (1 - y) > 0)]).check, 1 / (1 + x))
    Defined([granted("", 2 + x - y > 0)]).check(1 / (2 + x - y))
    for name in (reshuffling.s, reshuffling.r, reshuffling.s_K):
        about_it = granted("", name >= 0, schema=("name",))
        Defined([about_it]).check(name)
        for other in (granted("", name >= 0), about_it + about_it, replace(about_it, of={(about_it,): 1})):
            missing(None, Defined([other]).check, name)


def test_a_sign_that_facts_say_is_said_from_either_side():
    """Catches the smaller side taken for the larger, and "less" where they say "at most"."""
    weak, strict = granted("", x >= 0), granted("", x > 0)
    for at_most, less in ((x >= 0, x > 0), (lifted(0) <= x, lifted(0) < x)):
        for fact in (weak, strict):
            assert by_signs("", at_most, fact).said == (lifted(0) <= x)
        assert by_signs("", less, strict).strict
        missing("is not what 0 <= x say of the sign of x", by_signs, "", less, weak)
    for other in (x <= 0, lifted(0) >= x, x < 0, y <= x, x >= y):
        missing("of the sign of", by_signs, "", other, strict)


def test_a_mean_with_other_weights_is_another():
    """One letter stood for the squared gradient at every t: a plain mean had the proof of the weighted bound of T5."""
    claim = theorems.E(theorems.mean_squared_gradient) <= theorems.T5.claim.bound
    plain = replace(theorems.T5, id="plain", claim=claim)
    missing("the claim is not what is proved", Proof, plain, *STORED["T5"]())


def test_a_rule_asks_for_the_end_of_what_is_followed_and_for_what_is_added():
    """That half of a gap falls bounds no gap, that 0 < 1 does not end a sum, and squared distances are not added."""
    half = induction.Psi(None, gap / 2, gap0, {gap0: granted("", lifted(1) / 2 >= 0)})
    missing("is not what was computed", induction.iterate, granted("", E(gap_next) / 2 <= gap / 2), unit, half)
    falls, ends = granted("", gap - E(gap_next) >= G @ G), granted("", gap >= 0)
    missing("is not what was computed", induction.telescope, falls, unit, unit, gap0, unit)
    moves = granted("", gap - E(gap_next) >= V @ V)
    missing("must be a sum of multiples of", induction.telescope, moves, unit, unit, gap0, ends, V @ V)
    assert induction.power(granted("", mu >= 0, gamma * L <= 1), T).by == {gamma * L <= 1}
    for grows, end in ((unit, ends), (nothing, unit)):  # 1 - T is not known to be positive, and 1 is no gap
        step = granted("", (1 + grows.value.expression) * gap - E(gap_next) + 1 >= G @ G)
        missing("is not what was computed", induction.gather, step, grows, *[unit] * 5, square(G), end, gap0)


def test_a_mean_is_strict_where_it_is_said_to_be_and_of_nothing_below_a_line():
    """E[1 / (x + 1)] is at least 1 / (E[x] + 1), and may be larger; of a sum no sign is said."""
    assert not mean(square(H(G)) + square(G)).strict
    positive = granted("Positive", 1 + G @ H(G) > 0)
    missing("only of what is linear in what is drawn", mean, unit / positive)


def test_a_sign_is_no_more_than_what_facts_say():
    """Of a divisor that may be zero, of a number below zero, of x (x - y) for x >= y, of an index that begins at 0."""
    x, y, k = map(Symbol, "xyk")
    assert Defined([granted("", x >= 0)]).sign(1 / x) is None
    assert Defined([granted("", -x >= 0)]).sign(x) is None
    assert Defined([granted("", x > 0), granted("", x - y >= 0)]).sign(x * x - x * y) is False
    assert Defined([plus[T], granted("", k > 0)]).sign(total(k, T, k)) is False


def test_what_is_put_into_a_schema_is_of_its_kind():
    """lambda_min bounds the mean of a square from below, not the square of what H has left of it; and what says
    of itself that it equals an algorithm of ours is none.
    """
    like_ours = {"__eq__": lambda self, other: other is assumptions.rac_lora_exact, "__hash__": lambda self: 0}
    wrong("v must be a vector that is not drawn with H", low, H(G))
    wrong("must be one of", facts.grant, "descent", type("Other", (), like_ours)())
    assert [fact.said for fact in facts.assumed(assumptions.smooth)] == [lifted(0) < L]  # V is no letter of proofs
