"""Polynomials on a box: proved to be nowhere negative only where they are."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory.algebra import Symbol, fraction
from rac_theory.algebra import polynomial as ratio
from rac_theory.algebra.box import _halves, is_nonnegative
from tests.as_one_test import as_one_test

x, y, z = (Symbol(name) for name in "xyz")
RANGES = {x: (0, 1), y: (Fraction(1, 2), 2), z: (0, math.inf)}
small = st.integers(-3, 3)


def polynomial(e):
    """The numerator, for what is divided by is a single term."""
    return ratio(e).numerator


@st.composite
def written(draw):
    """An expression in x, y, z of degree up to four, not multiplied out."""
    terms = [draw(small) + draw(small) * x + draw(small) * y + draw(small) * z for _ in range(3)]
    return (terms[0] * terms[1] - terms[2]) * (1 - x) ** draw(st.integers(0, 2)) / (2 * y)


def somewhere(rng):
    share = [Fraction(int(rng.integers(0, 33)), 32) for _ in range(3)]
    return {"x": share[0], "y": Fraction(1, 2) + share[1] * Fraction(3, 2), "z": 5 * share[2]}


@given(written(), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_what_is_proved_is_so(e, seed):
    """At 40 points, the corners among them. Catches binomials of the wrong row, and halves that miss a part."""
    rng = np.random.default_rng(seed)
    p = polynomial(e)
    if is_nonnegative(p, RANGES):
        corners = [{"x": Fraction(a), "y": b, "z": Fraction(0)} for a in (0, 1) for b in RANGES[y]]
        assert all(fraction(e, values) >= 0 for values in [*corners, *(somewhere(rng) for _ in range(36))])


PROVED = [
    1 - 4 * x * (1 - x) * y / 2,  # zero inside, at x = 1/2 and y = 2: the box must be halved
    x * (1 - x) * (2 - y) * z,
    (y - Fraction(5, 4)) ** 2 + (2 * x - 1) ** 2,
    1 / y - Fraction(1, 2),
    (x - Fraction(1, 3)) ** 2 + Fraction(1, 1000),  # positive by a hair: no corner helps
    x * ((x - Fraction(1, 2)) ** 2 + Fraction(1, 100)),  # zero at a corner, and positive beside it
    1 / x,
    y * ((x - Fraction(1, 3)) ** 2 + Fraction(1, 18432)),  # halved six times, and never along y, which is straight
]


NOT_PROVED = [
    Fraction(999, 1000) - 4 * x * (1 - x) * y / 2,  # at one point inside, x = 1/2 and y = 2
    (x - Fraction(1, 3)) ** 2 - Fraction(1, 1000),
    1 - z,
    1 / y - Fraction(501, 1000),
    -x,
    (x - y / 2) ** 2,  # the search ends: zeros across the box leave no half proved
    (x - Fraction(1, 3)) ** 2 + Fraction(1, 20000),  # nor is a seventh time halved, which this would need
]


@as_one_test(("e", "is_proved"), [*((e, True) for e in PROVED), *((e, False) for e in NOT_PROVED)])
def test_what_is_nowhere_negative_is_proved_and_nothing_else(e, is_proved):
    """Catches a proof that has become too weak for the theorems, a bound of coefficients that are not looked at, an
    end that is taken for a start, and z as bounded."""
    assert is_nonnegative(polynomial(e), RANGES) is is_proved


def test_halves_by_hand():
    """Of x^2 and of its halves, (x / 2)^2 and (1 / 2 + x / 2)^2. Catches what no sign shows: a scale, a turn."""
    halves = _halves(np.array([Fraction(0), Fraction(0), Fraction(1)]), 0)
    assert [half.tolist() for half in halves] == [[0, 0, Fraction(1, 4)], [Fraction(1, 4), Fraction(1, 2), 1]]


def test_nothing_is_proved_of_what_has_no_range():
    """Nor of a quotient whose denominator may be negative. Catches a range that is made up."""
    assert not is_nonnegative(polynomial(Symbol("u") ** 2), RANGES)
    assert not is_nonnegative(polynomial(1 / x), {x: (-1, 1)})
    assert is_nonnegative(polynomial(x - x), {})
    assert not is_nonnegative(polynomial(x ** Symbol("T")), RANGES)
