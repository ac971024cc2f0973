"""Gradient sources: unbiased, as noisy as they say, and the same where they coincide."""

import math
from fractions import Fraction
from itertools import combinations, product
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
from scipy import stats

from rac_theory import Clients, Exact, Local, Minibatch, Noisy, Reshuffled
from rac_theory.algorithms.gradients.noise import additive_noise, minibatch_noise, minibatch_share
from rac_theory.algorithms.gradients.stochastic import uniform_subsets
from rac_theory.problems import Federated, LeastSquares, LogisticRegression, PLSine, Quadratic, SoftmaxRegression
from rac_theory.runs.simulation.kernels.stepping import RememberingProblem
from tests.as_one_test import as_one_test
from tests.refused import refused

RNG = np.random.default_rng(63)
N = 5
X = RNG.normal(size=(N, 3)) * [1.0, 2.0, 0.5]
Y = RNG.normal(size=(N, 2))
EQUAL_ROWS = X / np.linalg.norm(X, axis=1, keepdims=True)
FINITE_SUMS = {
    "least squares": LeastSquares(X, Y),
    "least squares, ridge": LeastSquares(X, Y, l2=0.3),
    "equal rows": LeastSquares(EQUAL_ROWS, Y),
    "logistic": LogisticRegression(X, [0, 1, 1, 0, 1]),
    "softmax, ridge": SoftmaxRegression(X, [0, 1, 2, 0, 1], l2=0.2),
}
WHOLE = FINITE_SUMS["softmax, ridge"]
FEDERATED = Federated(WHOLE, [[0, 1, 2], [3, 4]])
SOURCES = {
    "exact": Exact(),
    "minibatch": Minibatch(2),
    "minibatch, replaced": Minibatch(2, replace=True),
    "noisy": Noisy(0.3),
    "reshuffled": Reshuffled(),
    "local": Local(3),
    "clients, local": Clients(Local(3)),
    "clients, reshuffled": Clients(Reshuffled()),
}
# A projection with the eigenvalues 1, 1, 0, so that a step that forgets it is seen.
H = np.eye(3) - np.full((3, 3), 1 / 3)


def step(W, G):
    return W - 0.05 * H @ G


def descend(source, problem, W):
    return source.descend(problem, W, step, np.random.default_rng(0))


def fitting(source):
    return FEDERATED if isinstance(source, Clients) else WHOLE


def some(problem, count=8):
    """Random matrices of several scales, (3 count, m, n)."""
    rng = np.random.default_rng(1)
    return np.concatenate([scale * rng.normal(size=(count, *problem.shape)) for scale in (0.1, 1.0, 10.0)])


def minibatches(size, replace):
    """Every minibatch that can be drawn, all equally likely, (count, size)."""
    return np.array(list(product(range(N), repeat=size) if replace else combinations(range(N), size)))


def every_gradient(problem, W, size, replace):
    """The gradient of every minibatch at one W, (count, m, n)."""
    batches = minibatches(size, replace)
    return problem.component_gradient(np.broadcast_to(W, (len(batches), *W.shape)), batches)


WEIGHTED = (np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), np.array([0.6, 0.3, 0.1]))
"""Coordinates drawn with these probabilities: ``E[H] = diag(.6, .3, .1)``, so that lambda_max = .6."""


def expected_square(G):
    """``E||HG||^2`` for ``WEIGHTED``, for each matrix of a batch: (..., m, n) to (...)."""
    return np.square(G).sum(axis=-1) @ WEIGHTED[1]


@as_one_test(("problem", "replace"), product(FINITE_SUMS.values(), (False, True)))
def test_the_noise_inequality_holds(problem, replace):
    """``E||Hg||^2 <= beta <G, E[H] G> + lambda_max (2 A (f - f*) + C)``, with and without a sketch, all enumerated. And
    ``E g = G``, as sources are unbiased."""
    reference = problem.f_star if math.isfinite(problem.f_star) else problem.f_lower
    for size, W in product(range(1, N + 1), some(problem, 4)):
        noise = Minibatch(size, replace).noise(problem)
        g, G = every_gradient(problem, W, size, replace), problem.gradient(W)
        np.testing.assert_allclose(g.mean(axis=0), G, rtol=1e-12, atol=1e-12 * (1 + np.abs(G).max()))
        stray = 2 * noise.A * (problem.value(W) - reference) + noise.C
        assert np.square(g).sum(axis=(1, 2)).mean() <= (noise.beta * np.sum(G**2) + stray) * (1 + 1e-12)
        assert expected_square(g).mean() <= (noise.beta * expected_square(G) + 0.6 * stray) * (1 + 1e-12)


@as_one_test(("replace", "size"), product((False, True), (1, 2, 4)))
def test_the_noise_inequality_is_an_equality_for_equal_rows(size, replace):
    """Catches any constant that is too large: a C for D, a 1/b for (N - b)/(b(N - 1)), a beta of 1."""
    problem = FINITE_SUMS["equal rows"]
    noise = Minibatch(size, replace).noise(problem)
    for W in (problem.W_star, *some(problem, 2)):
        left = np.square(every_gradient(problem, W, size, replace)).sum(axis=(1, 2)).mean()
        stray = 2 * noise.A * (problem.value(W) - problem.f_star) + noise.C
        assert left == pytest.approx(noise.beta * np.sum(problem.gradient(W) ** 2) + stray, rel=1e-12)


def test_noise_is_explained():
    """And the whole data set has none."""
    for problem in FINITE_SUMS.values():
        noise = Minibatch(N).noise(problem)
        assert (noise.A, noise.beta, noise.C) == (0.0, 1.0, 0.0)
    single = minibatch_noise(LeastSquares([[1.0]], [1.0]), 1, replace=False)
    assert (single.A, single.beta, single.C) == (0.0, 1.0, 0.0)
    noise = minibatch_noise(FINITE_SUMS["least squares, ridge"], 3, replace=True)
    assert [minibatch_share(components, 1, replace=False) for components in (1, 2, 3)] == [0, 1, 1]
    assert noise.provenance["C"] == "2 s L_max (f* - mean f_i*), rounded up; s = 1/b = 0.333333 for b = 3, N = 5"
    assert "f_lower" in minibatch_noise(FINITE_SUMS["logistic"], 3, replace=True).provenance["C"]


def test_additive_noise_adds_its_variance():
    """E||H(G + n)||^2 = E||HG||^2 + E||Hn||^2, the last at most lambda_max sigma^2; without a sketch equal to it.
    Catches a C that is rounded to the nearest, or down: of two of these sigma the nearest is below."""
    for sigma in (0.1, 0.2, 0.3, 0.7, 1.1):
        C, exact = Fraction(additive_noise(sigma).C), Fraction(sigma) ** 2
        assert exact <= C <= exact * (1 + Fraction(1, 2**52))
    noise = Noisy(3.0).noise(PLSine((2, 2)))
    assert (noise.A, noise.beta, noise.C) == (0.0, 1.0, 9.0)
    assert Exact().noise(PLSine((2, 2))) == additive_noise(0.0)


def everything(low, high, size):
    """The integers of a generator that gives all combinations that can be drawn, each once."""
    assert low == 0
    return np.array(list(product(*map(range, high))))


@pytest.mark.parametrize(("n", "size"), [(4, 1), (4, 2), (5, 3), (5, 5)])
def test_subsets_are_uniform_exactly(n, size):
    """All draws of the generator, enumerated, give every subset equally often."""
    drawn = uniform_subsets(n, size, 0, SimpleNamespace(integers=everything))
    subsets, counts = np.unique(np.sort(drawn, axis=1), axis=0, return_counts=True)
    assert len(subsets) == math.comb(n, size)
    assert len(set(counts)) == 1
    assert (np.diff(subsets, axis=1) > 0).all()


def test_minibatches_are_drawn_from_all_components():
    """Chi-squared at alpha = 1e-6 each. 40 of 50 are drawn as a permutation: no repeats, and those left out are
    counted. Of 20,000 draws of two an off-by-one that never draws the last one is seen."""
    drawn = np.sort(uniform_subsets(50, 40, 5_000, np.random.default_rng(2)), axis=1)
    assert (np.diff(drawn, axis=1) > 0).all()
    assert drawn.dtype == np.intp
    missing = 5_000 - np.bincount(drawn.ravel(), minlength=50)  # means of 1,000, variance 1,000 * 0.8
    assert stats.chi2.sf(float(((missing - 1_000) ** 2).sum()) / 800 * 49 / 50, 49) > 1e-6
    assert uniform_subsets(50, 40, 0, np.random.default_rng(0)).shape == (0, 40)
    for replace in (False, True):
        drawn = Minibatch(2, replace)._draw(N, 20_000, np.random.default_rng(3))
        assert stats.chisquare(np.bincount(drawn.ravel(), minlength=N)).pvalue > 1e-6
        repeated = (drawn[:, 0] == drawn[:, 1]).mean()
        assert repeated == 0 if not replace else abs(repeated - 1 / N) < 5 * math.sqrt(0.16 / 20_000)


def test_a_large_part_of_all_is_drawn_as_a_permutation():
    """Above 32, and where its square is above 2 N: the numbers that a seed gives depend on it. Catches either end."""
    for n, size, way in ((40, 32, "integers"), (544, 33, "permutation"), (545, 33, "integers"), (578, 34, "integers")):
        asked = mock.Mock(spec=np.random.Generator)
        asked.integers.side_effect = asked.permutation.side_effect = LookupError
        with pytest.raises(LookupError):
            uniform_subsets(n, size, 1, asked)
        assert [name for name, *_ in asked.method_calls] == [way]


def test_the_noise_has_the_total_variance_that_was_asked_for():
    """Chi-squared with 6 x 4,000 degrees of freedom at alpha = 1e-6; sigma an entry would be six times too much."""
    problem, runs = Quadratic.left(np.eye(3), np.zeros((3, 2))), 4000
    noise = Noisy(0.7).descend(problem, np.zeros((runs, 3, 2)), lambda W, G: G, np.random.default_rng(4))
    total = np.square(noise).sum() / (0.7**2 / 6)
    low, high = stats.chi2.ppf([5e-7, 1 - 5e-7], 6 * runs)
    assert low < total < high
    assert abs(noise.mean()) < 5 * 0.7 / math.sqrt(6 * 6 * runs)
    drawn = np.random.default_rng(4).standard_normal(noise.shape)
    np.testing.assert_allclose(noise, 0.7 / math.sqrt(6) * drawn, rtol=1e-14)  # added, not taken off


class Listing:
    """A problem whose component gradients are the numbers of the components."""

    n_components = 4
    L = mu = strong_convexity = f_star = f_lower = math.nan
    shape, convex = (1, 1), False

    def component_gradient(self, W, indices):
        assert indices.shape == (len(W), 1)
        return indices[..., None].astype(float)


def test_an_epoch_visits_every_component_once_in_fresh_orders():
    """Catches an order that all runs share, one that is kept for the next epoch, and a component left out."""
    seen = []

    def record(W, G):
        seen.append(G[:, 0, 0])
        return W + G

    rng, W = np.random.default_rng(5), np.zeros((600, 1, 1))
    W = Reshuffled().descend(Listing(), W, record, rng)
    first = np.array(seen).T
    Reshuffled().descend(Listing(), W, record, rng)
    assert (np.sort(first, axis=1) == np.arange(4)).all()
    assert (W == 6).all()
    second = np.array(seen[4:]).T
    assert (first != second).any(axis=1).mean() > 0.8
    _, counts = np.unique(first, axis=0, return_counts=True)
    assert len(counts) == 24  # and every order is as likely: chi-squared at alpha = 1e-6
    assert stats.chisquare(counts).pvalue > 1e-6


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_the_same_amount_is_drawn_whatever_W_is(source):
    states = []
    for W in (np.zeros((3, *WHOLE.shape)), np.full((3, *WHOLE.shape), 7.0)):
        rng = np.random.default_rng(6)
        source.descend(fitting(source), W, step, rng)
        states.append(rng.bit_generator.state["state"])
    assert states[0] == states[1]
    assert source.deterministic == (states[0] == np.random.default_rng(6).bit_generator.state["state"])


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES.keys())
def test_sources_see_through_the_memory_of_a_recorder_and_leave_W_alone(source):
    """And runs are their own: the first of a block does not depend on the iterates of the others."""
    problem = fitting(source)
    W, seen = some(problem), RememberingProblem(problem)
    before = W.copy()
    source.check(seen)
    seen.look(W)
    np.testing.assert_array_equal(descend(source, seen, W), descend(source, problem, W))
    np.testing.assert_array_equal(W, before)
    other = np.concatenate([W[:1], 2 * W[1:]])
    np.testing.assert_array_equal(descend(source, problem, W)[0], descend(source, problem, other)[0])


@pytest.mark.parametrize("problem", FINITE_SUMS.values(), ids=FINITE_SUMS.keys())
def test_reductions_to_the_exact_gradient(problem):
    """K = 1, M = 1, sigma = 0: bit for bit. N = 1, b = N: up to the order of sums."""
    W = some(problem)
    exact = descend(Exact(), problem, W)
    np.testing.assert_array_equal(exact, step(W, problem.gradient(W)))
    for same in (Local(1), Noisy(0.0)):
        np.testing.assert_array_equal(descend(same, problem, W), exact)
    np.testing.assert_allclose(descend(Minibatch(N), problem, W), exact, rtol=1e-12, atol=1e-12)
    single = problem.subset([2])
    exact = descend(Exact(), single, W)
    for same in (Reshuffled(), Minibatch(1), Minibatch(3, replace=True)):
        np.testing.assert_allclose(descend(same, single, W), exact, rtol=1e-12, atol=1e-12)


def test_clients_are_their_own_and_their_mean():
    """One is no federation. One exact local step is a step on the mean, which is linear in the gradient, equal clients
    or not. All start from the same iterate: catches one that starts where the one before it stopped."""
    W = some(FEDERATED)
    for source in (Exact(), Minibatch(2), Noisy(0.3), Reshuffled(), Local(3)):
        np.testing.assert_array_equal(descend(Clients(source), Federated(WHOLE, 1), W), descend(source, WHOLE, W))
    for rows in ([[0, 1, 2], [3, 4]], [[0], [1], [2], [3], [4]]):
        problem = Federated(WHOLE, rows)
        expected = step(W, problem.gradient(W))
        np.testing.assert_allclose(descend(Clients(Exact()), problem, W), expected, rtol=1e-12, atol=1e-12)
    each = [descend(Local(4), client, W) for client in FEDERATED.clients]
    np.testing.assert_allclose(descend(Clients(Local(4)), FEDERATED, W), np.mean(each, axis=0), rtol=1e-13)


def test_local_steps_on_a_quadratic_have_a_closed_form():
    """``W_K - W* = (I - eta H Q)^K (W - W*)``."""
    S = np.diag([1.0, 2.0, 3.0])
    problem = Quadratic.left(S, np.ones((3, 2)))
    W, power = some(problem), np.linalg.matrix_power(np.eye(3) - 0.05 * H @ S, 4)
    np.testing.assert_allclose(descend(Local(4), problem, W), 1 + power @ (W - 1), rtol=1e-12, atol=1e-12)


def test_what_does_not_fit_or_makes_no_sense_is_refused_with_a_sentence():
    sine = PLSine((2, 2))
    for source in (Exact(), Noisy(1.0), Local(2)):
        source.check(sine)
    Minibatch(6, replace=True).check(WHOLE)
    clients = r"problem must have clients, such as Federated\(problem, clients=4\), got"
    second = r"clients\[1\] must fit Minibatch\(size=3, replace=False\): size must be in"
    refused(
        (lambda: Minibatch(2).check(sine), r"problem must be a finite sum for .*, got PLSine"),
        (lambda: Reshuffled().check(sine), r"problem must be a finite sum for .*, got PLSine"),
        (lambda: Minibatch(6).check(WHOLE), r"size must be in 1..n_components=5, got 6"),
        (lambda: Clients(Local(2)).check(WHOLE), clients),
        (lambda: Clients(Minibatch(3)).check(FEDERATED), second),
        (lambda: Minibatch(0), "size must be >= 1, got 0"),
        (lambda: Local(0), "steps must be >= 1, got 0"),
        (lambda: Noisy(-1), "sigma must be a finite number >= 0, got -1"),
    )
