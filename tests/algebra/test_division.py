"""Exact division: what is multiplied comes back, and what does not divide is not divided."""

import random
from fractions import Fraction

from rac_theory.algebra import Ratio, Symbol, identical, polynomial
from rac_theory.algebra.division import cancelled, divided, simplified
from rac_theory.algebra.polynomials import ZERO, constant
from tests.as_one_test import as_one_test

LETTERS = x, y, z = Symbol("x"), Symbol("y"), Symbol("z")
T = Symbol("T")


def drawn(rng, terms, lowest):
    """A polynomial with whole exponents from ``lowest`` to 3."""
    total = ZERO
    for _ in range(terms):
        product = constant(Fraction(rng.choice([-3, -1, 1, 2, 5]), rng.choice([1, 2, 7])))
        for letter in LETTERS:
            product = product * polynomial(letter).numerator ** rng.randint(lowest, 3)
        total = total + product
    return total


@as_one_test("lowest", [0, -2])
def test_what_is_multiplied_comes_back(lowest):
    """A leading term taken from the wrong end, or a factor of its number that is lost, would be seen."""
    rng = random.Random(25 + lowest)
    for _ in range(100):
        one, other = drawn(rng, 4, lowest), drawn(rng, 3, lowest)
        if other != ZERO:
            assert divided(one * other, other) == one
            assert simplified(Ratio(one * other, other)) == Ratio(one)


def test_what_does_not_divide_is_not_divided():
    """One more term, and there is no quotient; a search without an end would not come back."""
    rng = random.Random(26)
    for _ in range(100):
        one, other = drawn(rng, 4, 0), polynomial(1 + x * y + z).numerator
        rest = polynomial(Fraction(rng.choice([-2, 1, 3])) * x**0).numerator
        assert divided(one * other + rest, other) is None
        ratio = Ratio(one * other + rest, other)
        assert simplified(ratio) is ratio


def test_nothing_is_divided_by_anything_and_symbolic_exponents_are_not_looked_into():
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
