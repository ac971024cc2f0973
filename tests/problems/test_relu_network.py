"""The ReLU network both of whose matrices are trained: value, gradient and components by other routes."""

import numpy as np
import pytest

from rac_theory.cases.gradient_check import check_gradient
from rac_theory.problems import Federated
from rac_theory.problems.relu_network import ReLUNetwork


@pytest.fixture
def network():
    return ReLUNetwork(np.random.default_rng(0).standard_normal((20, 6)), np.arange(20) % 3, hidden=5, classes=3)


def test_the_gradient(network):
    """Against differences away from kinks, entry by entry. Would catch a mean that is a sum, and a mask of scores."""
    W = np.random.default_rng(1).standard_normal(network.shape)
    check_gradient(network, W)
    G, h = network.gradient(W), 1e-6
    for index in np.ndindex(W.shape):
        E = np.zeros_like(W)
        E[index] = h
        assert (network.value(W + E) - network.value(W - E)) / (2 * h) == pytest.approx(G[index], abs=1e-7)


def test_the_value(network):
    """Against a loop over samples; a batch against its members."""
    W = np.random.default_rng(2).standard_normal((2, 2, *network.shape))
    values, gradients = network.value_and_gradient(W)
    assert network.predict(W, network.X).shape == (2, 2, 20)
    for run in np.ndindex(2, 2):
        W1, W2 = W[run][:30].reshape(6, 5), W[run][30:].reshape(5, 3)
        scores = np.maximum(network.X @ W1, 0) @ W2
        losses = [np.log(np.exp(s).sum()) - s[y] for s, y in zip(scores, network.labels, strict=True)]
        assert values[run] == pytest.approx(np.mean(losses))
        np.testing.assert_allclose(gradients[run], network.gradient(W[run]), atol=1e-14)
        np.testing.assert_array_equal(network.predict(W[run], network.X), scores.argmax(1))


def test_the_components(network):
    """That of a sample is a network of one; an index that is listed twice counts twice; the mean is the whole."""
    W = np.random.default_rng(3).standard_normal((2, *network.shape))
    indices = np.array([[4, 4, 7], [0, 19, 3]])
    found = network.component_gradient(W, indices)
    for run in (0, 1):
        each = [network.subset([i]).gradient(W[run]) for i in indices[run]]
        np.testing.assert_allclose(found[run], np.mean(each, axis=0), atol=1e-14)
    everything = np.tile(np.arange(20), (2, 1))
    np.testing.assert_allclose(network.component_gradient(W, everything), network.gradient(W), atol=1e-14)
    assert network.component_infima.tolist() == [0.0] * 20


def test_a_client_that_has_not_seen_a_class_still_scores_it(network):
    clients = Federated.by_label(network, 4).clients
    assert [client.shape for client in clients] == [network.shape] * 4
    W = np.random.default_rng(4).standard_normal(network.shape)
    np.testing.assert_allclose(np.mean([client.gradient(W) for client in clients], axis=0), network.gradient(W))


def test_what_is_not_a_network_is_refused(network):
    with pytest.raises(ValueError, match="labels must have one entry for each of the 20 rows of X"):
        ReLUNetwork(network.X, [0, 1], 5, 3)
    with pytest.raises(ValueError, match=r"labels must be in 0..2, got 0..3"):
        ReLUNetwork(network.X, np.arange(20) % 4, 5, 3)
    with pytest.raises(ValueError, match="hidden must be >= 1, got 0"):
        ReLUNetwork(network.X, network.labels, 0, 3)
