"""The networks as a problem, fine-tuning on digits at equal budgets, and its step, which is at no end of the grid."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from adapters import full, rac_lora
from digits import Task, digits, network_task, softmax_task
from finetuning import COARSE, TUNING, Schedule, best_step, compare, methods, table, tried

from rac_theory import Minibatch
from rac_theory.problems import LeastSquares
from tests.as_one_test import as_one_test

SHAPES = [(64, 32), (32, 5)]


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
    assert (np.argmax(X @ task.starts[0], 1) == y).mean() > 0.97
    assert task.accuracy(task.starts)[0] < 0.4
    net = network_task(hidden=8, steps=100, networks=3)
    assert net.starts.shape == (3, 64 * 8 + 8 * 5, 1)
    assert ((net.problem.predict(net.starts, X) == y).mean(-1) > 0.8).all()
    assert (net.accuracy(net.starts) < 0.5).all()
    assert all(np.abs(a - b).max() > 0.1 for a, b in itertools.combinations(net.starts, 2))  # each its own network


def test_clients_have_seen_two_digits_at_most():
    task = network_task(hidden=3, steps=1, networks=1, clients=4)
    assert [len(np.unique(client.labels)) for client in task.problem.clients] == [2, 2, 2, 2]
    assert sum(client.n_components for client in task.problem.clients) == 598


@as_one_test("rank", (1, 2, 4))
def test_what_is_called_equal_is_equal(rank):
    """Numbers are counted from what is drawn. Would catch ranks of the other side, and a budget that is passed."""
    found = {method.name: method for method in methods(SHAPES, rank, 20)}
    counted = {}
    for name, method in found.items():
        each = zip(method.starts, SHAPES, strict=True)
        drawn = [start.draw(np.random.default_rng(0), np.zeros((1, *shape))) for start, shape in each]
        counted[name] = sum({"B": B, "A": A}[own].size for B, A in drawn for own in method.moves)
        assert method.numbers(SHAPES) == counted[name]
    budget = counted["LoRA, A random"]
    assert budget == rank * (64 + 32 + 32 + 5) == counted["Chain of LoRA, B random"] == counted["LoRA, B random"]
    assert counted["RAC-LoRA, A random"] == counted["Asymmetric LoRA, A frozen"] == rank * (64 + 32)
    assert counted["RAC-LoRA, B random"] == counted["Asymmetric LoRA, B frozen"] == rank * (32 + 5)
    for name, numbers in counted.items():
        if name.endswith("as many numbers"):
            side = "B" if ", B " in name else "A"
            one_more = sum({"B": n, "A": m}[side] for m, n in SHAPES)  # of a rank that is one larger in each layer
            assert budget - one_more < numbers <= budget
    assert counted["full training"] == 64 * 32 + 32 * 5
    assert [start.rank for start in found["LoRA of all links, A random"].starts] == [min(20 * rank, 32), 5]


class Counting:
    """A problem that counts its gradients, and has none of its own."""

    def __init__(self, problem):
        self.problem, self.gradients = problem, 0
        self.shape, self.value = problem.shape, problem.value

    def gradient(self, W):
        self.gradients += len(W)
        return self.problem.gradient(W)


def test_every_method_has_as_many_gradients_and_a_step_inside_its_grid():
    """Would catch links that are counted as steps, runs that are shown and tuned, and a step at the end of the grid."""
    whole = softmax_task()
    for method in methods(whole.shapes, 1, 2):
        counting = Counting(whole.problem)
        task = Task(counting, whole.shapes, whole.starts, whole.accuracy)
        ended = tried(task, method, Schedule(steps=6, link=3), runs=2)
        assert counting.gradients == 6 * (len(ended.tried) * TUNING + 2)
        assert {ended.gamma / 2, ended.gamma * 2} <= ended.tried.keys()
        assert ended.loss[1] <= ended.loss[0] <= ended.loss[2]


def test_the_step_is_chosen_on_other_runs_than_are_shown():
    """The first networks are tuned on; the next are shown, here with another loss at the start."""
    whole = softmax_task()
    starts = np.repeat(whole.starts, TUNING + 2, axis=0)
    starts[TUNING:] += 100 * np.random.default_rng(0).standard_normal(whole.starts.shape)  # as no gradient soon undoes
    task = Task(whole.problem, whole.shapes, starts, whole.accuracy)
    ended = tried(task, full(whole.shapes), Schedule(steps=1, link=1), runs=2)
    assert ended.loss[1] > 5 > max(loss for gamma, loss in ended.tried.items() if gamma < 1)


@pytest.mark.long
def test_a_small_comparison():
    """Seeded: the same again; noise and clients change it."""
    task = network_task(hidden=3, steps=20, networks=3)
    schedule = Schedule(steps=10, link=5)
    method = rac_lora(task.shapes, 2, "A")
    one = tried(task, method, schedule, runs=2)
    assert one == tried(task, method, schedule, runs=2)
    assert one.loss[2] < task.problem.value(task.starts).min()
    noisy = tried(task, method, replace(schedule, source=Minibatch(8)), runs=2)
    clients = network_task(hidden=3, steps=20, networks=3, clients=2)
    federated = tried(clients, method, replace(schedule, local=5), runs=2)
    assert len({one.loss, noisy.loss, federated.loss}) == 3


LEAST = LeastSquares(np.eye(3), np.eye(3))
SMALL = Task(LEAST, [(3, 3)], np.zeros((1, 3, 3)), lambda W: -LEAST.value(W))


def test_a_comparison_and_its_table_have_every_method():
    found = compare(SMALL, 1, Schedule(steps=4, link=2), runs=2)
    names = [method.name for method in methods([(3, 3)], 1, 2)]
    assert [one.method for one in found] == names
    assert found == compare(SMALL, 1, Schedule(steps=4, link=2), runs=2, seed=0, n_jobs=1)
    assert table([found] * 3).splitlines()[0].count(": numbers") == 3
    assert all(f"r = {rank}: numbers" in table([found] * 3) for rank in (1, 2, 4))
    assert all(f"| {name} | " in table([found], [1]) for name in names)
    more = [replace(found[0], method="more"), *found]
    assert table([found, more], [1, 2]).splitlines()[2].startswith("| more | as above | ")
    with pytest.raises(ValueError, match=r"rank must be in 1..min\(m, n\)=3, got 4"):
        compare(SMALL, 4, Schedule())


@pytest.mark.long
def test_workers_change_nothing():
    """They finish in any order. Would catch outcomes under the names of others, and seeds that a worker draws."""
    one, two = (compare(SMALL, 1, Schedule(steps=4, link=2), runs=2, n_jobs=n_jobs) for n_jobs in (1, 2))
    assert one == two


@as_one_test("best", (1e-5, 0.03, 0.25, 1.0, 3.0, 256.0, 7e5))
def test_the_best_is_inside_wherever_it_is(best):
    """Catches a grid that does not grow to one of the sides, and one that is left as coarse as it was."""
    found = best_step(lambda gamma: math.log(gamma / best) ** 2)
    assert {found.gamma / 2, found.gamma * 2} <= found.losses.keys()
    assert abs(math.log2(found.gamma / best)) <= 0.5 + 1e-12
    assert found.losses[found.gamma] == min(found.losses.values())
    assert [*found.losses] == sorted(found.losses)


def test_what_diverges_is_no_step_and_of_equal_losses_the_shortest_is_taken():
    """Catches nan that is smaller than every number, as it is for min."""
    found = best_step(lambda gamma: math.nan if gamma > 1.5 else 1 / gamma)
    assert found.gamma == 1.0
    assert found.losses[2.0] == math.inf
    low = best_step(lambda gamma: math.inf if gamma > 0.01 else 1 / gamma)  # no step of the first grid is finite
    assert 0.0 < low.gamma < min(COARSE)
    assert low.gamma == 2.0**-7
    assert best_step(lambda gamma: 0.0 if 0.5 <= gamma <= 2 else 1.0).gamma == 0.5


@as_one_test("loss", [lambda gamma: gamma, lambda gamma: 1 / gamma, lambda gamma: math.nan])
def test_a_loss_without_a_best_step_is_refused(loss):
    with pytest.raises(ValueError, match="loss must have its smallest value inside the grid, got it at its end, gamma"):
        best_step(loss)
