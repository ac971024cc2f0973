"""Linear forms in the letters of a step and what is solved in them; signs of numbers, and which is asked for."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import GD, Case
from rac_theory.algebra import Let, Symbol, fraction, identical, lifted, maximum, sqrt, text
from rac_theory.algorithms import MOMENTUM, PLAIN
from rac_theory.cases import Constants
from rac_theory.discovery import best_letters, share_at, share_of_rate
from rac_theory.discovery.discover import _about, _factored
from rac_theory.discovery.linear import by_powers, linear, numbers, solved
from rac_theory.discovery.recognised import _are_met, best_parameter
from rac_theory.discovery.share_of_rate import ShareOfRate
from rac_theory.discovery.signs import Signs
from rac_theory.discovery.templates import _summed_and_divided, fallen_by_next_gradient
from rac_theory.problems import Quadratic
from rac_theory.proofs import E, G, H, Missing, Writer, facts_in, gap, read
from rac_theory.proofs.fact import granted
from rac_theory.statements import E as expected
from rac_theory.statements import Theorem, rac_lora_exact
from rac_theory.statements import gap as mean_gap
from rac_theory.statements.assumptions import smooth
from rac_theory.statements.symbols import L, T, gamma, gap0, mu, second_young, young
from rac_theory.theorems import T2, T2_sharp, T13_pl
from tests.as_one_test import as_one_test

S, D = G @ G, E(G @ H(G))
x, y, z = map(Symbol, "xyz")


def test_a_linear_form_has_each_letter_with_its_factor_and_the_rest():
    """Catches a term that is left out or taken twice, and a square, a product or a divisor taken for a letter.

    Of what each power is multiplied by: one that is one off, and terms of which the last alone is kept. At numbers a
    power or a factor that is left out would be seen; without letters it is one number.
    """
    parts, said = by_powers(read(3 * x**2 * y + x**2 - x * mu + 5 * y + 1).numerator, x), (5 * y + 1, -mu, 3 * y + 1)
    assert parts.keys() == {0, 1, 2}
    assert all(identical(parts[power].expression, value) for power, value in enumerate(said))
    at = {x: np.array([0.5, 2.0]), y: np.array([3.0, 0.25])}
    assert numbers(read((3 * x**2 * y - 1) / (x + 2 * y)), at) == pytest.approx([1.25 / 6.5, 2 / 2.5])
    assert numbers(read(Fraction(1, 4)), {}) == 0.25
    form = linear(read((mu * S + 2 * L * S - 3 * D + gamma) / (1 + L)))
    expected_form = {S: (mu + 2 * L) / (1 + L), D: -3 / (1 + L), None: gamma / (1 + L)}
    assert form.keys() == expected_form.keys()
    assert all(identical(form[letter].expression, value) for letter, value in expected_form.items())
    for value in (S * D, S**2, mu / S, S / (1 + D), (1 + S) ** T * D):
        assert linear(read(value)) is None
    name = Let("a", mu, letter="a")
    for factor in (sqrt(mu), maximum(mu, L), name):  # a number where mu and L have one
        assert identical(linear(read(factor * S))[S].expression, factor)


def some_of(rng):
    some = [mu, L, 1 + mu, L / gamma, mu - L, 1 / (1 + L)]
    return [read(some[k] * int(n)) for k, n in rng.integers(1, 6, (3, 2))]


@as_one_test("seed", range(3))
def test_a_sum_is_solved_for_how_often_each_form_is_taken(seed):
    """By a second route: the answer is multiplied out. Catches a wrong pivot, and a form that is not eliminated."""
    rng, letters = np.random.default_rng(seed), [S, D, gap]
    columns = [dict(zip(letters, some_of(rng), strict=True)) for _ in letters]
    wanted = some_of(rng)
    goal = {one: sum((form[one] * n for form, n in zip(columns, wanted, strict=True)), read(0)) for one in letters}
    at = {"mu": Fraction(2, 7), "L": Fraction(5, 3), "gamma": Fraction(3, 11)}
    for factors in ((), (read(1 + L).numerator,)):
        found = solved(columns, goal, factors)
        assert [fraction(n.expression, at) for n in found] == [fraction(n.expression, at) for n in wanted]
    assert solved(columns[:2], goal) is None  # a form is missing
    assert solved([*columns, columns[0]], goal) is None  # there are many answers


def test_the_best_parameter_is_where_the_difference_is_a_square():
    """Catches a square with another slope, one where there is none, and a difference that never is zero."""
    bound, aim = (1 - mu * y_ * (2 - L * y_) for y_ in (young, 1 / L))
    assert identical(best_parameter(bound**T * gap0, aim**T * gap0), 1 / L)
    assert best_parameter(bound**T * gap0, (aim + mu) ** T * gap0) is None
    assert best_parameter((1 - mu * young) ** T * gap0, aim**T * gap0) is None
    assert best_parameter((1 - mu * young**3) ** T * gap0, aim**T * gap0) is None
    assert best_parameter((2 + 2 * young) * gap0, lifted(1) * gap0) is None  # with 1 + 2 y it would be that of 1 + y


def test_relations_are_met_where_all_are_at_all_constants():
    """Of T2, where gamma L <= 1: what is met at some constants alone is not met."""
    assert _are_met([gamma * L <= 2, mu <= L], T2)
    assert not _are_met([gamma * L <= 2, 2 * gamma * L <= 1], T2)


def test_the_best_letters_meet_what_is_asked_of_them():
    """After one step. Catches a condition that is turned round or left out, a letter that is given and looked for, and
    what is least after two."""
    loss = gamma * L * (1 - young) * young

    def best(*given, left=(1 - loss) ** T, **letters):
        claim = expected(mean_gap) <= left * gap0
        theorem = Theorem(id="T", source="here", mark="derived", about=rac_lora_exact, given=given, claim=claim)
        return best_letters(theorem, Constants(gamma=1.0, L=1.0, gap0=1.0, letters=letters))

    assert best() == pytest.approx({"y": 0.5}, abs=1e-3)
    assert best(left=young**T + (1 - young) ** 4)["y"] == pytest.approx(1 - 0.25 ** (1 / 3), abs=1e-3)
    assert best(4 * young <= 1) == pytest.approx({"y": 0.25}, abs=1e-3)
    assert best(4 * young >= 3) == pytest.approx({"y": 0.75}, abs=1e-3)
    assert best(4 * young <= 1, young <= second_young, 5 * second_young <= 1)["y"] == pytest.approx(0.2, abs=1e-3)
    assert best(y=0.3) == {}
    with pytest.raises(ValueError, match="says nothing at these constants for any y"):
        best(2 * gamma <= 1)  # in which no letter is free


def test_a_share_is_one_of_exponents():
    """Catches a quotient of factors, one the other way round, and "with" before nothing."""
    share = ShareOfRate(0.25, 0.0625, {"y": 0.5, "z": 2.0})
    assert share.share == 0.5
    told = "a factor of 0.250000 a step with y = 0.5, z = 2, the exact one is 0.062500: 50% of its exponent"
    assert str(share) == told
    assert str(ShareOfRate(0.5, 0.5)) == "a factor of 0.500000 a step, the exact one is 0.500000: 100% of its exponent"
    ends = [ShareOfRate(proved, exact).share for proved, exact in ((1.0, 1.0), (0.0, 0.0), (0.5, 0.0), (1.0, 0.5))]
    assert ends == [1, 1, 0, 0]  # was nan where neither falls, and where both are zero
    claim, beyond = expected(mean_gap) <= (1 - gamma * L) * gap0, np.nextafter(1, 2)
    less = Theorem(id="T", source="here", mark="derived", about=rac_lora_exact, given=(), claim=claim)
    assert share_at(less, PLAIN, gamma=beyond, mu=1.0, share=1.0).proved == 0  # and no rounding below it
    assert share_of_rate(less, Case(GD(beyond), Quadratic.left(np.eye(2), np.ones((2, 1))))).proved == 0
    whole = share_at(T2_sharp, PLAIN, gamma=0.5, mu=1.0, share=1.0)
    of_case = share_of_rate(T2_sharp, Case(GD(gamma=0.5), Quadratic.left(np.eye(2), np.full((2, 1), 3.0))))
    assert (whole.proved, whole.exact, of_case.proved, of_case.exact) == pytest.approx([0.25] * 4)
    for wrong in ({"mu": 0.0}, {"mu": 1.01}, {"share": 0.0}, {"share": 1.01}, {"mu": 2.0, "share": 2.0}):
        with pytest.raises(ValueError, match="must be in"):
            share_at(T2_sharp, PLAIN, **{"gamma": 0.5, "mu": 0.5, "share": 0.5, **wrong})
    for length in (-1.0, 0.0, np.nan):  # T13_pl asks no more than gamma L_H <= 2: a factor of 2 was "100%"
        with pytest.raises(ValueError, match="gamma must be a finite number"):
            share_at(T13_pl, PLAIN, gamma=length, mu=1.0, share=0.5)
    with pytest.raises(ValueError, match="must meet the assumptions of T2_sharp: "):
        share_at(T2_sharp, PLAIN, gamma=2.5, mu=0.5, share=0.5)


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
    """Two sums, each positive. Catches a quotient whose divisor is known in parts alone: it cannot be divided by; and a
    name that says less than is known, in a proof that is printed.
    """
    names = {each.name for each in facts_in(fallen_by_next_gradient(_about(MOMENTUM, (smooth,))[0]))}
    assert {"0 < 2 L + mu - mu y", "0 < y (2 L + mu - mu y)"} <= names
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
    names = {each.name for each in facts_in(fact) if each.value == read((1 + y) * (2 + 3 * x))}
    assert names == {"0 < 2 + 3 x + 2 y + 3 x y"}
