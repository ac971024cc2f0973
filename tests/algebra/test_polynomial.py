"""Polynomials and their quotients: which expressions are the same, what is left as it is, derived, and divided."""

import math
import random
from contextlib import suppress
from fractions import Fraction
from functools import reduce
from math import prod
from operator import add, mul

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory.algebra import Let, Ratio, Symbol, fraction, identical, polynomial, polynomials, summed
from rac_theory.algebra.division import cancelled, divided, simplified
from rac_theory.algebra.expression import lifted
from rac_theory.algebra.forms import between, choice, maximum, powers, sqrt, total
from rac_theory.algebra.polynomial import in_letters
from rac_theory.algebra.polynomials import ZERO, constant
from tests.as_one_test import as_one_test
from tests.fuzz.expressions import disagreements, drawn
from tests.refused import raises, wrong

x, y, z, T, N, k, j = map(Symbol, "xyzTNkj")


@pytest.mark.long
def test_every_reading_has_the_same_value():
    """As a number, as a fraction and in normal form. Catches any case of a reading that is mistaken for another."""
    assert [(each.expression, why) for each in drawn(150, 11) for why in disagreements(each)] == []


def test_a_change_is_seen():
    """That all are called identical is excluded: twice what is not zero, and what differs by 1/1000, are others."""
    for each in drawn(40, 12):
        tree = each.expression
        with suppress(ZeroDivisionError, ValueError):  # what has no normal form
            assert identical(tree, tree)
            assert not identical(tree, tree + Fraction(1, 1000)), tree
            assert each.value == 0 or not identical(tree, 2 * tree), tree


rho = Let("rho", 1 - x * y)
w = Let("w", 1 / (1 + x))
x_j = Symbol("x_j", argument=j)


@as_one_test(
    ("one", "other"),
    [
        (rho ** (T - 1) * rho, rho**T),
        ((1 - x) ** T * (1 + x) ** T, (1 - x**2) ** T),
        ((x / y) ** T, x**T / y**T),
        ((2 * x) ** T / lifted(2) ** T, x**T),
        (((1 - x**2) / (1 - x)) ** T, (1 + x) ** T),
        (x ** (2 * T + 3), (x**2) ** T * x**3),
        (x ** (T * (N + 1)), x ** (T * N) * x**T),
        (lifted(-1) ** (2 * T), 1),
        (lifted(1) ** T, 1),
        (x ** (N - N), 1),
        (x**T * (1 / x) ** T, 1),
        ((1 - rho) * powers(rho, 0, T - 1), 1 - rho**T),
        (powers(w, 1, T), (1 - w**T) / x),
        (powers(x, 0, T) - powers(x, 1, T), 1),
        (powers(x / x, 0, T - 1), T),
        (powers(x - x, 1, T), 0),
        (total(k, T, x * w**k), x * powers(w, 0, T - 1)),
        (total(k, T, w**k / (1 + y)), powers(w, 0, T - 1) / (1 + y)),
        (total(k, T, lifted(1)), T),
        (total(k, T, x + k * y), x * T + y * total(j, T, j)),
        (total(k, 3, k * x**k), x + 2 * x**2),
        (total(k, 0, maximum(k, x)), 0),
        (powers(x, 0, 3), 1 + x + x**2 + x**3),
        (powers(x, 2, 1), 0),
        (total(k, T, 1 / (k + y)), total(j, T, 1 / (y + j))),
        (total(k, N, (1 + x) ** k - 1) / N, ((1 + x) ** N - 1) / (N * x) - 1),  # the drift s of T7's page
        (total(j, T, 2 * x_j * w**j), 2 * total(k, T, w**k * x_j.at({j: k}))),
        (total(j, T, x_j + total(k, 1, maximum(k, x)) - maximum(0, x)), total(j, T, x_j)),  # a sum inside that goes
        (total(j, 2, x_j), x_j.at({j: 0}) + x_j.at({j: 1})),
        (maximum(x, y, x), maximum(y, x)),
        (maximum((x + 1) ** 2, 1 + 2 * x + x**2), (x + 1) ** 2),
        (maximum(1, 2, Fraction(1, 3)), 2),
        (maximum(x, 1, 2), maximum(2, x)),
        (choice(x - x + 1 > 0, x, 1 / (y - y)), x),
        (choice(between(0, x / x, 1), x, y), y),
        (choice(between(x, lifted(2), 1), x, y), y),
        (choice(x > 0, y, y), y),
        ((1 - x) / (1 - x**2) + maximum(x, 1), 1 / (1 + x) + maximum(1, x)),
        # The square of a root is what it is of: an odd power keeps it, and a square goes below a line.
        (sqrt(x + y) ** 2, x + y),
        (sqrt(1 - x) * sqrt(1 - x / 1), 1 - x),
        ((1 + sqrt(x)) * (1 - sqrt(x)), 1 - x),
        ((x - y) / (sqrt(x) - sqrt(y)), sqrt(x) + sqrt(y)),
        (1 / sqrt(x) ** 3, 1 / (x * sqrt(x))),
        (sqrt(x / (1 + y)) ** 4, x**2 / (1 + y) ** 2),
        (sqrt(lifted(4) / 9), Fraction(2, 3)),
        (sqrt(1 + (x - x)) + sqrt(x - x), 1),
        (sqrt(2) ** 2 * sqrt(lifted(-3)) ** 2, -6),
        ((1 - (1 - sqrt(1 - x))) ** (2 * T), (1 - x) ** T),
    ],
    ids=str,
)
def test_what_is_the_same(one, other):
    """A rule of powers, sums, maxima or choices that is missing would leave two normal forms of one function."""
    assert identical(one, other)


@as_one_test(
    ("one", "other"),
    [
        (x**T, x ** (T + 1)),
        ((x**2) ** T, x**T),
        (x**T * y**T, (x + y) ** T),
        (x**T * y**N, (x * y) ** T),
        (lifted(-1) ** T, 1),
        (lifted(0) ** T, 0),  # which is 1 at T = 0
        (powers(x, 0, T - 1), powers(x, 0, T)),
        (powers(x, 0, T - 1), T),
        (total(k, T, k * x**k), total(k, T, k * x ** (k + 1))),
        (total(k, T, k), total(k, N, k)),
        (total(j, T, x_j), T * x_j),
        (total(j, T, x_j.at({j: j + 1})), T * x_j.at({j: j + 1})),
        (total(j, T, maximum(k, j)), total(j, T, maximum(j, j))),  # a letter of the name of the index
        (total(j, T, x_j * w**j) / powers(w, 0, T - 1), total(j, T, x_j) / T),
        (total(j, 2, x_j), 2 * x_j.at({j: 0})),
        # One index is not taken for the other, which stands around it.
        (total(j, T, total(k, T, j * maximum(j, k + 1))), total(j, T, total(k, T, k * maximum(j, k + 1)))),
        (total(j, N, total(k, T, maximum(j, 2 * k))), total(j, N, total(k, T, maximum(k, 2 * j)))),
        (maximum(x, y), maximum(x, y, 1)),
        (choice(x > 0, x, y), choice(x >= 0, x, y)),
        (choice(between(x, lifted(1), 2), x, y), x),
        (choice(x > 0, x, y), choice(x > 0, y, x)),
        (Symbol("L", constant="L"), Symbol("L", constant="L_max")),
        # Roots are not read as one letter, and the root of a square does not drop its sign.
        (sqrt(x), x),
        (sqrt(x) ** 2, x**2),
        (sqrt(x) ** 3, x),
        (sqrt(x), sqrt(y)),
        (sqrt(x) * sqrt(y), x),
        (sqrt(x**2), x),  # which is -x below zero
        (sqrt(x), -sqrt(x)),
        ((1 + sqrt(x)) ** 2, 1 + x),
    ],
    ids=str,
)
def test_what_is_not_the_same(one, other):
    """A rule that is too bold, as that powers add their bases, would make these identical."""
    assert not identical(one, other)


def test_a_factor_of_zero_decides():
    """The drifts of one step: r is 0/0 and s is 0, so s r is 0; r alone, or beside what is infinite, is not known."""
    s = total(k, N, x**k - 1) / N
    r = Let("r", x / (N * (N - 1)) * total(k, N, k * x ** (k - 1)))
    one = {N: 1}
    assert polynomial((1 - s**2 + s * r).at(one)) == polynomial(lifted(1))
    for unknown in (r.at(one), (s * (x / (N - 1))).at(one), (x / (y - y)), 1 / (x**T * y - y * x ** (T - 1) * x)):
        raises(ZeroDivisionError, "has a denominator that is zero for all values of its symbols", polynomial, unknown)


@as_one_test("exponent", [Fraction(3, 2), T / 2, 1 / T, T / (N + 1)])
def test_exponents_that_are_not_whole(exponent):
    """A power of a root read as a power with the next whole exponent would make false identities true; half a term is
    no term less, as 1 + x would have it."""
    for power in (x**exponent, powers(x, 0, exponent)):
        wrong("an exponent must be a whole number in exact arithmetic, got ", polynomial, power)


def test_the_largest_that_is_multiplied_out(monkeypatch):
    """Each limit is reached, and not passed: of terms in a product, of copies of a sum, of bits of a power."""
    for name, most in (("MOST_PRODUCTS", 6), ("MOST_COPIES", 3), ("MOST_BITS", 8)):
        monkeypatch.setattr(polynomials, name, most)
    two, three, number = (polynomial(each).numerator for each in (x + 1, y**2 + y + 1, 3 * x))
    assert len((two * three).terms) == 6
    assert len((two**3).terms) == 4
    assert number**4 == polynomial(81 * x**4).numerator
    assert polynomial(-x).numerator ** 1000 == polynomial(x**1000).numerator
    assert polynomial(x - x).numerator ** 1000 == polynomial(x - x).numerator
    wrong("a product must have at most 6 terms before they are gathered, got 9", mul, three, three)
    for of, power in ((two, 4), (number, 5), (polynomial(x / 3).numerator, 5)):
        wrong(f"an exponent must be at most 3 in exact arithmetic, got {power}", pow, of, power)


def test_it_is_written_as_one_would():
    """Signs, places above and below the line, the order of terms, one prime more for a sum: what a page shows of it."""
    letters = [Symbol(name) for name in "eEdDcCbBaA"]  # by no order of addresses, which change
    for tree, said in (
        (18 * x / (7 * N * T * 3) - (1 - y) ** T, "6 x / (7 N T) - (1 - y)^T"),
        ((x - y) * (y + x), "x^2 - y^2"),
        (1 / (x + 2 * x * y), "(1/x) / (1 + 2 y)"),
        (1 / (x - 1), "(-1) / (1 - x)"),
        (x - x, "0"),
        (x / (1 + y) + N / (1 + y), "(N + x) / (1 + y)"),
        (-x / 2, "-x / 2"),
        (
            total(y, T, maximum(y * total(j, T, maximum(j, x)), total(k, T, total(j, k, maximum(j, x))))),
            "sum_{k''<T} max{k'' sum_{k<T} max{k, x}, sum_{k'<T} sum_{k<k'} max{k, x}}",
        ),
        (prod(letters) / prod(letters) ** 2, "1 / (A a B b C c D d E e)"),
    ):
        assert repr(polynomial(tree)) == said


def test_a_sum_of_quotients_is_that_of_any_order():
    """Denominators that come again are not multiplied again; what is infinite or unknown is not taken for zero."""
    quotients = [polynomial(each) for each in (x / (1 - x), y / (1 - y), 1 / (1 - x), T, 1 / (1 - y), -2 * T)]
    one_by_one = reduce(add, quotients)
    assert summed(quotients) == summed(quotients[::-1]) == one_by_one
    assert len(summed(quotients).denominator.terms) == 4 < len(one_by_one.denominator.terms)
    assert (summed([]), summed(quotients[3:4])) == (polynomial(x - x), quotients[3])
    infinite = Ratio(constant(1), constant(0))
    for several in ([infinite, quotients[0]], [infinite, infinite], [quotients[0], infinite, -infinite]):
        added, expected = summed(several), reduce(add, several)
        assert (added.numerator, added.denominator) == (expected.numerator, expected.denominator)


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


@pytest.mark.long
@given(written(), points)
@settings(max_examples=50, deadline=None)
def test_the_quotient_is_the_expression(e, values):
    """Against the reading as a fraction, with a symbol for what is left. Catches a letter that is read twice or not."""
    named = {each: Symbol(f"u{i}") for i, each in enumerate(LEFT)}
    expected = fraction(e.at(named), {(named.get(one, one)).name: value for one, value in values.items()})
    ratio = in_letters(e)
    assert at(ratio.numerator, values) / at(ratio.denominator, values) == expected


def test_what_an_index_is_in_is_another_at_each_and_is_not_put_in_its_sum():
    """sum_{k<T} z for z = k was T times what z is outside, as a letter."""
    z = Let("z", k)
    assert polynomial(z + total(k, 3, z), {z: polynomial(x)}) == polynomial(x + 3)
    assert polynomial(total(k, T, x + z), {z: polynomial(x)}) == polynomial(total(k, T, x + k))


def test_letters_are_what_is_left_and_what_is_asked_for():
    """Catches a sum of powers that becomes its closed form, of which no sign is proved, and a definition that is opened
    before it is looked for.
    """
    for left in LEFT:
        read = in_letters(2 * left**3 / y).numerator
        assert (read.powers(left), read.letters()) == ({m: 3 for m, _ in read.terms}, {left, y})
    d = Let("d", 1 - x)
    for asked, letter in (({d}, d), ({1 - x}, 1 - x), ((), x)):
        assert in_letters(d * x, asked).numerator.letters() == {letter, x}
    assert x in set(in_letters(d, {d}).numerator.symbols())


@pytest.mark.long
@given(written(), points)
@settings(max_examples=40, deadline=None)
def test_derivatives_and_places(e, values):
    """At z a quadratic at most: (p(z + 1) - p(z - 1)) / 2 is its slope. Catches a power that is not brought down, a
    place that is put into what was put in, as x into 2 / x, and a power of it that is lost.
    """
    p = in_letters(e).numerator
    ends = [at(p, {**values, z: values[z] + step}) for step in (1, -1)]
    assert at(p.derivative(z), values) == (ends[0] - ends[1]) / 2
    placed = p.at({z: polynomial(x * y - 1).numerator, y: polynomial(2 / x).numerator})
    assert at(placed, values) == at(p, {**values, y: 2 / values[x], z: values[x] * values[y] - 1})


def test_only_a_single_term_has_an_inverse():
    """Catches an inverse of each term: 1 / (x + y) is not 1 / x + 1 / y."""
    one, two, other = (polynomial(e).numerator for e in (2 * x / y, x**T, x + y))
    assert (one**-2, two**-1) == (polynomial(y**2 / (4 * x**2)).numerator, polynomial((1 / x) ** T).numerator)
    for p in (other, ZERO, polynomial((x + y) ** T).numerator):
        raises(ZeroDivisionError, "only a single term has an inverse that is a polynomial", pow, p, -1)
    raises(ZeroDivisionError, r"only a single term .* got x \+ y", one.at, {y: other})


def some(rng, terms, lowest):
    """A polynomial with whole exponents from ``lowest`` to 3."""
    total = ZERO
    for _ in range(terms):
        product = constant(Fraction(rng.choice([-3, -1, 1, 2, 5]), rng.choice([1, 2, 7])))
        for letter in (x, y, z):
            product = product * polynomial(letter).numerator ** rng.randint(lowest, 3)
        total = total + product
    return total


@as_one_test("lowest", [0, -2])
def test_what_is_multiplied_comes_back(lowest):
    """A leading term taken from the wrong end, or a factor of its number that is lost, would be seen."""
    rng = random.Random(25 + lowest)
    for _ in range(100):
        one, other = some(rng, 4, lowest), some(rng, 3, lowest)
        if other != ZERO:
            assert divided(one * other, other) == one
            assert simplified(Ratio(one * other, other)) == Ratio(one)


def test_what_does_not_divide_is_not_divided():
    """One more term, and there is no quotient: a search without an end would not come back. Symbolic exponents are not
    looked into, and nothing is divided by anything.
    """
    rng = random.Random(26)
    for _ in range(100):
        one, other = some(rng, 4, 0), polynomial(1 + x * y + z).numerator
        rest = polynomial(Fraction(rng.choice([-2, 1, 3])) * x**0).numerator
        assert divided(one * other + rest, other) is None
        ratio = Ratio(one * other + rest, other)
        assert simplified(ratio) is ratio
    assert divided(ZERO, polynomial(1 + x).numerator) == ZERO
    power = polynomial((1 + x) ** T).numerator
    assert divided(power * power, power) is None
    assert identical((1 + x) ** T / (1 + x) ** T, 1)


def test_factors_of_both_sides_are_cancelled_and_others_stay():
    """Each as often as it is above and below; one that is on one side alone goes nowhere."""
    above, below = (polynomial(side).numerator for side in ((1 + x) ** 2 * (x + y), (1 + x) ** 3 * (x - y) * (y + z)))
    value, factors = Ratio(above, below), [polynomial(side).numerator for side in (y + z, x + y, 1 + x)]
    shorter = cancelled(value, factors)
    assert shorter == value
    assert shorter.denominator in (reduced := polynomial((1 + x) * (x - y) * (y + z)).numerator, -reduced)
    assert cancelled(value, factors[:2]) == value
    assert cancelled(Ratio(above, polynomial((1 + x) * (y + z)).numerator), factors).denominator == factors[0]
