"""What is unknown stays unknown, what is infinite is so, and relations hold of neither by accident."""

import math
from fractions import Fraction
from importlib import import_module
from itertools import product

import numpy as np
import pytest

from rac_theory.algebra import Relation, Symbol, fraction, number, truth
from rac_theory.algebra.forms import between, choice, equal, maximum, powers, sqrt, total
from rac_theory.algebra.fraction import holds
from tests.as_one_test import as_one_test

from .trees import K, T, x, y

nan, inf = math.nan, math.inf


MADE_OF_x = [
    *(x + 1, -x, 2 * x, x / 2, 2 / x, x**0, x**T, (1 - x) ** T, y**x, sqrt(x), (1 + x) ** T - 1, 1 / (1 + x) - 1),
    *(powers(x, 0, T - 1), powers(x, 1, T), maximum(x, y), maximum(y, x), maximum(y, x, 2)),
    *(choice(x > 0, 1, 2), choice(x <= 0, 1, 2), choice(y > x, 1, 2)),
    *(total(K, x, K), total(y, x, T), total(K, T + 2, K * x)),
]


@as_one_test("tree", MADE_OF_x)
def test_nothing_is_made_of_what_is_unknown(tree):
    """nan ** 0 is 1 for NumPy, and 1 ** nan too: a constant that is unknown would look known at T = 0."""
    for steps in (0.0, 3.0, np.array([0.0, 3.0])):
        assert np.isnan(number(tree, {"x": nan, "y": 1.0, "T": steps, "K": 2.0})).all()


def test_what_is_not_chosen_need_not_be_known():
    assert number(choice(y > 0, 1, x), {"x": nan, "y": 1.0}) == 1
    assert number(choice(y > 0, x, 1), {"x": nan, "y": 0.0}) == 1


def test_a_zero_decides_where_it_is_one_number():
    """K = 1 has no drift, whatever clients are; a power that underflows at some T says nothing of them."""
    assert number(x * y, {"x": 0.0, "y": nan}) == 0
    assert number(x * y * T, {"x": 0.0, "y": nan, "T": np.array([1.0, 2.0])}).tolist() == [0, 0]
    assert number(x * T, {"x": 0.0, "T": np.array([nan, 2.0])}).tolist() == [0, 0]
    assert np.isnan(number(x**T * y, {"x": 0.5, "y": nan, "T": np.array([1.0, 1e9])})).all()
    assert np.isnan(number(x * y, {"x": 0.0, "y": inf}))
    assert number(total(K, x, K) * y, {"x": 0.0, "y": nan}) == 0
    assert np.isnan(number(total(K, y, T * x), {"y": 1.0, "x": nan, "T": np.array([0.0, 1.0])})).all()


def test_division_by_zero():
    """Infinite with the sign of what is divided, as exact arithmetic has it; a zero has no sign."""
    for a in (-2, 0, 3):
        for zero in (x, -x, x * -1, y - y):
            exact = fraction(a / zero, {"x": 0, "y": 5})
            found = number(a / zero, {"x": 0.0, "y": 5.0})
            assert found == exact or (a == 0 and math.isnan(found) and math.isnan(exact))
    assert number(1 / x**2, {"x": 1e-200}) == inf
    assert number(x / T, {"x": 2.0, "T": np.array([0.0, 4.0])}).tolist() == [inf, 0.5]


def test_overflow_and_underflow():
    """A quotient less one by way of a difference that overflows, or of what is infinite, is the quotient less one."""
    assert number(x / y - 1, {"x": 1e308, "y": -1e308}) == -2
    assert number(x / y - 1, {"x": 3.0, "y": inf}) == -1
    assert number(x**T, {"x": inf, "T": inf}) == inf
    at = {"x": 1e200, "y": 1e-200, "T": np.array([1.0, 2.0, 1e6])}
    assert number(x**T, at).tolist() == [1e200, inf, inf]
    assert number(y**T, at).tolist() == [1e-200, 0, 0]
    assert number((1 + x) ** T - 1, at)[1:].tolist() == [inf, inf]
    assert number((1 - y) ** T, at).tolist() == [1, 1, 1]
    assert number((1 - y) ** T - 1, at).tolist() == [-1e-200, -2e-200, -1e-194]


def test_exact_arithmetic_agrees_on_what_is_no_number():
    """A float stands for infinity and for nothing; a fraction beyond floats must meet it without an overflow."""
    huge, none = Fraction(10) ** 400, 0
    infinite, unknown = 1 / y, y / y
    at = {"x": huge, "y": none}
    assert fraction(x + infinite, at) == fraction(x * infinite, at) == fraction(infinite / x, at) == inf
    assert fraction(infinite - x, at) == fraction(infinite / (1 / x), at) == inf
    assert fraction(-infinite, at) == fraction(-x * infinite, at) == -inf
    assert fraction(x / infinite, at) == 0
    assert isinstance(fraction(x / infinite, at), Fraction)
    assert fraction(infinite**0 + 1, at) == 2
    assert fraction(infinite**-1, at) == 0
    assert fraction(y**-1, at) == inf
    assert fraction(y * unknown, at) == 0
    for tree in (
        infinite - infinite,
        infinite * y,
        infinite / infinite,
        unknown + x,
        unknown**0,
        x / unknown,
        maximum(unknown, x),
        maximum(x, unknown),
        choice(unknown > 0, 1, 2),
    ):
        assert math.isnan(fraction(tree, at)), tree


@as_one_test("value", [0.5, nan, "2"])
def test_values_in_exact_arithmetic_are_exact(value):
    with pytest.raises(ValueError, match="values must be whole numbers or fractions, got x="):
        fraction(x, {"x": value})


def test_the_largest_that_is_computed(monkeypatch):
    """At eight bits the fourth power of three, which has two, and no fifth; and as many terms as are allowed."""
    room = import_module("rac_theory.algebra.fraction")  # as an attribute it is the function
    monkeypatch.setattr(room, "MOST_BITS", 8)
    for place in (room, import_module("rac_theory.algebra.number")):
        monkeypatch.setattr(place, "LONGEST", 3)
    for tree, value in ((x**4, 81), ((1 / x) ** 4, Fraction(1, 81)), (x**-4, Fraction(1, 81)), (total(K, x, K), 3)):
        assert fraction(tree, {"x": 3}) == value
    for tree in (x**5, (1 / x) ** 5, x**-5, (x / 16) ** 2 * (x / 16)):
        with pytest.raises(ValueError, match=r"at most 8 bits in exact arithmetic, got the exponent -?[25]"):
            fraction(tree, {"x": 3})
    for base in (0, 1, -1):
        assert fraction(x**1000, {"x": base}) == abs(base)
    assert number(total(K, x, K), {"x": 3}) == 3
    for reading in (fraction, number):
        with pytest.raises(ValueError, match="a total must have at most 3 steps, got 4"):
            reading(total(K, x, K), {"x": 4})


def test_exponents_in_exact_arithmetic_are_whole():
    for tree in (x ** Fraction(1, 3), x ** (1 / y), powers(x, 0, x / 4)):
        with pytest.raises(ValueError, match="an exponent must be a whole number in exact arithmetic"):
            fraction(tree, {"x": 2, "y": 0})


def test_roots_in_exact_arithmetic():
    """Catches one that goes by way of a float, and the root of what is below zero taken for that of its size."""
    of = (0, Fraction(4, 9), 10**40, 1 / y)
    assert [fraction(sqrt(value), {"y": 0}) for value in of] == [0, Fraction(2, 3), 10**20, inf]
    assert all(math.isnan(fraction(sqrt(value), {"y": 0})) for value in (y - 1 / y, 1 / y - 1 / y))


@as_one_test("value", [2, Fraction(1, 3), 10**40 + 1, -4])
def test_roots_that_are_no_fractions_are_refused(value):
    """A root that is rounded, as that of 10^40 + 1 to 10^20, would be no exact number."""
    with pytest.raises(ValueError, match="a square root must be a fraction in exact arithmetic, got that of"):
        fraction(sqrt(value), {})


EDGE = 0.1 + 0.2  # above 0.3 by a rounding
RELATIONS = {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y, "=": equal(x, y)}


@as_one_test("sign", RELATIONS)
def test_relations_of_every_pair(sign):
    """Each sign against what it says; nan is in no relation, and infinity equals itself, with rounding or without."""
    says = {"<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__", "=": "__eq__"}[sign]
    for a, b in product((-inf, -1.0, 0.0, 2.0, inf, nan), repeat=2):
        for rounding in (0.0, 1e-12):
            assert bool(truth(RELATIONS[sign], {"x": a, "y": b}, rounding)) == getattr(a, says)(b), (a, b)


def test_rounding_is_what_or_equal_allows():
    """A strict sign allows none; on either side of zero it allows the relation more, never less."""
    for value, other in ((EDGE, 0.3), (0.3, EDGE), (-EDGE, -0.3), (-0.3, -EDGE)):
        at = {"x": value, "y": other}
        allowed = {sign: bool(truth(relation, at, 1e-15)) for sign, relation in RELATIONS.items()}
        assert allowed == {"<": value < other, "<=": True, ">": value > other, ">=": True, "=": True}
        assert not truth(RELATIONS["="], at)
        assert bool(truth(RELATIONS["<="], at)) == (value <= other)
    assert not truth(x <= y, {"x": 0.3 * (1 + 3e-12), "y": 0.3}, 1e-12)
    for value, sign in ((1.5, "<="), (0.5, ">="), (1.5, "="), (0.5, "=")):  # as much as is allowed, and no less
        at = {"x": value, "y": 1.0}
        assert truth(RELATIONS[sign], at, 0.5)
        assert not truth(RELATIONS[sign], at, 0.499)
        assert number(choice(RELATIONS[sign], 1, 2), at) == 2  # which allows for none


def test_chains_and_arrays():
    """All of a chain holds, at each place by itself."""
    at = {"x": np.array([-1.0, 0.0, 1.0, 2.0, nan])}
    assert truth(between(0, x, 2), at).tolist() == [False, False, True, False, False]
    chain = Relation((Symbol("x"), x + 1, x / 1), ("<", ">="))
    assert truth(chain, {"x": 1.0})
    assert holds(chain, {"x": 1})
    assert not holds(between(0, x, 2), {"x": 2})
    assert not holds(equal(x / x, x / x), {"x": 0})
