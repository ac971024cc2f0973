"""Moments of entries of H where signed permutations leave the law alone: against all draws, draws and closed forms."""

from fractions import Fraction
from operator import itemgetter

import numpy as np
import pytest
from scipy.stats import binom

from rac_theory.numerics.linalg import orthonormal_range, projection
from rac_theory.sketches import (
    Coordinate,
    CoordinateWithReplacement,
    CountSketch,
    Gaussian,
    KaimingUniform,
    Mixture,
    Rademacher,
    SparseSigns,
    SubsampledCosine,
    SubsampledHadamard,
    Uniform,
)
from rac_theory.sketches.distributions.subsampled_transform import _cosines
from rac_theory.sketches.laws.leverage import corners, inverse_square
from rac_theory.sketches.laws.signed_permutations import EntryMoments, from_entries, from_pairs
from rac_theory.sketches.moments import Moments

EXACT = [
    Coordinate(5, 2),
    CoordinateWithReplacement(4, 3),
    CoordinateWithReplacement(2, 2),
    CountSketch(1, 1),
    CountSketch(4, 2),
    CountSketch(3, 3),
    Rademacher(4, 1),
    SparseSigns(4, 1, Fraction(1, 5)),
    SparseSigns(1, 1, 0.2),
    SparseSigns(5, 1, 1.0),
]


@pytest.mark.parametrize("sketch", EXACT, ids=repr)
def test_three_numbers_are_those_of_all_draws(sketch):
    """Catches one binomial too many, a probability of two columns without replacement, and x for y."""
    (known,) = Moments(sketch).entries
    support, p = Moments(sketch).support
    H, p = projection(support), p.astype(float)
    M = np.random.default_rng(0).standard_normal((2, sketch.dim, sketch.dim))
    by_sum = sum(w * one @ M @ one for w, one in zip(p, H, strict=True))
    np.testing.assert_allclose(from_entries(known, M), by_sum, atol=1e-14)
    assert float(known.share(sketch.dim)) == pytest.approx(p @ H[:, 0, 0], rel=1e-14)


@pytest.mark.parametrize(
    "sketch", [SubsampledHadamard(8, 3), SubsampledHadamard(1, 1), SubsampledHadamard(2, 2), Gaussian(4, 2)], ids=repr
)
def test_three_numbers_are_the_closed_form(sketch):
    (known,) = Moments(sketch).entries
    M = np.random.default_rng(0).standard_normal((2, sketch.dim, sketch.dim))
    np.testing.assert_allclose(from_entries(known, M), sketch.second_moment(M), atol=1e-14)
    assert sketch.rank < sketch.dim or known == (1, 0, int(sketch.dim > 1))  # H = I


def test_what_is_not_ours_or_has_special_coordinates_has_none():
    own = type("Own", (Coordinate,), {})(3, 1)  # which may draw as it likes
    for sketch in (own, Uniform(3, 1), Mixture([Coordinate(3, 1)], [1]), SubsampledCosine(3, 1)):
        assert Moments(sketch).entries is None


@pytest.mark.parametrize(
    ("trials", "p"), [(0, Fraction(1, 3)), (5, Fraction(1, 2)), (40, Fraction(3, 7)), (4, Fraction(1))]
)
def test_the_mean_of_an_inverse_square_is_the_sum(trials, p):
    k = np.arange(trials + 1)
    expected = np.sum(binom.pmf(k, trials, float(p)) / (1 + k) ** 2)
    assert float(inverse_square(trials, p)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    "sketch", [Rademacher(4, 2), Rademacher(6, 2), SparseSigns(3, 2, 0.5), SparseSigns(2, 2, 0.2)], ids=repr
)
def test_bounds_contain_what_all_draws_have(sketch):
    """x within its bounds, and the three numbers a mean of the corners. Catches the mean square of a wrong rank."""
    known = Moments(sketch).entries
    support, p = Moments(sketch).support
    H, p = projection(support), p.astype(float)
    true = EntryMoments(*(p @ numbers for numbers in (H[:, 0, 0] ** 2, H[:, 0, 1] ** 2, H[:, 0, 0] * H[:, 1, 1])))
    d = sketch.dim
    for number in (*map(itemgetter, range(3)), lambda entries: d * entries.square + d * (d - 1) * entries.pair):
        ends = [float(number(corner)) for corner in known]  # the last is E[rank^2], which the others do not bound
        assert min(ends) - 1e-12 <= number(true) <= max(ends) + 1e-12


@pytest.mark.parametrize(
    "sketch", [Rademacher(4096, 16), KaimingUniform(4096, 16), SparseSigns(4096, 16, 0.2)], ids=repr
)
def test_bounds_are_within_a_tenth_at_the_size_of_a_model(sketch):
    """16 draws, all rows of each; six standard errors are .03 at most: alpha 2e-9. Catches the sum of two standard
    deviations squared in the place of the variance of a sum, by 1.28 where most entries are zero."""
    Q = orthonormal_range(sketch.sample(np.random.default_rng(0), 16))
    means = ((Q**2).sum(axis=2) ** 2).mean(axis=1)
    error = 6 * means.std() / 4 / means.mean()
    assert error < 0.03
    assert 1 - error <= max(float(corner.square) for corner in Moments(sketch).entries) / means.mean() <= 1.1 + error


def test_what_bounds_say_nothing_is_capped():
    """h is at most 1, so that its square is at most itself. Catches a second moment above the first."""
    assert max(corner.square for corner in corners(3, 2, Fraction(2), 9.0, 9.0)) == Fraction(2, 3)


@pytest.mark.parametrize("d", [1, 2, 3, 4, 7])
def test_squares_of_cosines_are_summed_in_closed_form(d):
    """Against the basis itself. Catches J off by one row, and 1/d for the first frequency forgotten."""
    M = np.random.default_rng(0).standard_normal((2, d, d))
    for r in range(1, d + 1):
        once, twice = r / d, r * (r - 1) / (d * max(d - 1, 1))
        F = (once - twice) * (_cosines(np.eye(d)) ** 2) @ (_cosines(np.eye(d)) ** 2).T
        by_basis = from_pairs(F + twice, F + twice * np.eye(d), M)
        np.testing.assert_allclose(SubsampledCosine(d, r).second_moment(M), by_basis, atol=1e-13)
