"""Coordinates drawn by weight: probabilities of one and of two against all orders, other integrals and by hand."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest

from rac_theory import spectrum
from rac_theory.sketches import WeightedCoordinate
from rac_theory.sketches.distributions import weighted_coordinate
from rac_theory.sketches.distributions.weighted_coordinate import FewOfMany, one_of_a_race, two_of_a_race


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
    """Within 2e-11 of each, however rare. Catches r - 1 for r - 2 others, and an integral that ends too early. And r
    times the weight, which is off by up to 0.7; of weights of zero, rows that are not put back in their place."""
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


WEIGHTS = np.linspace(1.0, 4.0, 300)


@pytest.mark.long
def test_two_of_many_are_drawn_one_after_the_other():
    """p_i p(k after i), and the other way round, in any unit. Catches an order that is counted once, and a time."""
    w = WEIGHTS / WEIGHTS.sum()
    by_hand = np.outer(w, w) * (1 / (1 - w)[:, None] + 1 / (1 - w))
    race = FewOfMany(1e-20 * WEIGHTS, 2)
    assert race.exact
    P = race.joint_probabilities()
    off = ~np.eye(300, dtype=bool)
    np.testing.assert_allclose(P[off], by_hand[off], rtol=1e-12)
    np.testing.assert_allclose(P.diagonal(), (by_hand * off).sum(axis=1), rtol=1e-12)
    np.testing.assert_allclose(two_of_a_race(WEIGHTS / 4, 2, P.diagonal()), P, rtol=1e-12)


@pytest.mark.parametrize("rank", [3, 5])
def test_they_are_those_of_the_other_integral(rank):
    """Each row of P sums to r times its p, as r are drawn in all. Catches an odd power too many, and C one too late."""
    race = FewOfMany(WEIGHTS / 4, rank)
    assert race.exact
    p, _ = race.inclusion_probabilities()
    np.testing.assert_allclose(p, one_of_a_race(WEIGHTS / 4, rank), rtol=1e-12)
    P = race.joint_probabilities()
    np.testing.assert_allclose(P.sum(axis=1), rank * p, rtol=1e-12)
    assert (P > 0).all()
    assert (np.minimum.outer(p, p) * (1 + 1e-12) >= P).all()
    assert (P - np.diag(p) <= np.outer(p, p) * (1 + 1e-12)).all()  # to draw one makes others rarer


@pytest.mark.parametrize(("count", "rank", "most"), [(4, 2, 4.0), (60, 20, 4.0), (100, 2, 1.0), (300, 2, 1e3)])
def test_where_few_are_not_few_there_is_the_race_or_nothing(count, rank, most, monkeypatch):
    """Catches sums whose terms cancel: of four, of a third, and where most of the weight is on few."""
    weights = np.geomspace(1.0, most, count)
    assert not FewOfMany(weights / most, rank).exact
    both = WeightedCoordinate(count, rank, weights).second_moment(np.ones((count, count)))
    assert (both is None) == (count == 300)
    if both is not None:
        np.testing.assert_allclose(both.sum(axis=1), rank * both.diagonal(), rtol=1e-11)
        for left in (0, 1):
            monkeypatch.setattr(weighted_coordinate, "_LARGEST", count * rank - left)
            monkeypatch.setattr(weighted_coordinate, "_LARGEST_OF_TWO", count**2 * rank - left)
            sketch = WeightedCoordinate(count, rank, weights)
            assert (sketch.expected_projection() is None) == (sketch.second_moment(np.eye(count)) is None) == left


def test_many_coordinates_have_both_moments(monkeypatch):
    """Above the limit of the other integral too, with weights of zero. Catches rows that are not put back in place."""
    weights = WEIGHTS.copy()
    weights[[0, 17]] = 0
    sketch = WeightedCoordinate(300, 3, weights)
    M = np.random.default_rng(0).standard_normal((300, 300))
    np.testing.assert_allclose(sketch.second_moment(np.eye(300)), sketch.expected_projection(), atol=1e-13)
    np.testing.assert_allclose(sketch.second_moment(M)[[0, 17]], 0)
    monkeypatch.setattr(weighted_coordinate, "_LARGEST", 100)
    again = WeightedCoordinate(300, 3, weights).expected_projection()
    np.testing.assert_allclose(again, sketch.expected_projection(), rtol=1e-12)
    assert WeightedCoordinate(300, 299, WEIGHTS).expected_projection() is None
    few = np.repeat([1.0, 1e-6], [10, 1657])  # 5,001 numbers
    assert WeightedCoordinate(1667, 3, few).expected_projection() is None
    assert WeightedCoordinate(2, 1, [1e-250, 1.0]).rank == 1


@pytest.mark.long
def test_draws_agree():
    """20,000 draws, pairs of groups of coordinates within 5 standard errors: about 40 numbers, alpha 3e-5."""
    sketch = WeightedCoordinate(300, 3, WEIGHTS)
    groups = np.repeat(np.eye(6), 50, axis=1)
    drawn = (sketch.sample(np.random.default_rng(0), 20_000) != 0).any(axis=2) @ groups.T
    X = drawn[:, :, None] * drawn[:, None, :]
    P = groups @ FewOfMany(WEIGHTS / 4, 3).joint_probabilities() @ groups.T
    assert (np.abs(X.mean(axis=0) - P) <= 5 * X.std(axis=0) / np.sqrt(len(X))).all()
