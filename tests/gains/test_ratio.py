"""The largest ratio of two semidefinite matrices as a bound: whatever T and K may be off, and where there is none."""

import math

import numpy as np
import pytest
from scipy.linalg import eigh

from rac_theory.gains.ratio import largest_ratio

DENSE = np.array([[1.0, 0.6, 0], [0.6, 1, 0.2], [0, 0.2, 0.5]])
T = np.array([[3.0, 1, 0], [1, 1, 0.5], [0, 0.5, 0.4]])


@pytest.mark.parametrize("K", [DENSE, np.diag([1.0, 0.1, 0.5]), np.eye(3) / 3], ids=["dense", "diagonal", "isotropic"])
def test_it_is_the_eigenvalue_and_covers_what_may_be_off(K):
    """Catches the error of T over the largest eigenvalue of K, and that of K left out."""
    assert largest_ratio(T, K, off_T=0, off_K=0) == pytest.approx(eigh(T, K, eigvals_only=True)[-1], rel=1e-12)
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = np.linalg.qr(rng.standard_normal((3, 3)))[0]
        E = 0.05 * (x * [1, -1, 0.5]) @ x.T
        smaller = K * (1 - 0.02 * np.eye(3)) if np.count_nonzero(K) == 3 else K - 0.02 * np.outer(x[0], x[0])
        true = eigh(T + E, smaller, eigvals_only=True)[-1]
        assert largest_ratio(T, K, off_T=0.05, off_K=0.02) >= true
    worst = np.linalg.eigh(K)[1][:, 0]
    steep = np.outer(worst, worst) * 0.05
    true = eigh(steep, K, eigvals_only=True)[-1]
    assert largest_ratio(0 * steep, K, off_T=0.05, off_K=0) >= true * (1 - 1e-12)


def test_rows_that_are_never_drawn_are_left_out():
    """Catches a division by zero, and a bound of T where K is zero."""
    K, inner = np.diag([1.0, 0, 0.5]), np.diag([2.0, 0, 3])
    assert largest_ratio(inner, K, off_T=0, off_K=0) == pytest.approx(6)
    assert largest_ratio(0 * inner, 0 * K, off_T=0, off_K=0) == 0


def test_there_is_no_bound_beside_what_is_nearly_singular():
    """Catches an eigenvalue of rounding taken for one of E[H]."""
    u = np.array([[1.0, 1, 1], [0, 1, -1]])
    assert largest_ratio(T, u.T @ u, off_T=0, off_K=1e-12) == math.inf
    assert largest_ratio(T, DENSE, off_T=0, off_K=0.4) == math.inf
