"""Both factors move along stochastic gradients: every outcome enumerated, the means and variances by two routes."""

import math
from dataclasses import dataclass
from functools import partial
from itertools import combinations, islice, permutations, product

import numpy as np
import pytest
from scipy import stats

from rac_theory import Case, Clients, Exact, Local, Minibatch, Noisy, Reshuffled, simulate
from rac_theory.algorithms import AsymmetricLoRA, ChainOfLoRA, GaLore, Initialisation, LoRA
from rac_theory.literature.counterexamples.factor_loss import FollowedRun, Moves, merges
from rac_theory.problems import Federated, LeastSquares, Quadratic
from rac_theory.sketches import Frozen, Gaussian
from rac_theory.testing import check_algorithm
from tests.refused import refused

N, RUNS = 5, 20_000
GAMMA, LORA_ALPHA, C = 0.05, 3.0, 1.5  # c = lora_alpha / r with r = 2
RNG = np.random.default_rng(7)
X, Y = RNG.standard_normal((N, 4)), RNG.standard_normal((N, 3))
PROBLEM = LeastSquares(X, Y)
W, B, A = RNG.standard_normal((4, 3)), RNG.standard_normal((4, 2)), RNG.standard_normal((2, 3))
START = Initialisation(B=Frozen(B), A=Frozen(A.T))


def lora(source, problem=PROBLEM):
    return LoRA(START, GAMMA, source, LORA_ALPHA)


def after(algorithm, steps=1, runs=1, seed=11, problem=PROBLEM):
    """The state after some steps from W, B and A."""
    states = algorithm.factored(problem, np.repeat(W[None], runs, axis=0), np.random.default_rng(seed))
    return next(islice(states, steps, None))


def component(i, W):
    """The gradient of one component, from the data."""
    return np.outer(X[i], X[i] @ W - Y[i])


def moved(B, A, g):
    """One step by hand: W, B and A."""
    B_after, A_after = B - GAMMA * C * g @ A.T, A - GAMMA * C * B.T @ g
    return W - C * START_PRODUCT + C * B_after @ A_after, B_after, A_after


START_PRODUCT = B @ A
SOURCES = [
    (Minibatch(2), list(combinations(range(N), 2)), (N - 2) / (2 * (N - 1))),
    (Minibatch(4), list(combinations(range(N), 4)), (N - 4) / (4 * (N - 1))),
    (Minibatch(2, replace=True), list(product(range(N), repeat=2)), 1 / 2),
]


def outcomes(batches):
    """W, B and A after a step with each minibatch."""
    return [np.array(part) for part in zip(*(moved(B, A, gradient_of(batch)) for batch in batches), strict=True)]


def gradient_of(batch):
    return np.mean([component(i, W) for i in batch], axis=0)


@pytest.mark.parametrize(("source", "batches", "share"), SOURCES, ids=repr)
def test_the_law_of_a_step_along_minibatches(source, batches, share):
    """Every run ends at an outcome that was enumerated, as often as it should (chi square, alpha = 1e-6 each). Would
    catch a batch for one factor and another for the other, one for all runs, a sum for a mean, which have other
    outcomes, and a scale that is squared or missing. A batch that is left out, of 25, is missed with a probability
    below 1e-300."""
    found = after(lora(source), runs=RUNS)
    flat = np.concatenate([part.reshape(len(batches), -1) for part in outcomes(batches)], axis=1)
    seen = np.concatenate([part.reshape(RUNS, -1) for part in found], axis=1)
    kinds, members = np.unique(np.round(flat, 9), axis=0, return_inverse=True)
    distances = np.abs(seen[:, None] - kinds).max(axis=2)
    np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-8)
    counts = np.bincount(distances.argmin(axis=1), minlength=len(kinds))
    expected = RUNS * np.bincount(members.ravel()) / len(batches)
    assert stats.chisquare(counts, expected).pvalue > 1e-6
    # Against components: the mean of all is an exact step, the variance s / N sum ||(g_i - G) A'||^2.
    (W_after, B_after, A_after), exact, G = outcomes(batches), after(lora(Exact())), PROBLEM.gradient(W)
    strays = [component(i, W) - G for i in range(N)]
    of_B, of_A = [g @ A.T for g in strays], [B.T @ g for g in strays]
    for every, mean, noise in ((B_after, exact.B[0], of_B), (A_after, exact.A[0], of_A)):
        np.testing.assert_allclose(every.mean(axis=0), mean, atol=1e-14)
        variance = share * (GAMMA * C) ** 2 * np.square(noise).sum() / N
        assert np.square(every - mean).sum((1, 2)).mean() == pytest.approx(variance, rel=1e-12)
    curved = np.mean([g @ A.T @ B.T @ g for g in map(gradient_of, batches)], axis=0)
    mean = W - GAMMA * C**2 * (G @ A.T @ A + B @ B.T @ G) + GAMMA**2 * C**3 * curved
    np.testing.assert_allclose(W_after.mean(axis=0), mean, atol=1e-13)
    assert np.abs(mean - exact.W[0]).max() > 1e-3  # g stands twice in it: W is not unbiased


def _agree(sample, mean):
    error = sample.std(axis=0, ddof=1) / math.sqrt(len(sample))
    assert (np.abs(sample.mean(axis=0) - mean) <= 6 * error + 1e-12).all()


def test_the_mean_and_the_covariance_of_a_noisy_step():
    """A row of B moves with covariance (gamma c sigma)^2 / (m n) A A', a column of A with B' B (six standard errors).
    Would catch noise in each factor by itself, noise of another total variance, and a scale that is not squared."""
    sigma = 2.0
    found, exact = after(lora(Noisy(sigma)), runs=RUNS), after(lora(Exact()))
    each = (GAMMA * C * sigma) ** 2 / W.size
    dB, dA = found.B - exact.B, found.A - exact.A
    _agree(dB, 0.0)
    _agree(dA, 0.0)
    _agree(np.einsum("kia,kib->kiab", dB, dB), each * A @ A.T)
    _agree(np.einsum("kaj,kbj->kjab", dA, dA), each * B.T @ B)
    # One and the same noise moves both: E (dB)_{ia} (dA)_{bj} = each * A_{aj} B_{ib}.
    _agree(np.einsum("kia,kbj->kiabj", dB, dA), each * np.einsum("aj,ib->iabj", A, B))


def test_an_epoch_is_a_step_with_each_component_in_some_order():
    """All 120 orders by hand, of which 2000 runs use all (one is missed with probability 120 e^-16). Would catch
    factors that move while W stays, and an order that is one for all runs."""
    ends = {}
    for order in permutations(range(N)):
        state = W, B, A
        for i in order:
            state = moved(state[1], state[2], component(i, state[0]))
        ends[order] = np.concatenate([part.ravel() for part in state])
    every = np.array(list(ends.values()))
    found = np.concatenate([part.reshape(2000, -1) for part in after(lora(Reshuffled()), runs=2000)], axis=1)
    distances = np.abs(found[:, None] - every).max(axis=2)
    np.testing.assert_allclose(distances.min(axis=1), 0, atol=1e-11)
    assert len(set(distances.argmin(axis=1))) == 120


def test_local_steps_are_steps_and_a_batch_of_everything_is_exact():
    """Bit for bit. Would catch a gradient at the first W for all of them."""
    for one, many in (
        (lora(Local(3)), lora(Exact())),
        (ChainOfLoRA(START, GAMMA, 2, gradients=Local(3)), ChainOfLoRA(START, GAMMA, 6)),
    ):
        for few, steps in ((1, 3), (4, 12)):
            for ours, theirs in zip(after(one, few), after(many, steps), strict=True):
                np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_allclose(after(lora(Minibatch(N)), 5).W, after(lora(Exact()), 5).W, rtol=1e-12)


KAIMING, ONLY_A = Initialisation.kaiming((4, 3), 2), Initialisation(A=Gaussian(3, 1))
ALGORITHMS = [
    *(LoRA(KAIMING, 0.02, source) for source in (Minibatch(3, replace=True), Noisy(1.0), Local(2), Reshuffled())),
    LoRA(START, 0.02, Minibatch(2), lora_alpha=1.0),
    ChainOfLoRA(ONLY_A, 0.02, 3, "fresh", Minibatch(2)),
    ChainOfLoRA(ONLY_A, 0.02, 3, "fixed", Noisy(1.0)),
    ChainOfLoRA(ONLY_A, 0.02, 3, "fixed", Reshuffled()),
    ChainOfLoRA(ONLY_A, 0.02, 1, "fresh", Local(2)),
    LoRA(Initialisation(B=Gaussian(4, 2), A=Gaussian(3, 2), scale=0.5), 0.02),
    ChainOfLoRA(KAIMING, 0.02, 3),
    ChainOfLoRA(Initialisation(B=Gaussian(4, 2), scale=0.5), 0.02, 3, "fixed", lora_alpha=1.0),
    AsymmetricLoRA(Gaussian(4, 2), 0.02),
    AsymmetricLoRA(Gaussian(3, 2), 0.02, "right", lora_alpha=1.0),
    GaLore(2, 0.02),
]


@pytest.mark.parametrize("algorithm", ALGORITHMS, ids=repr)
def test_they_are_algorithms_like_any_other(algorithm):
    """What is asked of plug-ins, and the factors beside the iterates; few runs are the first of many. Would catch a
    state that is off by one step, and draws that differ between the two."""
    check_algorithm(Case(algorithm, PROBLEM))
    if hasattr(algorithm, "factored"):
        start = np.repeat(W[None], 5, axis=0)
        states = list(islice(algorithm.factored(PROBLEM, start, np.random.default_rng(2)), 9))
        iterates = list(islice(algorithm.iterates(PROBLEM, start, np.random.default_rng(2)), 8))
        np.testing.assert_array_equal([state.W for state in states], [start, *iterates])
    many, few = (simulate(Case(algorithm, PROBLEM, steps=20), runs=runs, rng=0).values for runs in (20, 3))
    np.testing.assert_array_equal(many[:3], few)
    single = simulate(Case(algorithm, PROBLEM, steps=20), runs=3, rng=0, dtype=np.float32).values
    np.testing.assert_allclose(single, few, rtol=1e-4)


def test_deterministic_where_neither_factors_nor_gradients_are_drawn():
    """Would catch one run being taken for all of them under noise."""
    chain, frozen = ChainOfLoRA(START, 0.1, 2), AsymmetricLoRA(Frozen(np.ones((3, 1))), 0.1)
    assert all(still.deterministic for still in (lora(Exact()), lora(Local(2)), chain, frozen, GaLore(1, 0.1)))
    drawn = [AsymmetricLoRA(Gaussian(3, 1), 0.1), LoRA(KAIMING, GAMMA), LoRA(KAIMING, GAMMA, Local(2))]
    for source in (Minibatch(2), Noisy(0.1), Reshuffled()):
        drawn += [lora(source), ChainOfLoRA(START, GAMMA, 2, gradients=source)]
    assert not any(algorithm.deterministic for algorithm in drawn)


@pytest.mark.parametrize("make", [LoRA, lambda *rest: ChainOfLoRA(*rest[:2], 2, "fresh", rest[2])])
def test_what_gradients_cannot_be(make):
    """Clients, problems without components and batches that are too large are refused before a step is made."""
    of, bowl = partial(make, START, GAMMA), Quadratic.left(np.eye(4), np.ones((4, 3)))
    clients = r"gradients must move one pair of factors, .* rank 2, got Clients\("
    refused(
        (lambda: of(Clients(Local(2))).check(Federated(PROBLEM, 2)), clients),
        (lambda: of(Minibatch(2)).check(bowl), "problem must be a finite sum for Minibatch"),
        (lambda: of(Minibatch(6)).check(PROBLEM), r"size must be in 1..n_components=5, got 6"),
        (lambda: of(3.0), "gradients must be a gradient source, such as Exact"),
    )


@dataclass(frozen=True)
class StartsAnew:
    """Two steps from the same W, of which it returns the last, or the mean of both."""

    mean: bool

    def descend(self, problem, W, step, rng):
        first = step(W, problem.gradient(W))
        return (first + W) / 2 if self.mean else step(W, problem.gradient(W))


@pytest.mark.parametrize("mean", [True, False])
def test_a_source_that_leaves_the_factors_is_found_out(mean):
    """Would catch factors whose product is not what W moved by. One that passes a copy on is none of them."""
    with pytest.raises(ValueError, match=r"gradients must take each step from where the last one led, .* StartsAnew\("):
        after(lora(StartsAnew(mean)))
    assert not lora(StartsAnew(mean)).deterministic  # as it does not say so

    class Copies(Local):
        def descend(self, problem, W, step, rng):
            for _ in range(self.steps):
                W = step(W.copy(), problem.gradient(W)).copy()
            return W

    np.testing.assert_array_equal(after(lora(Copies(2)), 3).B, after(lora(Local(2)), 3).B)
    with np.errstate(all="ignore"):
        assert np.isnan(after(LoRA(START, 1e9, Copies(2)), 40).W).all()  # to diverge is no error


@pytest.mark.parametrize("source", [Noisy(0.5), Minibatch(2), Local(2)], ids=repr)
def test_a_step_that_ended_in_a_merge_is_known_with_exact_gradients_only(source):
    """Its factors were started anew. Would catch the full gradient in the place of what moved them."""
    for gradients, known in ((source, False), (Exact(), True)):
        case = Case(ChainOfLoRA(KAIMING, GAMMA, 3, gradients=gradients), PROBLEM, steps=9)
        run = FollowedRun.of(simulate(case, rng=0, record=("W", "factors")))
        moves, merged = Moves.of(run, PROBLEM), merges(run)
        assert list(np.flatnonzero(merged)) == [2, 5, 8]
        assert (np.isfinite(moves.length) == (known | ~merged)).all()
        assert known or not moves.curvature[merged].any()
