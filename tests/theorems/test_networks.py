"""T1 and T16 on networks, from starts of every size: what is proved of their constants is enough for the theorems."""

import math

import numpy as np
import pytest

from rac_theory.problems import TanhNetwork, TwoLayerNetwork
from rac_theory.problems.certified_step import certified_step

RNG = np.random.default_rng(0)
X, LABELS, HEAD = RNG.standard_normal((12, 4)), np.arange(12) % 3, RNG.standard_normal((3, 3))
NETWORKS = {
    "frozen head": TanhNetwork(X, LABELS, HEAD),
    "both layers": TwoLayerNetwork(X, LABELS, hidden=3),
    "both layers, with a penalty": TwoLayerNetwork(X, LABELS, hidden=3, l2=0.1),
    "no cap, and no L": TwoLayerNetwork(X, LABELS, hidden=3, cap=math.inf),
}


def starts(problem, count):
    """Sizes from 1e-3 to 1e3, half of them along few entries, where units are saturated and others are not."""
    rng = np.random.default_rng(1)
    W = rng.standard_normal((count, *problem.shape)) * 10 ** rng.uniform(-3, 3, (count, 1, 1))
    W[::2] *= rng.random(W[::2].shape) < 0.3
    return W


@pytest.mark.parametrize("name", NETWORKS)
def test_no_start_contradicts_the_sum_of_squared_gradients(name):
    """Gradient descent from 120 starts: sum gamma_t ||G_t||^2 <= 2 (f_0 - f_lower), T1 and T16 with H = I.

    With steps 64 times as long some start breaks it for each network and rule; eight times will do without L.
    """
    problem = NETWORKS[name]
    rules = {"certified": lambda W, G: certified_step(problem, W, G)}
    if math.isfinite(problem.L):
        rules["1/L"] = lambda W, G: np.full(len(W), 1 / problem.L)
    for rule in rules.values():
        assert _largest_share(problem, rule) <= 1 + 1e-12
        assert _largest_share(problem, rule, 64 if math.isfinite(problem.L) else 8) > 1


def _largest_share(problem, rule, factor=1):
    """The largest part of the bound that 12 steps, so many times as long as the rule's, come to from any start."""
    W, total = starts(problem, 120), np.zeros(120)
    first = problem.value(W)
    for _ in range(12):
        G = problem.gradient(W)
        gamma = factor * rule(W, G)
        total += gamma * (G**2).sum(axis=(1, 2))
        W = W - gamma[:, None, None] * G
    return float((total / (2 * (first - problem.f_lower))).max())
