"""Closed forms of E[H] give a lambda_min that is not above the true one and a lambda_max that is not below, exactly.
The two ends are also near: within 1e-11 of each other, relatively. Each test names what it would catch."""

from contextlib import nullcontext
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from rac_theory import sketches, spectrum
from rac_theory.sketches.spectra import check_claim, closed_form, extremes

THIRD = Fraction(1, 3)
ISOTROPIC = [
    (sketches.Haar(7, 3), Fraction(3, 7)),
    (sketches.Gaussian(8, 3), Fraction(3, 8)),
    (sketches.Coordinate(49, 1), Fraction(1, 49)),
    (sketches.EquiangularFrame(3, 2), Fraction(2, 3)),
    (sketches.BlockPartition(7, 3), THIRD),
    (sketches.CountSketch(5, 3), 3 * (1 - (1 - THIRD) ** 5) / 5),
    (sketches.CountSketch(64, 2), (2 - Fraction(1, 2**63)) / 64),
    (sketches.CountSketch(512, 4), (4 - 4 * Fraction(3, 4) ** 512) / 512),
    (sketches.CoordinateWithReplacement(6, 4), 1 - Fraction(5, 6) ** 4),
    (sketches.CoordinateWithReplacement(1000, 2), 1 - Fraction(999, 1000) ** 2),
    (sketches.Rademacher(3, 2), (2 - Fraction(1, 4)) / 3),
    (sketches.Rademacher(64, 2), (2 - Fraction(1, 2**63)) / 64),
    (sketches.SparseSigns(5, 1, 0.5), (1 - Fraction(1, 32)) / 5),
    (sketches.SparseSigns(64, 1, 0.5), (1 - Fraction(1, 2**64)) / 64),
    (sketches.SparseSigns(256, 1, 0.2), (1 - Fraction(4, 5) ** 256) / 256),
]


@pytest.mark.parametrize(("sketch", "eigenvalue"), ISOTROPIC, ids=repr)
def test_multiples_of_the_identity_are_rounded_outwards(sketch, eigenvalue):
    """Catches a rank that is lost with probability 1e-19 and passes for never: r/d would be above lambda_min."""
    known = closed_form(sketch)
    assert Fraction(known.lambda_min) <= eigenvalue <= Fraction(known.lambda_max)
    assert known.lambda_max <= known.lambda_min * (1 + 1e-11)


@pytest.mark.parametrize(("dim", "rank"), [(64, 1), (64, 3), (100, 5)])
def test_ranks_that_are_never_lost_stay_exact(dim, rank):
    """One column of signs is never zero, a Gaussian matrix almost never singular: r/d is a float, or next to two."""
    known = closed_form(sketches.Gaussian(dim, rank))
    assert known.lambda_max - known.lambda_min <= 2e-15 * rank / dim
    signs = closed_form(sketches.Rademacher(64, 1))
    assert signs.lambda_min == signs.lambda_max == 1 / 64


def test_mixtures_are_weighted_by_their_probabilities():
    """Catches equal weights, and a mean that is rounded to nearest."""
    rng = np.random.default_rng(0)
    for weights in rng.integers(1, 50, (20, 2)).tolist():
        known = spectrum(sketches.Mixture([sketches.Coordinate(5, 1), sketches.BlockPartition(5, 2)], weights))
        eigenvalue = (Fraction(weights[0], 5) + Fraction(weights[1], 3)) / sum(weights)
        assert Fraction(known.lambda_min) <= eigenvalue <= Fraction(known.lambda_max)
        assert known.lambda_max <= known.lambda_min * (1 + 1e-11)


@pytest.mark.parametrize("ratio", [1e-12, 1e-3, 0.9])
def test_two_variances_in_forty_digits(ratio):
    """The eigenvalues at rank one are as the standard deviations. Catches an integral on too coarse a grid."""
    known = spectrum(sketches.AnisotropicGaussian(2, 1, np.diag([1.0, ratio])))
    with localcontext() as context:
        context.prec = 40
        root = Decimal(ratio).sqrt()
        assert Decimal(known.lambda_min) <= root / (1 + root) <= Decimal(known.lambda_min) * (1 + Decimal("1e-11"))
        assert Decimal(known.lambda_max) >= 1 / (1 + root) >= Decimal(known.lambda_max) * (1 - Decimal("1e-11"))


def test_uniform_entries_in_forty_digits():
    """In the plane b = log(2)/2: eigenvalues 1/2 - b and 1/2 + b."""
    known = spectrum(sketches.Uniform(2, 1))
    with localcontext() as context:
        context.prec = 40
        b = Decimal(2).ln() / 2
        assert Decimal(known.lambda_min) <= Decimal("0.5") - b <= Decimal(known.lambda_min) * (1 + Decimal("1e-10"))
        assert Decimal(known.lambda_max) >= Decimal("0.5") + b >= Decimal(known.lambda_max) * (1 - Decimal("1e-11"))


@pytest.mark.parametrize(("dim", "rank"), [(20, 10), (50, 25), (100, 50)])
def test_equal_weights_are_equal_shares(dim, rank):
    """A steep tail, for which the first step of the integral is too long. Catches one that stops at six digits."""
    known = closed_form(sketches.WeightedCoordinate(dim, rank, np.ones(dim)))
    assert known.lambda_min <= rank / dim <= known.lambda_max <= known.lambda_min * (1 + 1e-11)


def test_a_large_layer_is_quick():
    """Fractions with a million digits: the rank of a count sketch at the size of a vocabulary."""
    known = closed_form(sketches.CountSketch(32_000, 64))
    assert known.lambda_min == pytest.approx(64 / 32_000, rel=1e-11)


@pytest.mark.parametrize(
    ("diagonal", "rank", "words"),
    [([0.5, 1.001], 2, "0.5, 1.001"), ([-0.001, 0.5], 1, "-0.001, 0.5"), ([0.6, 0.401], 1, "trace 1.001")],
)
def test_no_mean_of_projections_is_that(diagonal, rank, words):
    """Off by a thousandth in one eigenvalue or in the trace. Catches a door that lets one of these pass."""
    matrix = np.diag(diagonal)
    with pytest.raises(ValueError, match=f"must have eigenvalues in .* and trace at most rank={rank}, .*{words}"):
        check_claim("mean", matrix, extremes(matrix), rank)


@pytest.mark.parametrize(("off", "words"), [(0.9e-9, None), (1.1e-9, "must")])
def test_a_claim_may_be_off_by_a_billionth(off, words):
    """In an eigenvalue, in the trace, and from its transpose, which of windows of one array is one of its rows."""
    half = np.diag([0.5, 0.5])
    view = sliding_window_view(np.array([0.25, 0.5, 0.25 + off]), 2)[::-1]
    for matrix, ends, rank in (
        (half, (-off, 0.5), 1),
        (half, (0.5, 1 + off), 1),
        (np.diag([0.5, 0.5 + off]), (0.5, 0.5), 1),
        (np.array([[0.5, 0.25], [0.25 + off, 0.5]]), (0.25, 0.75), 1),
        (view, (0.25, 0.75), 1),
    ):
        with pytest.raises(ValueError, match=words) if words else nullcontext():
            check_claim("mean", matrix, ends, rank)


def test_windows_of_one_array_need_not_be_diagonal():
    """1/2 and two neighbours: 1/2 +- 1/8 sqrt 2. Catches a neighbour that is not looked at."""
    matrix = sliding_window_view(np.array([0, 0.125, 0.5, 0.125, 0]), 3)[::-1]
    assert extremes(matrix) == pytest.approx((0.5 - 2**-2.5, 0.5 + 2**-2.5), rel=1e-11)
