"""Signs of numbers: what follows from facts, which condition is asked for, and which of them is left out again."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory.algebra import Symbol, lifted, text
from rac_theory.algorithms import MOMENTUM
from rac_theory.discovery.discover import _about, _factored
from rac_theory.discovery.signs import Signs
from rac_theory.discovery.templates import _summed_and_divided, fallen_by_next_gradient
from rac_theory.proofs import Missing, Writer, facts_in
from rac_theory.proofs.fact import granted, read
from rac_theory.statements.assumptions import smooth
from rac_theory.theorems import T2
from tests.as_one_test import as_one_test

x, y, z = Symbol("x"), Symbol("y"), Symbol("z")
FACTS = granted("x", x >= 0), granted("y", y > 0)
AT = {x: np.array([0.5, 1.0, 2.0]), y: np.array([2.0, 1.0, 3.0]), z: np.array([0.25, 3.0, 0.5])}


def signs(*facts, where=(0, 1, 2)):
    """What is known where x >= 0 and y > 0."""
    return Signs((*FACTS, *facts), AT, where, lambda p: p.expression)


@as_one_test(
    ("value", "fact"),
    [
        (lifted(3), "0 < 3"),
        (lifted(Fraction(1, 2)), "0 < 1/2"),
        (lifted(0), "None"),
        (lifted(-1), "None"),
        ((x + y) / y, "0 < 1 + x / y"),
        (1 / y, "0 < 1/y"),
        (z, "None"),
        (x * z, "None"),
    ],
)
def test_a_product_of_what_is_not_negative_is_not(value, fact):
    """Catches zero taken for positive, a divisor that may be zero, and a factor that is forgotten, number or letter."""
    assert repr(signs().fact(read(value))) == fact


SUMS = [granted(repr(one), one > 0) for one in (x + y, x + 2 * y, 1 + y, 2 + 3 * x)]


PRODUCTS = [
    (x * y, "0 <= x y"),
    (2 * x * y, "0 <= 2 x y"),
    (x / (3 * y), "0 <= x / (3 y)"),
    (x**2 / y**2, "0 <= x^2 / y^2"),
    (y**3, "0 < y^3"),
    (y / x, "None"),  # x may be zero
    (-x * y, "None"),
    (x * (x + y), "0 <= x y + x^2"),
    ((x + y) / (1 + y), "0 < (x + y) / (1 + y)"),
    (3 * (x + y) * (1 + y) / ((2 + 3 * x) * y), "0 < (3 + 3 x + 3 y + 3 x / y) / (2 + 3 x)"),
    (-(x + y) / (1 + y), "None"),
]


def test_a_quotient_of_products_has_the_sign_of_its_factors(monkeypatch):
    """Without a search. Catches a factor that is left out or taken once too often, and a divisor that may be zero."""
    monkeypatch.setattr("rac_theory.discovery.signs.combined", lambda *_, **__: None)
    for value, fact in PRODUCTS:
        assert repr(signs(*SUMS).fact(read(value))) == fact, value


def test_of_two_facts_the_one_that_assumes_less_is_taken_and_a_strict_one_where_it_must_be():
    """Catches a proof that rests on more than it needs, or stops short where it must divide."""
    weak, strong = granted("free", z >= 0), granted("conditional", z > 0, z < 1)
    assert signs(strong, weak).fact(read(z)).by == frozenset()
    assert signs(weak, strong).fact(read(z), strictly=True).strict


@as_one_test(
    ("value", "strictly", "conditions"),
    [
        (z, False, "z >= 0"),
        (z, True, "z > 0"),
        (y - z, False, "z <= y"),
        (x * z, False, "z >= 0"),
        (x * z, True, "x > 0, z > 0"),
        (x / z, False, "z > 0"),
        (z**3, False, "z >= 0"),
        (z**2, False, ""),
        (x, True, "x > 0"),
        (x * y, False, ""),
        (lifted(0), False, ""),
        (z - z**2, False, "z <= 1, z >= 0"),
        ((z - y) / (z - x), True, "z < x, z < y"),
        ((2 + y - z) * y, False, "z <= 2 + y"),
    ],
)
def test_what_is_not_known_is_asked_for(value, strictly, conditions):
    """Of each factor, without a minus. Catches one too many, one too few, a weak one, and its other direction."""
    asked = signs()
    asked.need(read(value), strictly=strictly)
    assert ", ".join(sorted(map(repr, asked.conditions))) == conditions
    with pytest.raises(Missing, match="0 is not positive"):  # and no condition makes it so
        asked.need(read(0), strictly=True)


@as_one_test(("where", "condition"), [((0, 2), "z <= y"), ((1,), "y <= z"), ((0, 1), "z <= y")])
def test_a_condition_holds_where_something_was_found(where, condition):
    """At most of the places; of half, it is as it stands. Catches the condition that excludes them."""
    asked = signs(where=where)
    asked.need(read(y - z))
    assert repr(*asked.conditions) == condition


def test_what_is_negative_somewhere_is_no_fact_unless_conditions_leave_that_out(monkeypatch):
    """At one of the constants. Catches a search for what cannot be there, and one that is not made where it can."""
    assert signs().fact(read(y - z)) is None
    given = signs()
    given.need(read(y - z))
    assert repr(given.fact(read(2 * y - 2 * z))) == "0 <= 2 y - 2 z"
    assert given.fact(read(y - 2 * z)) is None
    given.need(read(z))
    monkeypatch.setattr("rac_theory.discovery.signs.combined", None)
    assert signs().fact(read(y - z)) is signs().fact(read(z - y)) is given.fact(read(3 * z - 1)) is None


def test_a_condition_that_follows_from_others_is_left_out():
    """And is a fact from then on. Catches one that stays, and others that go with it."""
    given = signs()
    for value in (2 - z, 1 - z, z):
        given.need(read(value))
    given.simplify()
    assert list(map(repr, given.conditions)) == ["z <= 1", "z >= 0"]
    assert repr(given.known(read(2 - z))) == "z <= 2"


def test_what_is_divided_by_has_one_name(monkeypatch):
    """Two sums, each positive. Catches a quotient whose divisor is known in parts alone: it cannot be divided by."""
    monkeypatch.setattr("rac_theory.discovery.signs.combined", lambda *_, **__: None)
    given = signs(granted("sum", x + y > 0), granted("larger", 1 + y > 0))
    quotient = given.known(read(x / ((x + y) * (1 + y))))
    assert quotient.value == read(x / ((x + y) * (1 + y)))
    assert given.fact(read((x + y) * (1 + y))).name == "0 < x + y + x y + y^2"
    for divisor in ((z + y) * (1 + z), (x + y) * (1 + y) * (y - z)):
        with pytest.raises(Missing, match=">= 0 is not known"):
            signs(*SUMS).known(read(x / divisor))


@as_one_test(
    ("value", "said"),
    [
        ((x + y) * (x + 2 * y), "(x + y) (x + 2 y)"),
        (3 * (x + y) * (x + 2 * y) / ((1 + y) * (2 + 3 * x)), "3 (x + y) (x + 2 y) / ((1 + y) (2 + 3 x))"),
        ((x + y) * (x + 2 * y) / (3 * y), "(1 / (3 y)) (x + y) (x + 2 y)"),
        (y / ((1 + y) * (2 + 3 * x)), "y / ((1 + y) (2 + 3 x))"),
        (x * (x + y) / (y * (1 + y)), "x (x + y) / ((1 + y) y)"),
    ],
)
def test_a_number_is_written_with_the_sums_whose_signs_are_known(value, said):
    """Catches a factor that is left out or divided by, and a product that is multiplied out."""
    assert text(_factored(read(value), signs(*SUMS), Writer(T2))) == said


def test_facts_that_are_divided_by_products_are_divided_once():
    """Of three letters. Catches a share that is not that of its fact, and a divisor that the sum is multiplied by."""
    p, q, r = map(Symbol, "pqr")
    shares = {p: 1 / ((1 + y) * (2 + 3 * x)), q: x / (1 + y), r: y}
    said = sum(letter * share for letter, share in shares.items())
    taken = [(granted(repr(letter), letter >= 0), read(share)) for letter, share in shares.items()]
    fact = _summed_and_divided({}, taken, signs(*SUMS), said >= 0)
    assert fact.value == read(said)
    assert {each.name for each in facts_in(fact) if each.value == read((1 + y) * (2 + 3 * x))} == {
        "0 < 2 + 3 x + 2 y + 3 x y"
    }


def test_what_is_divided_by_is_said_to_be_positive():
    """Catches a name that says less than is known, in a proof that is printed."""
    names = {each.name for each in facts_in(fallen_by_next_gradient(_about(MOMENTUM, (smooth,))[0]))}
    assert {"0 < 2 L + mu - mu y", "0 < y (2 L + mu - mu y)"} <= names
