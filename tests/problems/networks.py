"""Networks of two layers, their curvature by differences, and a search for weights where something is largest."""

import math

import numpy as np

from rac_theory.problems import TwoLayerNetwork

RNG = np.random.default_rng(5)
X = RNG.normal(size=(12, 4))
LABELS = RNG.integers(0, 3, size=12)
NETWORKS = {
    "three units": TwoLayerNetwork(X, LABELS, 3, l2=0.05),
    "one unit, two classes": TwoLayerNetwork(X, LABELS > 0, 1, cap=3.0),
    "a low cap": TwoLayerNetwork(X, LABELS, 4, cap=0.2),
    "no cap": TwoLayerNetwork(X, LABELS, 3, cap=math.inf, l2=0.05),
}
CAPPED = [network for network in NETWORKS.values() if network.cap < math.inf]
SMALL = {cap: TwoLayerNetwork([[1.0, 0.5], [-0.3, 2.0]], [0, 1], 1, cap=cap) for cap in (0.5, 3.0, math.inf)}


def hessians(gradient, W):
    """By differences of the gradient, (c, size, 1) to (c, size, size)."""
    count, size, _ = W.shape
    basis = 1e-5 * np.eye(size)[..., None]
    around = W[:, None] + np.concatenate([basis, -basis])
    rows = gradient(around.reshape(-1, size, 1)).reshape(count, 2, size, size)
    H = (rows[:, 0] - rows[:, 1]) / 2e-5
    return (H + np.swapaxes(H, 1, 2)) / 2


def steepest(gradient, W):
    """The largest curvature, up or down, at each of W, (c, size, 1)."""
    return np.abs(np.linalg.eigvalsh(hessians(gradient, W))).max(axis=1)


def searched(rng, size, ratio, generations=25):
    """The largest ratio of weights, (c, size, 1) to (c,), that keeping the best of many and moving them finds."""
    W = rng.normal(size=(300, size, 1)) * 10 ** rng.uniform(-1, 1, size=(300, 1, 1))
    best = 0.0
    for generation in range(generations):
        found = ratio(W)
        best = max(best, found.max())
        parents = W[np.argsort(found)[-30:]]
        moved = np.tile(parents, (4, 1, 1))
        moved += rng.normal(size=moved.shape) * 10 ** rng.uniform(-2, 0.5, size=(120, 1, 1)) / (1 + generation / 5)
        W = np.concatenate([parents, moved])
    return best
