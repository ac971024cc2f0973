"""Numbers against exact fractions where plain arithmetic has lost its digits, and of what is infinite or unknown."""

import math
from fractions import Fraction
from importlib import import_module
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rac_theory.algebra import Let, Relation, Symbol, fraction, number, truth
from rac_theory.algebra.forms import between, choice, equal, maximum, powers, sqrt, total
from rac_theory.algebra.fraction import holds
from tests.as_one_test import as_one_test
from tests.refused import wrong

from .trees import K, T, lam, trees, values, x, y


@settings(max_examples=30, deadline=None)
@given(trees(depth=3), st.lists(values(), min_size=2, max_size=4))
def test_arrays_are_read_number_by_number(tree, some):
    """Broadcasting changes nothing, up to a rounding of vectorised powers; counts of totals are one number."""
    some = [one | {"K": some[0]["K"], "T": some[0]["T"]} for one in some]
    alone = [number(tree, {name: float(value) for name, value in one.items()}) for one in some]
    together = {name: np.array([float(one[name]) for one in some]) for name in some[0]}
    together |= {name: float(some[0][name]) for name in ("K", "T")}
    assume(not np.isnan(alone).any())  # a zero that stands alone decides, one among many does not
    np.testing.assert_allclose(np.broadcast_to(number(tree, together), len(some)), alone, rtol=1e-9, atol=1e-9)


@pytest.mark.long
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.integers(2, 60), st.sampled_from([-1, 1]), st.integers(1, 999))
def test_powers_of_what_is_near_one(zeros, count, sign, digits):
    """1 - x in plain arithmetic keeps 16 - zeros digits of x, and T brings the loss back: here fourteen are kept."""
    small = sign * Fraction(float(Fraction(digits, 1000) / 10**zeros))
    at, exact = {"x": float(small), "T": count}, {"x": small, "T": count}
    w = 1 / (1 + x)
    for tree in (
        (1 - x) ** T - 1,
        1 - (1 - x) ** T,
        (1 - w**T) / (1 - w),
        powers(1 - x, 0, T - 1),
        powers(w, 1, T),
        w - 1,
        w**2 - 1,
        maximum(w**2, (1 + x) ** 2) - 1,
        choice(x > 0, 1 + x, 1 - x) - 1,
        total(K, T, (1 + x) ** K - 1),
        total(K, T, K * (1 - x) ** (K - 1)),
    ):
        value = fraction(tree, exact)
        assert abs(Fraction(float(number(tree, at))) - value) <= Fraction(2, 10**13) * abs(value), tree


def test_digits_are_kept():
    """A quotient of small numbers is not near one, as it would be by way of 1e-20 - 1 and 2e-20 - 1, which are equal; a
    power by way of log1p(w - 1) loses what w - 1 has rounded off, and is off by some roundings for exact bases; log1p
    knows nothing below -1; and a sum of one power is that power, to the last digit: T1_tight at T = 1 is the ceiling,
    and one rounding below it would count as information. The largest of several less one keeps digits.
    """
    at = {"x": 1e-20, "y": 2e-20, "T": 3.0}
    assert [number(tree, at) for tree in (x / y - 1, (x / y) ** T, powers(x / y, 0, T - 1))] == [-0.5, 0.125, 1.75]
    w = 1 / (1 + x)
    for q in 10.0 ** np.arange(0.3, 12, 0.01):
        assert number(w**T, {"x": q, "T": 2.0}) == pytest.approx(float(1 / (1 + Fraction(q)) ** 2), rel=1e-15, abs=0)
        assert number(powers(w, 1, T), {"x": q, "T": 5.0}) == pytest.approx(1 / q, rel=2 / q + 1e-14, abs=0)
    assert [number(x**power - 1, {"x": -3.0}) for power in (2, 3)] == [8, -28]
    assert number(x**T - 1, {"x": 0.0, "T": np.array([0.0, 1.0, 2.0])}).tolist() == [0, -1, -1]
    t, bases = np.arange(30.0), np.random.default_rng(0).uniform(size=1000)
    assert (number((1 - x) ** T, {"x": 0.25, "T": t}) == 0.75**t).all()
    assert (number(powers(x, 0, T - 1), {"x": bases, "T": 1.0}) == 1).all()
    assert (number(powers(x, 1, T), {"x": bases, "T": 1.0}) == bases).all()
    assert np.isnan(number(powers(x, 0, T - 1), {"x": np.nan, "T": 1.0}))
    at = {"x": 1e-20, "y": np.array([-1.0, 2e-20]), "K": 3.0}
    largest = maximum(x, y, K), maximum(x, y), maximum(1 + x, 1 + y) - 1
    assert [number(tree, at).tolist() for tree in largest] == [[3, 3], [1e-20, 2e-20], [1e-20, 2e-20]]


@as_one_test("base", [*map(Fraction, ("0", "-1", "-2", "-1/2", "1", "3/4", "3", "-3/2"))])
def test_sums_of_powers_of_any_base(base):
    """Against a loop, as fractions too; at both edges: nothing where the last is before the first, one term where they
    are equal. Catches the closed form at 1, where it is 0/0, or its absence elsewhere."""
    for first in range(3):
        for last in range(first - 1, 7):
            of = powers(x, first, T)
            expected = sum((base**k for k in range(first, last + 1)), Fraction(0))
            assert fraction(of, {"x": base, "T": last}) == expected
            found = number(of, {"x": float(base), "T": float(last)})
            assert found == pytest.approx(float(expected), rel=1e-15, abs=0)


def test_totals():
    """A term without the index counts every time; an array stays apart from the index; a total of none is zero; what
    was read of a definition outside, or at another index, is something else; and steps_to asks for 2^999 of them.
    """
    at = {"x": 3.0, "K": 4.0, "T": np.array([1.0, 2.0])}
    assert number(total(y, K, x), at) == 12
    assert number(total(y, K, x * y + T), at).tolist() == [22, 26]
    assert number(total(y, K, total(lam, y, x * lam) * T), at).tolist() == [12, 24]
    assert number(total(y, T - 1, x) + 1, at | {"T": 1.0}) == 1
    assert number(total(y, K, T * y), at | {"K": 2.0}).tolist() == [1, 2]
    assert number(total(y, T + 1, x * y), at).tolist() == [3, 9]
    assert number(total(y, T - 2, x), at).tolist() == [0, 0]
    assert number(total(y, T, x + y), at | {"x": np.array([3.0, 4.0])}).tolist() == [3, 9]  # each has its own steps
    for steps in (2.5, np.array([2.5])):  # 0, 1 and 2 are below
        assert number(total(y, T, x + y), {"x": 3.0, "T": steps}) == 12
    twice = Let("twice", 2 * y)
    assert number(twice + total(y, K, twice), {"y": 10.0, "K": 3.0}) == 20 + 6
    for steps, said in ((np.array([1.0, 1e9]), r"1e\+09"), (np.inf, "inf")):
        wrong(f"a total must have at most 1048576 steps, got {said}", number, total(y, T, x), {"x": 1.0, "T": steps})


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


def test_a_zero_decides_where_it_is_one_number():
    """K = 1 has no drift, whatever clients are; a power that underflows at some T says nothing of them. Nor need what
    is not chosen be known.
    """
    assert number(choice(y > 0, 1, x), {"x": nan, "y": 1.0}) == number(choice(y > 0, x, 1), {"x": nan, "y": 0.0}) == 1
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


def test_the_largest_that_is_computed(monkeypatch):
    """At eight bits the fourth power of three, which has two, and no fifth; and as many terms as are allowed."""
    room = import_module("rac_theory.algebra.fraction")  # as an attribute it is the function
    monkeypatch.setattr(room, "MOST_BITS", 8)
    for place in (room, import_module("rac_theory.algebra.number")):
        monkeypatch.setattr(place, "LONGEST", 3)
    for tree, value in ((x**4, 81), ((1 / x) ** 4, Fraction(1, 81)), (x**-4, Fraction(1, 81)), (total(K, x, K), 3)):
        assert fraction(tree, {"x": 3}) == value
    for tree in (x**5, (1 / x) ** 5, x**-5, (x / 16) ** 2 * (x / 16)):
        wrong(r"at most 8 bits in exact arithmetic, got the exponent -?[25]", fraction, tree, {"x": 3})
    for base in (0, 1, -1):
        assert fraction(x**1000, {"x": base}) == abs(base)
    assert number(total(K, x, K), {"x": 3}) == 3
    for reading in (fraction, number):
        wrong("a total must have at most 3 steps, got 4", reading, total(K, x, K), {"x": 4})


def test_what_exact_arithmetic_takes_and_makes_is_exact():
    """Catches a root that goes by way of a float, as that of 10^40 + 1 to 10^20, or that is of the size of what is
    below zero; and values, exponents and roots that are no fractions.
    """
    of = (0, Fraction(4, 9), 10**40, 1 / y)
    assert [fraction(sqrt(value), {"y": 0}) for value in of] == [0, Fraction(2, 3), 10**20, inf]
    assert all(math.isnan(fraction(sqrt(value), {"y": 0})) for value in (y - 1 / y, 1 / y - 1 / y))
    for tree, value, said in (
        *((sqrt(x), each, "a square root must be a fraction") for each in (2, Fraction(1, 3), 10**40 + 1, -4)),
        *((x**each, 2, "an exponent must be a whole number") for each in (Fraction(1, 3), 1 / y)),
        (powers(x, 0, x / 4), 2, "an exponent must be a whole number"),
        *((x, each, "values must be whole numbers or fractions, got x=") for each in (0.5, nan, "2")),
    ):
        wrong(said if tree is x else f"{said} in exact arithmetic", fraction, tree, {"x": value, "y": 0})


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
