"""Bounds of steps that keep something, look at norms or weigh columns, by every draw, where f is no quadratic.

H is on one of two axes. Each step is written out: catches another law, another step, and a bound of quadratics alone.
"""

from dataclasses import replace

import numpy as np
import pytest

from rac_theory import Case, Constants, RACLoRA, theorems
from rac_theory.algorithms import ACCELERATED, EF21, FEEDBACK, SHIFTED_MOMENTUM, MomentumInLinks, Preconditioned
from rac_theory.algorithms.steepest_step import MuonStep, NormalisedStep
from rac_theory.problems import LogisticRegression, PLSine
from rac_theory.sketches import WeightedCoordinate

from .second_routes.moments import check_below, enumerated, on_axes, squares

START, STEPS = np.array([[2.0], [-1.5]]), 12
WAVES = PLSine((2, 1))
"""x^2 + 3 sin(x)^2 in each entry, which is not convex."""


def axes(share):
    return WeightedCoordinate(2, 1, [share, 1 - share])


def check(ids, share, algorithm, step, kept=(), problem=WAVES, start=START, letters=None, **more):
    """``step(H, W, *kept)`` is what the algorithm does; no bound of these theorems is exceeded at any T."""
    c = Constants.of(Case(algorithm, problem, start, steps=STEPS))
    curves = enumerated(problem, step, on_axes(share), (start, *kept), STEPS, **more)
    for id in ids:
        check_below(theorems.ALL[id], curves, replace(c, letters=letters) if letters else c)


@pytest.mark.parametrize(("share", "gamma_L", "b"), [(0.5, 0.5, 0.5), (0.3, 0.45, 0.25)])
def test_momentum(share, gamma_L, b):
    gamma = gamma_L / WAVES.L

    def step(P, W, M):
        seen = P @ WAVES.gradient(W + gamma * b * M)
        return W - gamma * seen, b * M + seen

    check(("T22", "T22_pl"), share, SHIFTED_MOMENTUM(axes(share), gamma=gamma, b=b), step, [0 * START])


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_acceleration(share):
    rng = np.random.default_rng(21)
    problem = LogisticRegression(rng.standard_normal((12, 2)), np.sign(rng.standard_normal(12)), l2=0.05)
    start, s, least = problem.W_star + np.array([[2.0], [-1.0]]), problem.strong_convexity, share * (1 - 1e-9)
    gamma, alpha = 1 / problem.L, least * (s / problem.L) ** 0.5 * (1 - 1e-9)

    def step(P, W, Z):
        Y = (W + alpha * Z) / (1 + alpha)
        seen = P @ problem.gradient(Y)
        return Y - gamma * seen, (1 - alpha) * Z + alpha * Y - alpha / (s * least) * seen

    algorithm = ACCELERATED(axes(share), gamma=gamma, alpha=alpha, s=s, lambda_min=least)
    check(("T21", "T21_H"), share, algorithm, step, [start], problem, start)


@pytest.mark.parametrize(("share", "gamma_L"), [(0.5, 0.25), (0.3, 0.13)])
def test_error_feedback(share, gamma_L):
    gamma = gamma_L / WAVES.L

    def step(P, W, D):
        G = WAVES.gradient(W + D)
        V = D + gamma * G
        return W - gamma * G, V - P @ V

    def at_X(W, D):
        return squares(WAVES.gradient(W + D))

    feedback = FEEDBACK(axes(share), gamma=gamma)
    check(["T25"], share, feedback, step, [0 * START], squared_gradients_at_iterate=at_X)


@pytest.mark.parametrize(("share", "gamma_L"), [(0.5, 0.12), (0.3, 0.07)])
def test_EF21(share, gamma_L):
    gamma = gamma_L / WAVES.L

    def step(P, W, V):
        V = V + P @ (WAVES.gradient(W) - V)
        return W - gamma * V, V

    check(("T27", "T27_pl"), share, EF21(axes(share), gamma=gamma), step, [0 * START])


@pytest.mark.parametrize(("share", "gamma_L", "b", "K"), [(0.5, 0.2, 0.9, 1), (0.3, 0.7, 0.6, 4)])
def test_links(share, gamma_L, b, K):
    """Catches the step gamma / (1 - b), 1.2 of the bound."""
    gamma = gamma_L / WAVES.L

    def link(P, W):
        M = 0 * W
        for _ in range(K):
            M = b * M + P @ WAVES.gradient(W)
            W = W - gamma * M
        return (W,)

    algorithm = MomentumInLinks(axes(share), gamma, b, K, carried=False)
    check(("T23", "T23_pl"), share, algorithm, link, start=np.array([[2.6], [-2.4]]))


@pytest.mark.parametrize(("share", "gamma_L", "weights"), [(0.5, 1.5, (0.1, 1.0)), (0.3, 0.9, (2.0, 0.5))])
def test_weights_that_look_at_the_gradient(share, gamma_L, weights):
    gamma = gamma_L / WAVES.L

    def step(P, W):
        seen = P @ WAVES.gradient(W)
        return (W - gamma * np.where(np.abs(seen) > 0.5, *weights) * seen,)

    algorithm = Preconditioned(axes(share), gamma, [1.0])
    check(("T26", "T26_pl"), share, algorithm, step, letters={"a": min(weights), "A": max(weights)})


@pytest.mark.parametrize(("share", "made"), [(0.5, MuonStep), (0.3, NormalisedStep)])
def test_steps_of_one_length(share, made):
    problem, algorithm = PLSine((2, 2)), made(RACLoRA(axes(share), 0.2))

    def step(P, W):
        row = P @ problem.gradient(W)
        return (W - 0.2 * row / np.linalg.norm(row, axis=(1, 2), keepdims=True),)

    def norms(W):
        return algorithm.norms(problem.gradient(W))

    start = np.array([[1.0, -0.4], [0.3, 0.8]])
    check(["T24"], share, algorithm, step, problem=problem, start=start, gradient_norms=norms)
