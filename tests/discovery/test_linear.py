"""Linear forms in the letters of a step, and what is solved in them: by fractions at numbers."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import GD, Case
from rac_theory.algebra import Let, Symbol, fraction, identical, lifted, maximum, sqrt
from rac_theory.algorithms import PLAIN
from rac_theory.cases import Constants
from rac_theory.discovery import best_letters, share_at, share_of_rate
from rac_theory.discovery.linear import by_powers, linear, numbers, solved
from rac_theory.discovery.recognised import _are_met, best_parameter
from rac_theory.discovery.share_of_rate import ShareOfRate
from rac_theory.problems import Quadratic
from rac_theory.proofs import E, G, H, gap, read
from rac_theory.statements import E as expected
from rac_theory.statements import Theorem, rac_lora_exact
from rac_theory.statements import gap as mean_gap
from rac_theory.statements.symbols import L, T, gamma, gap0, mu, second_young, young
from rac_theory.theorems import T2, T2_sharp
from tests.as_one_test import as_one_test

S, D = G @ G, E(G @ H(G))
x, y = Symbol("x"), Symbol("y")


def test_a_linear_form_has_each_letter_with_its_factor_and_the_rest():
    """Catches a term that is left out or taken twice, and a square, a product or a divisor taken for a letter."""
    form = linear(read((mu * S + 2 * L * S - 3 * D + gamma) / (1 + L)))
    expected_form = {S: (mu + 2 * L) / (1 + L), D: -3 / (1 + L), None: gamma / (1 + L)}
    assert form.keys() == expected_form.keys()
    assert all(identical(form[letter].expression, value) for letter, value in expected_form.items())
    for value in (S * D, S**2, mu / S, S / (1 + D), (1 + S) ** T * D):
        assert linear(read(value)) is None
    name = Let("a", mu, letter="a")
    for factor in (sqrt(mu), maximum(mu, L), name):  # a number where mu and L have one
        assert identical(linear(read(factor * S))[S].expression, factor)


def test_what_each_power_is_multiplied_by():
    """Catches a power that is one off, and terms of which the last alone is kept."""
    parts = by_powers(read(3 * x**2 * y + x**2 - x * mu + 5 * y + 1).numerator, x)
    said = {2: 3 * y + 1, 1: -mu, 0: 5 * y + 1}
    assert parts.keys() == said.keys()
    assert all(identical(part.expression, said[power]) for power, part in parts.items())


def test_a_quotient_at_numbers():
    """Catches a power or a factor that is left out; without letters it is one number."""
    at = {x: np.array([0.5, 2.0]), y: np.array([3.0, 0.25])}
    assert numbers(read((3 * x**2 * y - 1) / (x + 2 * y)), at) == pytest.approx([1.25 / 6.5, 2 / 2.5])
    assert numbers(read(Fraction(1, 4)), {}) == 0.25


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
    """Catches a condition that is turned round or left out, and a letter that is given and looked for."""
    loss = gamma * L * (1 - young) * young

    def best(*given, **letters):
        claim = expected(mean_gap) <= (1 - loss) ** T * gap0
        theorem = Theorem(id="T", source="here", mark="derived", about=rac_lora_exact, given=given, claim=claim)
        return best_letters(theorem, Constants(gamma=1.0, L=1.0, gap0=1.0, letters=letters))

    assert best() == pytest.approx({"y": 0.5}, abs=1e-3)
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
    whole = share_at(T2_sharp, PLAIN, gamma=0.5, mu=1.0, share=1.0)
    of_case = share_of_rate(T2_sharp, Case(GD(gamma=0.5), Quadratic.left(np.eye(2), np.full((2, 1), 3.0))))
    assert (whole.proved, whole.exact, of_case.proved, of_case.exact) == pytest.approx([0.25] * 4)
    for wrong in ({"mu": 0.0}, {"mu": 1.01}, {"share": 0.0}, {"share": 1.01}, {"mu": 2.0, "share": 2.0}):
        with pytest.raises(ValueError, match="must be in"):
            share_at(T2_sharp, PLAIN, **{"gamma": 0.5, "mu": 0.5, "share": 0.5, **wrong})
    with pytest.raises(ValueError, match="must meet the assumptions of T2_sharp: "):
        share_at(T2_sharp, PLAIN, gamma=2.5, mu=0.5, share=0.5)
