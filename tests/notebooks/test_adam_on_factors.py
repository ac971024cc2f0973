"""Adam on two factors: against a loop over numbers, and by what tells it from gradient descent."""

import math

import numpy as np
import pytest
from adam_on_factors import adam_on_factors, best_for_adam

from rac_theory import Initialisation
from rac_theory.problems import LeastSquares, Quadratic

PROBLEM = LeastSquares(*(np.random.default_rng(seed).standard_normal((9, n)) for seed, n in ((0, 4), (1, 3))))


def started(rank, runs):
    B, A = Initialisation.kaiming(PROBLEM.shape, rank).draw(np.random.default_rng(2), np.zeros((runs, *PROBLEM.shape)))
    return B + 0.1, A


def by_numbers(B, A, scale, eta, steps):
    """Adam as its paper has it, number by number; the gradient by differences."""
    x = np.concatenate([B.ravel(), A.ravel()])

    def loss(x):
        return PROBLEM.value(scale * x[: B.size].reshape(B.shape) @ x[B.size :].reshape(A.shape))

    m, v = [0.0] * x.size, [0.0] * x.size
    for t in range(1, steps + 1):
        h = 1e-5
        g = [(loss(x + h * e) - loss(x - h * e)) / (2 * h) for e in np.eye(x.size)]
        for i in range(x.size):
            m[i] = 0.9 * m[i] + 0.1 * g[i]
            v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2
            x[i] -= eta * (m[i] / (1 - 0.9**t)) / (math.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)
    return loss(x)


def test_it_is_adam_number_by_number():
    """Catches means without their correction, a gradient without the scale, a factor that moves before the other."""
    B, A = started(2, 3)
    found = adam_on_factors(PROBLEM, B, A, scale=0.7, learning_rate=0.05, steps=7)
    assert found.shape == (3,)
    for run in range(3):
        assert found[run] == pytest.approx(by_numbers(B[run], A[run], 0.7, 0.05, 7), rel=1e-6)


def test_its_steps_know_nothing_of_the_scale_of_f():
    """Those of gradient descent would be a thousand times as long, and far too long."""
    B, A = started(1, 2)
    S = np.diag([4.0, 1.0, 0.5, 0.1])
    one, large = (Quadratic.left(c * S, np.ones((4, 3))) for c in (1.0, 1e3))
    losses = [adam_on_factors(f, B, A, scale=1.0, learning_rate=0.1, steps=9) for f in (one, large)]
    np.testing.assert_allclose(losses[1], 1e3 * losses[0], rtol=1e-4)


def test_the_best_is_the_lowest_median_of_all_that_were_tried():
    """By single calls, on the same draws of A; one that overflows is not the best. Catches the lowest mean, or run."""

    def best(*etas):
        return best_for_adam(PROBLEM, 2, lora_alpha=3.0, learning_rates=etas, steps=12, runs=7, rng=4)

    etas = (1e-3, 0.03, 0.3, 3.0, 1e99)
    found = best(*etas)
    assert found == best(*etas)
    alone = [best(eta).loss for eta in etas]
    assert found.loss == min(alone)
    assert found.best == etas[int(np.argmin(alone))]
    assert found.spread[0] <= found.best <= found.spread[1]
    with pytest.raises(ValueError, match="learning_rates must be a finite number > 0"):
        best_for_adam(PROBLEM, 1, lora_alpha=1.0, learning_rates=[0.0], steps=1)
