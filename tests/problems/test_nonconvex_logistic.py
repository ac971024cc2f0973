"""NonconvexLogistic: the penalty, its curvature, and what is known to be unknown."""

import math
from fractions import Fraction

import numpy as np
import pytest

from rac_theory.problems import LogisticRegression, NonconvexLogistic

RNG = np.random.default_rng(14)
X = RNG.normal(size=(40, 4))
y = np.where(X[:, 0] + RNG.normal(size=40) > 0, "b", "a")


def test_it_is_the_logistic_loss_and_the_penalty():
    W = RNG.normal(size=(5, 4, 1))
    penalty = 0.3 * (W**2 / (1 + W**2)).sum(axis=(-2, -1))
    expected = LogisticRegression(X, y).value(W) + penalty
    np.testing.assert_allclose(NonconvexLogistic(X, y, 0.3).value(W), expected, rtol=1e-14)


def test_L_is_attained_at_zero():
    """Both parts have their largest curvature there, so nothing is lost by adding them where X is one column."""
    problem = NonconvexLogistic(X[:, :1], y, 0.3)
    slope = np.abs(problem.gradient(np.full((1, 1), 1e-5)) - problem.gradient(np.full((1, 1), -1e-5))) / 2e-5
    assert slope == pytest.approx(problem.L, rel=1e-8)


def test_huge_entries_do_not_overflow():
    problem = NonconvexLogistic(np.eye(2), [1, -1], 0.3)
    assert problem.value(np.array([[1e4], [-1e4]])) == pytest.approx(0.6)
    assert problem.value(np.array([[-1e4], [1e4]])) == pytest.approx(1e4 + 0.6)


@pytest.mark.parametrize("lam", [0, -1, np.nan])
def test_a_weight_that_is_not_positive_is_named(lam):
    with pytest.raises(ValueError, match=f"lam must be a finite number > 0, got {lam}"):
        NonconvexLogistic(X, y, lam)


def test_a_small_penalty_keeps_its_digits():
    """As 1 - 1/(1 + w^2), all of it is lost below 1e-8; far out, where w^2 overflows, each entry adds lam."""
    problem = NonconvexLogistic(1e-30 * np.eye(2), [0, 1], lam=1e20)
    for w in (1e-9, 1e-5, 1.0):
        exact = float(Fraction(1e20) * 2 * Fraction(w) ** 2 / (1 + Fraction(w) ** 2)) + math.log(2)
        assert problem.value(np.full((2, 1), w)) == pytest.approx(exact, rel=1e-14)
    with np.errstate(over="ignore", invalid="ignore"):
        assert problem.value(np.array([[-1e160], [1e160]])) == 2e20  # both samples are told right
