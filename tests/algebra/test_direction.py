"""Which way an expression goes, against pairs of exact numbers; and polynomials that are nowhere negative on a box."""

import math
from fractions import Fraction
from operator import add, mul, sub, truediv

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory.algebra import Let, Symbol, between, choice, equal, fraction, maximum, powers, total
from rac_theory.algebra import polynomial as ratio
from rac_theory.algebra.box import _halves, is_nonnegative
from rac_theory.algebra.direction import direction, slacks, together
from rac_theory.algebra.sign import Lemma, Region, Signs, sign
from tests.as_one_test import as_one_test

a, b, c, n, k, L, x, y, z = map(Symbol, "abcnkLxyz")
mu, kappa = Symbol("mu"), Symbol("kappa")
REGION = Region(
    {a: (0, 1), b: (Fraction(1, 2), 2), c: (-2, 0), n: (1, math.inf), x: (0, 2), kappa: (0, 1), L: (0, math.inf)},
    places={mu: kappa * L},
)

KNOWN = [
    (a + 2, "up"),
    (1 - a, "down"),
    (b - n, "none"),
    (a - a * b, None),  # falls for b > 1 and rises for b < 1
    (c * a, "down"),
    (c * (1 - a), "up"),
    (a * (1 - a), None),
    (b * a / n, "up"),
    (n / (1 + a), "down"),
    (c / (1 + a), "up"),
    (a / c, "down"),
    (b / (a - 2), "down"),
    (1 / (a - b), None),  # which goes through infinity
    (a / (a - b), None),  # though its derivative, -b / (a - b)^2, has one sign
    ((a - Fraction(1, 2)) / (a - Fraction(1, 2)) ** 2, None),  # 1 / (a - 1/2), divided by what is never negative
    (a / (1 + a), "up"),
    ((1 + b - a) / (2 * b - a) - 1 / b, None),  # rises for b < 1 and falls for b > 1
    (a / (a - 3), "down"),
    (1 / (a - a) + a, None),
    ((1 + a) ** n, "up"),
    ((1 - a) ** n, "down"),
    ((a - 1) ** 2, "down"),
    ((a - 2) ** 3, "up"),  # by its derivative
    ((-((1 + a) ** n)) ** 2, "up"),  # by the sign of its base, as it has none
    ((a - 1) ** n, None),
    (b**a, None),
    ((1 + a) ** (n - 2), None),  # falls at n = 1 and rises at n = 3
    (powers(1 - a, 0, n), "down"),
    (powers(1 - 2 * a, 0, n), None),
    (a * powers(1 - 2 * a, 0, n), None),  # (1 - (1 - 2 a)^(n+1)) / 2, which turns at a = 1/2
    (powers(a, 1, n) * (c - 1), "down"),
    (a * powers(1 - a, 0, n), "up"),  # 1 - (1 - a)^(n+1)
    ((1 - a) * powers(a, 0, n), "down"),  # 1 - a^(n+1)
    ((2 - a) * powers(a, 0, n), None),
    (total(k, n, k * (1 + a) ** (k - 1)), "up"),
    (total(k, n, (1 + a) ** k - 1) ** 2, "up"),
    (total(k, n, (1 - a) ** k - a), "down"),
    (total(k, n, a * (2 * k - 1)), None),  # its first term falls, all others rise
    (maximum((1 - a) ** 2, (1 - b * a / 2) ** 2), "down"),
    (maximum((1 - a) ** 2, (1 + a) ** 2), "up"),  # the first is never above the second
    (maximum(a, 1 - a), None),
    (choice(a > Fraction(1, 2), 4, 2), "up"),
    (choice(a <= Fraction(1, 2), 4, 2), "down"),
    (choice(a > Fraction(1, 2), 2, 4), "down"),
    (choice(a <= Fraction(1, 2), 2, 4), "up"),
    (choice(a < b, a + 2, a), None),  # rises, and then steps down
    (choice(b < 1, a, 2 * a), "up"),
    (Let("d", 1 - a) * Let("e", a / b), None),
    (Let("d", 1 - a) - Let("e", a / b), "down"),
    (a**3 - 3 * a, "down"),
    (4 * a - b * a**2, "up"),  # at b = 2 and a = 1 it stops to rise
    (a * (2 - a), "up"),
]


@as_one_test(("e", "way"), KNOWN, ids=str)
def test_what_is_known(e, way):
    """Catches a rule that was turned round, one that says more than is so, and one that has become too weak."""
    assert direction(e, a, REGION).trend == way


def test_a_symbol_in_units_of_another():
    """mu <= L is what makes 1 - mu/L a base that is not negative. Catches a derivative that moves mu along with L.

    What is in units of a sum may be divided by, but in a sum nothing is proved of that: that is no error.
    """
    e = (1 - mu / L) ** n
    assert direction(e, mu, REGION) == ("down", {"polynomial"})
    assert direction(e, L, REGION).trend == "up"
    assert direction(e, L, Region({**REGION.ranges, mu: (0, math.inf)})).trend is None
    region = Region({a: (0, 1), b: (1, 2)}, places={c: a + b})
    assert (direction(1 / c, c, region).trend, sign(1 / c, region), sign(2 - 1 / c, region)) == ("down", 1, None)


def test_lemmas_are_used_and_named():
    """Catches a range that is not asked for, and a proof that does not say on what it rests."""
    drift = Let("d", total(k, n, b**k - a))
    known = Region(REGION.ranges, lemmas={drift: Lemma((0, 1), {a: "down"}), b**n: Lemma((0, 2), origin="given")})
    assert direction((1 - drift) ** n, a, REGION).trend is None
    assert direction((1 - drift) ** n, a, known) == ("up", {"lemma", "polynomial"})
    assert direction(a * (2 - b**n), a, known) == ("up", {"given", "polynomial"})
    assert direction(drift, b, known).trend == "up"  # by the rules, for the lemma is silent
    assert [sign(drift, Region(REGION.ranges, lemmas={drift: Lemma(at)})) for at in ((0, 1), (-1, 0))] == [1, -1]


def test_signs():
    """Catches a sign that is made up where a factor, a base or an atom has none. What it took is named: terms that all
    have one sign take no proof on a box, and what is not proved takes nothing.
    """
    for e, known, by in ((a / 2 + b, 1, []), (-1 - a / 2, -1, []), (1 - a, 1, ["polynomial"]), (a - b, None, [])):
        signs = Signs(REGION, set())
        assert (signs.sign(e), signs.used) == (known, {*by})
    for e, known in [
        (c * a, -1),
        (c * c, 1),
        (c**2, 1),
        (c**n, None),
        (a**n, 1),
        (powers(a, 1, n), 1),
        ((1 + a) ** n - 1, 1),
        ((1 - a) ** n - 1, None),
        (powers(c, 0, n), None),
        (maximum(c, a), 1),
        (choice(a > 0, c, -1), -1),
        (choice(a > 0, c, 1), None),
        (a / (b - 1), None),
        (Symbol("u"), None),
        (maximum(c, -b), None),
        (total(k, n, k + a), 1),
        (total(k, n, k - a), None),  # -a where n is 1
        (1 + c**n, None),
        (1 + maximum(a, c), 1),
    ]:
        assert sign(e, REGION) == known, e


def test_slacks_and_ways_together():
    """Catches sides of a relation that are exchanged, and "none" that hides a way."""
    assert [direction(slack, a, REGION).trend for slack in slacks(between(0, a * b, 2))] == ["up", "down"]
    assert [direction(slack, a, REGION).trend for slack in slacks(a >= b)] == ["up"]
    assert [direction(slack, a, REGION).trend for slack in slacks(b > a)] == ["down"]
    assert list(slacks(equal(a, b))) == []
    assert [together(ways) for ways in (["up", "none"], ["up", "down"], ["none"], [], ["up", None])] == [
        *("up", None, "none", "none", None)
    ]


def trees(depth):
    """Expressions in a, b, c, n: anything that the algebra can write, sensible or not."""
    leaves = st.sampled_from(
        [a, a, b, c, *(Fraction(i, 2) + 0 * a if i % 2 else i + 0 * a for i in range(-2, 4)), 1 - a, a - 2]
    )
    if depth == 0:
        return leaves
    inner = trees(depth - 1)
    return st.one_of(
        leaves,
        *(st.builds(operation, inner, inner) for operation in (add, sub, mul, truediv)),
        st.builds(pow, inner, st.integers(0, 3)),
        st.builds(lambda e: e**n, inner),
        st.builds(lambda e, f, first: f * powers(e, first, n), inner, inner, st.integers(0, 1)),
        st.builds(lambda e, f: total(k, n, k * e ** (k - 1) + f**k), inner, inner),
        st.builds(maximum, inner, inner),
        st.builds(lambda e, f, g: choice(e <= f, f, g), inner, inner, inner),
        st.builds(lambda e: Let("d", e), inner),
    )


def values(rng):
    """The values of an expression's symbols but a, at random and at ends."""
    share = [Fraction(int(i), 8) for i in rng.integers(0, 9, 2)]
    return {"b": Fraction(1, 2) + share[0] * Fraction(3, 2), "c": -2 * share[1], "n": int(rng.integers(1, 5))}


@given(trees(2), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_no_way_is_contradicted_by_exact_numbers(e, seed):
    """At 12 pairs of points each. Catches any rule that holds only for factors, bases or terms of one sign."""
    way, _ = direction(e, a, REGION)
    if way is None:
        return
    rng = np.random.default_rng(seed)
    for _ in range(12):
        low, high = sorted(Fraction(int(i), 12) for i in rng.integers(0, 13, 2))
        beside = values(rng)
        before, after = (fraction(e, {**beside, "a": at}) for at in (low, high))
        if isinstance(before, Fraction) and isinstance(after, Fraction):  # neither is a quotient by zero
            assert {"up": before <= after, "down": before >= after, "none": before == after}[way], (e, low, high)


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
