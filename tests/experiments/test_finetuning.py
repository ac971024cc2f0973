"""The network as a problem, and fine-tuning on digits at equal budgets."""

import numpy as np
import pytest

from rac_theory.cases.gradient_check import check_gradient
from rac_theory.experiments.finetuning import GAMMAS, Task, compare, digits, methods, network_task, softmax_task
from rac_theory.problems.relu_network import ReLUNetwork


@pytest.fixture
def network():
    rng = np.random.default_rng(0)
    return ReLUNetwork(rng.standard_normal((20, 6)), np.arange(20) % 3, rng.standard_normal((5, 3)))


def test_the_gradient_of_the_network(network):
    """Against differences away from kinks, entry by entry. Would catch a mean that is a sum, and a mask of scores."""
    W = np.random.default_rng(1).standard_normal((6, 5))
    check_gradient(network, W)
    G, h = network.gradient(W), 1e-6
    for index in np.ndindex(W.shape):
        E = np.zeros_like(W)
        E[index] = h
        assert (network.value(W + E) - network.value(W - E)) / (2 * h) == pytest.approx(G[index], abs=1e-7)


def test_the_value_of_the_network(network):
    """Against a loop over samples; a batch against its members."""
    W = np.random.default_rng(2).standard_normal((4, 6, 5))
    for one, value, gradient in zip(W, *network.value_and_gradient(W), strict=True):
        losses = []
        for x, y in zip(network.X, network.labels, strict=True):
            scores = np.maximum(x @ one, 0) @ network.V
            losses.append(np.log(np.exp(scores).sum()) - scores[y])
        assert value == pytest.approx(np.mean(losses))
        np.testing.assert_allclose(gradient, network.gradient(one), atol=1e-14)
    scores = np.maximum(network.X @ W[0], 0) @ network.V
    np.testing.assert_array_equal(network.predict(W, network.X)[0], scores.argmax(1))


def test_what_is_not_a_network_is_refused(network):
    with pytest.raises(ValueError, match="labels must have one entry for each of the 20 rows of X"):
        ReLUNetwork(network.X, [0, 1], network.V)
    with pytest.raises(ValueError, match=r"labels must be in 0..2, got 0..3"):
        ReLUNetwork(network.X, np.arange(20) % 4, network.V)


def test_the_two_halves_of_the_digits_are_apart():
    """901 images of 0 to 4 and 896 of 5 to 9; a third of each is kept for the test."""
    X, y, _, y_test = digits(0)
    assert len(y) + len(y_test) == 901
    assert len(digits(5)[1]) + len(digits(5)[3]) == 896
    assert set(y) == set(y_test) == set(range(5))
    assert abs(len(y_test) - 901 / 3) < 1
    assert not {row.tobytes() for row in X} & {row.tobytes() for row in digits(5)[0]}


def test_tasks_start_where_the_first_digits_ended():
    """Right on what was trained, and lost on what comes. Would catch a start that is zero, or adapted already."""
    task = softmax_task()
    X, y, *_ = digits(0)
    assert (np.argmax(X @ task.start, 1) == y).mean() > 0.97
    assert task.accuracy(task.start[None])[0] < 0.4
    net = network_task(hidden=8, steps=100)
    assert net.problem.shape == net.start.shape == (64, 8)
    assert (net.problem.predict(net.start, X) == y).mean() > 0.8
    assert net.accuracy(net.start[None])[0] < 0.5


def test_every_method_has_the_same_budget_and_its_best_step():
    """On a small task. Would catch links that are counted as steps, and a step size that is the first one tried."""
    whole = softmax_task()
    task = Task(whole.problem, whole.start, whole.accuracy)
    for _, inner in methods((64, 5), 1, 5, 4).values():
        assert inner in (1, 5)
    found = {one.method: one for one in compare(task, 1, steps=10, link=5, runs=2)}
    assert set(found) == {*methods((64, 5), 1, 5, 2)}
    assert "LoRA of rank 2" in found
    first = float(task.problem.value(task.start[None])[0])
    for one in found.values():
        assert one.gamma in GAMMAS
        assert one.loss[1] <= one.loss[0] <= one.loss[2]
        assert one.loss[0] < first
    assert found["full"].loss[1] == found["full"].loss[2]
    assert found["full"].loss[0] <= min(one.loss[0] for one in found.values())
    with pytest.raises(ValueError, match=r"rank must be in 1..min\(m, n\)=5, got 6"):
        compare(task, 6)
