"""Probabilities of one and of two coordinates drawn by weight, against all orders in which they can be drawn."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from rac_theory import spectrum
from rac_theory.sketches import WeightedCoordinate
from rac_theory.sketches.distributions import weighted_coordinate
from rac_theory.sketches.distributions.weighted_coordinate import one_of_a_race, two_of_a_race


def over_all_orders(weights, rank):
    """P(i and k are both drawn), one draw after the other: sums of positive terms."""
    both = np.zeros((len(weights),) * 2)
    for order in permutations(range(len(weights)), rank):
        chance, left = 1.0, list(range(len(weights)))
        for i in order:
            chance *= weights[i] / sum(weights[j] for j in left)
            left.remove(i)
        both[np.ix_(order, order)] += chance
    return both


@pytest.mark.parametrize(
    "weights",
    [
        [1, 2, 3, 0.5, 1.5],
        [1e-3, 2, 3, 500, 1.5],
        [1e-30, 2, 3, 500, 1],
        [1, 1e-240, 1, 1, 1],
        [3, 0, 1, 2, 2],
        [1, 1e12, 1e12, 1, 0],
        [1e300, 1e300, 1e299, 1e300, 1e300],
        [1, 1e-30, 1, 1, 2e-30],
    ],
)
@pytest.mark.parametrize("rank", [1, 2, 3, 4])
def test_all_orders_are_counted_once(weights, rank):
    """Within 2e-11 of each, however rare. Catches r - 1 for r - 2 others, and an integral that ends too early.

    And r times the weight, which is off by up to 0.7; of weights of zero, rows that are not put back in their place.
    """
    expected, weights = over_all_orders(weights, rank), np.array(weights, dtype=float)
    sketch = WeightedCoordinate(5, rank, weights)
    np.testing.assert_allclose(np.diag(sketch.expected_projection()), expected.diagonal(), rtol=1e-11)
    np.testing.assert_allclose(sketch.second_moment(np.ones((5, 5))), expected, rtol=2e-11)
    if weights.all() and rank > 1:
        rates = weights / weights.max()
        np.testing.assert_allclose(two_of_a_race(rates, rank, expected.diagonal()), expected, rtol=2e-11)


@pytest.mark.parametrize("scale", [1e-310, 1e300])
def test_weighted_coordinates_are_drawn_at_any_scale(scale):
    """Catches times to ring that overflow: the first coordinate would win, which has no weight. 0.75 +- 6 sigma."""
    drawn = WeightedCoordinate(3, 1, [0, 3 * scale, scale]).sample(np.random.default_rng(0), 10_000)[:, :, 0]
    assert drawn[:, 0].sum() == 0
    assert abs(drawn[:, 1].mean() - 0.75) < 6 * np.sqrt(0.75 * 0.25 / 10_000)


@pytest.mark.parametrize(("count", "rank"), [(64, 8), (30, 15), (20, 19)])
def test_a_row_of_pairs_sums_to_the_rank_times_one(count, rank):
    """Many clocks, and all but one of them. Catches a step that is not halved: 3e-11 at (30, 8) with the first."""
    rates = np.random.default_rng(count).uniform(0.01, 1, count)
    p = one_of_a_race(rates, rank)
    P = two_of_a_race(rates, rank, p)
    assert np.abs(P.sum(axis=1) / (rank * p) - 1).max() < 1e-12
    assert (P - np.diag(p) <= np.outer(p, p) * (1 + 1e-12)).all()  # to draw one makes others rarer
    assert (P > 0).all()


@pytest.mark.parametrize("scale", [1e-20, 1e20])
def test_clocks_have_no_unit(scale):
    """Catches an integral that begins or ends at a time, and not at so many of the waits."""
    rates = np.array([1.0, 0.5, 3.0, 2.0])
    p = one_of_a_race(rates, 2)
    np.testing.assert_allclose(one_of_a_race(scale * rates, 2), p, rtol=1e-12)
    np.testing.assert_allclose(two_of_a_race(scale * rates, 2, p), two_of_a_race(rates, 2, p), rtol=1e-12)


def test_one_coordinate_is_a_support_with_exact_ratios(monkeypatch):
    """Catches floats that sum to one up to rounding, draws of weight zero, and a limit of all weights."""
    values, chances = WeightedCoordinate(4, 1, [0, 1, 2, 4]).support()
    assert values[:, :, 0].tolist() == np.eye(4)[1:].tolist()
    assert chances.tolist() == [Fraction(1, 7), Fraction(2, 7), Fraction(4, 7)]
    assert spectrum(WeightedCoordinate(3, 1, [1, 2, 4]), exact=True).lambda_min == Fraction(1, 7)
    assert WeightedCoordinate(4, 2, [0, 1, 2, 4]).support() is None
    for limit in (2, 3):
        monkeypatch.setattr(weighted_coordinate, "LIMIT", limit)
        assert (WeightedCoordinate(4, 1, [0, 1, 2, 4]).support() is None) == (limit == 2)
