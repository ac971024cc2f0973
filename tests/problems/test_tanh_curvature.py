"""Constants of a network of two layers: by a second route, rounded up, and no search gets above them."""

import math
from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from rac_theory.problems import TwoLayerNetwork, tanh_curvature
from rac_theory.problems.tanh_curvature import Coefficients, largest_curvature, of_capped_head, room
from rac_theory.problems.tanh_curvature import curvature_in_both_layers as in_both_layers
from tests.as_one_test import as_one_test
from tests.problems.networks import CAPPED, NETWORKS, SMALL, X, searched, steepest


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@as_one_test(("level", "spread"), [(1.0, 0.0), (2.0, 1.0), (1.0, 1.2), (7.0, 0.01), (3.0, 4.0)])
def test_the_room_is_the_minimum_of_its_formula(level, spread):
    """On a fine grid, from below: catches a wrong turning point, as the value there is then far below the minimum."""
    y = 1 / (1 - np.linspace(0, 0.9999, 400_001) ** 2)
    t = np.sqrt(1 - 1 / y)
    grid = (level * y**2 - 2 * spread * t * y).min()
    assert grid - 1e-6 * level <= room(level, spread) <= grid + 1e-12
    exact = room(Fraction(level), Fraction(spread))
    assert float(exact) == pytest.approx(float(room(level, spread)), rel=1e-12, abs=1e-14)


def test_a_spread_of_any_size_leaves_a_number():
    """Catches a turning point that is rounded to 1, where 1 - t^2 is divided by."""
    for spread in (1e3, 1e30):
        assert -math.inf < room(1.0, spread) < 0
        assert room(Fraction(1), Fraction(spread)) < 0


@pytest.mark.parametrize("t", [0.0, 0.2, 0.5, 0.9])
def test_the_room_is_a_lower_bound_wherever_the_search_ends(t, monkeypatch):
    """Catches a slope that is added, or left out: the value alone is above the minimum."""
    monkeypatch.setattr(tanh_curvature, "_turning_point", lambda level, spread: t)
    for level, spread in ((1.0, 0.0), (2.0, 1.0), (1.0, 1.2), (7.0, 0.01), (3.0, 4.0), (0.1, 0.02)):
        y = 1 / (1 - np.linspace(0, 0.99, 10_001) ** 2)
        assert room(level, spread) <= (level * y**2 - 2 * spread * np.sqrt(1 - 1 / y) * y).min() + 1e-12


def test_what_holds_just_holds():
    """By hand, without a spread: ``(l / gram - v^2)(l - a^2 / 2) >= m^2``, none of them below zero."""
    cases = (1, (1, 1, 0, 0, 0, 0)), (1, (1, 0, 0, 0, 2, 0)), (1, (1, 0, 0, 1, 0, 0)), (14, (2, 2, 0, 24, 12, 0))
    for level, coefficients in (*cases, (2, (4, 0, 0, 1, 0, 0))):
        held = Coefficients(*map(Fraction, coefficients))
        assert held.hold(Fraction(level))
        assert not held.hold(level * (1 - Fraction(1, 10**30)))
        assert not replace(held, reach=held.reach + 2, units=held.units + 5).hold(Fraction(level))  # both below zero


def second_route(gram, cap, hidden):
    """L without ``room``: ``2 m alpha beta <= m^2 alpha^2 / q + q beta^2`` for the best q, and two quartics of t."""
    root = Fraction(1 / math.sqrt(hidden))
    m_squared = (cap + 2 * root) ** 2 / 2

    def at(q):
        first = gram * Fraction(largest_curvature(2 * cap**2 + 2 * m_squared / q, 2 * cap * root))
        return float(first), largest_curvature(1 + 2 * q, root / cap)

    low, high = Fraction(1, 10**9), Fraction(10**9)
    for _ in range(45):
        q = Fraction(math.sqrt(low * high))
        first, second = at(q)
        low, high = (q, high) if first > second else (low, q)
    return max(at(high))


@pytest.mark.long
@as_one_test(("gram", "cap"), [(300.0, 0.05), (1e-3, 1.0), (300.0, 9.0), (1e-3, 9.0)])
def test_L_is_what_youngs_inequality_gives(cap, gram):
    """Catches a wrong m, a spread without its 2 or its sqrt h, a determinant that is a sum, a loss of 1e-9."""
    found = in_both_layers(of_capped_head(Fraction(gram), Fraction(cap), 5))
    assert found == pytest.approx(second_route(Fraction(gram), Fraction(cap), 5), rel=1e-9)


def test_L_is_rounded_up():
    """What is returned is shown in exact arithmetic, and a little less is not; a penalty adds itself."""
    for network in CAPPED:
        gram = Fraction(np.linalg.eigvalsh(X.T @ X).max()) / 12
        held = of_capped_head(gram * (1 - Fraction(1, 10**12)), Fraction(network.cap), network.hidden)
        level = Fraction(network.L) - Fraction(network.l2)
        assert held.hold(level)
        assert not held.hold(level * (1 - Fraction(1, 10**9)))
    for gram, cap in ((0.3, 0.7), (7.0, 1.0), (100.0, 4.0)):
        coefficients = of_capped_head(Fraction(gram), Fraction(cap), 7)
        found = in_both_layers(coefficients)
        assert coefficients.hold(Fraction(found))
        assert not coefficients.hold(Fraction(math.nextafter(found, 0)))
    root = of_capped_head(Fraction(1), Fraction(1), 5).squash
    assert 1 < root**2 * 5 < 1 + Fraction(1, 10**15)


def test_L_max_is_of_the_longest_sample():
    """That of a data set of copies of this one sample is its L: catches a mean of squared norms, or lambda_max(X'X)."""
    network = NETWORKS["three units"]
    longest = X[[np.argmax(np.linalg.norm(X, axis=1))] * 2]
    assert pytest.approx(network.L_max, rel=1e-12) == TwoLayerNetwork(longest, [0, 1], 3, l2=0.05).L
    assert network.L_max > 1.5 * network.L


def test_a_head_at_its_cap_comes_near_to_L():
    """W1 = 0, columns +-c: the curvature is gram c^2, exactly. Catches an L that is a sixth too small or too large."""
    for k in (2, 4):
        network = TwoLayerNetwork(X, np.arange(12) % k, 400, cap=2.0)
        head = np.tile(np.where(np.arange(k) % 2, 90.0, -90.0), (400, 1))
        W = network.layers.pack([np.zeros((4, 400)), head])
        v = np.linalg.eigh(X.T @ X)[1][:, -1:] @ np.full((1, 400), 0.05)
        D = network.layers.pack([v, np.zeros((400, k))])
        second = ((network.gradient(W + 1e-4 * D) - network.gradient(W - 1e-4 * D)) * D).sum() / 2e-4
        assert second == pytest.approx(4.0 * np.linalg.eigvalsh(X.T @ X).max() / 12, rel=1e-5)
        assert second <= network.L <= 1.2 * second
    one = TwoLayerNetwork([[1e-3], [1e-3]], [0, 1], 40, cap=50.0)
    W = one.layers.pack([np.full((1, 40), 1e5), np.zeros((40, 2))])
    # Of saturated units, and a head that is almost not squashed.
    assert 0.5 * (1 - 1e-5) <= steepest(one.gradient, W[None])[0] <= one.L <= 0.6


@pytest.mark.parametrize(("cap", "least"), [(0.5, 0.25), (3.0, 0.6)])
def test_no_search_finds_curvature_above_L_nor_above_L_max(cap, least, rng):
    """Of the whole and of each component: catches constants of half the size, and an L_max from the wrong sample."""
    network = SMALL[cap]
    assert least < searched(rng, 4, lambda W: steepest(network.gradient, W) / network.L) <= 1 + 1e-6
    of_each = [partial(lambda i, W: network.component_gradient(W, np.full((len(W), 1), i)), i) for i in range(2)]
    found = [searched(rng, 4, lambda W, of=of: steepest(of, W) / network.L_max) for of in of_each]
    assert least < max(found) <= 1 + 1e-6
