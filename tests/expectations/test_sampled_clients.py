"""Exact expectations of clients that weigh unequally, are sampled and take reshuffled epochs: against enumeration."""

from itertools import combinations, permutations, product

import numpy as np
import pytest

from rac_theory import ByChance, Case, Clients, Exact, Local, RACLoRA, Reshuffled, Subset, exact_rate, expected
from rac_theory.algorithms import SGD
from rac_theory.expectations import expectation
from rac_theory.expectations.route import moment_map
from rac_theory.numerics.linalg import projection
from rac_theory.problems import Federated, LeastSquares
from rac_theory.sketches import Coordinate

rng = np.random.default_rng(0)
DATA = LeastSquares(rng.standard_normal((6, 3)), rng.standard_normal((6, 2)), l2=0.1)
FOUR = LeastSquares(DATA.X[:4], DATA.Y[:4], l2=0.1)
PAIRS = [[0, 1], [2, 3]]
THREE = [[0], [1, 2, 3], [4, 5]]


def who(participation, M):
    """Who may take part, by how much each counts, and with what probability."""
    if participation is None:
        return [(np.ones(M), 1.0)]
    if isinstance(participation, Subset):
        sets = list(combinations(range(M), participation.size))
        return [(np.isin(np.arange(M), chosen) * M / participation.size, 1 / len(sets)) for chosen in sets]
    c = np.broadcast_to(participation.chance, (M,))
    every = [np.array(each) for each in product((0, 1), repeat=M)]
    return [(each / c, float(np.prod(np.where(each, c, 1 - c)))) for each in every]


def ways(client, source):
    """The gradients of each way in which a client may go."""
    if isinstance(source, Reshuffled):
        for order in permutations(range(client.n_components)):
            yield [lambda V, i=i: client.component_gradient(V[None], np.array([[i]]))[0] for i in order]
    else:
        yield [lambda V: client.gradient(V[None])[0]] * getattr(source, "steps", 1)


def successors(case, W):
    source, clients = case.algorithm.gradients, case.problem.clients
    shares = np.array(case.problem.weights) / sum(case.problem.weights)
    for S, q in zip(*case.algorithm.sketch.support(), strict=True):
        moves = []
        for client in clients:
            ends = []
            for gradients in ways(client, source.source):
                V = W
                for gradient in gradients:
                    V = V - case.algorithm.gamma * projection(S) @ gradient(V)
                ends.append(V - W)
            moves.append(ends)
        every = list(product(*moves))
        for together, (counts, p) in product(every, who(source.participation, len(clients))):
            yield q * p / len(every), W + sum(s * n * move for s, n, move in zip(shares, counts, together, strict=True))


def enumerated(case, steps):
    runs, read = [(1.0, case.start)], []
    for t in range(steps + 1):
        p, W = np.array([p for p, _ in runs]), np.stack([W for _, W in runs])
        read.append((p @ case.problem.value(W), p @ np.square(case.problem.gradient(W)).sum(axis=(1, 2))))
        if t < steps:
            runs = [(p * q, V) for p, W in runs for q, V in successors(case, W)]
    return np.array(read).T


CASES = [
    (Federated(FOUR, 2), Clients(Reshuffled()), 1),
    (Federated(FOUR, 2), Clients(Reshuffled(), Subset(1)), 1),
    (Federated(FOUR, PAIRS, [1.0, 3.0]), Clients(Reshuffled(), ByChance((0.3, 0.8))), 1),
    (Federated(FOUR, [[0], [1, 2, 3]]), Clients(Reshuffled(), ByChance(0.5)), 1),
    (Federated(DATA, 2, "rows").in_batches(2), Clients(Reshuffled(), Subset(1)), 1),
    (Federated(DATA, THREE, "rows"), Clients(Local(2), Subset(2)), 2),
    (Federated(DATA, THREE, [2.0, 1.0, 5.0]), Clients(Local(2)), 2),
    (Federated(DATA, THREE, "rows"), Clients(Exact(), ByChance(0.4)), 2),
]


@pytest.mark.parametrize(("problem", "source", "steps"), CASES, ids=range(len(CASES)))
def test_enumeration_agrees(problem, source, steps):
    """To 1e-10, over all draws, orders and sets of clients.

    Catches orders that all clients share, p for p^2, a client's mean that is not taken off, b = 1 for a subset, and
    means over those present.
    """
    W = np.random.default_rng(1).standard_normal(problem.shape)
    case = Case(RACLoRA(Coordinate(3, 1), 0.3 / problem.L_max, gradients=source), problem, W, steps=steps)
    exact = expected(case)
    values, squares = enumerated(case, steps)
    assert exact.how == "recursion"
    np.testing.assert_allclose(exact.values, values, rtol=1e-10)
    np.testing.assert_allclose(exact.squared_gradient, squares, rtol=1e-10)


@pytest.mark.parametrize(("problem", "source"), [case[:2] for case in CASES[1:6]], ids=range(5))
def test_the_rate_is_the_ratio_in_the_long_run(problem, source):
    """By the distance from the floor. Catches weights of second moments that are taken for means."""
    algorithm = RACLoRA(Coordinate(3, 2), 0.3 / problem.L_max, gradients=source)
    moments = moment_map(algorithm, problem)
    floor = state = moments.start(np.random.default_rng(4).standard_normal(problem.shape))
    for _ in range(3000):
        floor = moments.step(floor)
    rate = exact_rate(Case(algorithm, problem))
    assert 0 < rate < 1
    for _ in range(int(np.log(1e-7) / np.log(rate))):
        before, state = state, moments.step(state)
    last, next_to_last = (moments.readout(one)[0] - moments.readout(floor)[0] for one in (state, before))
    assert last / next_to_last == pytest.approx(rate, abs=5e-4)


def test_all_by_chance_and_a_whole_subset_are_all():
    case = Case(SGD(0.1, Clients(Local(2))), CASES[5][0], steps=20)
    for everyone in (ByChance(1.0), Subset(3)):
        again = Case(SGD(0.1, Clients(Local(2), everyone)), case.problem, steps=20)
        np.testing.assert_allclose(expected(again).values, expected(case).values, rtol=1e-12)


class Alternating(Subset):
    """May be no subset at all."""


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Clients(Reshuffled(), Alternating(2)), "Alternating may step otherwise than the class that it inherits from"),
        (Clients(Reshuffled()), "reshuffled components must be at most 5"),
    ],
)
def test_what_is_not_covered_is_refused(source, words):
    problem = Federated(LeastSquares(np.eye(12)[:, :3] + 1, np.ones((12, 1))), 2)
    with pytest.raises(expectation.Unsupported, match=words):
        moment_map(RACLoRA(Coordinate(3, 1), 0.1, gradients=source), problem)
