"""The witnesses of cards by second routes: runs, matrices, other formulas in fractions; and their repairs, widely."""

import math
from fractions import Fraction
from itertools import combinations_with_replacement

import numpy as np
import pytest

from rac_theory.literature import CLAIMS
from rac_theory.literature.published import adaptation, memory, subspaces

SAID = {
    "rslora-iff": "learning rate 1/4 the; w by 1/4 at; each of 6 steps; rank 4, 16, 64:",
    "merge-drift": "1027/1024 added and 1,; weight -1/2 is -127/256 after; -63/128 after two; -1/4 after 64; "
    "3526 pairs of bfloat16 1134 move",
    "rank-collapse": "to 1/3 of",
    "altlora-invariance": "",
    "subtrack-3-2": "",
    "gum-weights": "q = 1/8; G = diag(2, 1); diag(7/8, 1/8)",
    "galore-decay": "minimiser 8/9 of; as 1/4 of all; one of 4 coordinates; leaves 8/9 for 2/3; 4 times the",
    "golore-any-optimiser": "by 4 optimisers and all 64 coins",
    "heavy-ball-mean": "momentum 9/16; one of 16; 60 to 120; 6.682 times",
    "error-feedback-tight": "rates are 25/36, 49/81; has 841/1369 where they have 25/36",
}


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.witness])
def test_every_check_of_a_witness_holds(name):
    """And says its numbers. Would catch any wrong constant in a card: each check compares one with what is computed."""
    evidence = CLAIMS[name].evidence
    assert evidence.checks
    assert [check.sentence for check in (*evidence.checks, *evidence.against) if not check.holds] == []
    assert bool(evidence.against) == bool(CLAIMS[name].refutes)
    said = "\n".join(map(str, (*evidence.checks, *evidence.against)))
    assert [words for words in SAID[name].split("; ") if words not in said] == [], said


def polar(M):
    """The step of Muon: all singular values that are not zero become one."""
    U, s, V = np.linalg.svd(M, full_matrices=False)
    return (U * (s > 1e-12 * s[0])) @ V


def test_weights_on_gradients_are_lost_and_weights_on_steps_are_not():
    """By singular values of 5 x 4 gradients. Catches q for 1 - q, and a repair for any projection."""
    rng, q = np.random.default_rng(0), 0.2
    G = rng.standard_normal((5, 4))
    P = np.linalg.svd(G)[0][:, :2]
    low, rest = P @ P.T @ G, G - P @ P.T @ G
    mean = (1 - q) * polar(low / (1 - q)) + q * polar(rest / q)
    np.testing.assert_allclose(mean, (1 - q) * polar(low) + q * polar(rest), atol=1e-12)
    assert np.linalg.norm(mean - polar(G)) > 1
    np.testing.assert_allclose(polar(low) + polar(rest), polar(G), atol=1e-10)


def test_heavy_ball_by_matrices_of_all_coins():
    """The mean of x and of x^2 over all 2^12 sequences of an 8-step run with chances as weights, in floating point."""
    steps, p, beta = 12, 1 / memory.DIM, float(memory.BETA)
    states = {(1.0, 1.0): 1.0}
    for t in range(steps + 1):
        mean, square = (sum(w * x**k for (x, _), w in states.items()) for k in (1, 2))
        assert mean == pytest.approx(float(memory.heavy_ball_means(steps)[t]))
        assert square == pytest.approx(float(memory.heavy_ball_squares(steps)[t]))
        after = {}
        for (x, before), w in states.items():
            for stays, chance in ((0, p), (1, 1 - p)):
                to = (stays * x + beta * (x - before), x)
                after[to] = after.get(to, 0.0) + w * chance
        states = after


def test_two_forms_are_the_same_where_all_ten_products_are():
    """Catches a point that is left out, and forms that agree at one of them."""
    for some in combinations_with_replacement(range(4), 2):

        def term(x, some=some):
            return x[some[0]] * x[some[1]]

        assert not memory.forms_agree(lambda x: Fraction(0), term)
        assert memory.forms_agree(term, term)


@pytest.mark.parametrize("make", [memory.feedback_certificate, memory.ef21_certificate])
def test_certificates_of_error_feedback_agree_elsewhere(make):
    """At 20 random points where the root is no fraction; and a rate that is off by a hundredth is not certified."""
    rng = np.random.default_rng(5)
    for _ in range(20):
        s, mu = rng.uniform(0.1, 0.9, size=2)
        root = math.sqrt((1 - mu) ** 2 + 16 * mu * s / (1 + s) ** 2)
        left, right = make(s, mu, root)
        point = rng.standard_normal(4)
        assert left(point) == pytest.approx(right(point), rel=1e-9, abs=1e-9)
        left, right = make(s, mu, 1.01 * root)
        assert abs(left(point) - right(point)) > 1e-6


def test_error_feedback_keeps_the_certified_rate():
    """Runs with a compression by exactly epsilon, on a quadratic of two curvatures, as the potential of the scripts."""
    s, mu, root = (float(x) for x in memory.RATIONAL[0])
    eta, _, rho = memory.feedback_constants(s, mu, root)
    weight = 1 / (2 + 1 / s)
    curvature, rng = np.array([1.0, mu]), np.random.default_rng(1)
    x, e = np.ones(2), np.zeros(2)

    def potential(x, e):
        return x @ x - 2 * x @ e + (1 - weight) / weight * e @ e

    for _ in range(40):
        before, full = potential(x, e), e + eta * curvature * x
        turn = rng.standard_normal(2)
        message = full - s * np.linalg.norm(full) * turn / np.linalg.norm(turn)
        x, e = x - message, full - message
        assert potential(x, e) <= rho * before * (1 + 1e-12)


def test_scaled_factors_by_matrices():
    """LoRA's own gradients on a 1 x 1 matrix. Catches a scale that is used once, or a rate for the other factor."""
    for rank, scale, rates in ((4, 0.5, (0.25, 0.25)), (9, 1 / 9, (2.25, 0.25))):
        B, A, w = np.zeros((1, rank)), np.ones((rank, 1)), [0.0]
        for _ in range(6):
            G = np.array([[w[-1] - 1]])
            B, A = B - rates[0] * scale * G @ A.T, A - rates[1] * scale * B.T @ G
            w.append(float((scale * B @ A)[0, 0]))
        told = adaptation.scaled_factors(Fraction(scale), (Fraction(rates[0]), Fraction(rates[1])), rank)
        np.testing.assert_allclose(w, [*map(float, told)], rtol=1e-12)


def test_moves_of_scaled_steps_are_those_of_the_product():
    """B (B'B)^-1 B'G for factors (BQ, Q^-1 A) of rank 2. Catches a step that is scaled once too little, and a ridge."""
    rng = np.random.default_rng(3)
    B, G = rng.standard_normal((5, 2)), rng.standard_normal((5, 4))

    def move(B, ridge):
        return B @ np.linalg.solve(B.T @ B + ridge * np.eye(2), B.T @ G)

    for Q in (np.diag([1e3, 1e-2]), rng.standard_normal((2, 2))):
        np.testing.assert_allclose(move(B @ Q, 0.0), move(B, 0.0), rtol=1e-8, atol=1e-10)
    small = 1e-3 * np.linalg.qr(B)[0]
    np.testing.assert_allclose(move(small, 1e-5), move(small, 0.0) / 11, rtol=1e-8)


def test_clients_by_matrices():
    """Two clients of rank 1 and 2 by singular value decompositions, at rates 0 and 1/2."""
    for rate in (0.0, 0.5):
        W, target = np.diag([2.0, 0.5]), np.diag([2.0, 1.0])
        for told in adaptation.shared_ranks(12, Fraction(rate))[1:]:
            U, s, V = np.linalg.svd(W)
            first = U[:, :1] * s[:1] @ V[:1]
            moved = first - rate * U[:, :1] @ U[:, :1].T @ (first - target)
            W = (moved + W - rate * (W - target)) / 2
            assert W[1, 1] == pytest.approx(float(told))


def test_the_subspace_of_the_noise_is_kept_by_its_norm():
    """Of diag(w_1, coin) the leading left singular vector is the second axis while |w_1| < 2. Of a vector it is all."""
    for coin in (2.0, -2.0):
        np.testing.assert_allclose(abs(np.linalg.svd(np.diag([1.0, coin]))[0][:, 0]), [0, 1], atol=1e-12)
    assert len(subspaces.OPTIMISERS) == 4
