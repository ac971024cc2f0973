"""Newton's method and its certificate: true on named data, honest when it fails."""

import math

import numpy as np
import pytest

from problems import LogisticRegression, SoftmaxRegression
from problems.minimise import minimise

PROBLEMS = [
    LogisticRegression.breast_cancer(0.1),
    LogisticRegression.breast_cancer(1e-7),
    SoftmaxRegression.wine(1e-4),
    SoftmaxRegression.digits(0.5),
]


def extended_value(problem, W):
    """The value in extended precision, by the plainest formula that does not overflow."""
    X, W = problem.X.astype(np.longdouble), W.astype(np.longdouble)
    if isinstance(problem, LogisticRegression):
        loss = np.log1p(np.exp(-problem.y * (X @ W)[:, 0])).mean()
    else:
        Z = X @ W
        Z -= Z.max(axis=1, keepdims=True)
        own = Z[np.arange(len(Z)), np.searchsorted(problem.classes, problem.labels)]
        loss = (np.log(np.exp(Z).sum(axis=1)) - own).mean()
    return loss + np.longdouble(problem.l2) / 2 * (W * W).sum()


@pytest.mark.skipif(np.finfo(np.longdouble).eps > 1e-18, reason="this machine has no extended precision")
@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_rounding_is_bounded_as_stated(problem):
    """Would miss a bound that is too small only on harder data; the true error here is below a thousandth of it."""
    for scale in (0.0, 0.1, 1.0, 10.0):
        W = problem.W_star + scale * np.random.default_rng(0).normal(size=problem.shape)
        error = abs(float(extended_value(problem, W) - problem.value(W)))
        assert error <= problem.rounding(W)


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_the_certificate_is_narrow(problem):
    assert problem.f_star_error <= 1e-12 * problem.f_star + 3 * problem.rounding(problem.W_star)
    gradient = np.linalg.norm(problem.gradient(problem.W_star))
    assert gradient**2 / (2 * problem.strong_convexity) <= 1e-12 * problem.f_star


@pytest.mark.parametrize("problem", PROBLEMS, ids=repr)
def test_no_point_is_below_the_interval(problem):
    steps = np.random.default_rng(1).normal(size=(200, *problem.shape)) * np.geomspace(1e-9, 1, 200)[:, None, None]
    assert (problem.value(problem.W_star + steps) >= problem.f_lower).all()


def test_a_certificate_that_is_not_reached_is_nan():
    minimum = minimise(PROBLEMS[1], max_steps=2)
    assert math.isnan(minimum.f_star)
    assert math.isnan(minimum.f_star_error)
    assert minimum.f_lower == 0
    assert minimum.provenance.startswith("nan: Newton's method left")


def test_a_start_that_is_the_minimum_is_kept():
    """Samples that cancel: the gradient at zero is exactly zero."""
    minimum = minimise(LogisticRegression([[1.0], [1.0]], [0, 1], 0.1))
    assert minimum.W_star == 0
    assert minimum.f_star == pytest.approx(np.log(2))


def test_a_hard_start_needs_shorter_steps():
    """Unscaled features of size 1e3 put the full first step far off; the halved ones still arrive."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(50, 3)) * [1e3, 1, 1e-3]
    problem = LogisticRegression(X, rng.integers(0, 2, 50), 1e-4)
    assert problem.f_star_error <= 1e-10 * problem.f_star


def test_it_solves_a_sparse_file(tmp_path):
    rng = np.random.default_rng(3)
    lines = (
        " ".join([f"{label}", *(f"{j}:1" for j in sorted(rng.choice(60, 8, replace=False) + 1))])
        for label in rng.integers(1, 3, 400)
    )
    path = tmp_path / "binary"
    path.write_text("\n".join(lines))
    problem = LogisticRegression.svmlight(path, 1e-3)
    assert problem.shape == (60, 1)
    assert problem.f_star_error <= 1e-11 * problem.f_star
