"""C30 and C31 by second routes: random constant curvatures and projections as matrices, and Adam's first step as its
formulas are, on gradients and projections that are drawn."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

from rac_theory.literature import C30
from rac_theory.literature.counterexamples.printed_theorems import outside, printed_ends, projected


def recursion(rng, m=5, n=4, r=2):
    """B, C of a random quadratic, orthonormal P and Q, and minus its gradient at zero."""
    B, C = (M @ M.T for M in (rng.standard_normal((m, m)), rng.standard_normal((n, n))))
    P, Q = (np.linalg.qr(rng.standard_normal((side, r)))[0] for side in (m, n))
    return B, C, P, Q, rng.standard_normal((m, n))


def ends(B, C, P, Q):
    """The smallest and the largest of the products of eigenvalues, in the range: kappa, and what the repair needs."""
    products = np.outer(np.linalg.eigvalsh(P.T @ B @ P), np.linalg.eigvalsh(Q.T @ C @ Q))
    return products.min(), products.max()


def descended(B, C, P, Q, A, eta, steps):
    """The iterates, and the projected gradient at each."""
    W = [np.zeros_like(A)]
    for _ in range(steps):
        W.append(W[-1] + eta * P @ (P.T @ (A - B @ W[-1] @ C) @ Q) @ Q.T)
    return np.array(W), P.T @ (A - B @ np.array(W) @ C) @ Q


def test_the_bound_holds_under_the_condition_and_what_is_projected_alone_shrinks():
    """By random matrices of Theorem 3.8, N = 1. Catches a repair by kappa alone, and one for any eta."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        B, C, P, Q, A = case = recursion(rng)
        kappa, largest = ends(B, C, P, Q)
        W, seen = descended(*case, 1 / largest, 5)
        norms = np.linalg.norm(seen, axis=(1, 2))
        assert (norms[1:] <= (1 - kappa / largest) * norms[:-1] * (1 + 1e-12)).all()
        assert np.linalg.norm(descended(*case, 3 / largest, 60)[1][-1]) > norms[-1]
        assert np.linalg.norm(A - B @ W[-1] @ C) > 0.1  # kappa > 0, and the gradient stays


def test_a_bounded_run_need_not_have_a_gradient_that_goes_to_zero():
    """At 2 over the largest curvature in the range W stays within its first bound for 2,000 steps, and the projected
    gradient keeps its part along that curvature."""
    B, C, P, Q, _ = case = recursion(np.random.default_rng(0))
    W, seen = descended(*case, 2 / ends(B, C, P, Q)[1], 2000)
    u, v = (np.linalg.eigh(X)[1][:, -1] for X in (P.T @ B @ P, Q.T @ C @ Q))
    kept, sizes = np.abs(seen @ v @ u), np.linalg.norm(W, axis=(1, 2))
    np.testing.assert_allclose(kept, kept[0], rtol=1e-6)
    assert kept[0] > 1e-3
    assert sizes[1000:].max() <= sizes[:1000].max() * (1 + 1e-6)


def test_the_bound_holds_with_norms_where_curvatures_move():
    """Exactly, of numbers with B = p + b W and C = q + c W, short steps. The terms b D |C| and c D |B| are attained
    each, where the other is zero: a smaller one would be caught; with b c D^2 for them the bound is exceeded."""
    rng, attained, exceeded = np.random.default_rng(0), set(), 0
    for _ in range(2000):
        drawn = rng.integers((-9, -9, 1, 1, -4, -4, 4), (10, 10, 9, 9, 5, 5, 20))
        A, W, p, q, b, c, k = (Fraction(int(x), 4) for x in drawn)
        if p + b * W <= 0 or q + c * W <= 0:
            continue
        B, C = p + b * W, q + c * W
        R, eta = A - B * W * C, 1 / (k * B * C)
        after = W + eta * R
        B1, C1, D = p + b * after, q + c * after, max(abs(W), abs(after))
        moved = abs(A - B1 * after * C1)
        norms = abs(b) * D * C + abs(c) * D * abs(B1)
        bound = (1 - eta * (B * C - norms)) * abs(R)
        assert moved <= bound
        attained |= {(bool(b), bool(c))} if moved == bound and R else set()
        exceeded += moved > (1 - eta * (B * C - 2 * abs(b * c) * D**2)) * abs(R)
    assert {(True, False), (False, True)} <= attained
    assert exceeded > 100


def test_the_squares_are_those_of_the_recursion():
    """And the case is the frozen step."""
    R = np.array([1.0, 1.0])
    for square in projected(0.3, (1, 4), 6):
        assert float(square) == pytest.approx(R @ R)
        R = R - 0.3 * np.array([1, 4]) * R
    assert (C30.method.gamma, C30.problem.L) == (0.5, 1.0)


BETA1, BETA2 = 0.9, 0.999


def scales(G):
    """The norm of the first step of Adam over that of the gradient, for each column."""
    step = (1 - BETA1) * G / np.sqrt((1 - BETA2) * G**2)
    return np.linalg.norm(step, axis=0) / np.linalg.norm(G, axis=0)


@pytest.mark.parametrize(("m", "n", "r"), [(8, 30, 3), (30, 30, 5), (12, 400, 12)])
def test_the_ratio_is_by_the_entries_of_a_column(m, n, r):
    """Catches n for m, and a root that is missing."""
    rng = np.random.default_rng(0)
    G, P = rng.standard_normal((m, n)), rng.standard_normal((r, m)) / math.sqrt(r)
    expected = math.sqrt(r / m) * np.linalg.norm(G, axis=0) / np.linalg.norm(P @ G, axis=0)
    np.testing.assert_allclose(scales(P @ G) / scales(G), expected, rtol=1e-12)


@pytest.mark.parametrize("factor", [1.3, 0.7])
def test_the_probability_is_that_of_draws(factor):
    """At rank 64, near either end, within 4 standard errors of 40,000 columns; 3.3e-5 an end by chance."""
    rank, delta = 64, 0.9
    low, high = printed_ends(rank, delta)
    draws = np.random.default_rng(1).standard_normal((40_000, rank))
    ratios = factor * math.sqrt(rank) / np.linalg.norm(draws, axis=1)
    share, p = np.mean((ratios < low) | (ratios > high)), outside(factor, rank, delta)
    assert 0.001 < p < 0.999
    assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / 40_000)


def test_the_printed_ends_are_those_of_the_smallest_epsilon():
    low, high = printed_ends(1024, 0.01)
    epsilon = math.sqrt(8 / 1024 * math.log(200))
    assert low == pytest.approx(math.sqrt(1 - epsilon) / (1 + epsilon))
    assert high == pytest.approx(math.sqrt(1 + epsilon) / (1 - epsilon))
    assert high == pytest.approx(1.377, abs=5e-4)


def test_at_rank_one_the_mean_scale_has_no_end():
    """Of 1/|z| up to a level the mean grows by 2 phi(0) log 10 for each power of ten, and the median stays."""
    for level in (1e-4, 1e-3):
        z = np.geomspace(level, 10 * level, 100_001)
        part = np.trapezoid(2 * norm.pdf(z) / z, z)
        assert part == pytest.approx(2 * norm.pdf(0) * math.log(10), rel=1e-3)
