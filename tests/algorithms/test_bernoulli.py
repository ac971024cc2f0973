"""A coin says which side is compressed: its spectrum in fractions, its steps, and the ends of p; and frozen factors."""

from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from rac_theory import AsymmetricLoRA, Bernoulli, RACLoRA, spectrum
from rac_theory.sketches import Coordinate, Frozen, Gaussian, Haar, Uniform, WeightedCoordinate
from tests.refused import refused

NAMES = ("lambda_min", "lambda_max", "lambda_min_upper", "lambda_max_lower")


def spectra(algorithm, **more):
    return algorithm.projection(**{"alpha": 1e-3, "draws": 4_000, "rng": 0} | more)


@pytest.mark.parametrize("p", [0.0, 0.1, 1.0])
def test_the_spectrum_is_a_mean_that_is_rounded_outwards(p):
    """In fractions, of 1/3 and 1/7, which no float is. Catches 1 + p, a product, and an end that is rounded inwards."""
    found = spectra(Bernoulli(Haar(3, 1), Haar(7, 1), 1.0, p=p))
    ends = [spectrum(Haar(dim, 1)) for dim in (3, 7)]
    for name, outwards in zip(NAMES, (-1, 1, 1, -1), strict=True):
        exact = Fraction(p) * Fraction(getattr(ends[0], name)) + (1 - Fraction(p)) * Fraction(getattr(ends[1], name))
        off = outwards * (Fraction(getattr(found, name)) - exact)
        assert 0 <= off < Fraction(1, 10**16)
        assert (off > 0) == (0 < p < 1)
    assert (found.how, found.alpha, found.draws, found.matrix.shape) == ("closed form", 0.0, 0, (0, 0))


def test_one_side_that_is_sampled_is_at_half_of_alpha():
    """Whatever the other is. Catches alpha, a third of it, and what is sampled that says that it is known."""
    for left, right in ((Uniform(4, 2), Haar(3, 1)), (Haar(4, 2), Uniform(3, 2))):
        found = spectra(Bernoulli(left, right, 1.0, p=0.25))
        assert (found.how, found.alpha, found.draws) == ("sampled", 5e-4, 4_000)
    never = spectra(Bernoulli(Uniform(4, 2), Haar(3, 1), 1.0, p=0.0))  # a side that never comes up
    assert (never.how, never.alpha, never.draws) == ("closed form", 0.0, 0)


def test_each_run_goes_left_or_right_as_a_whole():
    """5 standard deviations of 4,000 coins at p = 0.3 (alpha 6e-7). Catches a coin for each row, and 1 - p."""
    W, G = np.random.default_rng(0).standard_normal((2, 4_000, 3, 2))
    algorithm = Bernoulli(Coordinate(3, 1), Coordinate(2, 1), 1.0, p=0.3)
    assert not algorithm.one_projection
    step = next(algorithm.low_rank_steps(np.random.default_rng(1), W))
    moved = step(W, G) != W
    left = (moved.sum(axis=(1, 2)) == 2) & (moved.any(axis=2).sum(axis=1) == 1)
    right = (moved.sum(axis=(1, 2)) == 3) & (moved.any(axis=1).sum(axis=1) == 1)
    assert (left ^ right).all()
    assert abs(left.mean() - 0.3) < 5 * (0.21 / 4_000) ** 0.5


@pytest.mark.parametrize(("p", "side"), [(1.0, "left"), (0.0, "right")])
def test_a_side_that_never_comes_up_is_not_drawn(p, side):
    """To the bit the steps of the other one. Catches a coin that is thrown all the same."""
    W, sketches = np.ones((5, 3, 2)), {"left": Gaussian(3, 1), "right": Gaussian(2, 1)}
    ways = Bernoulli(**sketches, gamma=0.1, p=p), RACLoRA(sketches[side], 0.1, side)
    one, other = (islice(way.low_rank_steps(np.random.default_rng(2), W), 300) for way in ways)
    for ours, theirs in zip(one, other, strict=True):  # sketches are drawn ahead of some steps
        np.testing.assert_array_equal(ours(W, W), theirs(W, W))


def test_p_is_a_probability():
    refused(*((lambda p=p: Bernoulli(Haar(3, 1), Haar(2, 1), 0.1, p=p), "p must be") for p in (-0.01, 1.01)))


def test_a_frozen_factor_has_a_spectrum_of_zero_and_one():
    """Given the past H is a projection; the identity where every draw has full rank, and is known to. Catches "or"."""
    for sketch in (Haar(3, 1), Uniform(3, 1), Frozen(np.ones((3, 3))), WeightedCoordinate(3, 2, [1, 2, 3])):
        found = spectra(AsymmetricLoRA(sketch, 0.1))
        assert [getattr(found, name) for name in NAMES] == [0, 1, 0, 1]
        assert (found.how, found.alpha, found.matrix.shape) == ("closed form", 0.0, (0, 0))
    whole = spectra(AsymmetricLoRA(Haar(3, 3), 0.1))
    assert [getattr(whole, name) for name in NAMES] == [1, 1, 1, 1]
    assert np.isnan(spectra(AsymmetricLoRA(Haar(3, 3), 0.1, lora_alpha=1.0)).lambda_min)
