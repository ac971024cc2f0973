"""Few coordinates out of many by weight: the probabilities of one and of two, against other integrals and by hand."""

import numpy as np
import pytest

from rac_theory.sketches import WeightedCoordinate
from rac_theory.sketches.distributions import weighted_coordinate
from rac_theory.sketches.distributions.weighted_coordinate import FewOfMany, one_of_a_race, two_of_a_race

WEIGHTS = np.linspace(1.0, 4.0, 300)


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


def test_draws_agree():
    """20,000 draws, pairs of groups of coordinates within 5 standard errors: about 40 numbers, alpha 3e-5."""
    sketch = WeightedCoordinate(300, 3, WEIGHTS)
    groups = np.repeat(np.eye(6), 50, axis=1)
    drawn = (sketch.sample(np.random.default_rng(0), 20_000) != 0).any(axis=2) @ groups.T
    X = drawn[:, :, None] * drawn[:, None, :]
    P = groups @ FewOfMany(WEIGHTS / 4, 3).joint_probabilities() @ groups.T
    assert (np.abs(X.mean(axis=0) - P) <= 5 * X.std(axis=0) / np.sqrt(len(X))).all()
