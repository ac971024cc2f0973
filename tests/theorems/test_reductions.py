"""Each setting at its simplest is the plain one: K, M, N = 1, p in {0, 1}, no noise; as runs and as bounds."""

import math
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
    theorems,
)
from rac_theory.algebra import Symbol, number, powers
from rac_theory.algorithms import Bernoulli
from rac_theory.problems import Federated, LeastSquares, SoftmaxRegression
from rac_theory.statements.symbols import T, read
from rac_theory.theorems import federated, sharp_drift

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


def test_T11_is_the_kronecker_sum():
    """p lambda^left + (1 - p) lambda^right at both ends: weights 1..4 over 10 on the left, thirds on the right."""
    coin = Bernoulli(sketches.WeightedCoordinate(4, 1, [1, 2, 3, 4]), RIGHT, 0.1, 0.25)
    constants = Constants.of(Case(coin, PROBLEM, steps=1))
    assert constants.lambda_min == pytest.approx(0.25 * 0.1 + 0.75 / 3)
    assert constants.lambda_max == pytest.approx(0.25 * 0.4 + 0.75 / 3)


c = Constants(
    gamma=0.3,
    L=2.0,
    L_max=2.0,
    mu=0.5,
    strong_convexity=0.5,
    convex=True,
    lambda_min=0.25,
    lambda_max=0.5,
    A=0.0,
    beta=1.0,
    C=0.0,
    D=7.0,
    D_in=3.0,
    omega=0.0,
    sigma_squared=math.nan,
    zeta_squared=math.nan,
    f_star=0.0,
    gap0=3.0,
    gap0_upper=3.5,
    distance0=2.0,
)


def same(one, other, at=c, factor=1.0, rtol=1e-12):
    one, other = (getattr(theorems, name) for name in (one, other))
    np.testing.assert_allclose(one.bound(at, 40)[1:], factor * other.bound(at, 40)[1:], rtol=rtol)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("T5", "T1_sharp"),  # no noise: (0, 1, 0)
        ("T6", "T2_sharp"),
        ("T9", "T1"),  # K = 1, whatever zeta and D
        ("T9d", "T1"),
        ("T9d_sharp", "T1"),
        ("T10", "T2"),
        ("T10d", "T2"),
        ("T10d_sharp", "T2"),
        ("T9rr", "T1"),  # K = 1 and all clients
        ("T10rr", "T2"),
        ("T7d_sharp", "T1"),  # N = 1
        ("T8d_sharp", "T2"),
    ],
)
def test_bounds_that_are_those_of_the_paper(one, other):
    same(one, other)


def test_bounds_that_are_those_of_the_paper_up_to_what_their_pages_say():
    """T5_step has 2 for 1/(1 - gamma L/2); T7 has 18/7 for 2, and no noise for N = 1."""
    same("T5_step", "T1")
    same("T7", "T1", replace(c, sigma_squared=0.0), 9 / 7)
    same("T3_sharp", "T3", replace(c, gamma=1 / c.L))


def test_without_a_sketch_T4_is_gradient_descent():
    """lambda = 1: the factor is the larger square alone."""
    full = replace(c, lambda_min=1.0, lambda_max=1.0)
    np.testing.assert_allclose(theorems.T4.bound(full, 9), 4 * 0.85 ** (2 * np.arange(10)), rtol=1e-12)


def test_with_orthonormal_columns_the_plain_step_is_the_projected_one():
    """T12 is T13 there, by nu as it is computed for a Haar sketch; and so are the runs."""
    gamma = 1.4 / PROBLEM.L
    plain = RACLoRA(LEFT, gamma, lora_alpha=2.0)
    constants = Constants.of(Case(plain, PROBLEM, steps=1))
    constants = replace(constants, L_H=Constants.of(Case(RACLoRA(LEFT, gamma), PROBLEM)).L_H)
    same("T12_nonconvex", "T13", constants, rtol=2e-12)  # nu is rounded down by 1e-12
    same("T12_pl", "T13_pl", constants, rtol=1e-10)
    for one, other in zip(run(SOFTMAX, algorithm=plain), run(SOFTMAX, algorithm=RACLoRA(LEFT, gamma)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-18)  # iterates are known to eps


RHO, Q = Symbol("rho"), Symbol("q")


def test_sums_at_the_ends_of_their_ranges():
    """Where closed forms would divide by zero: rho = 1, q = 0, rho = 0, one step."""
    t = np.arange(5.0)
    powers_of_rho, weights = powers(RHO, 0, T - 1), powers(1 / (1 + Q), 1, T)
    np.testing.assert_array_equal(number(powers_of_rho, {"rho": 1.0, "T": t}), t)
    np.testing.assert_array_equal(number(powers_of_rho, {"rho": 0.0, "T": t}), [0, 1, 1, 1, 1])
    np.testing.assert_allclose(number(powers_of_rho, {"rho": 0.5, "T": t}), [0, 1, 1.5, 1.75, 1.875], rtol=1e-15)
    np.testing.assert_array_equal(number(weights, {"q": 0.0, "T": t}), t)
    np.testing.assert_allclose(number(weights, {"q": 1.0, "T": t}), [0, 0.5, 0.75, 0.875, 0.9375], rtol=1e-15)
    one = Constants(gamma=0.35, L_max=2.0, inner_steps=1)
    assert read(federated.a, one) == read(sharp_drift.s, one) == read(sharp_drift.s_K, one) == 0.0
    assert read(sharp_drift.s * sharp_drift.r, one) == 0.0  # r is 0/0 there
