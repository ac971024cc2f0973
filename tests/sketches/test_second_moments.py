"""E[H M H] of every sketch that claims it, for M that are not symmetric: by draws, by enumeration, by hand."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory import sketches
from rac_theory.numerics.linalg import projection
from rac_theory.sketches.draws import checked_support
from rac_theory.sketches.laws.rotation_invariance import from_invariants, uniform_range
from rac_theory.sketches.laws.second_moments import summed
from rac_theory.sketches.moments import Moments
from rac_theory.sketches.sketch import HasInvariants, HasSecondMoment
from tests.as_one_test import as_one_test
from tests.sketches.by_hand import covariance

CLOSED = [
    sketches.Gaussian(5, 2),
    sketches.Haar(4, 3),
    sketches.Haar(2, 1),
    sketches.Coordinate(5, 2),
    sketches.CoordinateWithReplacement(4, 3),
    sketches.CoordinateWithReplacement(2, 2),
    sketches.CountSketch(3, 2),
    sketches.EquiangularFrame(4, 2),
    sketches.EquiangularFrame(3, 3),
    sketches.EquiangularFrame(5, 4),
    sketches.BlockPartition(5, 2),
    sketches.SubsampledHadamard(8, 3),
    sketches.SubsampledCosine(5, 2),
    sketches.SubsampledCosine(5, 4),
    sketches.WeightedCoordinate(4, 1, [1, 2, 3, 0]),
    sketches.WeightedCoordinate(4, 2, [1, 2, 3, 4]),
    sketches.WeightedCoordinate(5, 3, [1, 2, 0, 8, 8]),
    sketches.Frozen(np.random.default_rng(1).standard_normal((4, 2))),
    *(sketches.AnisotropicGaussian(4, rank, covariance(1, 2, 5, 20)) for rank in (1, 3)),
    *(sketches.AnisotropicGaussian(4, rank, covariance(0, 2, 5, 20)) for rank in (1, 2)),
    *(sketches.AnisotropicGaussian(4, 2, covariance(0, 0, *s)) for s in ((3, 4), (0, 4))),
    sketches.AnisotropicGaussian(4, 2, 2 * np.eye(4)),
    sketches.AnisotropicGaussian(4, 2, np.diag([0.0, 1.0, 1.0, 1.0])),
    sketches.Mixture([sketches.Haar(4, 3), sketches.Rademacher(4, 1), sketches.Coordinate(4, 2)], [3, 1, 1]),
    sketches.Mixture([sketches.Haar(4, 3), sketches.Gaussian(4, 1)], [Fraction(1, 4), Fraction(3, 4)]),
]
CLOSED += [
    sketch
    for sketch in (sketches.named_sketch(name, 4, 2) for name in sketches.NAMED)
    if type(sketch) not in map(type, CLOSED)
    if isinstance(sketch, HasSecondMoment) and sketch.second_moment(np.eye(4)) is not None
]
TRIVIAL = [sketches.named_sketch(name, d, d) for name in sketches.NAMED for d in (1, 2)]


def matrices(d, count=3):
    return np.random.default_rng(2).standard_normal((count, d, d))


@pytest.mark.parametrize("sketch", [s for s in CLOSED if checked_support(s) is None], ids=repr)
def test_it_is_the_mean_of_the_draws(sketch):
    """Every entry within 5 standard errors of 40,000 draws: about 300 numbers, alpha below 2e-4 in all. Where draws
    cannot be listed. M is not symmetric, so a formula with M in place of its transpose is caught, as is (d + 1) for (d
    + 2) in b: see the test of power below."""
    assert farthest(sketch, sketch.second_moment(matrices(sketch.dim)[0])) <= 5


def farthest(sketch, claim):
    M = matrices(sketch.dim)[0]
    H = projection(sketch.sample(np.random.default_rng(3), 40_000))
    X = H @ M @ H
    return (np.abs(X.mean(axis=0) - claim) / (X.std(axis=0) / 200 + 1e-12)).max()


def test_false_formulas_would_have_been_refuted():
    sketch = sketches.Haar(4, 2)
    M, (a, b) = matrices(4)[0], map(float, sketch.invariants())
    assert farthest(sketch, from_invariants(a, b, M)) <= 5
    assert farthest(sketch, from_invariants(a, b, M).T) > 10
    assert farthest(sketch, (a + b) * M + b * np.trace(M) * np.eye(4)) > 10
    wrong = b * 6 / 5  # (d + 1) for (d + 2)
    assert farthest(sketch, from_invariants((4 - 2 * wrong * 4) / 16, wrong, M)) > 10


@as_one_test("sketch", [*CLOSED, *TRIVIAL], ids=repr)
def test_at_the_identity_it_is_the_expected_projection(sketch):
    """H I H = H: catches a wrong probability of one coordinate, or R where P belongs, to rounding."""
    second_moment = Moments(sketch).second_moment
    mean = sketch.expected_projection()
    if second_moment is not None and mean is not None:
        np.testing.assert_allclose(second_moment(np.eye(sketch.dim)), mean, atol=1e-12)


@pytest.mark.parametrize("sketch", [s for s in CLOSED if checked_support(s) is not None], ids=repr)
def test_it_is_the_sum_over_the_support(sketch):
    support, probabilities = checked_support(sketch)
    by_sum = summed(projection(support), probabilities.astype(float))
    M = matrices(sketch.dim)
    np.testing.assert_allclose(sketch.second_moment(M), by_sum(M), atol=1e-13)
    one_by_one = sum(float(p) * H @ M @ H for H, p in zip(projection(support), probabilities, strict=True))
    np.testing.assert_allclose(by_sum(M), one_by_one, atol=1e-13)


@as_one_test("sketch", CLOSED, ids=repr)
def test_a_batch_is_its_members(sketch):
    M = matrices(sketch.dim, 6)
    batch = sketch.second_moment(M.reshape(2, 3, sketch.dim, sketch.dim))
    np.testing.assert_allclose(batch.reshape(M.shape), [sketch.second_moment(one) for one in M], atol=1e-14)


@pytest.mark.parametrize("d", [1, 2, 3, 7])
def test_the_invariants_are_those_of_a_projection_of_rank_r(d):
    """Exactly: E[tr(H)^2] = r^2, E[H^2] = E[H] = (r/d) I. At full rank H = I, and H^c = I - H has rank d - r."""
    for r in range(1, d + 1):
        a, b = uniform_range(d, r)
        assert isinstance(a, Fraction)
        assert a * d**2 + 2 * b * d == r**2
        assert a + (d + 1) * b == Fraction(r, d)
        if r == d:
            assert (a, b) == (1, 0)
        else:
            complement_a, complement_b = uniform_range(d, d - r) if d > 1 else (a, b)
            assert complement_b == b
            assert complement_a == a + 1 - Fraction(2 * r, d)


def test_mixtures_of_uniform_ranges_have_the_mean_of_the_invariants():
    sketch = sketches.Mixture([sketches.Haar(4, 3), sketches.Gaussian(4, 1)], [1, 3])
    (a, b), (c, e) = uniform_range(4, 3), uniform_range(4, 1)
    assert sketch.invariants() == ((a + 3 * c) / 4, (b + 3 * e) / 4)
    assert sketches.Mixture([sketches.Haar(4, 3), sketches.Coordinate(4, 1)], [1, 3]).invariants() is None


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_a_covariance_is_a_multiple_of_the_identity_at_any_scale_or_at_none(scale):
    assert sketches.AnisotropicGaussian(4, 2, scale * np.eye(4)).invariants() == uniform_range(4, 2)
    assert sketches.AnisotropicGaussian(4, 2, scale * np.diag([0.0, 1.0, 1.0, 1.0])).invariants() is None
    uneven = sketches.AnisotropicGaussian(4, 2, scale * np.diag([1.0, 1 + 1e-12, 1.0, 1.0]))
    assert uneven.invariants() is uneven.second_moment(np.eye(4)) is None


@pytest.mark.parametrize("rank", [1, 3])
def test_variances_have_no_scale(rank):
    C, M = covariance(1, 2, 5, 20), matrices(4)
    same = sketches.AnisotropicGaussian(4, rank, C).second_moment(M)
    for scale in (1e-200, 1e200):
        sketch = sketches.AnisotropicGaussian(4, rank, scale * C)
        np.testing.assert_allclose(sketch.second_moment(M), same, rtol=1e-11)


def test_what_is_unknown_is_none():
    for sketch in (
        sketches.AnisotropicGaussian(5, 2, np.diag([1.0, 2, 3, 4, 5])),
        sketches.Mixture([sketches.Haar(4, 1), sketches.Uniform(4, 1)], [1, 1]),
        sketches.FromFunction(3, 1, lambda rng: rng.standard_normal((3, 1))),
        sketches.KaimingUniform(4, 2),
    ):
        assert Moments(sketch).second_moment is None
        assert not isinstance(sketch, HasSecondMoment) or sketch.second_moment(np.eye(sketch.dim)) is None
        assert not isinstance(sketch, HasInvariants) or sketch.invariants() is None
