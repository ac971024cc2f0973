"""Confidence limits by betting: what is contradicted is an interval, they cover, and nothing is wider than it needs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory.numerics.confidence import empirical_bernstein_lower, empirical_bernstein_upper, kl_upper
from rac_theory.numerics.limits import lower_mean, upper_mean

ALPHA = 1e-3


def lowest_by_hand(x, alpha):
    """The lower limit of one sample by plain loops over runs and over every mean of a fine grid."""
    stakes, first, square, off = [], 0.0, 0.0, 0.0
    for i, value in enumerate(x):
        mean = first / i if i else 0.0
        spread = (off / (i + 1)) / mean**2 + 1 / (i + 1) if mean > 0 else math.inf
        stakes.append(min(0.9, math.sqrt(2 * math.log(1 / alpha) / (len(x) * spread))) if mean > 0 else 0.0)
        first, square = first + value, square + value**2
        off += (value - first / (i + 1)) ** 2
    grid = np.mean(x) * np.geomspace(1e-3, 1, 4_000)
    wealth = np.log1p(np.array(stakes)[:, None] * (np.asarray(x)[:, None] / grid - 1)).cumsum(axis=0).max(axis=0)
    return grid, wealth >= math.log(1 / alpha)


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0.05, 0.5, 2.0]))
@settings(max_examples=40)
def test_what_is_contradicted_from_below_is_an_interval(seed, runs, shape):
    """On a grid of 4,000 means: all up to the limit are contradicted, and none beyond it.

    Catches stakes that look at the mean that is tried, for which the set has holes now and then.
    """
    x = np.random.default_rng(seed).gamma(shape, size=runs)
    grid, contradicted = lowest_by_hand(x, 0.05)
    count = int(contradicted.sum())
    assert contradicted[:count].all()
    limit = lower_mean(x[:, None], 0.05)[0]
    if count == 0:
        assert limit == 0.0
    else:
        assert limit <= grid[min(count, len(grid) - 1)]
        assert limit == pytest.approx(grid[count - 1], rel=4e-3)


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0.05, 0.5, 2.0]))
@settings(max_examples=40)
def test_a_stricter_level_and_a_larger_run_move_limits_the_right_way(seed, runs, shape):
    x = np.random.default_rng(seed).beta(shape, 1, size=(runs, 1))
    assert lower_mean(x, 1e-4)[0] <= lower_mean(x, 0.05)[0] <= x.mean()
    assert x.mean() <= upper_mean(x, 1.0, 0.05)[0] <= upper_mean(x, 1.0, 1e-4)[0] <= 1.0


def test_limits_cover():
    """At 0.05 over 500 samples of a skewed law: at most 41 misses each (binomial, p < 1e-3)."""
    rng = np.random.default_rng(6)
    X = rng.beta(0.3, 2.7, size=(80, 500))
    assert (lower_mean(X, 0.05) > 0.1).sum() <= 41
    assert (upper_mean(X, 1.0, 0.05) < 0.1).sum() <= 41
    # And they are no wider than three times what the variance alone would allow.
    error = math.sqrt(2 * math.log(20) * 0.0225 / 80)
    assert np.median(upper_mean(X, 1.0, 0.05)) - 0.1 < 3 * error
    assert 0.1 - np.median(lower_mean(X, 0.05)) < 3 * error


def test_each_limit_is_at_its_own_level():
    """A level for each t: the same columns at other levels. Catches one level for all."""
    x = np.random.default_rng(1).gamma(2.0, size=(100, 1))
    both = lower_mean(np.repeat(x, 2, axis=1), np.array([0.05, 1e-4]))
    assert both.tolist() == [lower_mean(x, 0.05)[0], lower_mean(x, 1e-4)[0]]


def test_values_that_are_no_number_count_as_zero():
    x = np.random.default_rng(2).gamma(2.0, size=(100, 1))
    broken = x.copy()
    broken[::10] = np.nan
    broken[5] = np.inf
    zeroed = np.where(np.isfinite(broken), broken, 0.0)
    assert lower_mean(broken, 0.05) == lower_mean(zeroed, 0.05)
    assert lower_mean(np.zeros((9, 1)), 0.05) == 0.0


def test_two_routes_to_an_upper_limit():
    """Betting, empirical Bernstein, and the mean alone: each wider than the one before where the variance is small.

    Catches a limit on the wrong scale of the ceiling, which coverage alone would not.
    """
    X = 3 * np.random.default_rng(9).beta(20, 60, size=(2_000, 5))
    betting = upper_mean(X, 3.0, ALPHA)
    bernstein = 3 * empirical_bernstein_upper(X / 3, ALPHA)
    alone = np.array([3 * kl_upper(mean / 3, 2_000, ALPHA) for mean in X.mean(axis=0)])
    mean = X.mean(axis=0)
    assert (betting > 0.75).all()
    assert (betting < bernstein).all()
    assert (bernstein - mean < 2.5 * (betting - mean)).all()
    assert (alone - mean > 1.5 * (bernstein - mean)).all()


def test_two_routes_to_a_lower_limit():
    """Betting on a variable in [0, 1] against empirical Bernstein, which knows the ceiling, and the mirror image."""
    X = np.random.default_rng(10).beta(20, 60, size=(2_000, 5))
    mean = X.mean(axis=0)
    lower, bernstein = lower_mean(X, ALPHA), empirical_bernstein_lower(X, ALPHA)
    mirrored = 1 - upper_mean(1 - X, 1.0, ALPHA)
    assert (lower < 0.25).all()
    assert (mean - lower < 1.1 * (mean - bernstein)).all()
    np.testing.assert_allclose(mean - lower, mean - mirrored, rtol=0.1)


def test_a_mean_that_is_hardly_a_number_has_the_limit_zero():
    """Steps that fit the draw reach such gaps. Catches a part of it that is zero, and divided by: a warning."""
    X = np.stack([np.full(60, value) for value in (5e-324, 1e-306, 1e-150, 0.0)], axis=1)
    low = lower_mean(X, ALPHA)
    assert low[0] == low[1] == low[3] == 0.0
    assert 0 < low[2] <= 1e-150
