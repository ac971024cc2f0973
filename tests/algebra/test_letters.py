"""Polynomials in symbols and in what is left as it is: read as fractions are read, derived, and put together."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory.algebra import Let, Symbol, choice, fraction, maximum, polynomial, powers, sqrt, total
from rac_theory.algebra.polynomial import in_letters
from rac_theory.algebra.polynomials import ZERO
from tests.as_one_test import as_one_test

x, y, z, T, k = map(Symbol, ("x", "y", "z", "T", "k"))
small = st.integers(-3, 3)
LEFT = [maximum(x, y), x**T, powers(x, 0, T), sqrt(y), choice(x < y, z, x), total(k, T, x**k)]


def at(p, values):
    """The value of a polynomial, term by term, at values of its letters."""
    return sum(c * math.prod((values[letter] ** power for letter, power in m), start=Fraction(1)) for m, c in p.terms)


@st.composite
def written(draw):
    """An expression in x, y, z and one that is no polynomial, not multiplied out; at most quadratic in z."""
    one, two, three = (draw(small) + draw(small) * x + draw(small) * y + draw(small) * z for _ in range(3))
    left = draw(st.sampled_from(LEFT))
    return (one * two - three * left) * (1 - x) ** draw(st.integers(0, 2)) / (2 * y) - left**2 / (1 + Let("d", x * y))


points = st.fixed_dictionaries({one: st.fractions(1, 5, max_denominator=16) for one in (x, y, z, *LEFT)})


@given(written(), points)
@settings(max_examples=50, deadline=None)
def test_the_quotient_is_the_expression(e, values):
    """Against the reading as a fraction, with a symbol for what is left. Catches a letter that is read twice or not."""
    named = {each: Symbol(f"u{i}") for i, each in enumerate(LEFT)}
    expected = fraction(e.at(named), {(named.get(one, one)).name: value for one, value in values.items()})
    ratio = in_letters(e)
    assert at(ratio.numerator, values) / at(ratio.denominator, values) == expected


@as_one_test("left", LEFT)
def test_what_is_left_is_one_letter(left):
    """Catches a sum of powers that becomes its closed form, of which no sign is proved."""
    read = in_letters(2 * left**3 / y).numerator
    assert (read.powers(left), read.letters()) == ({m: 3 for m, _ in read.terms}, {left, y})


def test_letters_that_are_asked_for():
    """Whatever they are: catches a definition that is opened before it is looked for."""
    d = Let("d", 1 - x)
    assert in_letters(d * x, {d}).numerator.letters() == {d, x}
    assert in_letters(d * x, {1 - x}).numerator.letters() == {1 - x, x}
    assert in_letters(d * x).numerator.letters() == {x}
    assert x in set(in_letters(d, {d}).numerator.symbols())


@given(written(), points)
@settings(max_examples=40, deadline=None)
def test_derivatives(e, values):
    """At z a quadratic at most: (p(z + 1) - p(z - 1)) / 2 is its slope. Catches a power that is not brought down."""
    p = in_letters(e).numerator
    ends = [at(p, {**values, z: values[z] + step}) for step in (1, -1)]
    assert at(p.derivative(z), values) == (ends[0] - ends[1]) / 2


@given(written(), points)
@settings(max_examples=40, deadline=None)
def test_places(e, values):
    """Catches a place that is put into what was put in, as x into 2 / x, and a power of it that is lost."""
    p = in_letters(e).numerator
    placed = p.at({z: polynomial(x * y - 1).numerator, y: polynomial(2 / x).numerator})
    assert at(placed, values) == at(p, {**values, y: 2 / values[x], z: values[x] * values[y] - 1})


def test_only_a_single_term_has_an_inverse():
    """Catches an inverse of each term: 1 / (x + y) is not 1 / x + 1 / y."""
    one, two, other = (polynomial(e).numerator for e in (2 * x / y, x**T, x + y))
    assert (one**-2, two**-1) == (polynomial(y**2 / (4 * x**2)).numerator, polynomial((1 / x) ** T).numerator)
    for p in (other, ZERO, polynomial((x + y) ** T).numerator):
        with pytest.raises(ZeroDivisionError, match="only a single term has an inverse that is a polynomial"):
            p**-1
    with pytest.raises(ZeroDivisionError, match=r"only a single term .* got x \+ y"):
        one.at({y: other})
