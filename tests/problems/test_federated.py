"""Clients: their mean is f, f has its own constants, and D bounds how far clients disagree."""

import math
import pickle
from fractions import Fraction
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest

from rac_theory.problems import (
    Federated,
    LeastSquares,
    LogisticRegression,
    NonconvexLogistic,
    PLSine,
    SoftmaxRegression,
)
from rac_theory.problems.finite_sum import gradient_variance, heterogeneity
from rac_theory.problems.mean import Mean, client_heterogeneity, heterogeneity_within
from tests.problems.exact import infimum
from tests.problems.test_every_problem import some

RNG = np.random.default_rng(62)
N = 12
X = RNG.normal(size=(N, 3)) * [1.0, 2.0, 0.5]
Y = RNG.normal(size=(N, 2))
TWO = np.where(np.arange(N) % 3 == 0, "no", "yes")
THREE = np.arange(N) % 3

WHOLE = {
    "least squares": LeastSquares(X, Y),
    "least squares, ridge": LeastSquares(X, Y, l2=0.3),
    "logistic": LogisticRegression(X, TWO),
    "logistic, ridge": LogisticRegression(X, TWO, l2=0.2),
    "softmax, ridge": SoftmaxRegression(X, THREE, l2=0.2),
    "nonconvex": NonconvexLogistic(X, TWO, lam=0.5),
}
UNEQUAL = [[0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 10], [11]]
SPLITS = {
    "even": lambda problem: Federated(problem, 3),
    "uneven": lambda problem: Federated(problem, UNEQUAL),
    "by label": lambda problem: Federated.by_label(problem, 4),
    "at random": lambda problem: Federated.at_random(problem, 5, 0),
    "by rows": lambda problem: Federated(problem, UNEQUAL, "rows"),
    "weighted": lambda problem: Federated(problem, UNEQUAL, [5.0, 1.0, 2.0]),
}
PAIRS = [*zip(WHOLE, SPLITS, strict=True), ("nonconvex", "uneven"), ("least squares, ridge", "weighted")]
"""Each problem, and each division."""

SOLVED = ["least squares", "least squares, ridge", "logistic, ridge", "softmax, ridge"]


@pytest.fixture(params=WHOLE.values(), ids=WHOLE.keys())
def whole(request):
    return request.param


def shares_of(problem):
    weights = np.array(getattr(problem, "weights", (1.0,) * len(problem.clients)))
    return weights / weights.sum()


def test_one_client_is_the_problem_bit_for_bit(whole):
    """And clients that weigh their rows make the undivided problem, whatever their sizes, with all its constants."""
    W, one = some(whole, 0, 10), Federated(whole, 1)
    for problem in (one, one.clients[0], Mean(one.clients), Federated.at_random(whole, 1, 7).clients[0]):
        np.testing.assert_array_equal(problem.value(W), whole.value(W))
        np.testing.assert_array_equal(problem.gradient(W), whole.gradient(W))
        np.testing.assert_array_equal(problem.value_and_gradient(W)[1], whole.gradient(W))
    for name in ("L", "mu", "strong_convexity", "convex", "f_star", "f_star_error", "f_lower", "shape"):
        np.testing.assert_equal(getattr(one, name), getattr(whole, name))
    np.testing.assert_array_equal(one.zeta_squared(W), 0)
    for problem in (Federated(whole, 3), Federated(whole, UNEQUAL, "rows")):
        np.testing.assert_allclose(problem.value(W), whole.value(W), rtol=1e-12)
        for name in ("L", "mu", "f_star", "f_lower", "strong_convexity"):
            np.testing.assert_equal(getattr(problem, name), getattr(whole, name))


@pytest.mark.parametrize(("name", "split"), PAIRS)
def test_f_is_the_mean_of_its_clients(name, split):
    """By what they weigh. Catches clients weighted by their size, weights turned round, and 1/M for n_m/n."""
    whole = WHOLE[name]
    W, problem = some(whole, 0, 10), SPLITS[split](whole)
    shares = shares_of(problem)
    gradients = np.tensordot(shares, [client.gradient(W) for client in problem.clients], axes=1)
    tolerance = 1e-12 * (1 + np.abs(gradients).max())
    np.testing.assert_allclose(problem.value(W), shares @ [client.value(W) for client in problem.clients], rtol=1e-12)
    np.testing.assert_allclose(problem.gradient(W), gradients, rtol=1e-12, atol=tolerance)
    value, gradient = problem.value_and_gradient(W)
    np.testing.assert_array_equal(value, problem.value(W))
    np.testing.assert_array_equal(gradient, problem.gradient(W))
    of_clients = shares @ [client.L for client in problem.clients]
    assert of_clients <= problem.L * (1 + 1e-15) or problem.L == whole.L


@pytest.mark.parametrize(("name", "split"), [*zip([*SOLVED, *SOLVED[:2]], SPLITS, strict=True)])
def test_the_minimum_is_certified_and_the_constants_survive(name, split):
    """f*, L and mu of the mean: no random pair or point contradicts them."""
    problem = SPLITS[split](WHOLE[name])
    W, rng = problem.W_star + some(problem, 1, 10), np.random.default_rng(2)
    assert np.linalg.norm(problem.gradient(problem.W_star)) <= 1e-6
    assert problem.f_star - problem.f_star_error <= problem.value(problem.W_star) <= problem.f_star
    assert problem.f_star_error < 1e-11
    gap = problem.value(W) - problem.f_star
    G = problem.gradient(W)
    assert (gap > 0).all()
    assert (np.square(G).sum(axis=(1, 2)) >= 2 * problem.mu * gap * (1 - 1e-9)).all()
    D = rng.normal(size=W.shape)
    stretched = np.linalg.norm(problem.gradient(W + D) - G, axis=(1, 2)) / np.linalg.norm(D, axis=(1, 2))
    assert (stretched <= problem.L * (1 + 1e-9)).all()


def test_data_that_can_be_fitted_have_a_certified_minimum():
    """Five clients of unequal size: the interval holds the infimum, which is 0 without noise; it used to be nan.

    Labels that can be separated: f* is 1e-8 of f(0), and so is what rounding leaves of it.
    """
    for noise, scale in ((0.0, 2.0**-100), (0.0, 1.0), (1e-9, 2.0**100), (1e-3, 1.0), (1.0, 1.0)):
        rng = np.random.default_rng(5)
        A = rng.integers(-5, 6, (12, 3)).astype(float)
        y = scale * (A @ rng.integers(-5, 6, (3, 1)) + noise * rng.normal(size=(12, 1)))
        whole = LeastSquares(A, y)
        problem = Federated(whole, 5)
        exact = infimum(whole, [Fraction(1, 5 * len(rows)) for rows in np.array_split(np.arange(12), 5) for _ in rows])
        assert (exact == 0) == (noise == 0)
        assert problem.f_star - problem.f_star_error <= exact <= problem.f_star
        assert 0 <= problem.f_lower <= exact
        assert problem.f_star_error <= 1e-13 * problem.value(np.zeros(problem.shape))
        assert math.isfinite(problem.D)
    A = np.vstack([np.eye(3), -np.eye(3), [[3.0, 1, 1]]])
    problem = Federated(LogisticRegression(A, [0, 0, 0, 1, 1, 1, 0], l2=1e-9), 3)
    assert 0 < problem.f_star < 1e-6
    assert problem.f_star_error <= 1e-12 * np.log(2)


@pytest.mark.parametrize(("name", "split"), PAIRS)
def test_D_bounds_zeta(name, split):
    """``zeta^2 <= 2 L (f - f*) + D``, L the largest of a client, at every scale, with f_lower where f* is unknown.

    And the same for clients as components, whose mean is f.
    """
    whole = WHOLE[name]
    W, problem = some(whole, 3, count=20), SPLITS[split](whole)
    G, shares, count = problem.gradient(W), shares_of(problem), len(problem.clients)
    squares = [np.square(client.gradient(W) - G).sum(axis=(1, 2)) for client in problem.clients]
    np.testing.assert_allclose(problem.zeta_squared(W), shares @ squares, rtol=1e-6)
    reference = problem.f_star if math.isfinite(problem.f_star) else problem.f_lower
    gap, L = problem.value(W) - reference, max(client.L for client in problem.clients)
    assert (problem.zeta_squared(W) <= (2 * L * gap + problem.D) * (1 + 1e-10)).all()
    assert (gradient_variance(problem, W) <= (2 * problem.L_max * gap + heterogeneity(problem)) * (1 + 1e-10)).all()
    every = np.broadcast_to(np.arange(problem.n_components), (len(W), count))
    np.testing.assert_allclose(problem.component_gradient(W, every), G, rtol=1e-9, atol=1e-9 * np.abs(G).max())
    for m, client in enumerate(problem.clients):
        alone = problem.component_gradient(W[:1], np.array([[m]]))
        np.testing.assert_allclose(alone, count * shares[m] * client.gradient(W[:1]), rtol=1e-12)
        assert problem.L_max * (1 + 1e-15) >= count * shares[m] * client.L
        assert problem.component_infima[m] <= count * shares[m] * client.f_lower * (1 + 1e-15)


def test_a_client_computes_only_the_runs_that_ask_for_it():
    """Each run its own list, one client twice: a run that gets another's gradient, or a count that is lost, is seen."""
    problem = Federated(WHOLE["softmax, ridge"], 3)
    W = some(problem, 4, count=1)
    lists = np.array([[0, 1], [2, 2], [1, 1], [0, 2], [2, 1]])
    expected = [sum(problem.clients[m].gradient(w[None])[0] for m in own) / 2 for w, own in zip(W, lists, strict=True)]
    np.testing.assert_allclose(problem.component_gradient(W, lists), expected, rtol=1e-10, atol=1e-10)
    asked = []

    def counting(m, client):
        return SimpleNamespace(gradient=lambda W: asked.append((m, len(W))) or client.gradient(W))

    problem._clients = tuple(counting(m, client) for m, client in enumerate(problem.clients))
    problem.component_gradient(W, np.array([[0], [2], [2], [0], [2]]))
    assert asked == [(0, 2), (2, 3)]


def test_every_row_has_one_client():
    """And labels are sorted: a client by label sees few of them. A random split repeats itself from its seed."""
    whole = WHOLE["logistic"]
    for problem in (Federated(whole, 5), Federated.by_label(whole, 5), Federated.at_random(whole, 5, 1)):
        rows = np.vstack([client.X for client in problem.clients])
        np.testing.assert_array_equal(np.sort(rows, axis=0), np.sort(X, axis=0))
        assert max(client.n_components for client in problem.clients) == 3
    by_label = Federated.by_label(WHOLE["softmax, ridge"], 3).clients
    assert [set(client.labels) for client in by_label] == [{0}, {1}, {2}]
    # Targets of several columns are sorted by the first, and by the others where it is equal.
    targets = [[2.0, 0.0, 1.0], [1.0, 5.0, 0.0], [1.0, 4.0, 3.0], [1.0, 4.0, 2.0]]
    clients = Federated.by_label(LeastSquares(np.ones((4, 1)), targets), 4).clients
    assert [client.Y[0].tolist() for client in clients] == sorted(targets)
    restored = pickle.loads(pickle.dumps(Federated.at_random(whole, 3, 5)))
    made = [restored, *(Federated.at_random(whole, 3, seed) for seed in (5, 6))]
    rows = [[client.X.tolist() for client in problem.clients] for problem in made]
    assert rows[0] == rows[1] != rows[2]
    W = some(whole, 0, 10)
    np.testing.assert_array_equal(restored.gradient(W), made[1].gradient(W))


def test_errors_say_what_to_change():
    whole, without_a_row = WHOLE["least squares"], LeastSquares(np.vstack([np.zeros(3), X[1:]]), Y)
    in_rows = "must have rows that make a problem:"
    for problem, clients, message in (
        (whole, 13, r"clients must be in 1..n_components=12, got 13"),
        (whole, [[0, 1], [1]], r"clients must list each row 0..11 exactly once, got 3 rows"),
        (whole, [list(range(12)), []], rf"clients\[1\] {in_rows} rows must be a non-empty"),
        (without_a_row, 12, rf"clients\[0\] {in_rows} X must not be zero"),
        (PLSine((2, 2)), 2, "problem must be a finite sum that can be divided, got PLSine"),
    ):
        with pytest.raises(ValueError, match=message):
            Federated(problem, clients)
    for wrong in ("size", [1.0, 2.0], [1.0, 2.0, 0.0], [1.0, 2.0, math.nan], 3):
        with pytest.raises(ValueError, match="weights"):
            Federated(whole, 3, wrong)


def test_constants_of_components_are_rounded_to_their_safe_sides():
    """Next to ``M p_m`` times the number of a client, in fractions: L_max above it, or at it, and infima below."""
    lower, upper = 0, 0
    for a, b in product(range(1, 5), repeat=2):
        problem = Federated(WHOLE["least squares"], 3, [a, b, 5])
        total = sum(map(Fraction, problem.weights))
        times = [3 * Fraction(weight) / total for weight in problem.weights]
        L = max(x * Fraction(client.L) for x, client in zip(times, problem.clients, strict=True))
        assert np.nextafter(problem.L_max, 0) < L <= Fraction(problem.L_max)
        upper += Fraction(problem.L_max) > L
        for x, client, least in zip(times, problem.clients, problem.component_infima, strict=True):
            assert Fraction(least) <= x * Fraction(client.f_lower) < np.nextafter(least, np.inf)
            lower += Fraction(least) < x * Fraction(client.f_lower)
    assert min(lower, upper) > 3  # else nothing is rounded


def test_what_is_shown():
    ridge = WHOLE["logistic, ridge"]
    assert repr(Federated(ridge, 4)) == f"Federated({ridge!r}, clients=4)"
    assert repr(Federated.by_label(WHOLE["nonconvex"], 4)).startswith("Federated.by_label(NonconvexLogistic(12x3 #")
    assert repr(Federated.at_random(WHOLE["logistic"], 4, rng=3)).endswith("l2=0), clients=4, rng=3)")
    assert Federated(WHOLE["logistic"], 4).provenance["L"].startswith("of the undivided problem, which is f: ")
    assert Federated(WHOLE["logistic"], 5).provenance["L"] == "mean of the L of the terms, rounded up"
    unknown = Federated(WHOLE["nonconvex"], UNEQUAL)
    assert "not known to be strongly convex" in unknown.provenance["f_star"]
    assert unknown.W_star is None
    assert (unknown.strong_convexity, unknown.convex) == (0, False)  # else it had a mu, and a solver that trusts it
    for weights, more in (("equal", ""), ([1, 2, 1, 1, 2], " times M p_m")):
        assert Federated(WHOLE["logistic"], 5, weights).provenance["L_max"] == f"the largest L of a client{more}"


def test_the_clients_cannot_be_exchanged():
    """The constants are those of the clients that it was made with."""
    problem = Federated(WHOLE["softmax, ridge"], 2)
    with pytest.raises(AttributeError):
        problem.clients = problem.clients[:1]
    with pytest.raises(TypeError):
        problem.clients[0] = problem.clients[1]


@pytest.mark.parametrize("l2", [0.0, 1.0])
def test_D_and_D_in_are_attained(l2):
    """``(w - y)^2 / 2`` with weights: D is the variance of clients' means, D_in the mean of the variances within.

    With l2 = 1 all differences of infima are halved, and L is 2. Half of either would be refuted.
    """
    data = LeastSquares(np.ones((6, 1)), np.array([0.0, 2, 1, 5, 9, 9]), l2)
    problem = Federated(data, [[0, 1], [2, 3], [4, 5]], [1.0, 2.0, 1.0])
    means, variances, p = np.array([1.0, 3, 9]), np.array([1.0, 4, 0]), np.array([1, 2, 1]) / 4
    assert pytest.approx(p @ means**2 - (p @ means) ** 2) == problem.D
    assert heterogeneity_within(problem, 1 + l2) == pytest.approx(p @ variances)
    assert problem.W_star.item() == pytest.approx(p @ means / (1 + l2))
    assert Federated(data, 3).weights == (1.0, 1.0, 1.0)


def test_D_is_rounded_up_and_unknown_where_a_number_is():
    """Catches a number that is passed over, a D below zero or raised to more, and one that is rounded down."""

    def both(f_star, stars, infima, L=1.0):
        clients = [
            SimpleNamespace(f_star=star, f_lower=star, component_infima=np.array(some))
            for star, some in zip(stars, infima, strict=True)
        ]
        whole = SimpleNamespace(f_star=f_star, f_lower=0.0, clients=clients)
        return client_heterogeneity(whole, L), heterogeneity_within(whole, L)

    exact = 2 * (Fraction(0.3) - (Fraction(0.1) + Fraction(0.2) + Fraction(0.1)) / 3)
    within = 2 * ((Fraction(0.1) + Fraction(0.2) + Fraction(0.1)) / 3 - Fraction(0.01))
    D, D_in = both(0.3, [0.1, 0.2, 0.1], [[0.01]] * 3)
    assert 0 <= Fraction(D) - exact < Fraction(1, 10**15)
    assert 0 <= Fraction(D_in) - within < Fraction(1, 10**15)
    assert both(0.0, [0.1, 0.1], [[0.3], [0.3]]) == (0.0, 0.0)  # poor bounds
    assert both(math.nan, [0.0, 0.0], [[0.0], [0.0]]) == (0.0, 0.0)  # f_lower is known
    assert np.isnan(both(0.3, [0.1, 0.1], [[0.0], [0.0]], math.nan)).all()
    assert np.isnan(both(0.3, [0.1, 0.1], [[0.0, math.nan], [0.0]])).tolist() == [False, True]
    assert np.isnan(both(0.3, [-math.inf, 0.1], [[0.0], [0.0]])).all()


def test_batches_are_components_of_the_same_clients():
    """f, L, f* and the clients' gradients are those without; an epoch has as many steps for each client."""
    plain = Federated(WHOLE["logistic, ridge"], [[0, 1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11]], "rows")
    problem, W = plain.in_batches(3), some(plain, 0, 10)
    assert [client.n_components for client in problem.clients] == [3, 3]
    assert (problem.L, problem.D) == (plain.L, plain.D)
    for one, other in zip(problem.clients, plain.clients, strict=True):
        np.testing.assert_array_equal(one.gradient(W), other.gradient(W))
        every = np.broadcast_to(np.arange(3), (len(W), 3))
        scale = np.abs(other.gradient(W)).max()
        np.testing.assert_allclose(one.component_gradient(W, every), other.gradient(W), rtol=1e-9, atol=1e-9 * scale)
    assert repr(problem).endswith(", weights='rows').in_batches(3)")
    assert [client.n_components for client in plain.clients] == [7, 5]
    for wrong in (0, 6, 2.0, [[0, 1, 2, 3, 4, 5, 6]]):  # a client has five rows
        with pytest.raises(ValueError, match=r"batches must be (in 1\.\.rows of a client=5|an integer), got"):
            plain.in_batches(wrong)
