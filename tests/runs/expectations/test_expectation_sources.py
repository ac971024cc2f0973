"""Exact expectations of plain steps, minibatches, epochs, local steps and (sampled) clients: against enumeration."""

from dataclasses import replace
from itertools import combinations, permutations, product

import numpy as np
import pytest

from rac_theory import Case, RACLoRA, exact_rate, expected, simulate
from rac_theory.algorithms import SGD, Bernoulli
from rac_theory.algorithms.gradients import ByChance, Clients, Exact, Local, Minibatch, Noisy, Reshuffled, Subset
from rac_theory.numerics.linalg import projection
from rac_theory.problems import Federated, LeastSquares, Quadratic
from rac_theory.runs.expectations.expectation import moment_map
from rac_theory.sketches import Coordinate, FiniteSupport, Frozen, Gaussian, Haar, Mixture, Rademacher

rng = np.random.default_rng(0)
DATA = LeastSquares(rng.standard_normal((4, 3)), rng.standard_normal((4, 2)), l2=0.1)
DEFICIENT = LeastSquares(DATA.X[:, [0, 1, 1]], DATA.Y)
FITTED = LeastSquares(DATA.X, DATA.X @ rng.standard_normal((3, 2)))
EQUAL = Federated(DATA, 2)
UNEQUAL = Federated(DATA, [[0], [1, 2, 3]])
STEEP = Quadratic.kronecker(np.diag([0.2, 0.5, 1.0]), np.array([[2.0, 0.5], [0.5, 1.0]]), rng.standard_normal((3, 2)))
WHOLE = Quadratic.full(np.kron(STEEP.S, STEEP.R), STEEP.W_star)


def draws(algorithm, problem):
    """All pairs (left, right) of a step ``W - gamma left G right``, and their probabilities."""
    m, n = problem.shape
    if isinstance(algorithm, Bernoulli):
        sides = [(algorithm.p, algorithm.left, "left"), (1 - algorithm.p, algorithm.right, "right")]
    else:
        sides = [(1.0, algorithm.sketch, algorithm.side)]
    for weight, sketch, side in sides:
        for S, p in zip(*sketch.support(), strict=True):
            plain = getattr(algorithm, "lora_alpha", None)
            P = projection(S) if plain is None else (plain / sketch.rank) ** 2 * S @ S.T
            yield weight * p, *((P, np.eye(n)) if side == "left" else (np.eye(m), P))


def enumerated(algorithm, problem, W, steps):
    """E f and E||grad f||^2 over every draw and every choice of components, one run of the algorithm for each."""
    runs = [(1.0, W)]
    read = []
    for t in range(steps + 1):
        ps, Ws = np.array([p for p, _ in runs]), np.stack([W for _, W in runs])
        read.append((ps @ problem.value(Ws), ps @ np.square(problem.gradient(Ws)).sum(axis=(1, 2))))
        if t < steps:
            runs = [(p * q, V) for p, W in runs for q, V in successors(algorithm, problem, W)]
    return np.array(read).T


def successors(algorithm, problem, W):
    """Where a step may end, with the probability: every draw, choice of components, and set of clients."""
    source = algorithm.gradients
    for p, left, right in draws(algorithm, problem):

        def descend(gradients, left=left, right=right):
            V = W
            for gradient in gradients:
                V = V - algorithm.gamma * left @ gradient(V[None])[0] @ right
            return V

        if not isinstance(source, Clients):
            every = list(ways(problem, source))
            yield from ((p / len(every), descend(gradients)) for gradients in every)
            continue
        shares = np.array(problem.weights) / sum(problem.weights)
        moves = [[descend(way) - W for way in ways(client, source.source)] for client in problem.clients]
        every = list(product(*moves))
        for together, (counts, q) in product(every, who(source.participation, len(shares))):
            yield p * q / len(every), W + sum(s * n * move for s, n, move in zip(shares, counts, together, strict=True))


def ways(problem, source):
    """The gradients of each way to take a step, all equally likely."""
    N = getattr(problem, "n_components", 1)

    def some(rows):
        return lambda W: problem.component_gradient(W, np.array([rows]))

    if isinstance(source, Minibatch):
        batches = product(range(N), repeat=source.size) if source.replace else combinations(range(N), source.size)
        yield from ([some(batch)] for batch in batches)
    elif isinstance(source, Reshuffled):
        yield from ([some([i]) for i in order] for order in permutations(range(N)))
    else:
        yield [problem.gradient] * getattr(source, "steps", 1)


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


TILTED = Mixture([Frozen([[1.0], [2.0]]), Frozen([[1.0], [0.0]])], [1, 3])
SIDES = {
    "left": lambda gamma, source, **more: RACLoRA(Coordinate(3, 2), gamma, "left", source, **more),
    "right": lambda gamma, source, **more: RACLoRA(TILTED, gamma, "right", source, **more),
    "bernoulli": lambda gamma, source: Bernoulli(Coordinate(3, 1), Coordinate(2, 1), gamma, 0.3, source),
}
CASES = [
    *((DATA, Minibatch(2), 0.5), (DATA, Minibatch(2, replace=True), 0.3), (DEFICIENT, Minibatch(1), 0.3)),
    *((DATA, Reshuffled(), 0.2), (DEFICIENT, Reshuffled(), 0.2), (STEEP, Local(3), 0.7), (WHOLE, Local(2), 0.7)),
    *((UNEQUAL, Clients(Local(2)), 0.4), (EQUAL, Clients(Exact()), 0.6), (UNEQUAL, Clients(Local(1)), 0.5)),
    *((UNEQUAL, Minibatch(1), 0.4), (UNEQUAL, Reshuffled(), 0.3), (UNEQUAL, Exact(), 0.5), (STEEP, Exact(), 1.2)),
]


def agrees_with_enumeration(algorithm, problem, steps):
    """From a random start, to 1e-10, over all runs that there are."""
    W = np.random.default_rng(1).standard_normal(problem.shape)
    exact = expected(Case(algorithm, problem, W, steps=steps))
    assert exact.how == "recursion"
    truth = enumerated(algorithm, problem, W, steps)
    np.testing.assert_allclose([exact.values, exact.squared_gradient], truth, rtol=1e-10)


@pytest.mark.long
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("problem", "source", "step"), CASES, ids=range(len(CASES)))
def test_enumeration_agrees(problem, source, step, side):
    """Two steps. Catches 1/b for (N - b)/(b (N - 1)), an offset that is counted once for all columns, rows and columns
    exchanged, clients that weigh by their rows, and orders drawn with replacement."""
    agrees_with_enumeration(SIDES[side](step / problem.L, source), problem, 2)


SIX = LeastSquares(rng.standard_normal((6, 3)), rng.standard_normal((6, 2)), l2=0.1)
FOUR = LeastSquares(SIX.X[:4], SIX.Y[:4], l2=0.1)
THREE = [[0], [1, 2, 3], [4, 5]]
CLIENTS = [
    (Federated(FOUR, 1), Clients(Reshuffled()), 1),
    (Federated(FOUR, 2), Clients(Reshuffled()), 1),
    (Federated(FOUR, 2), Clients(Reshuffled(), Subset(1)), 1),
    (Federated(FOUR, [[0, 1], [2, 3]], [1.0, 3.0]), Clients(Reshuffled(), ByChance((0.3, 0.8))), 1),
    (Federated(FOUR, [[0], [1, 2, 3]]), Clients(Reshuffled(), ByChance(0.5)), 1),
    (Federated(SIX, 2, "rows").in_batches(2), Clients(Reshuffled(), Subset(1)), 1),
    (Federated(SIX, THREE, "rows"), Clients(Local(2), Subset(2)), 2),
    (Federated(SIX, THREE, [2.0, 1.0, 5.0]), Clients(Local(2)), 2),
    (Federated(SIX, THREE, "rows"), Clients(Exact(), ByChance(0.4)), 2),
]


@pytest.mark.parametrize(("problem", "source", "steps"), CLIENTS, ids=range(len(CLIENTS)))
def test_clients_agree_with_enumeration(problem, source, steps):
    """Of unequal weight, sampled, in epochs: over all draws, orders and sets of clients. Catches orders that all share,
    p for p^2, a client's mean that is not taken off, b = 1 for a subset, and means over those present."""
    agrees_with_enumeration(RACLoRA(Coordinate(3, 1), 0.3 / problem.L_max, gradients=source), problem, steps)


def test_all_by_chance_and_a_whole_subset_are_all():
    sources = [Clients(Local(2), who) for who in (None, ByChance(1.0), Subset(3))]
    every, *others = (expected(Case(SGD(0.1, source), CLIENTS[6][0], steps=20)).values for source in sources)
    np.testing.assert_allclose(others, [every] * 2, rtol=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("sketch", [Rademacher(3, 2), Coordinate(3, 1), Rademacher(2, 1)], ids=repr)
@pytest.mark.parametrize(
    ("problem", "source"),
    [(STEEP, Exact()), (WHOLE, Exact()), (STEEP, Local(2)), (DATA, Minibatch(2)), (DATA, Reshuffled())],
    ids=range(5),
)
def test_plain_steps_agree_with_enumeration(problem, source, sketch):
    """Draws of B B' that are no multiples of projections, and orthonormal ones. Catches lora_alpha/r not squared."""
    side = "left" if sketch.dim == 3 else "right"
    algorithm = RACLoRA(sketch, 0.1 / problem.L, side, source, lora_alpha=3.0)
    agrees_with_enumeration(algorithm, problem, 1 if isinstance(source, Reshuffled) else 2)


SAMPLED = [
    *((RACLoRA(Gaussian(3, r), 0.05, lora_alpha=4.0), STEEP) for r in (1, 2, 3)),
    (RACLoRA(Gaussian(2, 1), 0.1, "right", lora_alpha=1.5), STEEP),
    (RACLoRA(Gaussian(3, 2), 0.1, lora_alpha=2.0), WHOLE),
    (RACLoRA(Gaussian(3, 2), 0.1, gradients=Noisy(2.0), lora_alpha=2.0), STEEP),
    (RACLoRA(Gaussian(3, 2), 0.1, gradients=Noisy(2.0), lora_alpha=2.0), WHOLE),
    (RACLoRA(Gaussian(3, 2), 0.1, gradients=Minibatch(2), lora_alpha=2.0), DATA),
    (RACLoRA(Haar(3, 2), 0.2, lora_alpha=3.0), STEEP),
    (RACLoRA(Rademacher(3, 2), 0.05, gradients=Noisy(3.0), lora_alpha=2.0), STEEP),
    (RACLoRA(Haar(3, 1), 0.3, gradients=Minibatch(1)), DATA),
    (RACLoRA(Haar(2, 1), 0.3, "right", Minibatch(3, replace=True)), DATA),
    (Bernoulli(Haar(3, 1), Haar(2, 1), 0.3, 0.4, Minibatch(2)), DATA),
]


@pytest.mark.long
@pytest.mark.parametrize(("algorithm", "problem"), SAMPLED, ids=range(len(SAMPLED)))
def test_sampled_means_agree(algorithm, problem):
    """Where draws cannot be listed: 20,000 runs, 4 standard errors at t = 1 and 3; alpha about 0.003 in all. Catches
    r^2 + r for r (d + r + 1), by the spread of a Wishart matrix, and noise through E[P] for E[P P]."""
    exact = expected(Case(algorithm, problem, steps=3))
    runs = simulate(Case(algorithm, problem, steps=3), runs=20_000, rng=3)
    for sampled, curve in ((runs.values, exact.values), (runs.squared_gradients, exact.squared_gradient)):
        error = sampled.std(axis=0) / np.sqrt(len(sampled))
        assert (np.abs(sampled.mean(axis=0) - curve)[[1, 3]] <= 4 * error[[1, 3]]).all()


def test_the_gaussian_plain_step_is_the_formula_of_t12():
    """On a multiple of the identity the energy falls by 1 - 2 r tau mu + r (d + r + 1) tau^2 mu^2, by both maps."""
    d, r, tau, mu = 4, 2, 0.05, 1.5
    factor = 1 - 2 * r * tau * mu + r * (d + r + 1) * (tau * mu) ** 2
    algorithm = RACLoRA(Gaussian(d, r), tau, lora_alpha=2.0)
    for problem in (Quadratic.left(mu * np.eye(d), np.ones((d, 1))), Quadratic.full(mu * np.eye(d), np.ones((d, 1)))):
        curve = expected(Case(algorithm, problem, steps=20))
        np.testing.assert_allclose(curve.gap, curve.gap[0] * factor ** np.arange(21), rtol=1e-12)
        assert exact_rate(Case(algorithm, problem)) == pytest.approx(factor, abs=1e-12)


RATES = [
    (RACLoRA(Coordinate(3, 1), 0.2, gradients=Minibatch(1)), DATA),
    (RACLoRA(Haar(3, 1), 0.4, gradients=Minibatch(3)), FITTED),
    (RACLoRA(Coordinate(3, 1), 0.3, gradients=Minibatch(3)), DEFICIENT),
    (Bernoulli(Haar(3, 1), Haar(2, 1), 0.2, 0.4, Minibatch(2)), DATA),
    (RACLoRA(Coordinate(3, 2), 0.1, gradients=Reshuffled()), DATA),
    (RACLoRA(Coordinate(3, 1), 0.1, gradients=Reshuffled()), DEFICIENT),
    (RACLoRA(Coordinate(3, 1), 0.1, gradients=Reshuffled()), FITTED),
    (RACLoRA(Coordinate(3, 1), 0.2, gradients=Local(3)), STEEP),
    (RACLoRA(Coordinate(3, 1), 0.2, gradients=Clients(Local(3))), UNEQUAL),
    (RACLoRA(Coordinate(2, 1), 0.2, "right", Minibatch(2)), DATA),
    *((RACLoRA(Coordinate(3, 2), 0.3 / one.L_max, gradients=source), one) for one, source, _ in CLIENTS[1:6]),
]


@pytest.mark.long
@pytest.mark.parametrize(("algorithm", "problem"), RATES, ids=range(len(RATES)))
def test_the_rate_is_the_ratio_in_the_long_run(algorithm, problem):
    """By the distance from the floor, where a run of 4,000 steps ends; zero if all components agree. Catches the factor
    of the mean left out, the slower one wherever components disagree, and weights of second moments for means."""
    moments = moment_map(algorithm, problem)
    state = moments.start(np.random.default_rng(4).standard_normal(problem.shape))
    floor = state
    for _ in range(4000):
        floor = moments.step(floor)
    rate = exact_rate(Case(algorithm, problem))
    assert 0 < rate < 1
    for _ in range(int(np.log(1e-7) / np.log(rate))):
        before, state = state, moments.step(state)
    last, next_to_last = (moments.readout(one)[0] - moments.readout(floor)[0] for one in (state, before))
    assert last / next_to_last == pytest.approx(rate, abs=2e-4)


def test_what_is_flat_has_no_part_in_a_rate():
    """A column, and one direction of three, of which a third of all draws is no step. Catches a rate of one for the
    first, and none for columns with such a direction."""
    thirds = FiniteSupport(np.eye(3)[:, :2, None], [1 / 3] * 3)
    kept = Case(RACLoRA(thirds, 0.5, gradients=Local(2)), Quadratic.left(np.diag([1.0, 0.3]), np.ones((2, 1))))
    flat = Quadratic.kronecker(np.diag([1.0, 0.3, 0.0]), np.diag([0.0, 1.0]), np.ones((3, 2)))
    whole = Case(RACLoRA(Coordinate(3, 1), 0.5, gradients=Local(2)), flat)
    assert exact_rate(whole) == pytest.approx(exact_rate(kept), rel=1e-12)


@pytest.mark.parametrize("source", [Minibatch(1), Reshuffled()], ids=repr)
def test_components_agree_where_they_do_in_every_column(source):
    """The rate is that of one column where all are alike, zero or not. Catches a column that decides for others: one
    of zeros, in which nothing rounds, and one that fits, beside one that does not."""
    X = np.random.default_rng(7).standard_normal((4, 3))
    fitted, not_fitted = X @ np.ones(3), np.array([1.0, -1.0, 2.0, 0.5])
    rates = [
        [
            exact_rate(Case(RACLoRA(Coordinate(3, 1), 0.02, gradients=source), LeastSquares(X, np.column_stack(Y))))
            for Y in ([column], [0 * column, column], [fitted, column])
        ]
        for column in (fitted, not_fitted)
    ]
    assert rates == [pytest.approx([first] * 3, rel=1e-9) for first, *_ in rates]
    assert rates[0][0] < rates[1][0] - 1e-3


def test_a_large_map_finds_its_rate_by_arnoldi():
    """20 unknowns a column, and the diagonal map to compare with: a minibatch of everything has no noise."""
    X = np.random.default_rng(5).standard_normal((30, 20))
    problem = LeastSquares(X, X[:, 0], l2=0.5)
    sketch = Haar(20, 4)
    whole = exact_rate(Case(RACLoRA(sketch, 0.2, gradients=Minibatch(30)), problem))
    assert whole == pytest.approx(exact_rate(Case(RACLoRA(sketch, 0.2), problem)), abs=1e-10)


def test_one_local_step_is_the_exact_gradient():
    """K = 1, alone or on every client: the cheapest map serves, with sketches whose draws cannot be listed."""
    algorithm = RACLoRA(Haar(3, 1), 0.3)
    for problem, sources in ((DATA, [Local(1)]), (EQUAL, [Clients(Local(1)), Clients(Exact())])):
        for source in sources:
            one = expected(Case(replace(algorithm, gradients=source), problem, steps=10))
            np.testing.assert_allclose(one.gap, expected(Case(algorithm, DATA, steps=10)).gap, rtol=1e-9)
