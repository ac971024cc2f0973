"""A network with a frozen head: its gradient, and curvature that no search gets above."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest

from rac_theory.problems import tanh_curvature
from rac_theory.problems.tanh_curvature import largest_curvature, squared_distance_of_columns
from rac_theory.problems.tanh_network import TanhNetwork
from tests.as_one_test import as_one_test
from tests.problems.exact import exact

RNG = np.random.default_rng(5)
X = RNG.normal(size=(12, 4))
LABELS = RNG.integers(0, 3, size=12)
HEADS = {
    "random": RNG.normal(size=(5, 3)),
    "one unit": np.array([[2.0, -1.0, 0.5]]),
    "steep": 20.0 * RNG.normal(size=(2, 3)),
    "a unit that counts for all classes alike": np.array([[1.0, 1.0, 1.0], [0.0, 1.0, -3.0]]),
}


@pytest.fixture(params=HEADS.values(), ids=HEADS.keys())
def problem(request):
    return TanhNetwork(X, LABELS, request.param, l2=0.05)


def test_the_value_is_the_mean_cross_entropy_of_a_network(problem):
    """Written as one says it, in exact logarithms of sums: catches a wrong label, a transposed head."""
    W = RNG.normal(size=problem.shape)
    total = 0.0
    for x, label in zip(X, LABELS, strict=True):
        z = np.tanh(x @ W) @ problem.V
        total += math.log(np.exp(z - z[label]).sum())
        assert problem.predict(W, x[None]).tolist() == [z.argmax()]
    assert problem.value(W) == pytest.approx(total / 12 + 0.025 * (W**2).sum(), rel=1e-12)


def test_one_sample_and_one_unit_come_near_to_L():
    """Two classes, V = (v, -v): the bound is (range s'/2)^2 + range |s''|, attained within a third at the best u."""
    u = np.linspace(-3, 3, 2001)[:, None, None]
    for rows in ([[1.0], [1.0]], [[1.0], [0.0]]):
        each = TanhNetwork(rows, [0, 1], np.array([[3.0, -3.0]]))
        second = (each.gradient(u + 1e-4) - each.gradient(u - 1e-4)) / 2e-4
        assert 0.5 * each.L < np.abs(second).max() <= each.L


@as_one_test(("norm", "spread"), [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (400.0, 3.0), (0.01, 7.0)])
def test_the_curvature_of_a_unit_is_the_maximum_of_its_formula(norm, spread):
    """On a fine grid: catches a halving that keeps the wrong half; from above by less than rounding is worth."""
    t = np.linspace(0, 1, 200_001)
    grid = (norm / 2 * (1 - t**2) ** 2 + 2 * spread * t * (1 - t**2)).max()
    bound = largest_curvature(Fraction(norm), Fraction(spread))
    assert grid * (1 - 1e-15) <= bound <= grid * (1 + 1e-9)
    if norm == 0.0:
        assert bound == pytest.approx(4 / (3 * math.sqrt(3)), rel=1e-12)  # sup |tanh''|


def test_the_curvature_of_a_unit_is_rounded_up():
    """In closed form where columns are alike: 27 squares are 16 of the spread's. Half are not if rounded down."""
    for spread in map(Fraction, RNG.uniform(0.1, 10, 100).tolist()):
        assert 27 * Fraction(largest_curvature(Fraction(0), spread)) ** 2 >= 16 * spread**2


@pytest.mark.parametrize("halvings", [1, 2, 3, 6])
def test_the_curvature_of_a_unit_is_a_bound_wherever_the_search_ends(halvings, monkeypatch):
    """Catches what is added for that divided, or taken away."""
    monkeypatch.setattr(tanh_curvature, "_HALVINGS", halvings)
    for norm, spread in itertools.product([0.1, 4.0, 50.0], [0.0, 0.2, 3.0, 40.0]):
        t = np.linspace(0, 1, 2001)
        bound = largest_curvature(Fraction(norm), Fraction(spread))
        assert bound >= (norm / 2 * (1 - t**2) ** 2 + 2 * spread * t * (1 - t**2)).max()


def test_what_adds_to_all_classes_alike_changes_nothing(problem):
    """A number added to a row of the head is added to all scores: catches a range that is the largest entry."""
    moved = TanhNetwork(X, LABELS, problem.V + np.arange(1.0, len(problem.V) + 1)[:, None], l2=0.05)
    W = RNG.normal(size=problem.shape)
    assert moved.value(W) == pytest.approx(problem.value(W), rel=1e-12)
    assert pytest.approx(problem.L, rel=1e-9) == moved.L


def test_the_farthest_columns_are_found():
    """Rounded up, of each of a batch: catches a distance from one column only, or a rounding to nearest."""
    V = RNG.normal(size=(20, 5, 4))
    for head, found in zip(exact(V), exact(squared_distance_of_columns(V)), strict=True):
        farthest = ((head[:, :, None] - head[:, None]) ** 2).sum(axis=0).max()
        assert farthest <= found <= farthest * (1 + Fraction(1, 10**13))
    alike = np.array([[3.0, 3.0], [0.0, 0.0]])  # as they are stored: each may have been rounded
    assert squared_distance_of_columns(alike) == 18 * 2.0**-104
    assert squared_distance_of_columns(np.array([[1.0, 0.0]])) == 1 + 5 * 2.0**-52


def exact_curvature(squared_norm, spread):
    """The maximum of the formula, from below, by 200 halvings in exact arithmetic."""
    a, b, low, high = squared_norm / 2, 2 * spread, Fraction(0), Fraction(1)
    for _ in range(200):
        t = (low + high) / 2
        low, high = (t, high) if 4 * a * t**3 - 3 * b * t**2 - 4 * a * t + b > 0 else (low, t)
    return a * (1 - low**2) ** 2 + b * low * (1 - low**2)


def test_constants_are_rounded_up():
    """In exact arithmetic: catches each step of the way that rounds to nearest or down, by a billionth or by an ulp."""
    for _ in range(20):
        row = RNG.normal(size=3)
        spread = exact(row).max() - exact(row).min()
        true = exact_curvature(spread**2 / 2, spread)
        assert Fraction(largest_curvature(spread**2 / 2, spread)) >= true
        assert true <= Fraction(TanhNetwork(X, LABELS, row[None]).loss_curvature) <= true * (1 + Fraction(1, 10**12))
    for head in HEADS.values():
        network = TanhNetwork(X, LABELS, head)
        units, bounds = exact(np.diagonal(network._class_curvature)), exact(network._unit_curvatures)
        assert (units * Fraction(network.loss_curvature) >= bounds).all()


def test_heads_that_make_no_sense_are_refused():
    for V, rule in (
        (np.ones((2, 2)), "V must have a column for each of the 3 classes, got shape"),
        (np.zeros((2, 3)), "V must not be zero"),
        (np.ones(3), "V must have 2 axes"),
    ):
        with pytest.raises(ValueError, match=rule):
            TanhNetwork(X, LABELS, V)
