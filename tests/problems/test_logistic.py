"""Logistic regression, with either penalty: its labels, margins that would overflow a careless formula, its steps."""

import math
from fractions import Fraction

import numpy as np
import pytest

from rac_theory.numerics.linalg import largest_logarithm
from rac_theory.problems import LogisticRegression, NonconvexLogistic

RNG = np.random.default_rng(12)
X = RNG.normal(size=(40, 4))
y = np.where(X[:, 0] + RNG.normal(size=40) > 0, 1, -1)


def test_two_labels_become_signs_in_sorted_order():
    known = LogisticRegression(np.eye(3), ["yes", "no", "yes"]).y
    np.testing.assert_array_equal(known, [1, -1, 1])
    assert not known.flags.writeable
    for labels, got in ((np.arange(40) % 3, "3: 0, 1, 2$"), (np.arange(40), "40: 0, 1, 2, 3, 4, ...")):
        with pytest.raises(ValueError, match=f"y must have exactly two distinct labels, got {got}"):
            LogisticRegression(X, labels)


def test_huge_margins_do_not_overflow():
    """At margins of +-1e4 ``exp`` overflows; the loss is then 0 or the margin, exactly."""
    problem = LogisticRegression(np.eye(2), [1, -1])
    for t in (1e4, 1e150):
        right, wrong = np.array([[t], [-t]]), np.array([[-t], [t]])
        assert problem.value(right) == 0
        assert problem.value(wrong) == t
        np.testing.assert_array_equal(problem.gradient(right), 0)
        np.testing.assert_array_equal(problem.gradient(wrong), [[-0.5], [0.5]])
    problem = NonconvexLogistic(np.eye(2), [1, -1], 0.3)
    assert problem.value(np.array([[1e4], [-1e4]])) == pytest.approx(0.6)
    assert problem.value(np.array([[-1e4], [1e4]])) == pytest.approx(1e4 + 0.6)


def test_small_losses_are_within_a_rounding_of_one():
    """1 + exp(-40) is rounded to 1: what is lost is less than eps, as said; a large loss keeps its digits."""
    right = LogisticRegression([[1.0], [-1.0]], [1, 0])
    assert abs(right.value(np.array([[40.0]])) - np.exp(-40)) <= 2.3e-16
    assert right.value(np.array([[-40.0]])) == pytest.approx(40, rel=1e-15)
    assert right.value(np.array([[20.0]])) == pytest.approx(np.log1p(np.exp(-20)), rel=0, abs=2.3e-16)
    torn = LogisticRegression([[1.0], [1.0]], [0, 1])
    assert torn.value(np.array([[40.0]])) == pytest.approx(20, rel=1e-15)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_both_formulas_agree_where_they_meet(dtype):
    """Just below and just above the score from which exponentials are avoided; catches one of them being wrong."""
    limit = largest_logarithm(np.dtype(dtype))
    problem = LogisticRegression(X, y).single_precision if dtype == np.float32 else LogisticRegression(X, y)
    direction = RNG.normal(size=(4, 1))
    largest = float((-problem.y[:, None] * (X @ direction)).max())
    below, above = (np.asarray(direction * (limit / largest * factor), dtype) for factor in (1 - 1e-6, 1 + 1e-6))
    tolerance = 1e-5 if dtype == np.float64 else 1e-4  # of which 1e-6 are the step
    np.testing.assert_allclose(problem.value(below), problem.value(above), rtol=tolerance)
    np.testing.assert_allclose(problem.gradient(below), problem.gradient(above), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("scale", "l2"), [(0.0, 0.0), (0.1, 20.0), (1.0, 0.1), (30.0, 0.0), (30.0, 0.1)])
def test_no_step_up_to_the_certified_one_falls_short_along_any_projection(l2, scale):
    """Of rank one to the identity, at W where f is large or small, and where samples are alike, so that little is lost.

    Catches a curvature of half the size, and one from which the penalty, where it is most of it, is left out or taken.
    """
    rng = np.random.default_rng(5)
    known, alike = LogisticRegression(X, y, l2), LogisticRegression(y[:, None] * X[:1], y, l2)
    some, right = scale * rng.standard_normal((4, 1)), 0.3 * scale * X[:1].T
    for problem, W in ((known, some), (known, -scale * X[:4].T @ y[:4, None]), (alike, right), (alike, -right)):
        G = problem.gradient(W)
        gamma = float(problem.certified_step(W[None], G[None])[0])
        for rank in (1, 2, 3, 4) * 5:
            Q = np.linalg.qr(rng.standard_normal((4, rank)))[0]
            seen = Q @ (Q.T @ G)
            s = gamma * np.linspace(0, 1, 9)[:, None, None]
            fall = problem.value(W) - problem.value(W - s * seen)
            assert (fall >= s[:, 0, 0] / 2 * np.sum(seen**2) - 1e-13 * problem.value(W)).all()


def test_the_certified_step_is_at_most_a_factor_of_1_6_too_short():
    """Of one sample, far on its right side: f is exp(-z) there, and ``1 - exp(-c) >= c / 2`` up to c = 1.59."""
    problem = LogisticRegression([[2.0], [2.0], [-2.0]], [1, 1, -1])
    W = np.full((1, 1, 1), 5.0)
    G = problem.gradient(W)
    gamma = problem.certified_step(W, G)

    def holds(c):
        return problem.value(W - c * gamma * G) <= problem.value(W) - c * gamma / 2 * np.sum(G**2)

    assert (holds(1.0), holds(1.58), holds(1.6)) == (True, True, False)
    assert gamma * problem.L > 1000


def test_scores_that_are_lost_to_rounding_certify_nothing():
    """Of two terms near 1e16 a score is known up to several: the loss is 9, computed as 1e-12, here and in exact terms.

    Catches an error of the loss that is taken to be proportional to that of scores, however large: K was 4e8 times too
    small, and the step as much too long.
    """
    lost = 0
    for seed in range(3000):  # which they are depends on the order in which a processor adds: one in 300
        rng = np.random.default_rng(seed)
        d = rng.integers(2, 80)
        rows = 10 ** rng.uniform(5, 9) * rng.standard_normal((3, d))
        W = rng.standard_normal(d) * 10 ** rng.uniform(4, 9)
        Q = np.linalg.qr(rows.T)[0]
        for _ in range(2):
            W -= Q @ (Q.T @ W)
        problem = LogisticRegression(rows, [1, -1, 1])
        sums = [sum(Fraction(a) * Fraction(b) for a, b in zip(x, W, strict=True)) for x in rows.tolist()]
        f = sum(np.logaddexp(0.0, float(-s * z)) for s, z in zip((1, -1, 1), sums, strict=True)) / 3
        if f <= 1e6 * problem.value(W[:, None]):
            continue
        K = 1 / float(problem.certified_step(W[:, None], problem.gradient(W[:, None])))
        assert min(problem.L, np.max(np.sum(rows**2, axis=1)) * f) * (1 - 1e-9) <= K
        lost += 1
        if lost == 2:
            break
    assert lost


@pytest.mark.parametrize("far", [8.0, 1e13])
def test_where_the_loss_is_nothing_its_rounding_is_all_that_a_step_allows_for(far):
    """Of two samples of length 5: (1500 + d) eps, and e^(2 s) for scores that are off by s = 4 eps 5 ||W||."""
    problem, eps = LogisticRegression([[3.0, 4.0], [-3.0, -4.0]], [1, 0]), 2.0**-52
    W = far / 5 * np.array([[3.0], [4.0]])
    curvature = 25 * np.exp(2 * 4 * eps * 5 * far) * 1502 * eps
    assert problem.value(W) == 0
    assert problem.certified_step(W[None], W[None])[0] == pytest.approx(1 / curvature, rel=1e-10)


def test_without_a_loss_to_gain_from_the_certified_step_is_that_of_L():
    """At the start of most runs, and where f is infinite or no number."""
    problem = LogisticRegression(X, y, 0.1)
    W = np.array([0.0, -1e3, np.inf, np.nan])[:, None, None] * np.ones((4, 1))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(problem.certified_step(W, W), 1 / problem.L, rtol=1e-14)


def test_the_nonconvex_one_is_the_logistic_loss_and_the_penalty():
    W = RNG.normal(size=(5, 4, 1))
    penalty = 0.3 * (W**2 / (1 + W**2)).sum(axis=(-2, -1))
    expected = LogisticRegression(X, y).value(W) + penalty
    np.testing.assert_allclose(NonconvexLogistic(X, y, 0.3).value(W), expected, rtol=1e-14)
    for lam in (0, -1, np.nan):
        with pytest.raises(ValueError, match=f"lam must be a finite number > 0, got {lam}"):
            NonconvexLogistic(X, y, lam)


def test_L_is_attained_at_zero():
    """Both parts have their largest curvature there, so nothing is lost by adding them where X is one column."""
    problem = NonconvexLogistic(X[:, :1], y, 0.3)
    slope = np.abs(problem.gradient(np.full((1, 1), 1e-5)) - problem.gradient(np.full((1, 1), -1e-5))) / 2e-5
    assert slope == pytest.approx(problem.L, rel=1e-8)


def test_a_small_penalty_keeps_its_digits():
    """As 1 - 1/(1 + w^2), all of it is lost below 1e-8; far out, where w^2 overflows, each entry adds lam."""
    problem = NonconvexLogistic(1e-30 * np.eye(2), [0, 1], lam=1e20)
    for w in (1e-9, 1e-5, 1.0):
        exact = float(Fraction(1e20) * 2 * Fraction(w) ** 2 / (1 + Fraction(w) ** 2)) + math.log(2)
        assert problem.value(np.full((2, 1), w)) == pytest.approx(exact, rel=1e-14)
    with np.errstate(over="ignore", invalid="ignore"):
        assert problem.value(np.array([[-1e160], [1e160]])) == 2e20  # both samples are told right
