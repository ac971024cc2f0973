"""Directed rounding is exact where it can be and never on the wrong side."""

import math
from fractions import Fraction

import pytest

from rac_theory.numerics.rational import rounded


@pytest.mark.parametrize("exact", [Fraction(1, 3), Fraction(-1, 3), 1 + Fraction(1, 10**19), Fraction(10) ** -330])
def test_it_brackets(exact):
    low, high = rounded(exact, -math.inf), rounded(exact, math.inf)
    assert low < exact < high
    assert high == math.nextafter(low, math.inf)


@pytest.mark.parametrize("number", [0.0, 0.1, -7e20, 5e-324])
def test_floats_are_kept(number):
    assert rounded(Fraction(number), math.inf) == rounded(Fraction(number), -math.inf) == number


@pytest.mark.parametrize("sign", [-1, 1])
def test_what_is_beyond_all_floats_is_infinite_or_the_largest(sign):
    exact, largest = sign * Fraction(10) ** 400, sign * 1.7976931348623157e308
    assert rounded(exact, sign * math.inf) == sign * math.inf
    assert rounded(exact, -sign * math.inf) == largest
