"""A network both of whose layers are trained: its value, its gradient, its start, and which theorems apply."""

import math

import numpy as np
import pytest

from rac_theory.problems import TwoLayerNetwork
from tests.problems.networks import LABELS, NETWORKS, X


@pytest.fixture
def rng():
    return np.random.default_rng(6)


@pytest.fixture(params=NETWORKS.values(), ids=NETWORKS.keys())
def problem(request):
    return request.param


def test_the_value_is_the_mean_cross_entropy_of_a_network(problem, rng):
    """Written as one says it: catches a wrong label, a layer in the other's place, a cap that is a slope, no sqrt h."""
    W = rng.normal(size=problem.shape)
    hidden, head = (np.array(view) for view in problem.layers.views(W))
    V = head if problem.cap == math.inf else problem.cap * np.tanh(head / problem.cap)
    total = 0.0
    for x, label in zip(X, problem.labels, strict=True):
        z = np.tanh(x @ hidden) @ V / math.sqrt(problem.hidden)
        total += math.log(np.exp(z - z[list(problem.classes).index(label)]).sum())
        assert problem.predict(W, x[None]) == [problem.classes[z.argmax()]]
    assert problem.predict(np.stack([W, -W]), X).shape == (2, 12)
    assert problem.value(W) == pytest.approx(total / 12 + problem.l2 / 2 * (W**2).sum(), rel=1e-12)


def test_large_scores_do_not_overflow():
    network = TwoLayerNetwork(X, LABELS, 3, cap=math.inf)
    W = 1e4 * np.ones(network.shape) * np.arange(network.shape[0])[:, None]
    assert 1e3 < network.value(W) < 1e6
    assert np.isfinite(network.component_gradient(W[None], np.arange(12)[None])).all()


def test_the_start_is_drawn_from_its_seed():
    network = TwoLayerNetwork(X, LABELS, 400, cap=0.5, seed=7)
    again, other = (TwoLayerNetwork(X, LABELS, 400, cap=0.5, seed=seed) for seed in (7, 8))
    np.testing.assert_array_equal(network.start, again.start)
    assert not np.array_equal(network.start, other.start)
    hidden, head = network.layers.views(network.start)
    assert np.square(X @ hidden).mean() == pytest.approx(1.0, rel=0.1)
    assert np.square(head).mean() == pytest.approx(0.25, rel=0.1)
    assert np.linalg.norm(network.gradient(network.start)) > 1e-3
    assert not network.gradient(np.zeros(network.shape)).any()  # which is why it does not start there


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"hidden": 0}, "hidden must be >= 1, got 0"),
        ({"cap": 0.0}, "cap must be a finite number > 0, got 0.0"),
        ({"cap": math.nan}, "cap must be a finite number > 0, got nan"),
        ({"cap": 1e50}, "cap must be math.inf or of size 1e-12..1e12, got 1e"),
        ({"l2": -1.0}, "l2 must be"),
        ({"seed": -1}, "seed must be in 0..4294967295, got -1"),
        ({"seed": None}, "seed must be an integer, got None"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(changed, rule):
    with pytest.raises(ValueError, match=rule):
        TwoLayerNetwork(**({"X": X, "labels": LABELS, "hidden": 2} | changed))
