"""Each setting at its simplest runs as the plain one: K, M, N = 1, p in {0, 1}, no noise."""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import (
    Case,
    Clients,
    Constants,
    Exact,
    Local,
    Minibatch,
    Noisy,
    RACLoRA,
    Reshuffled,
    expected,
    simulate,
    sketches,
)
from rac_theory.algorithms import Bernoulli
from rac_theory.problems import Federated, LeastSquares, SoftmaxRegression
from rac_theory.theorems import T13, T12_nonconvex, T12_pl, T13_pl

RNG = np.random.default_rng(5)
PROBLEM = LeastSquares(RNG.standard_normal((12, 4)), RNG.standard_normal((12, 3)), l2=0.3)
ONE = Federated(PROBLEM, 1)
# No eigenbasis, so that every algorithm computes its gradients in the same way.
SOFTMAX = SoftmaxRegression(RNG.standard_normal((12, 4)), np.arange(12) % 3, l2=0.5)
ONE_SOFTMAX = Federated(SOFTMAX, 1)
LEFT, RIGHT = sketches.Haar(4, 2), sketches.Coordinate(3, 1)


def run(problem=PROBLEM, source=None, algorithm=None):
    algorithm = algorithm or RACLoRA(LEFT, 0.9 / PROBLEM.L, gradients=source or Exact())
    trajectory = simulate(Case(algorithm, problem, steps=20), runs=5, rng=3)
    return trajectory.values, trajectory.squared_gradients


@pytest.mark.parametrize(
    ("divided", "source"),
    [(False, Local(1)), (True, Exact()), (True, Clients(Exact())), (True, Clients(Local(1)))],
    ids=["K = 1", "M = 1, undivided", "M = 1", "M = K = 1"],
)
def test_one_step_and_one_client_are_plain(divided, source):
    """Runs bit for bit; on least squares, which are run in their eigenbasis where they can be, expectations."""
    for one, other in zip(run(ONE_SOFTMAX if divided else SOFTMAX, source), run(SOFTMAX), strict=True):
        np.testing.assert_array_equal(one, other)
    gamma = 0.9 / PROBLEM.L
    one = expected(Case(RACLoRA(LEFT, gamma, gradients=source), ONE if divided else PROBLEM, steps=20))
    other = expected(Case(RACLoRA(LEFT, gamma), PROBLEM, steps=20))
    np.testing.assert_allclose(one.gap, other.gap, rtol=1e-12, atol=1e-12 * other.gap[0])


@pytest.mark.parametrize("source", [Minibatch(1), Reshuffled()], ids=repr)
def test_one_component_is_plain(source):
    """The only component is the mean of one; the order is drawn beside the sketch, from streams of their own."""
    at = RACLoRA(None, 0.9 / PROBLEM.L, gradients=source), RACLoRA(None, 0.9 / PROBLEM.L)
    for one, other in zip(run(ONE, algorithm=at[0]), run(algorithm=at[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_the_full_batch_is_plain():
    at = RACLoRA(None, 0.9 / PROBLEM.L, gradients=Minibatch(12)), RACLoRA(None, 0.9 / PROBLEM.L)
    for one, other in zip(run(algorithm=at[0]), run(algorithm=at[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_without_noise_gradients_are_exact():
    """One deterministic run stands for all, so its batch has another size: up to rounding. And in expectation."""
    at = RACLoRA(None, 0.9 / PROBLEM.L, gradients=Noisy(0.0)), RACLoRA(None, 0.9 / PROBLEM.L)
    for one, other in zip(run(SOFTMAX, algorithm=at[0]), run(SOFTMAX, algorithm=at[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
    quiet, plain = (
        expected(Case(RACLoRA(LEFT, 0.5 / PROBLEM.L, "left", g), PROBLEM, steps=30)) for g in (Noisy(0.0), Exact())
    )
    np.testing.assert_allclose(quiet.gap, plain.gap, rtol=1e-12, atol=1e-12 * plain.gap[0])


@pytest.mark.parametrize(("p", "side", "sketch"), [(1.0, "left", LEFT), (0.0, "right", RIGHT)])
def test_a_coin_that_always_falls_on_one_side(p, side, sketch):
    """Runs and constants, to the bit."""
    gamma = 0.9 / PROBLEM.L
    coin, plain = Bernoulli(LEFT, RIGHT, gamma, p), RACLoRA(sketch, gamma, side)
    for one, other in zip(run(SOFTMAX, algorithm=coin), run(SOFTMAX, algorithm=plain), strict=True):
        np.testing.assert_array_equal(one, other)
    with_coin, without = (Constants.of(Case(algorithm, PROBLEM, steps=1)) for algorithm in (coin, plain))
    for name in ("lambda_min", "lambda_max", "A", "beta", "C", "gap0", "gap0_upper"):
        assert getattr(with_coin, name) == getattr(without, name)


def test_with_orthonormal_columns_the_plain_step_is_the_projected_one():
    """T12 is T13 there, by nu as it is computed for a Haar sketch; and so are the runs."""
    gamma = 1.4 / PROBLEM.L
    plain = RACLoRA(LEFT, gamma, lora_alpha=2.0)
    constants = Constants.of(Case(plain, PROBLEM, steps=1))
    constants = replace(constants, L_H=Constants.of(Case(RACLoRA(LEFT, gamma), PROBLEM)).L_H)
    for plain_step, projected, rtol in ((T12_nonconvex, T13, 2e-12), (T12_pl, T13_pl, 1e-10)):  # nu is rounded down
        np.testing.assert_allclose(plain_step.bound(constants, 40), projected.bound(constants, 40), rtol=rtol)
    for one, other in zip(run(SOFTMAX, algorithm=plain), run(SOFTMAX, algorithm=RACLoRA(LEFT, gamma)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-18)  # iterates are known to eps
