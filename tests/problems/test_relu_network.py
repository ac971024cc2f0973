"""The ReLU network both of whose matrices are trained: value, gradient and components by other routes."""

import numpy as np
import pytest

from rac_theory.problems import Federated
from rac_theory.problems.relu_network import ReLUNetwork


@pytest.fixture
def network():
    return ReLUNetwork(np.random.default_rng(0).standard_normal((20, 6)), np.arange(20) % 3, hidden=5, classes=3)


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


def test_a_client_that_has_not_seen_a_class_still_scores_it(network):
    clients = Federated.by_label(network, 4).clients
    assert [client.shape for client in clients] == [network.shape] * 4
    W = np.random.default_rng(4).standard_normal(network.shape)
    np.testing.assert_allclose(np.mean([client.gradient(W) for client in clients], axis=0), network.gradient(W))


def test_what_is_not_a_network_is_refused(network):
    for labels, hidden, message in (
        ([0, 1], 5, "labels must have one entry for each of the 20 rows of X"),
        (np.arange(20) % 4, 5, r"labels must be in 0..2, got 0..3"),
        (np.arange(20) % 3 - 1, 5, r"labels must be in 0..2, got -1..1"),
        (network.labels, 0, "hidden must be >= 1, got 0"),
    ):
        with pytest.raises(ValueError, match=message):
            ReLUNetwork(network.X, labels, hidden, 3)
