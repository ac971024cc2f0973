"""Sums of logarithms that share one: against the same sum in twice as many digits, number by number."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from rac_theory.numerics.linalg import largest_logarithm, sum_of_logarithms

RNG = np.random.default_rng(0)
EPS = np.finfo(float).eps


@pytest.mark.parametrize("N", [*range(10), 100])
def test_every_number_counts_once(N):
    """Also those that are left over; catches one that is lost, or met twice, at any length."""
    numbers = np.exp(RNG.uniform(0, 5, (3, 2, N)))
    with localcontext(prec=40):
        exact = [[float(sum(Decimal(x).ln() for x in row)) for row in rows] for rows in numbers.tolist()]
    found = sum_of_logarithms(numbers)
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found, exact, rtol=4 * EPS, atol=2 * EPS * N)


def test_small_ones_keep_their_digits():
    """As many as one logarithm of each would keep: a number is rounded by eps/2, and a product by three times that."""
    numbers = 1 + RNG.uniform(0, 1e-12, 400)
    exact = np.log1p((numbers - 1).astype(np.longdouble)).sum()
    assert abs(sum_of_logarithms(numbers) - float(exact)) <= 400 * EPS / 2


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_largest_have_room(dtype):
    """Neither do products overflow, nor is what is left out of a larger loss more than a rounding of one."""
    largest = largest_logarithm(np.dtype(dtype))
    numbers = 1 + np.exp(np.full((2, 9), largest, dtype))
    found = sum_of_logarithms(numbers)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, 9 * largest, rtol=4 * np.finfo(dtype).eps)
    assert np.exp(-largest) < np.finfo(dtype).eps / 2
    with np.errstate(over="ignore"):  # three tenths more is too much, or the test could not fail
        assert np.isinf(sum_of_logarithms(np.exp(np.full(4, 1.3 * largest, dtype))))


def test_a_run_does_not_see_its_neighbours():
    numbers = np.exp(RNG.uniform(0, 5, (3, 11)))
    alone = sum_of_logarithms(numbers[1])
    numbers[0], numbers[2] = np.nan, np.inf
    assert sum_of_logarithms(numbers)[1] == alone
