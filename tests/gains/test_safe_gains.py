"""Gains are on the safe side to the last bit, and what is drawn of them is at the level that is told."""

import importlib
import math
import re
from fractions import Fraction
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.linalg import eigvalsh

from rac_theory import Bernoulli, Case, Constants, InverseOnRange, RACLoRA, StepPerDraw, spectrum
from rac_theory.algorithms.fitted_steps import SeenCurvature
from rac_theory.gains.common_basis import Part, Parts
from rac_theory.gains.fitted_step import _bound, _least, _promised, _sampled, fitted_step, in_a_range, on_a_line
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.step_gain import GaussianProducts, step_gain
from rac_theory.numerics.confidence import empirical_bernstein_lower, kl_lower
from rac_theory.numerics.randomness import child, seed_sequence
from rac_theory.problems import Quadratic
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import FiniteSupport, FromFunction, Haar, WeightedCoordinate
from rac_theory.sketches.draws import draw_ranges

KINDS = (StepPerDraw, InverseOnRange)
FITTED = importlib.import_module("rac_theory.gains.fitted_step")  # whose name the function of the room has
STEPS = importlib.import_module("rac_theory.gains.step_gain")
LEVEL = {"alpha": 1e-3, "draws": 9, "rng": 0}
RNG = np.random.default_rng(0)
PLANE = np.linalg.qr(RNG.standard_normal((2, 2)))[0]


def random_pairs(number):
    return zip(RNG.uniform(0.1, 3.0, number), RNG.uniform(0.1, 3.0, number), strict=True)


def test_by_L_H_it_is_rounded_down():
    """gamma (2 - gamma L_H) lambda_min in fractions of its constants. Catches the other direction, and L_H alone."""
    for q, gamma in random_pairs(40):
        c = Constants.of(Case(RACLoRA(Haar(3, 1), gamma), Quadratic.left(np.diag([q, q / 3, 0.1]), np.ones((3, 1)))))
        factor = Fraction(gamma) * (2 - Fraction(gamma) * Fraction(c.L_H))
        exact = factor * Fraction(c.lambda_min if factor > 0 else c.lambda_max)
        assert Fraction(c.nu) <= exact
        assert c.nu == pytest.approx(float(exact), rel=1e-15)


def test_by_both_moments_it_is_rounded_down():
    """p_i (2 gamma - gamma^2 q_ij) in fractions. Catches a rounding that is added, and one column for another."""
    uneven = FiniteSupport(np.eye(2)[..., None], [0.75, 0.25])
    p = Fraction(3, 4), Fraction(1, 4)
    for q, gamma in random_pairs(40):
        columns = np.array([[q, 0.25], [0.5, 1.0]])  # of S_j, by rows
        Q = Smoothness([(np.diag(S), np.diag(R)) for S, R in zip(columns, np.eye(2), strict=True)])
        found = step_gain(RACLoRA(uneven, gamma), Q, smoothness_along(uneven, Q).L_H, spectrum(uneven))
        step = Fraction(gamma)
        exact = min(p[i] * (2 * step - step**2 * Fraction(columns[j, i])) for i in (0, 1) for j in (0, 1))
        assert Fraction(found.nu) <= exact
        assert found.nu == pytest.approx(float(exact), rel=1e-9, abs=1e-9)


def test_of_products_it_is_rounded_down_and_of_whole_matrices(monkeypatch):
    """r tau (2 - c tau) of Gaussian entries, in fractions; E[BB'SBB'] of one draw, by hand, with what S is off by."""
    for c, tau in random_pairs(20):
        exact = 3 * Fraction(tau) * (2 - Fraction(c) * Fraction(tau))
        found = GaussianProducts(3, Fraction(c)).gain(tau)
        assert found.nu <= exact < math.nextafter(found.nu, math.inf)
    part = Part(np.diag([1.0, 2.0]), 0.5)
    monkeypatch.setattr(STEPS, "in_common_basis", lambda terms: Parts([part]))
    known = STEPS._listed_products((np.ones((1, 2, 1)), np.ones(1)), Smoothness.isotropic(3.0, (2, 1)), "left")
    np.testing.assert_allclose(known.moments[0].second, 3 + 0.5 * 2)


@pytest.mark.parametrize("gamma", [0.05, 20.0])
def test_a_plain_step_along_orthonormal_columns_has_L_H(gamma):
    """Short steps take lambda_min, long ones lambda_max; the longest has L. Catches L for L_H."""
    Q, sketch = Smoothness([(np.diag([4.0, 1, 0.5, 0.1]), np.eye(3))]), Haar(4, 2)
    step, L_H = RACLoRA(sketch, gamma, lora_alpha=1.5), smoothness_along(sketch, Q).L_H
    found, tau = step_gain(step, Q, L_H, spectrum(sketch)), Fraction(gamma * step.plain_scale)
    exact = (2 * tau - Fraction(L_H) * tau**2) / 2
    assert exact - abs(exact) / 10**15 <= Fraction(found.nu) <= exact
    longest = 4 * tau * (1 + Fraction(1, 10**11))
    assert longest <= Fraction(found.longest) <= longest * (1 + Fraction(1, 10**15))
    assert L_H < 4


def test_the_longest_draw_is_the_longest_of_all():
    """Of the plain step: tau B'QB of the longer of two, seldom drawn, on the flatter axis; rounded up, in any unit."""
    sketch = FiniteSupport(np.array([[[2.0], [0.0]], [[0.0], [3.0]]]), [0.99, 0.01])
    for unit in (1.0, 2.0**-9):
        problem = Quadratic.left(unit * np.diag([2.0, 1.0]), np.ones((2, 1)))
        c = Constants.of(Case(RACLoRA(sketch, 0.1, lora_alpha=1.0), problem))
        assert 0.9 * unit <= c.longest_step <= 0.9 * unit * (1 + 1e-11)


def test_beyond_2_over_L_H_most_is_lost_where_most_is_drawn():
    """Of an uneven sketch: a coin, the plain step, the projected one. Catches lambda_min of what is negative."""
    sketch, problem = WeightedCoordinate(4, 1, [0.7, 0.1, 0.1, 0.1]), Quadratic.left(np.eye(4), np.ones((4, 4)))
    coin = Constants.of(Case(Bernoulli(sketch, sketch, 2.5, 0.5), problem))
    assert coin.nu == pytest.approx((2 * 2.5 - 2.5**2) * 0.7, rel=1e-10)
    assert coin.lambda_min == pytest.approx(0.1, rel=1e-11)
    for algorithm in (RACLoRA(sketch, 2.5, lora_alpha=1.0), RACLoRA(sketch, 2.5)):
        assert Constants.of(Case(algorithm, problem)).nu == pytest.approx((2 * 2.5 - 2.5**2) * 0.7, rel=1e-10)


def test_on_a_line_in_the_plane_it_is_rounded_down():
    """1 / (s + sqrt(s t)), s the larger. Catches the other direction, by a part in 10^10."""
    for pair in random_pairs(40):
        s, t = max(pair), min(pair)
        true = 1 / (s + math.sqrt(s * t))
        assert true * (1 - 1.1e-10) <= on_a_line(np.array(pair)) <= true * (1 - 0.9e-10)


def test_curvatures_on_a_line_are_raised_in_the_units_of_the_largest(monkeypatch):
    """By a part of L, which is 1e-9 otherwise; and an inverse root by eps of it. Catches a part of 1/L."""
    monkeypatch.setattr(FITTED, "_ROUNDING", 0.25)
    found = fitted_step(StepPerDraw(Haar(2, 1)), Smoothness([(np.diag([7.0, 2.0]), np.diag([4.0, 1.0]))]), **LEVEL)
    s, t = 28 + 7, 8 + 7
    assert found.nu == pytest.approx(0.75 / (s + math.sqrt(s * t)), rel=1e-9)
    eps = 2.0**-52
    np.testing.assert_allclose(FITTED._inverse_root(np.diag([0.0, 4.0])), np.diag([(4 * eps) ** -0.5, 0.5]), rtol=1e-12)


@pytest.mark.parametrize(
    ("kind", "gamma", "side"), [*zip(KINDS * 2, (0.5, 1.7, 1.0, 0.5), ("left", "right", "right", "left"), strict=True)]
)
def test_of_lines_and_steep_columns_it_is_that_of_the_steepest(kind, gamma, side):
    """gamma (2 - gamma) / (8 (s + sqrt(s t))) for S (x) R, 8 the largest of R, and no more.

    Catches gamma alone, another direction of the other side, curvatures that are rounded down, and the wrong side.
    """
    S, R = PLANE @ np.diag([3.0, 1.0]) @ PLANE.T, np.diag([1.0, 8.0, 0.5])
    Q = Smoothness([(S, R) if side == "left" else (R, S)])
    found = fitted_step(kind(Haar(2, 1), gamma, side), Q, alpha=1e-3, draws=0, rng=0)
    true = gamma * (2 - gamma) / (8 * (3 + math.sqrt(3)))
    assert true * (1 - 1e-8) <= found.nu <= true
    assert (found.alpha, found.provenance) == (0, "an integral over lines")
    assert gamma <= found.longest


def diagonals(kind, values, floor, ranges):
    """Of M with the curvatures of a range at least a floor, by the eigenvectors of H S H on all of R^d."""
    for U in ranges:
        H = U @ U.T
        seen, V = np.linalg.eigh(H @ np.diag(values) @ H + 1e3 * H)
        seen, V = np.maximum(seen[-U.shape[1] :] - 1e3, floor), V[:, -U.shape[1] :]
        yield np.diagonal(V / (seen.max() if kind is StepPerDraw else seen) @ V.T)


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_range_it_is_the_least_of_bounds_that_share_the_level(kind):
    """By its definition: two bounds of each diagonal entry at alpha/(2 d), the better of them, the least of all.

    Catches alpha for each, a floor in one place of two, and the mean of bounds.
    """
    values, floor, alpha = np.array([4.0, 1.0, 0.3, 0.05]), 0.1, 0.05
    U = draw_ranges(Haar(4, 2), np.random.default_rng(1), 400)
    most = np.maximum(values, floor)
    X = np.clip(np.array(list(diagonals(kind, values, floor, U))) * most, 0, 1)
    by_variance = empirical_bernstein_lower(X, alpha / 8)
    by_mean = [kl_lower(float(mean), 400, alpha / 8) for mean in X.mean(axis=0)]
    expected = (np.maximum(by_variance, by_mean) / most).min() * (1 - 1e-10)
    assert _bound(kind(Haar(4, 2)), values, floor, [U[:300], U[300:]], alpha) == pytest.approx(expected, rel=2e-11)


@pytest.mark.parametrize(
    ("draws", "d", "few", "rest"),
    [(400, 4, [25], [375]), (1, 4, [1], [1]), (99, 1 << 15, [2], [4] * 7 + [2]), (99, 1 << 17, [1], [1] * 7)],
)
def test_draws_that_chose_the_floor_are_not_used_with_it(draws, d, few, rest, monkeypatch):
    """One of 16 tries floors from a half down to 1/4096 of the steepest, for the others. At most 2^20 diagonal entries.

    Catches a bound of all draws, a floor that is not the best, and blocks that hold more numbers than 2^18.
    """
    tried, drawn = {}, []

    def promised(algorithm, spectrum, floor, ranges, alpha, n):
        tried[floor] = ([len(U) for U in ranges], alpha, n)
        return -abs(floor - 0.25)

    def bound(algorithm, spectrum, floor, ranges, alpha):
        drawn.extend(np.concatenate(ranges)[:, 0, 0])
        return floor, [len(U) for U in ranges], alpha

    monkeypatch.setattr(FITTED, "_promised", promised)
    monkeypatch.setattr(FITTED, "_bound", bound)
    algorithm, rng = StepPerDraw(Haar(d, 2)), np.random.default_rng(3)
    found, n = in_a_range(algorithm, np.linspace(4.0, 1.0, d), 0.01, draws, rng)
    assert (found, n) == ((0.25, rest, 0.01), sum(rest))
    assert tried == {4.0 / 2**k: (few, 0.01, n) for k in range(1, 13)}
    again = np.random.default_rng(3)
    first = [U for size in few for U in draw_ranges(Haar(d, 2), again, size)]
    assert drawn == [U[0, 0] for size in rest for U in draw_ranges(Haar(d, 2), again, size)]
    assert first[0][0, 0] not in drawn


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_floor_promises(kind):
    """Means less the margin of Bernstein's bound, of the least. Catches each constant of the margin."""
    values, floor = np.array([4.0, 1.0, 0.3, 0.05]), 0.1
    U = draw_ranges(Haar(4, 3), np.random.default_rng(1), 60)
    X, cost = np.array(list(diagonals(kind, values, floor, U))), math.log(2 * 4 / 0.05) / 500
    margin = np.sqrt(2 * cost * X.var(axis=0)) + cost / np.maximum(values, floor)
    found = _promised(kind(Haar(4, 3)), values, floor, [U[:20], U[20:]], 0.05, 500)
    assert found == pytest.approx((X.mean(axis=0) - margin).min(), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_known_of_a_law_it_is_a_bound_for_matrices_between_0_and_I(kind):
    """By generalised eigenvalues, at one of the floors c, from the draws after the first, of which it says how many.

    Catches a bound without its level, the draws that chose T, and a b that M of a draw exceeds.
    """
    own = FromFunction(3, 2, lambda rng: rng.standard_normal((3, 2)) * [[1.0], [2.0], [4.0]])
    S, alpha = np.diag([2.0, 1.0, 0.2]), 0.05
    found = fitted_step(kind(own), Smoothness([(S, np.eye(2))]), alpha=alpha, draws=800, rng=7)
    rng = np.random.Generator(np.random.SFC64(np.random.SeedSequence(7)))
    n = int(re.search(r"from (\d+) draws", found.provenance).group(1))
    assert 600 <= n < 800
    few, rest = draw_ranges(own, rng, 800 - n), draw_ranges(own, rng, n)
    bounds = []
    for k in range(1, 21):
        above = S + 2.0 * 2.0**-k * np.eye(3)
        before, M = (np.array([on_matrices(kind, U, above) for U in ranges]) for ranges in (few, rest))
        T, b = before.mean(axis=0), eigvalsh(np.linalg.inv(above), before.mean(axis=0))[-1]
        assert max(eigvalsh(one, T)[-1] for one in M[:100]) <= b * (1 + 1e-9)
        least = eigvalsh(M.mean(axis=0), b * T)[0]
        bounds.append(kl_lower(float(least), n, alpha) * b * np.linalg.eigvalsh(T)[0])
    assert min(abs(found.nu / bound - 1) for bound in bounds) <= 1e-6
    assert found.alpha == alpha


@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.7])
def test_what_a_gain_is_worth_is_rounded_down_and_a_step_up(gamma, monkeypatch):
    """By a part in 1e9 each, and over a support up to 2^24 numbers. Catches each of these, and the side exchanged."""
    monkeypatch.setattr(FITTED, "_listed", lambda *_: 7.0)
    monkeypatch.setattr(FITTED, "_sampled", lambda *_: (0.25, 5))
    bound = "safe end of a Chernoff-Hoeffding bound at level 0.01 from 5 draws of the step"
    for columns, expected in (
        (1 << 18, (7.0, "enumerated over the support", 0.0)),
        ((1 << 18) + 1, (gamma * (2 - gamma) * (1 - 1e-9) * 0.25, bound, 0.01)),
    ):
        for side, shape in (("left", (4, columns)), ("right", (columns, 4))):
            step = StepPerDraw(WeightedCoordinate(4, 1, [1, 2, 3, 4]), gamma, side)
            found = fitted_step(step, SimpleNamespace(shape=shape), alpha=0.01, draws=9, rng=0)
            assert (found.nu, found.provenance, found.alpha) == (pytest.approx(expected[0], rel=1e-15), *expected[1:])
            assert found.longest == gamma * (1 + 1e-9)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
def test_over_a_support_floors_are_tried(gamma, monkeypatch):
    """Q itself, and from gamma < 2 on what is known of a step that is 1. Catches each floor, and the factor."""
    asked = []

    def least(algorithm, curvature, U, weights, *, bent):
        asked.append((algorithm.gamma, curvature.floor, bent))
        return float(curvature.floor == 2.0**-16)

    monkeypatch.setattr(FITTED, "_least", least)
    found = fitted_step(StepPerDraw(FiniteSupport([[[1.0]]], [1.0]), gamma), Smoothness.isotropic(1.0, (1, 1)), **LEVEL)
    floors = [(1.0, 2.0**-k, False) for k in (34, 28, 22, 16, 10, 7)]
    assert asked == [(gamma, 2.0**-40, True), *(floors if gamma < 2 else [])]
    assert found.nu == pytest.approx(0.75 * (1 - 1e-9) if gamma < 2 else 0.0, rel=1e-15, abs=0)


@pytest.mark.parametrize("bent", [False, True])
def test_of_a_support_rounding_is_taken_off_by_its_sizes(bent):
    """Where some draws see next to no curvature: each number of the margin again, of the worse column."""
    U, weights = np.eye(3)[[[0, 1], [0, 2]]].swapaxes(1, 2), np.array([0.25, 0.75])
    S, D, floor, expected = np.array([1.0, 1e-6, 0.5]), np.array([[1.0, 2.0]]), 1e-5, []
    for times in (1.0, 2.0):
        seen = times * S + floor
        M = 0.5 * np.array([[1.0, 1, 0], [1, 0, 1]]) / seen
        length, size = np.linalg.norm(M, axis=1).max(), np.linalg.norm(seen)
        N = weights @ (2 * M - M**2 * seen if bent else M)
        expected.append(N.min() - (8 * 3 + 2 + 64) * 2.0**-52 * length * (1 + size * length))
    curvature = SeenCurvature(np.diag(S)[None], D, None, floor)
    found = _least(InverseOnRange(Haar(3, 2), 0.5), curvature, U, weights, bent=bent)
    assert found == pytest.approx(min(expected), rel=1e-9)


@pytest.mark.parametrize("size", [0.5, 2.0])
@pytest.mark.parametrize(
    ("draws", "d", "few", "rest"),
    [(800, 3, [50], [750]), (1, 3, [1], [1]), (999, 512, [4] * 4, [4] * 60)],
)
def test_the_floor_and_the_draws_of_an_unknown_law(draws, d, few, rest, size, monkeypatch):
    """One of 16 tries a half to 1/4096, by what it promises. Means of a law that is alike in all directions.

    At most 2^26 numbers, 2^20 at once. Catches each of these, and what is more than 1 beside a b of at least 1.
    """
    asked = []

    def mean(algorithm, curvature, blocks):
        asked.append((curvature.floor, [len(U) for U in blocks]))
        return size * np.eye(d)

    monkeypatch.setattr(FITTED, "_mean", mean)
    rising = count(1)  # the largest eigenvalue of a mean, which is not asked
    ends = lambda M: (M[0, 0], next(rising) if M[0, 0] == size else M[0, 0])  # noqa: E731
    monkeypatch.setattr(FITTED, "extreme_eigenvalues", ends)
    monkeypatch.setattr(FITTED, "_inverse_root", lambda M: np.eye(d) / math.sqrt(M[0, 0]))
    own = FromFunction(d, 1, lambda rng: rng.standard_normal((d, 1)))
    found, n = _sampled(InverseOnRange(own), Smoothness.isotropic(1.0, (d, 1)), 0.05, draws, np.random.default_rng(0))
    assert asked[:12] == [(2.0**-k, few) for k in range(1, 13)]
    assert (n, asked[12][1], len(asked)) == (sum(rest), rest, 13)
    each = [max(1.0, (1 + 1e-9) / (size * (1 + 2.0**-k))) for k in range(1, 13)]
    assert found == pytest.approx(max(kl_lower(1 / b, n, 0.05) * b * size for b in each), rel=1e-12, abs=0)


def on_matrices(kind, U, S):
    """M by its definition."""
    H = U @ U.T
    seen = H @ S @ H
    return H / np.linalg.eigvalsh(seen)[-1] if kind is StepPerDraw else np.linalg.pinv(seen, rcond=1e-12)


def test_what_is_sampled_of_a_projected_step_shares_one_level():
    """L_H has half of alpha, and both ends of the spectrum a quarter each: the account says alpha.

    Catches alpha for L_H, what it spent left out of the account, and half of alpha for each end.
    """
    own = FromFunction(4, 2, lambda rng: rng.standard_normal((4, 2)))
    Q = Smoothness([(np.diag([4.0, 1.0, 1.0, 0.5]), np.eye(1))])
    problem = Quadratic.left(np.diag([4.0, 1.0, 1.0, 0.5]), np.ones((4, 1)))
    c = Constants.of(Case(RACLoRA(own, 0.2), problem), alpha=0.02, draws=2000, rng=5)
    along = smoothness_along(RACLoRA(own, 0.2), Q, alpha=0.01, draws=2000, rng=child(seed_sequence(5), 2))
    ends = spectrum(own, alpha=0.005, draws=2000, rng=5)
    assert along.alpha == 0.01
    assert math.isclose(c.L_H, along.L_H, rel_tol=1e-9)
    assert (c.lambda_min, c.lambda_max) == (ends.lambda_min, ends.lambda_max)
    assert c.alpha_spent == pytest.approx(0.02, rel=1e-15)
