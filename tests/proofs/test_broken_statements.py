"""Statements that have no value somewhere, or another than they seem to, and what rests on nothing: none is proved.

Each was proved once. Where it has a value it is false: a case says so, or a number at some constants.
"""

import pickle
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest

from rac_theory import prove, theorems
from rac_theory.algebra import Let, Relation, Symbol, choice, fraction, maximum, number, polynomial, powers, sqrt, total
from rac_theory.algebra.expression import lifted
from rac_theory.proofs import Proof, induction, quantities
from rac_theory.proofs.defined import Defined
from rac_theory.proofs.fact import facts_in, granted, proved
from rac_theory.proofs.facts import assumed, by_signs, gap_is_positive, nothing, one, plus, sign, square_of
from rac_theory.proofs.induction import cases, discharged, drifted, instance, power
from rac_theory.proofs.not_proved import why_not
from rac_theory.proofs.quantities import E as mean_over_H
from rac_theory.proofs.quantities import gap as gap_at_W
from rac_theory.proofs.quantities import gap_next
from rac_theory.proofs.rules import Rule
from rac_theory.proofs.schemas import grant
from rac_theory.statements import SQUARED_GRADIENT, assumptions, symbols
from rac_theory.statements.symbols import A, K, L, T, delta, gamma, gap0, lambda_min, mu
from rac_theory.theorems import T2, E, federated, gap
from rac_theory.theorems.ours import STORED
from rac_theory.theorems.shared import axioms
from tests.as_one_test import as_one_test
from tests.proofs.missing import missing
from tests.refused import wrong

from .false_theorems import like

BOUND, RATE = T2.claim.bound, 1 - gamma * mu * lambda_min
k, j, x, b = map(Symbol, "kjxb")
UP_TO_k, STEPS, KAPPA = powers(mu, 1, k), total(j, k, lifted(1)), theorems.rac_lora_gd.kappa
E_of_next = mean_over_H(gap_next)
AT = {"gamma": Fraction(1, 2), "L": 1, "mu": 1, "lambda_min": Fraction(1, 2), "T": 3, "K": 2, "f(W^0) - f*": 1}

ANOTHER_SUM = total(k, K, total(j, T, k * gamma**j)) - total(k, K, total(j, T, k * gamma**k))
AT_j = replace(SQUARED_GRADIENT, argument=j)
OF_k = Let("z", k, letter="z")
STEP = Symbol("step", constant="gamma")
Q, ROOT_e = Let("q", STEP), Let("z", sqrt(-1), letter="e")
AN_INDEX = "is called like the constant"
NOT_WHOLE = "is not known to be a whole number that is not negative"
NO_ROOT = "under a root is not known not to be negative"

BROKEN = {
    "nested sums whose indices differ": (BOUND * (1 - ANOTHER_SUM), "no form"),
    "the square of their difference": (BOUND * (1 - ANOTHER_SUM**2), "no form"),
    "a sum of what proofs know by a letter": (BOUND * (1 + T * total(k, K, OF_k) - K * total(k, T, OF_k)), "no form"),
    **{
        f"an index called {one.name}": (BOUND * total(Symbol(one.name), T, one) / (T * one), AN_INDEX)
        for one in (mu, T, K)
    },
    **{f"{one.name} as an index": (BOUND * total(one, T, one) / (T * one), AN_INDEX) for one in (mu, T)},
    "a name of what an index hides": (BOUND * (1 + total(mu, T, KAPPA) - T * KAPPA), AN_INDEX),
    "the square of a root of -1": (BOUND * (2 + sqrt(-1) ** 2), NO_ROOT),
    "the square of a root of -mu": (BOUND * (1 + mu + sqrt(-mu) ** 2), NO_ROOT),
    "a root below a choice": (BOUND * choice(sqrt(-1) ** 2 <= 0, 1, 0), NO_ROOT),
    "a root in an exponent of one": (BOUND * sqrt(-mu) ** 0, NO_ROOT),
    **{
        f"a root of -1 that proofs know as {name}": (BOUND + (1 + Let("z", sqrt(-1), letter=name) ** 2) * gap0, NO_ROOT)
        for name in ("e", "z")
    },
    "a constant of another name as an index": (BOUND * (1 + total(STEP, T, Q) - total(k, T, k)), AN_INDEX),
    "a root of -1 that proofs know as e, below a maximum": (BOUND + maximum(ROOT_e, 0) * gap0, NO_ROOT),
    "no powers, and their inverse": (BOUND * total(k, T, UP_TO_k * (1 / UP_TO_k)) / T, "not known to be positive"),
    "no steps, and their inverse": (BOUND * total(k, T, STEPS / STEPS) / T, "not known to be positive"),
    "an index over itself": (BOUND * total(k, T, k / k) / T, "not known to be positive"),
    "T - 1 where T may be 0": (RATE ** (T - 1) * gap0, NOT_WHOLE),
    "T - 2 where T may be 1": (RATE ** (T - 2) * gap0, NOT_WHOLE),
    "a sum of T - 2 terms": (BOUND + powers(RATE, 0, T - 3) * gap0, "is not known to have a whole number of terms"),
    "half a step": (BOUND * mu ** (gamma * 2), NOT_WHOLE),
    "a power of a sum": (BOUND + (1 + mu) ** 5000 * gap0, "an exponent must be at most 1000"),
    "a tower": (BOUND * lifted(10) ** lifted(10) ** 10, "an exponent must be at most 1000"),
    "a sum that is long": (BOUND + total(k, 10**9, k**2) * gap0, "a sum must have at most 1000 terms"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_statement_has_no_proof_and_the_reason_is_said(name):
    """Would catch a normal form that is taken for the value of what has none, or of something else."""
    bound, reason = BROKEN[name]
    theorem = like("T2", E(gap) <= bound)
    assert prove(theorem) is None
    assert reason in why_not(theorem)


@pytest.mark.parametrize("zero", [lifted(0), mu - mu], ids=["0", "mu - mu"])
def test_what_is_infinite_is_not_nothing_below_a_line(zero):
    """0 to the T - 1 was read as infinite, and one over that and 2 as 0: a smaller bound than ours was proved."""
    for less in (zero ** (T - 1) + 2, 1 / zero + 2, 1 / (1 / zero)):
        assert prove(like("T2", E(gap) <= BOUND * (1 - 1 / less), T >= 1)) is None


def test_an_index_that_is_called_like_another_letter_has_no_normal_form():
    """As a number it is bound, by its name; as letters they are two. Of sums with other indices the difference, which
    was read as 0, is none by exact arithmetic; and sum_{k<K} b at b = k was sum_{k<K} k.
    """
    wrong("must not be called like what is in its sum, got two mu", polynomial, total(Symbol("mu"), T, mu))
    assert fraction(ANOTHER_SUM, AT) == Fraction(7, 4) - Fraction(3, 2)
    said = proved("", total(k, K, b) - K * b + (b - 1) >= 0, next(assumed(b >= 1)))
    wrong("k would be bound by the sum", instance, said, b, k, {b >= 1: next(assumed(k >= 1))})


def test_what_is_too_large_is_refused_when_it_is_made_or_in_exact_arithmetic():
    """A tree that is too deep or doubles, a number that would fill the memory, and a total of so many steps; a tower of
    tens is infinite as a number, and a thousand bits are no many.
    """

    def grow(grown, tree=mu + 1):
        for _ in range(101):
            tree = grown(tree)

    wrong("an expression must have at most 100 levels, got 101", grow, lambda tree: 1 / (1 + tree))
    wrong("an expression must have at most 200,000 parts", grow, lambda tree: 1 / tree + tree)
    tower = lifted(10) ** lifted(10) ** 10
    wrong("at most 4,194,304 bits in exact arithmetic, got the exponent 10,000,000,000", fraction, tower, {})
    wrong("a total must have at most 1048576 steps", fraction, total(k, 10**9, k), {})
    assert number(tower, {}) == float("inf")
    assert fraction(mu**1000, {"mu": 2}) == 2**1000


@pytest.mark.parametrize("id", ["T17", "T17_pl"])
def test_what_a_fresh_draw_sees_is_not_known_of_a_subspace_that_knows_the_gradient(id):
    """E[H] has lambda_min as its smallest eigenvalue where H is drawn afresh: of GaLore that was taken for granted."""
    ours = theorems.ALL[id]
    assert prove(like(id, E(ours.metric) <= ours.claim.bound.at({delta: lambda_min}), lambda_min > 0)) is None


def test_the_square_of_a_root_says_nothing_of_what_is_below_it():
    """As a fact, it would prove that -mu is not negative, and with that everything; as x >= 0, -x >= 0 and
    (1 / x)^2 >= 0 make -1 >= 0.
    """
    recipe, times = STORED["T2"]()
    for below in (-mu, mu - L):  # of which the second would be known by the square itself
        missing(NO_ROOT, Proof, T2, recipe + square_of(sqrt(below)) * square_of(lifted(1)), one)
    missing(None, Proof, replace(T2, id="x", claim=E(gap) <= 0 * gap0), recipe, times)
    of_e = square_of(ROOT_e) * sign(gap0, assumptions.certified_minimum)  # another number is no e of a schema
    missing(NO_ROOT, Proof, like("T2", E(gap) <= BOUND + ROOT_e**2 * gap0), recipe + of_e, times)
    more = square_of(1 / (mu - L)) * square_of(mu - L)
    missing("which is not known to be positive", Proof, T2, recipe + more, one)


def test_a_proof_that_comes_out_of_a_pickle_is_checked_again():
    """With another theorem in it, it said still that it was machine-checked."""
    proof = prove("T2")
    assert pickle.loads(pickle.dumps(proof)).theorem is T2
    object.__setattr__(proof, "theorem", replace(T2, id="half", claim=E(gap) <= BOUND / 2))
    exchanged = pickle.dumps(proof)
    object.__setattr__(proof, "theorem", T2)
    missing("the claim is not what is proved", pickle.loads, exchanged)


def test_rules_ask_for_what_they_need():
    """An exponent that is no whole number, a root of something else, a relation that is not what was proved, on which
    what is discharged rests no more; and with -1 powers 1 + b + ... + b^(n-1) is -1/2 at b = 2.
    """
    rate, short = granted("", x >= 0), gamma * L <= 1
    missing("must be a whole number, gamma is none", power, rate, gamma + 1, granted("", gamma + 1 >= 0))
    missing("is not what was computed", power, rate, T - 1, granted("", T >= 0))
    missing("is not the root", induction.square_root, sqrt(x + 1), rate)
    missing("is not what was computed", discharged, granted("", x >= 0, short), short, granted("", gamma * L <= 2))
    strictly = gamma * L < 1
    missing("that they may be equal", discharged, granted("", x >= 0, strictly), strictly, granted("", short))
    missing("is not what was computed", induction.squares_added, one, rate)
    shorter = 2 * gamma * L <= 1
    assert discharged(granted("", x >= 0, short), short, granted("", short, shorter)).by == {shorter}
    missing("must be a whole number, b is none", induction.sum_of_powers, granted("", 1 - b >= 0, b <= 0), b)
    missing("must be a whole number, gamma is none", power, rate, gamma)


def test_a_letter_of_a_sum_is_none_outside():
    """T is a number of steps outside, and positive; as an index it begins at 0. And a sum of powers has a whole number
    of terms: from the second power to the one before the last there are T - 2, and T may be 1.
    """
    positive = granted("A count", T > 0)
    Defined([positive]).check(1 / T)
    missing(AN_INDEX, Defined([positive]).check, total(T, T, 1 / T))
    missing("not known to be positive", Defined([positive, granted("", k > 0)]).check, total(k, T, 1 / k))
    Defined([positive]).check(total(k, T, 1 / (k + 1)))
    for times in (T - 2, mu * T, T / 2, gamma):
        missing("not known to have a whole number of terms", Defined([positive]).check, powers(mu, 2, times + 1))
    Defined([positive, granted("", T >= 1)]).check(powers(mu, 2, T))


def minus_one(fact):
    """What is said to be -1, as a fact: with it everything is proved."""
    return proved("", lifted(-1) >= 0, fact)


def with_what_is_false(fact, *given):
    """The proof of T2 and a fact beside it, which is times what is not negative: it may not stand in a proof."""
    recipe, times = STORED["T2"]()
    theorem = replace(T2, id="x", given=(*T2.given, *given), claim=E(gap) <= BOUND - 1)
    return Proof(theorem, recipe + fact, times)


def cases_without_a_value():
    split = sqrt(-1) <= 0
    below, above = (next(assumed(Relation(split.terms, (sign,)))) for sign in ("<=", ">="))
    return cases(minus_one(below * below), minus_one(above * above), split)


def an_instance_without_a_value():
    """(b - x)^2 >= 0 for a b of which nothing is asked in truth, at b = 1/A where A is zero."""
    (nothing_asked,) = assumed(b <= b)
    square = proved("", (b - mu) ** 2 >= 0, square_of(b - mu) + nothing_asked)
    return instance(square, b, 1 / A, {b <= b: proved("", lifted(0) >= 0, nothing)})


FALSE_FACTS = {
    "an instance without a value": an_instance_without_a_value,
    "the square of what has no value": lambda: minus_one(square_of(sqrt(-1))),
    "cases of what has no value": cases_without_a_value,
    "a quotient by what is zero": lambda: minus_one(square_of(1 / A) * plus[A] * next(assumed(A <= 0))),
}


@as_one_test("name", FALSE_FACTS)
def test_a_fact_that_is_false_stands_in_no_proof(name):
    """-1 >= 0 was proved from a root of -1, from cases of it, and from A >= 0 >= A with 1/A in it."""
    none = r"under a root is not known|not known to be positive"
    missing(none, lambda: with_what_is_false(FALSE_FACTS[name](), assumptions.structured_noise, A <= 0))


def test_T_is_zero_where_a_claim_has_a_value_there():
    """With T <= 0 given, T > 0 proves everything about T = 0; where T >= 1 is given it says nothing new."""
    recipe, times = STORED["T2"]()
    (none,), (some,) = assumed(T <= 0), assumed(T >= 1)
    spare = (plus[T] + none) * granted("A number", lifted(0) < 1)
    why = r"T > 0 is used, and there is a claim at T = 0, too: give T >= 1"
    for more in (spare, induction.some(one), induction.weights(one)):
        missing(why, Proof, like("T2", E(gap) <= BOUND, T <= 0), recipe + more, times)
    more = power(proved("", RATE >= 0, rate_of_T2()), T) * sign(gap0, assumptions.certified_minimum)
    weaker = replace(T2, id="x", given=(*T2.given, T >= 1), claim=E(gap) <= BOUND * T)
    assert Proof(weaker, recipe + more * some, times).needs


def rate_of_T2():
    """The fact that the factor of T2 is not negative."""
    (rule,) = (fact for fact in facts_in(STORED["T2"]()[0]) if fact.rule is Rule.ITERATE)
    return next(iter(rule.of))[1]


def test_what_is_true_on_average_is_not_multiplied_by_a_number_at_W():
    """E[sigma^2(W)] <= sigma^2 is no bound on E[gap sigma^2(W)], and says nothing of a mean of what divides by it."""
    recipe, times = STORED["T7"]()
    sigma_W = quantities.NUMBERS["sigma_W"]
    product = axioms.sigma_known * gap_is_positive[assumptions.bounded_below]
    missing("is true on average over W, and not times", Proof, theorems.T7, recipe + product, times)
    positive = proved("", symbols.sigma_squared - sigma_W + 1 > 0, axioms.sigma_known + one)
    missing("and nothing is divided by it", Proof, theorems.T7, recipe + one / positive, times)
    missing("say of the sign", by_signs, "", (symbols.sigma_squared - sigma_W) * gap_at_W >= 0, *next(iter(product.of)))
    at_W, is_gap = symbols.sigma_squared - sigma_W >= 0, gap_is_positive[assumptions.bounded_below]
    (asked,) = assumed(at_W)
    where = proved("", (symbols.sigma_squared - sigma_W) * gap_at_W >= 0, asked * is_gap)
    missing("must not depend on what is drawn", discharged, where, at_W, axioms.sigma_known)
    (asked,) = assumed(b - sigma_W >= 0)
    where = proved("", (b - sigma_W) * gap_at_W >= 0, asked * is_gap)
    met = {b - sigma_W >= 0: axioms.sigma_known}
    missing("must not depend on what is drawn", instance, where, b, symbols.sigma_squared, met)


TIMELESS = {
    "iterate": lambda step, number: induction.iterate(step, number, gap0),
    "telescope": lambda step, number: induction.telescope(step, number, number, gap0, number),
    "accumulate": lambda step, number: induction.accumulate(step, number, symbols.j, gap0),
    "potential": lambda step, number: induction.potential(
        induction.Psi(assumptions.rac_lora_exact, gap_at_W, gap0, below=number), step, *[number] * 3, lifted(1)
    ),
}


@as_one_test(("rule", "asked"), product(TIMELESS, [(), (symbols.t >= 5,), (SQUARED_GRADIENT >= 5,)]))
def test_a_step_that_is_another_at_another_t_is_not_iterated(rule, asked):
    """A geometric rate for steps that fall like 1/t was proved, and one for what is true at t >= 5 alone."""
    step = granted("", E_of_next <= (gap_at_W if asked else (1 - 1 / (symbols.t + 1)) * gap_at_W), *asked)
    missing("must be the same at each t", TIMELESS[rule], step, one)


def test_the_gradient_at_t_is_no_number_that_is_the_same_at_each_t():
    """Each is at most the mean, or at least: with weights (1/2)^t, too, the mean of T1 was proved to be no larger."""
    asked = total(j, T, AT_j) >= SQUARED_GRADIENT * T
    (below,) = assumed(asked)
    half_t = power(by_signs("", lifted(Fraction(1, 2)) > 0), symbols.t)
    wrong("is asked of it", induction.some, below * half_t + one)
    step = granted("", E_of_next <= gap_at_W + SQUARED_GRADIENT**2)
    missing("must be the same at each t", induction.weigh, step, one, SQUARED_GRADIENT**2, lifted(1), gap0)


def test_nothing_is_assumed_of_t_where_it_is_added_over_t():
    """gap + T (T - 11) / 2 was proved, with a step that is true for t >= 5."""
    late = granted("", E_of_next <= gap_at_W + symbols.t - 5, symbols.t >= 5)
    why = "t must stand for every whole number that is not negative, t >= 5"
    wrong(why, induction.gather, late, *[one] * 8, gap0)
    wrong(why, induction.weigh, late, one, lifted(1), symbols.t - 5, gap0)


def test_a_push_that_is_another_at_each_step_of_a_client_is_refused():
    """With k / 5 for 1 the mean drift was a fifth of what it is."""
    for push in (symbols.eta * federated.k / 5, replace(SQUARED_GRADIENT, argument=k)):
        step = granted("", quantities.moved_next <= quantities.moved + push * quantities.own)
        missing("must be the same at each k", drifted, step, one, push, lifted(1))
    growth = granted("", replace(SQUARED_GRADIENT, argument=k) >= 0)
    missing("must be the same at each k", drifted, step, growth, symbols.eta, lifted(1))
    late = granted("", quantities.moved_next <= quantities.moved + symbols.eta * quantities.own, k >= 5)
    missing("must be the same at each k", drifted, late, one, symbols.eta, lifted(1))


def test_a_name_of_another_number_is_granted_nothing():
    """Would catch what is known of s_N said of -1, by the letter alone."""
    other = (Let("s", lifted(-1), letter="s_N"),)
    for schema in ("s_below_1", "s_sign", "epoch_error"):
        wrong("s_N is another number, of which facts are granted", grant, schema, letters=other)
