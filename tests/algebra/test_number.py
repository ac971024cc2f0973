"""Numbers against exact fractions where plain arithmetic has lost its digits; ``tests/fuzz`` draws all expressions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rac_theory.algebra import Let, choice, fraction, maximum, number, powers, total
from tests.as_one_test import as_one_test

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


def test_a_quotient_of_small_numbers_is_not_near_one():
    """By way of 1e-20 - 1 and 2e-20 - 1, which are equal, it would be one."""
    at = {"x": 1e-20, "y": 2e-20, "T": 3.0}
    assert number(x / y - 1, at) == -0.5
    assert number((x / y) ** T, at) == 0.125
    assert number(powers(x / y, 0, T - 1), at) == 1.75


def test_large_growth_keeps_its_digits():
    """w = 1/(1 + q) for q = 1e10: a power by way of log1p(w - 1) loses what w - 1 has rounded off."""
    w = 1 / (1 + x)
    for q in 10.0 ** np.arange(0.3, 12, 0.01):
        assert number(w**T, {"x": q, "T": 2.0}) == pytest.approx(float(1 / (1 + Fraction(q)) ** 2), rel=1e-15, abs=0)
        assert number(powers(w, 1, T), {"x": q, "T": 5.0}) == pytest.approx(1 / q, rel=2 / q + 1e-14, abs=0)


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


def test_a_power_less_one_of_a_negative_number():
    """log1p knows nothing below -1."""
    assert number(x**2 - 1, {"x": -3.0}) == 8
    assert number(x**3 - 1, {"x": -3.0}) == -28
    assert number(x**T - 1, {"x": 0.0, "T": np.array([0.0, 1.0, 2.0])}).tolist() == [0, -1, -1]


def test_exact_bases_have_exact_powers():
    """0.75^T by way of logarithms would be off by some roundings."""
    t = np.arange(30.0)
    assert (number((1 - x) ** T, {"x": 0.25, "T": t}) == 0.75**t).all()


def test_the_largest_of_several():
    """Of single numbers and of arrays, and its number less one, which keeps digits."""
    at = {"x": 1e-20, "y": np.array([-1.0, 2e-20]), "K": 3.0}
    assert number(maximum(x, y, K), at).tolist() == [3, 3]
    assert number(maximum(x, y), at).tolist() == [1e-20, 2e-20]
    assert number(maximum(1 + x, 1 + y) - 1, at).tolist() == [1e-20, 2e-20]


def test_totals():
    """A term without the index counts every time; an array stays apart from the index; a total of none is zero."""
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


def test_a_definition_is_read_for_each_index():
    """What was read of it outside, or at another index, is something else."""
    twice = Let("twice", 2 * y)
    assert number(twice + total(y, K, twice), {"y": 10.0, "K": 3.0}) == 20 + 6


def test_a_total_is_as_long_as_memory_allows():
    """steps_to asks for 2^999."""
    with pytest.raises(ValueError, match="a total must have at most 1048576 steps, got 1e\\+09"):
        number(total(y, T, x), {"x": 1.0, "T": np.array([1.0, 1e9])})
    with pytest.raises(ValueError, match="a total must have at most 1048576 steps, got inf"):
        number(total(y, T, x), {"x": 1.0, "T": np.inf})


def test_a_sum_of_one_power_is_that_power():
    """To the last digit: T1_tight at T = 1 is the ceiling, and one rounding below it would count as information."""
    bases = np.random.default_rng(0).uniform(size=1000)
    assert (number(powers(x, 0, T - 1), {"x": bases, "T": 1.0}) == 1).all()
    assert (number(powers(x, 1, T), {"x": bases, "T": 1.0}) == bases).all()
    assert np.isnan(number(powers(x, 0, T - 1), {"x": np.nan, "T": 1.0}))
