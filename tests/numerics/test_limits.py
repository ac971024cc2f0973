"""Confidence limits by betting: what is contradicted is an interval, they cover, and nothing is wider than it needs."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory.numerics.limits import lower_mean, upper_mean

ALPHA = 1e-3


def by_hand(x, alpha, m, ceiling=None):
    """The largest log wealth of bets that the mean is not m, by a plain loop over runs: from below, or from above."""
    first, off, wealth, best = 0.0, 0.0, 0.0, -math.inf
    n, seen = len(x), 0.0 if ceiling is None else 1.0  # half a run of one half, that nobody has seen
    for i, value in enumerate(x):
        if ceiling is None:
            mean = first / i if i else 0.0
            spread = off / (i + 1) / mean**2 + 1 / (i + 1) if mean > 0 else math.inf
            wealth += math.log1p(min(0.9, math.sqrt(2 * math.log(1 / alpha) / (n * spread))) * (value / m - 1))
        else:
            value = value / ceiling
            stake = min(math.sqrt(2 * math.log(1 / alpha) / (n * (0.25 + off) / (i + 1))), 0.9 / (1 - m / ceiling))
            wealth += math.log1p(stake * (m / ceiling - value))
        first, best = first + value, max(best, wealth)
        off += (value - (0.5 * seen + first) / (i + 1 + 0.5 * seen)) ** 2
    return best - math.log(1 / alpha)


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0.05, 0.5, 2.0]), st.sampled_from([0.05, 1e-4]))
@settings(max_examples=40)
def test_a_limit_is_the_last_mean_that_is_contradicted(seed, runs, shape, alpha):
    """Up to a tenth of a per cent; on a grid of means all beyond it are, so that it is an interval.

    Catches stakes that look at the mean that is tried, for which the set has holes now and then, and each constant.
    """
    x = np.random.default_rng(seed).beta(shape, 1, size=runs)
    low, step = float(lower_mean(x[:, None], alpha)[0]), 1e3 ** (2.0**-14)
    grid = low * np.geomspace(1e-3, 1, 20) if low else x.mean() * np.array([1e-3])
    assert all((by_hand(x, alpha, m) > -1e-9) == (low > 0) for m in grid.tolist())
    assert by_hand(x, alpha, max(low, 1e-3 * x.mean()) * step) < 1e-9
    high, step = float(upper_mean(3 * x[:, None], 3.0, alpha)[0]), (1 / x.mean()) ** (2.0**-14)
    assert low <= x.mean() <= high / 3 <= 1
    assert by_hand(3 * x, alpha, high / step, 3.0) < 1e-9
    assert all(by_hand(3 * x, alpha, m, 3.0) > -1e-9 for m in np.linspace(high, 3, 20)[:-1].tolist() if high < 3)


def test_two_runs_in_closed_form():
    """Nine tenths are bet on the second of two that are alike: 0.1 + 0.9 / m = 1 / alpha; below 0.001 it is zero."""
    for alpha in (0.05, 1 / 600):
        assert lower_mean(np.ones((2, 1)), alpha)[0] == pytest.approx(0.9 / (1 / alpha - 0.1), rel=1e-3)
    assert lower_mean(np.ones((2, 1)), 1 / 1200)[0] == 0.0


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


def test_a_mean_that_is_hardly_a_number_has_the_limit_zero():
    """Steps that fit the draw reach such gaps. Catches a part of it that is zero, and divided by: a warning."""
    X = np.stack([np.full(60, value) for value in (5e-324, 1e-306, 1e-150, 0.0)], axis=1)
    low = lower_mean(X, ALPHA)
    assert low[0] == low[1] == low[3] == 0.0
    assert 0 < low[2] <= 1e-150
