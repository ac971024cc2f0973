"""SoftmaxRegression against scikit-learn, against the logistic loss, and where it could overflow."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.special import log_softmax

from rac_theory.problems import LogisticRegression, SoftmaxRegression
from rac_theory.problems.softmax import _ROWS
from tests.as_one_test import as_one_test

RNG = np.random.default_rng(13)
X = RNG.normal(size=(40, 4))
LABELS = RNG.permutation(np.arange(40) % 3)


@pytest.mark.parametrize(
    ("N", "scale"), [(_ROWS - 1, 1.0), (_ROWS, 5.0), (_ROWS + 1, 100.0), (3 * _ROWS - 7, 1e-3), (3 * _ROWS - 7, 100.0)]
)
def test_blocks_of_samples(N, scale):
    """On both sides of the size of a block, and of the scores beyond which they are shifted; runs for several chunks.

    Catches a sample that is left out, a label looked up in another block, and a shift that is taken off once too often.
    """
    rng = np.random.default_rng(N)
    data, labels = rng.normal(size=(N, 5)), rng.integers(0, 4, N)
    W = scale * rng.normal(size=(70, 5, 4))
    problem = SoftmaxRegression(data, labels, 0.3)
    logs = log_softmax(data @ W, axis=2)
    own = np.arange(4) == labels[:, None]
    value, gradient = problem.value_and_gradient(W)
    expected = -np.sum(logs * own, axis=(1, 2)) / N + 0.15 * np.sum(W**2, axis=(1, 2))
    np.testing.assert_allclose(value, expected, rtol=1e-13)
    np.testing.assert_allclose(gradient, data.T @ (np.exp(logs) - own) / N + 0.3 * W, rtol=1e-11, atol=1e-14)


def test_two_classes_are_logistic_regression():
    """The score of the second class less that of the first is the logistic score."""
    labels = LABELS > 0
    softmax, logistic = SoftmaxRegression(X, labels), LogisticRegression(X, labels)
    W = RNG.normal(size=(5, 4, 2))
    w = W[..., 1:] - W[..., :1]
    np.testing.assert_allclose(softmax.value(W), logistic.value(w), rtol=1e-13)
    np.testing.assert_allclose(softmax.gradient(W)[..., 1:], logistic.gradient(w), rtol=1e-11, atol=1e-14)
    assert pytest.approx(2 * logistic.L, rel=1e-14) == softmax.L


def test_columns_belong_to_the_sorted_labels():
    problem = SoftmaxRegression(np.eye(3), ["b", "a", "c"])
    assert (problem.classes.tolist(), problem.labels.tolist()) == (["a", "b", "c"], ["b", "a", "c"])
    right = 50.0 * np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    assert problem.value(right) <= problem.rounding(right) < 1e-13
    assert problem.value(50.0 * np.eye(3)) > 30


def test_huge_margins_do_not_overflow():
    """Nor is the loss negative. Scores of +-800 for both classes but one: exponentials would be infinite, or zero."""
    problem = SoftmaxRegression(np.eye(3), [0, 1, 2])
    for t in (1e4, 1e150):
        right, wrong = t * np.eye(3), t * np.roll(np.eye(3), 1, axis=1)
        assert problem.value(right) == 0
        assert problem.value(wrong) == t
        np.testing.assert_array_equal(problem.gradient(right), 0)
        np.testing.assert_allclose(problem.gradient(wrong), (np.roll(np.eye(3), 1, axis=1) - np.eye(3)) / 3)
    W = RNG.normal(size=(200, 4, 3)) * np.geomspace(1e-3, 1e6, 200)[:, None, None]
    easy = SoftmaxRegression(X, np.argmax(X[:, :3], axis=1))
    assert (easy.value(W) >= 0).all()
    assert (easy.value(np.geomspace(1, 1e6, 50)[:, None, None] * np.eye(4, 3)) >= 0).all()
    problem, V = SoftmaxRegression([[1.0], [1.0], [1.0]], ["a", "b", "c"], l2=0.5), np.array([[1.0, 2.0, 3.0]])
    for last, slopes in ((-100.0, [-0.25, 0.25, 0.0]), (1700.0, [0.0, 0.0, 0.0])):
        product = problem.hessian(np.array([[800.0, 800.0, last]]))(V)
        np.testing.assert_allclose(product, slopes + 0.5 * V, rtol=1e-15)


def test_no_score_is_beyond_the_reach():
    """With equality where two columns are a long sample and its opposite: catches a bound without its sqrt(2)."""
    problem = SoftmaxRegression(X, LABELS)
    x = X[np.argmax(np.vecdot(X, X))]
    opposite = np.column_stack([x, np.zeros(4), -x])
    for W in (opposite, *RNG.normal(size=(200, 4, 3))):
        scores = X @ (W - W[:, -1:])
        assert scores.max() <= problem._reach * np.linalg.norm(W)
    assert (X @ (opposite - opposite[:, -1:])).max() >= (1 - 1e-12) * problem._reach * np.linalg.norm(opposite)


@as_one_test("k", [2, 3, 7, 10])
def test_the_curvature_of_classes_is_raised_by_two_eps(k):
    """Beyond ``I - 11'/k`` in fractions, by what its rounding may be. Catches less, and three eps for two."""
    eps = 2.0**-52
    C = SoftmaxRegression(np.ones((k, 1)), np.arange(k))._class_curvature
    more = [Fraction(x) - (1 - Fraction(1, k)) for x in np.diag(C)]
    assert all(1.5 * eps <= x <= 2.6 * eps for x in more)
