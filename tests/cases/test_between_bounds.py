"""Sketches whose moments are known between bounds only, at the size of a model."""

import numpy as np
import pytest

from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.one_side import _smallest_eigenvalue
from rac_theory.numerics.linalg import orthonormal_range
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import AnisotropicGaussian, Uniform

D, R = 4096, 16
HOW = ("at most: moments of entries of H, between bounds", 0.0)


@pytest.fixture(scope="module", params=["uniform", "gaussian"])
def sketch(request):
    """Made where a test needs it, once: that of unequal variances takes a second."""
    if request.param == "uniform":
        return Uniform(D, R)
    return AnisotropicGaussian(D, R, np.diag(np.linspace(1.0, 4.0, D)))


@pytest.mark.long
@pytest.mark.parametrize("least", [1e-4, 2.0])
def test_they_are_within_a_fifth_of_what_draws_show(sketch, least):
    """Falling curvature, means of 16 draws over 64 neighbours, whose largest is off by less than .02.

    Catches L, and a smallest eigenvalue that is taken off and not added again.
    """
    curvature = np.geomspace(least + 1, least, D)
    Q = orthonormal_range(sketch.sample(np.random.default_rng(0), 16))
    seen = ((Q @ (np.swapaxes(Q, 1, 2) @ (curvature[:, None] * Q))) * Q).sum(axis=2).mean(axis=0)
    drawn = (Q**2).sum(axis=2).mean(axis=0)
    true = (seen.reshape(64, 64).mean(axis=1) / drawn.reshape(64, 64).mean(axis=1)).max()
    found = smoothness_along(sketch, Smoothness.of_terms([(np.diag(curvature), np.eye(1))]))
    assert (found.provenance, found.alpha) == HOW
    assert 0.98 * true <= found.L_H <= 1.2 * true


@pytest.mark.parametrize("dim", [600, 300])
def test_what_is_no_more_than_semidefinite_is_no_obstacle(dim):
    """Of low rank and turned, so that no eigenvalue is told from zero: a hair below it. Catches a failure, and L."""
    X = np.random.default_rng(0).standard_normal((5, dim))
    Q, wide = (Smoothness.of_terms([(X.T @ X + l * np.eye(dim), np.eye(1))]) for l in (0, 1))
    gaussian = AnisotropicGaussian(dim, 3, np.diag(np.linspace(1.0, 2.0, dim)))
    for sketch in (Uniform(dim, 3), gaussian):
        assert Q.largest > smoothness_along(sketch, Q, draws=0).L_H * 10
    moved = smoothness_along(gaussian, wide, draws=0).L_H - smoothness_along(gaussian, Q, draws=0).L_H
    assert 1 - 1e-6 <= moved <= (1 + 1e-6 if dim == 300 else 1.1)  # a factor does not look for more than a hair


def test_a_bound_that_says_nothing_is_not_named():
    """Forty rows are too few, and a bound of above L is L. Catches the source of a number that is not that number."""
    Q = Smoothness.of_terms([(np.diag(np.eye(40)[0]), np.eye(1))])
    assert smoothness_along(Uniform(40, 3), Q, draws=0) == (1.0, "L, as nothing better is known of this sketch", 0.0)


def test_a_smallest_eigenvalue_is_bounded_from_below():
    """By a factor where a large matrix is semidefinite, else by all eigenvalues. Catches a sign."""
    X = np.random.default_rng(0).standard_normal((5, 600))
    for S, least in ((X.T @ X, 0.0), (X.T @ X - 3 * np.eye(600), -3.0), (np.diag(np.arange(2.0, 602)), 2.0)):
        assert least - 1e-8 <= _smallest_eigenvalue(S) <= least
    assert _smallest_eigenvalue(X.T @ X) < 0
