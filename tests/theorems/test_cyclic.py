"""T18: what a cycle misses of the gradient, in numbers, and what its factor would be of other orders."""

import numpy as np
import pytest

from rac_theory import Case, Constants, CyclicRACLoRA, Status, exact_rate, verify
from rac_theory.problems import Quadratic
from rac_theory.sketches import BlockPartition, Coordinate, FiniteSupport
from tests.as_one_test import as_one_test


def ell(k):
    return min((k - 1) ** 0.5, int(np.ceil(np.log2(k))))


@as_one_test("k", [1, 2, 3, 4, 5, 16, 17, 18, 33, 100])
def test_the_cost_of_turns(k):
    """The smaller of both, rounded up: the root up to four blocks and once more at sixteen and at 26."""
    problem = Quadratic.left(np.eye(k), np.ones((k, 1)))
    known = Constants.of(Case(CyclicRACLoRA(Coordinate(k, 1), 0.1), problem))
    assert ell(k) <= known.ell <= ell(k) * (1 + 1e-15)
    assert f"k = {k} blocks" in known.provenance["ell"]


def missed(A, blocks, moves):
    """``b / (gamma L a)`` for the gradient A W and moves (k, d), one in each block; turn i has seen the first i."""
    before = np.cumsum(moves, axis=0) - moves
    parts = [np.sum((H @ (A @ seen)) ** 2) for H, seen in zip(blocks, before, strict=True)]
    return (sum(parts) / np.sum(moves**2)) ** 0.5 / np.linalg.norm(A, 2)


def test_linear_gradients_turn_no_further():
    """500 matrices and partitions, symmetric or not, and the moves that a power iteration finds to be the worst."""
    rng, nearest = np.random.default_rng(0), {}
    for _ in range(500):
        d = int(rng.integers(2, 20))
        k = int(rng.integers(2, d + 1))
        cuts = np.sort(rng.choice(np.arange(1, d), k - 1, replace=False))
        U = np.linalg.qr(rng.standard_normal((d, d)))[0]
        bases = np.split(U, cuts, axis=1)
        A = rng.standard_normal((d, d))
        A = A + A.T if rng.integers(2) else np.linalg.qr(A)[0]
        lower = sum(B @ B.T @ A @ sum((C @ C.T for C in bases[:i]), np.zeros((d, d))) for i, B in enumerate(bases))
        worst = np.linalg.svd(lower)[2][0]
        share = missed(A, [B @ B.T for B in bases], np.array([B @ (B.T @ worst) for B in bases]))
        assert share == pytest.approx(np.linalg.norm(lower, 2) / np.linalg.norm(A, 2), rel=1e-9)
        assert share <= ell(k) * (1 + 1e-12)
        nearest[k] = max(nearest.get(k, 0), share / ell(k))
    assert nearest[2] > 0.99


def test_the_logarithm_is_needed():
    """The lower triangle of 1/(i - j): half of the natural logarithm over pi, and more; no constant would do."""
    for k in (4, 64, 512):
        apart = np.subtract.outer(np.arange(k), np.arange(k))
        A = np.divide(1.0, apart, out=np.zeros((k, k)), where=apart != 0)
        share = np.linalg.norm(np.tril(A), 2) / np.linalg.norm(A, 2)
        assert np.log(k) / (2 * np.pi) < share <= ell(k)


@pytest.mark.parametrize("k", [3, 8])
def test_gradients_that_are_not_linear_turn_no_further(k):
    """Waves in turned axes: the largest share that 2,000 starts find is below the bound, and not far below one."""
    rng = np.random.default_rng(k)
    U, best = np.linalg.qr(rng.standard_normal((k, k)))[0], 0.0

    def gradient(W):
        return U @ (np.abs((U.T @ W - 0.5) % 2 - 1) - 0.5)

    for _ in range(2000):
        W, gamma = 4 * rng.standard_normal(k), rng.uniform(0.1, 2)
        G, at, a, b = gradient(W), W.copy(), 0.0, 0.0
        for i in range(k):
            seen = gradient(at)
            a, b = a + seen[i] ** 2, b + (G[i] - seen[i]) ** 2
            at[i] -= gamma * seen[i]
        best = max(best, (b / a) ** 0.5 / gamma)
    assert 0.5 < best <= ell(k)


@pytest.mark.parametrize(("order", "times"), [("shuffled", 0.3), ("cyclic", 1.0), ("shuffled", 1.9)])
def test_its_factor_is_above_exact_rates(order, times):
    """50 quadratics of random spectra: steps from far below to near 2/L_H."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        d = int(rng.integers(2, 7))
        U = np.linalg.qr(rng.standard_normal((d, d)))[0]
        problem = Quadratic.left(U @ np.diag(rng.uniform(0.05, 1, d) ** 2) @ U.T, np.ones((d, 1)))
        sketch = BlockPartition(d, int(rng.integers(1, d + 1)))
        c = Constants.of(Case(CyclicRACLoRA(sketch, 1.0), problem))
        gamma = times / c.L_H
        factor = 1 - c.mu * gamma * (2 - gamma * c.L_H) / (1 + gamma * c.L * c.ell) ** 2
        assert exact_rate(Case(CyclicRACLoRA(sketch, gamma, order=order), problem)) <= factor * (1 + 1e-12)


def test_a_block_that_is_never_drawn_has_its_turn():
    """L_H by the probabilities of the sketch would not see the steep third block, and T18 would be refuted."""
    problem = Quadratic.left(np.diag([1.0, 1.0, 100.0]), np.ones((3, 1)))
    blocks = [[[1, 0], [0, 1], [0, 0]], [[0, 0], [0, 0], [1, 0]]]
    for chance in (0.0, 1e-12, 0.5):
        sketch = FiniteSupport(blocks, [1 - chance, chance])
        case = Case(CyclicRACLoRA(sketch, 0.5), problem, steps=5)
        assert abs(Constants.of(case).L_H - 100) < 1e-9
        assert verify("T18", case).status is Status.NOT_APPLICABLE
