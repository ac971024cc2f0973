"""C30 by a second route: random constant curvatures and projections as matrices, and the condition that is derived."""

import numpy as np
import pytest

from rac_theory.literature import C30
from rac_theory.literature.counterexamples.printed_theorems import projected


def recursion(rng, m=5, n=4, r=2):
    """B, C of a random quadratic, orthonormal P and Q, and minus its gradient at zero."""
    B, C = (M @ M.T for M in (rng.standard_normal((m, m)), rng.standard_normal((n, n))))
    P, Q = (np.linalg.qr(rng.standard_normal((side, r)))[0] for side in (m, n))
    return B, C, P, Q, rng.standard_normal((m, n))


def ends(B, C, P, Q):
    """The smallest and the largest of the products of eigenvalues, in the range: kappa, and what the repair needs."""
    products = np.outer(np.linalg.eigvalsh(P.T @ B @ P), np.linalg.eigvalsh(Q.T @ C @ Q))
    return products.min(), products.max()


@pytest.mark.parametrize("seed", range(20))
def test_the_bound_holds_under_the_condition_and_what_is_projected_alone_shrinks(seed):
    """By the matrices of Theorem 3.8, N = 1. Catches a repair by kappa alone, and one for any eta."""
    rng = np.random.default_rng(seed)
    B, C, P, Q, A = recursion(rng)
    kappa, largest = ends(B, C, P, Q)
    W, eta = np.zeros_like(A), 1 / largest
    before = np.linalg.norm(P.T @ A @ Q)
    for _ in range(5):
        W = W + eta * P @ (P.T @ (A - B @ W @ C) @ Q) @ Q.T
        after = np.linalg.norm(P.T @ (A - B @ W @ C) @ Q)
        assert after <= (1 - eta * kappa) * before * (1 + 1e-12)
        before = after
    far = np.zeros_like(A)
    for _ in range(60):
        far = far + (3 / largest) * P @ (P.T @ (A - B @ far @ C) @ Q) @ Q.T
    assert np.linalg.norm(P.T @ (A - B @ far @ C) @ Q) > before
    assert np.linalg.norm(A - B @ W @ C) > 0.1  # kappa > 0, and the gradient stays


def test_the_squares_are_those_of_the_recursion():
    R = np.array([1.0, 1.0])
    for square in projected(0.3, (1, 4), 6):
        assert float(square) == pytest.approx(R @ R)
        R = R - 0.3 * np.array([1, 4]) * R


def test_the_case_is_the_frozen_step():
    assert (C30.method.gamma, C30.problem.L) == (0.5, 1.0)
