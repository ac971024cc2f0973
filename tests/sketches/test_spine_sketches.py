"""Every sketch: its law against its closed form, and the rules of its parameters."""

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
from scipy.integrate import quad

from rac_theory import RACLoRA, spectrum
from rac_theory.numerics.linalg import projection
from rac_theory.sketches import (
    Coordinate,
    FiniteSupport,
    Frozen,
    Gaussian,
    Haar,
    Mixture,
    SparseSigns,
    WeightedCoordinate,
    named_sketch,
)
from rac_theory.sketches.draws import check_draws
from rac_theory.sketches.laws.normals import standard_normals
from rac_theory.testing import check_sketch

FULL_RANK = ["gaussian", "haar", "coordinate", "weighted_coordinate", "frozen"]
"""Known at every size and of full rank; ``tests/sketches`` has all the others."""

SIZES = [(2, 1), (5, 1), (5, 3), (4, 4)]


@pytest.mark.parametrize("name", FULL_RANK)
@pytest.mark.parametrize(("dim", "rank"), SIZES)
def test_the_closed_form_is_the_mean_of_the_draws(name, dim, rank):
    """Each entry of E[H] within 5 standard errors of 20,000 draws, over at most 25 entries: alpha below 2e-5.

    Catches an error of 2% in the trace: one standard error of an entry is at most 0.5 / sqrt(20000) = 0.0035.
    """
    sketch = named_sketch(name, dim, rank)
    H = projection(sketch.sample(np.random.default_rng(7), 20_000))
    error = np.sqrt(H.var(axis=0) / len(H)) + 1e-12
    assert np.abs(H.mean(axis=0) - sketch.expected_projection()).max() <= 5 * error.max()
    np.testing.assert_allclose(np.trace(sketch.expected_projection()), rank, rtol=1e-12)


@pytest.mark.parametrize("name", FULL_RANK)
def test_draws_are_reproducible_and_use_only_their_generator(name):
    sketch = named_sketch(name, 5, 2)
    check_draws(sketch)
    first, second = (sketch.sample(np.random.default_rng(3), 4) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert sketch.sample(np.random.default_rng(3), 0).shape == (0, 5, 2)


def test_haar_has_orthonormal_columns_of_a_law_that_knows_no_sign():
    """E[S] = 0 entry by entry: without the signs of R's diagonal LAPACK gives every leading entry one sign."""
    S = Haar(4, 3).sample(np.random.default_rng(0), 20_000)
    np.testing.assert_allclose(np.swapaxes(S, 1, 2) @ S, np.broadcast_to(np.eye(3), (20_000, 3, 3)), atol=1e-13)
    assert np.abs(S.mean(axis=0)).max() < 5 * 0.5 / np.sqrt(20_000)


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_haar_is_the_triangular_factorisation_with_a_positive_diagonal(rank):
    """S'Z is upper triangular and positive on its diagonal, for the normals Z of the same stream; at rank one too."""
    S = Haar(5, rank).sample(np.random.default_rng(1), 50)
    R = np.swapaxes(S, 1, 2) @ standard_normals(np.random.default_rng(1), (50, 5, rank))
    np.testing.assert_allclose(R, np.triu(R), atol=1e-13)
    assert (np.diagonal(R, axis1=1, axis2=2) > 0).all()
    np.testing.assert_allclose(np.linalg.norm(S, axis=1), 1, rtol=1e-14)


def by_enumeration(weights, rank):
    """Inclusion probabilities of successive draws without replacement, summed over all orders, in fractions."""
    weights = [Fraction(w) for w in weights]
    p = [Fraction(0)] * len(weights)
    for order in itertools.permutations(range(len(weights)), rank):
        left, probability = sum(weights), Fraction(1)
        for i in order:
            probability *= weights[i] / left if weights[i] else 0
            left -= weights[i]
        for i in order:
            p[i] += probability
    return [float(x) for x in p]


@pytest.mark.parametrize(
    "weights",
    [
        [1, 1, 1, 1],
        [1, 2, 3, 4],
        [1, 1000, 2, 0.001],
        [3, 0, 1, 2],
        [1, 3e4, 3e4, 5],
        [1, 1e12, 1e12, 1],
        [1e300, 1e300, 1e299, 1e300],
        [1, 1e-250, 0, 1e-250],
    ],
)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_weighted_coordinates_match_enumeration(weights, rank):
    """To 1e-11 of each, however small: at (1, 3e4, 3e4) an adaptive rule in the survival once missed the first.

    r times the weight, the tempting closed form, is off by up to 0.7 here.
    """
    p = np.diag(WeightedCoordinate(4, rank, weights).expected_projection())
    np.testing.assert_allclose(p, by_enumeration(weights, rank), rtol=1e-11)


@pytest.mark.parametrize("scale", [1e-310, 1e300])
def test_weighted_coordinates_are_drawn_at_any_scale(scale):
    """Catches times to ring that overflow: the first coordinate would win, which has no weight. 0.75 +- 6 sigma."""
    drawn = WeightedCoordinate(3, 1, [0, 3 * scale, scale]).sample(np.random.default_rng(0), 10_000)[:, :, 0]
    assert drawn[:, 0].sum() == 0
    assert abs(drawn[:, 1].mean() - 0.75) < 6 * np.sqrt(0.75 * 0.25 / 10_000)


def test_weighted_coordinates_at_rank_two_match_a_second_integral():
    """P(i among the first two) = w_i + sum over j of w_j w_i / (1 - w_j); and a plain quadrature of the race."""
    w = np.array([0.1, 0.2, 0.3, 0.4])
    formula = w + np.array([sum(w[j] * w[i] / (1 - w[j]) for j in range(4) if j != i) for i in range(4)])
    np.testing.assert_allclose(np.diag(WeightedCoordinate(4, 2, w).expected_projection()), formula, atol=1e-13)

    def late(t):  # clock 0 rings at t, at most one of the others before it
        others = w[1:]
        alive = np.exp(-others * t)
        one = sum((1 - alive[j]) * np.prod(np.delete(alive, j)) for j in range(3))
        return w[0] * np.exp(-w[0] * t) * (np.prod(alive) + one)

    assert quad(late, 0, np.inf)[0] == pytest.approx(formula[0], abs=1e-9)


def test_frozen_is_one_matrix_with_one_projection():
    matrix = np.array([[1.0, 2.0], [2.0, 4.0], [0.0, 1e-3]])
    sketch = Frozen(matrix)
    assert (sketch.dim, sketch.rank) == (3, 2)
    np.testing.assert_allclose(sketch.expected_projection(), matrix @ np.linalg.pinv(matrix), atol=1e-12)
    matrix[:] = 0  # a sketch that was made does not change afterwards
    assert sketch.matrix.any()
    with pytest.raises(ValueError, match="read-only"):
        sketch.matrix[0] = 1


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gaussian(6, 7), r"rank must be in 1\.\.dim=6, got 7"),
        (lambda: Haar(6, 0), r"rank must be in 1\.\.dim=6, got 0"),
        (lambda: Coordinate(0, 1), "dim must be >= 1, got 0"),
        (lambda: Coordinate(2.5, 1), r"dim must be an integer, got 2\.5"),
        (lambda: WeightedCoordinate(3, 1, [1, -1, 1]), "weights must be >= 0"),
        (lambda: WeightedCoordinate(3, 2, [1, 0, 0]), "at least rank=2 of them positive"),
        (lambda: WeightedCoordinate(3, 1, [2, 0, 1e-300]), "zero or at least 1e-250 times the largest, 2, got 1e-300"),
        (lambda: WeightedCoordinate(3, 1, [1, 2]), r"weights must have shape \(3,\), got \(2,\)"),
        (lambda: Frozen(np.eye(3)[:2]), r"rank of matri(x|ces) must be in 1\.\.dim=2, got 3"),
        (lambda: Frozen(np.full((3, 1), np.nan)), "matrix must be finite, got 3 nan or infinite entries"),
        (lambda: named_sketch("har", 3, 1), "did you mean 'haar'"),
    ],
)
def test_bad_parameters_are_refused_with_a_sentence(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    "sketch",
    [
        FiniteSupport([np.eye(3)[:, :1]] * 2, [0.5, 0.5]),
        FiniteSupport([np.eye(3)[:, :1], np.eye(3)[:, 1:2]], [0.999, 0.001]),
        Mixture([Frozen(np.eye(3)[:, :1]), Haar(3, 1)], [0.999, 0.001]),
        WeightedCoordinate(3, 1, weights=[1e6, 1.0, 1.0]),
        SparseSigns(3, 1, p=1e-4),
        WeightedCoordinate(1, 1, weights=[1.0]),
    ],
)
def test_laws_that_rarely_vary_are_laws_too(sketch):
    """64 equal draws prove nothing where a support or a closed form says why."""
    check_draws(sketch)
    check_sketch(sketch)


def test_a_support_of_one_matrix_must_be_what_is_drawn():
    """Otherwise one run would be taken for all, and its verdict for exact."""

    class Lying(Coordinate):
        def support(self):
            return np.eye(3)[None, :, :1], np.ones(1)

    with pytest.raises(ValueError, match="must list every value of the sketch"):
        check_draws(Lying(3, 1))


def test_columns_that_are_said_to_be_orthonormal_are():
    """Otherwise runs would not project, and the plain step have a rate that it has not."""

    @dataclass(frozen=True)
    class Claiming(Gaussian):
        orthonormal: ClassVar[bool] = True

    with pytest.raises(ValueError, match=r"Claiming\.sample must draw orthonormal columns"):
        RACLoRA(Claiming(5, 2), 0.1)
    with pytest.raises(AssertionError, match=r"Claiming\.sample must draw orthonormal columns"):
        check_sketch(Claiming(5, 2))


@pytest.mark.parametrize(
    ("support", "message"),
    [
        ((np.eye(3)[None, :, :1], [0.5]), "must give probabilities >= 0 that sum to one"),
        ((np.eye(3)[:2, :, None], [1.5, -0.5]), "must give probabilities >= 0 that sum to one"),
        ((np.eye(3)[:2, :, None], [1.0]), r"must have shape \(2,\), got \(1,\)"),
        ((np.eye(2)[None, :, :1], [1.0]), r"must have shape \(1, 3, 1\), got \(1, 2, 1\)"),
    ],
)
def test_a_support_is_checked(support, message):
    class Supported(Coordinate):
        def expected_projection(self):
            return None

    Supported.support = lambda self: support
    with pytest.raises(ValueError, match=message):
        spectrum(Supported(3, 1))
