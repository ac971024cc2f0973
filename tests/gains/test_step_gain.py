"""The gain of a step, E[2M - MQM]: of projected steps, of steps that fit the draw, by sums, integrals and draws."""

import importlib
import math
from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import quad

from rac_theory import Case, Constants, InverseOnRange, RACLoRA, StepPerDraw, best_step, longest_step, sketches
from rac_theory.gains.fitted_step import fitted_step, on_a_line
from rac_theory.gains.one_side import Pair
from rac_theory.gains.step_gain import Moment, _moment, gain_at, known_products, uneven_moments
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.problems.smoothness import Smoothness
from rac_theory.sketches import Coordinate, FiniteSupport, FromFunction, Gaussian, Haar, Rademacher, WeightedCoordinate
from tests.gains.matrices import swapped
from tests.sketches.without_claims import WithoutClaims

RNG = np.random.default_rng(0)
KINDS = (StepPerDraw, InverseOnRange)
S, R = np.cov(RNG.standard_normal((4, 9))), np.cov(RNG.standard_normal((3, 8)))
SUMS = {
    "one side": [(S, np.eye(3))],
    "one term": [(S, R)],
    "and a penalty": [(S, R), (0.3 * np.eye(4), np.eye(3))],
    "no curvature on an axis": [(np.diag([2.0, 1.0, 0.0, 0.5]), np.eye(3))],
}
DRAWS = {"alpha": 1e-3, "draws": 4000, "rng": 0}


def of_draws(steps, probabilities, Q, gamma=1.0):
    """The smallest eigenvalue of E[2 gamma M - gamma^2 MQM], on directions with curvature; M by draw, (k, n, n)."""
    N = np.tensordot(probabilities, 2 * gamma * steps - gamma**2 * steps @ Q @ steps, axes=1)
    values, V = np.linalg.eigh(Q)
    V = V[:, values > 1e-9]
    return np.linalg.eigvalsh(V.T @ N @ V)[0]


def steps(kind, B, Q, side):
    """M at gamma = 1, as it is defined: (HQH)^+, or H over the largest eigenvalue of HQH, and 0 where that is 0."""
    H = np.array([np.kron(P, np.eye(3)) if side == "left" else np.kron(np.eye(3), P) for P in B @ np.linalg.pinv(B)])
    A = H @ Q @ H
    if kind is InverseOnRange:
        return np.linalg.pinv(A, rcond=1e-9)
    largest = np.linalg.eigvalsh(A)[:, -1]
    return np.where(largest > 1e-9, 1 / np.maximum(largest, 1e-9), 0.0)[:, None, None] * H


@pytest.mark.parametrize("terms", SUMS.values(), ids=SUMS)
@pytest.mark.parametrize("kind", KINDS)
def test_over_a_support_it_is_the_sum(kind, terms):
    """On all entries, from M as it is defined. Would catch E[M] for E[2M - MQM] at gamma = 1.7, another side, and of
    single coordinates, of which one is rare, the largest curvature in the place of each."""
    rare = FiniteSupport(np.eye(4)[..., None], [0.5, 0.3, 0.1, 0.1])
    listed = rare, Coordinate(4, 2), sketches.CountSketch(4, 2), Rademacher(4, 2)
    for sketch, side in product(listed, ("left", "right")):
        Q = Smoothness(terms if side == "left" else swapped(terms))
        B, p = sketch.support()
        p = p.astype(float)
        M = steps(kind, B, Q.dense, side)
        for gamma in (1.0, 0.6, 1.7):
            true = of_draws(M, p, Q.dense, gamma)
            found = fitted_step(kind(sketch, gamma, side), Q, **DRAWS)
            assert found.alpha == 0
            assert found.nu <= true * (1 + 1e-9)
            least = gamma * (2 - gamma) * of_draws(M, p, Q.dense)
            assert found.nu >= (true if Q.dense.any(axis=0).all() else 0.999 * min(true, least)) * (1 - 1e-7)
            assert gamma <= found.longest <= gamma * (1 + 1e-8)


@pytest.mark.parametrize("spectrum", [[1.0], [3.0, 1.0], [5.0, 2.0, 1.0, 1e-6], list(np.geomspace(1e-3, 7.0, 40))])
def test_on_a_line_it_is_an_integral(spectrum):
    """By another quadrature, and by 200,000 draws. Catches the wrong power."""
    values = np.array(spectrum)

    def integrand(x):
        s = math.exp(x)
        return s / ((1 + 2 * s * values.max()) * np.prod(np.sqrt(1 + 2 * s * values)))

    true, error = quad(integrand, -40, 60 if len(values) < 9 else 12, limit=2000, epsabs=0, epsrel=1e-11)
    assert on_a_line(values) == pytest.approx(true, rel=1e-7 + 10 * error / true)
    assert on_a_line(values) <= true * (1 + 10 * error / true + 1e-11)
    g = np.random.default_rng(1).standard_normal((200_000, len(values)))
    each = g[:, values.argmax()] ** 2 / (g**2 @ values)
    assert abs(each.mean() - true) <= 4.5 * each.std() / len(g) ** 0.5 + 1e-12  # alpha = 7e-6


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rank", [2, 3])
def test_bounds_from_draws_of_a_uniform_range_are_below_and_near(kind, rank):
    """Of 40 bounds at level 1/20 at most 6 may be too large (alpha = 0.0034); all are within a tenth.

    The truth is a mean of 200,000 draws, in another basis. Would catch a bound without its level, or for a part of the
    diagonal alone, as the largest eigenvalue is not where the smallest of E[M] is missed.
    """
    values = np.array([4.0, 1.0, 0.3, 0.05])
    Q = Smoothness([(np.diag(values), np.eye(2))])
    U = np.linalg.qr(np.random.default_rng(2).standard_normal((200_000, 4, rank)))[0]
    Ut = np.swapaxes(U, 1, 2)
    A = Ut @ (values[:, None] * U)
    if kind is InverseOnRange:
        each = np.einsum("ka,kab,kb->k", U[:, 0], np.linalg.inv(A), U[:, 0])
    else:
        each = (U[:, 0] ** 2).sum(axis=1) / np.linalg.eigvalsh(A)[:, -1]
    true, error = each.mean(), 4 * each.std() / len(each) ** 0.5
    found = [fitted_step(kind(Haar(4, rank)), Q, alpha=0.05, draws=2000, rng=seed) for seed in range(40)]
    assert sum(one.nu > true + error for one in found) <= 6
    assert all(one.alpha == 0.05 for one in found)
    assert np.mean([one.nu for one in found]) >= 0.9 * true
    wide = fitted_step(kind(Haar(4, rank)), Q, alpha=1e-9, draws=2000, rng=0)
    assert wide.nu < found[0].nu


@pytest.mark.parametrize("kind", KINDS)
def test_bounds_from_draws_of_any_other_sketch(kind):
    """The law of Coordinate without its claims: of 40 bounds at level 1/20 at most 6 above the sum (alpha = 0.0034)."""
    Q = Smoothness([(S, R), (0.3 * np.eye(4), np.eye(3))])
    known = Coordinate(4, 2)
    true = fitted_step(kind(known), Q, **DRAWS).nu
    found = [fitted_step(kind(WithoutClaims(known)), Q, alpha=0.05, draws=1100, rng=seed).nu for seed in range(40)]
    assert sum(one > true for one in found) <= 6
    assert np.mean(found) >= 0.6 * true


@pytest.mark.parametrize("kind", KINDS)
def test_few_draws_promise_little_and_are_no_error(kind):
    """One and two draws, of a uniform range and of another: a bound from nothing would be a fault, or too much."""
    Q = Smoothness([(S, np.eye(3))])
    own = FromFunction(4, 2, lambda rng: np.eye(4)[:, rng.permutation(4)[:2]])
    for sketch, draws in product((Haar(4, 2), own), (1, 2)):
        assert 0 <= fitted_step(kind(sketch), Q, alpha=1e-3, draws=draws, rng=0).nu < 0.05 / Q.largest


def test_a_mean_that_rounds_beyond_one_is_one(monkeypatch):
    """Of a share of one a bound is known, of more none. Catches a share that may be more."""
    fitted = importlib.import_module("rac_theory.gains.fitted_step")
    monkeypatch.setattr(fitted, "extreme_eigenvalues", lambda M: (1 + 1e-9, 1 + 1e-9))
    own = FromFunction(4, 2, lambda rng: np.eye(4)[:, rng.permutation(4)[:2]])
    found = fitted_step(StepPerDraw(own), Smoothness([(np.eye(4), np.eye(3))]), **DRAWS)
    n = DRAWS["draws"] - DRAWS["draws"] // fitted._FIRST
    assert found.nu == pytest.approx(DRAWS["alpha"] ** (1 / n), rel=1e-6)


@pytest.mark.parametrize("largest", [3, 2])
def test_both_moments_are_looked_at_up_to_their_size(largest, monkeypatch):
    monkeypatch.setattr(importlib.import_module("rac_theory.gains.step_gain"), "LARGEST", largest)
    known = uneven_moments(RACLoRA(WeightedCoordinate(3, 1, [1, 2, 3]), 0.1), Smoothness.isotropic(1.0, (3, 1)))
    assert (known is not None) == (largest == 3)


def test_both_moments_are_known_of_a_common_basis_a_law_and_all_directions(monkeypatch):
    """Each missing alone. Catches one that is asked with another."""
    uneven, Q = WeightedCoordinate(4, 1, [1, 2, 3, 4]), Smoothness.isotropic(1.0, (4, 3))
    assert uneven_moments(RACLoRA(uneven, 0.1), Q) is not None
    mean_alone = SimpleNamespace(dim=4, rank=1, sample=uneven.sample, expected_projection=uneven.expected_projection)
    lines = FiniteSupport(RNG.standard_normal((2, 4, 1)), [0.5, 0.5])
    assert uneven_moments(RACLoRA(mean_alone, 0.1), Q) is uneven_moments(RACLoRA(lines, 0.1), Q) is None
    monkeypatch.setattr(importlib.import_module("rac_theory.gains.step_gain"), "in_common_basis", lambda terms: None)
    assert uneven_moments(RACLoRA(uneven, 0.1), Q) is None


def test_what_moments_may_be_off_by_is_taken_off_a_gain():
    """2 gamma times that of E[H], and gamma^2 times that of E[HSH]. Would catch either, left out."""
    exact = Moment(np.diag([0.9, 0.1]), np.diag([0.9, 0.01]), 0.0, 0.0)
    gamma, true = 1.5, 2 * 1.5 * 0.1 - 1.5**2 * 0.01
    assert gain_at(gamma, exact) == pytest.approx(true, rel=1e-12)
    off = exact._replace(off_mean=1e-3, off_second=2e-3)
    assert gain_at(gamma, off) == pytest.approx(true - 2 * gamma * 1e-3 - gamma**2 * 2e-3, rel=1e-12)


@pytest.mark.parametrize("size", [7.0, 1 / 7])
def test_a_second_moment_is_off_by_more_where_more_is_curved(size):
    """Three times S + eps I, of moments that are off by 1e-3: for each unit of S, and of eps beside E[H].
    Catches a quotient, with which a steep S would be off by less than it is."""
    S, eps = size * np.diag([0.8, 0.6]), size / 10
    moment = _moment(Pair(np.eye(2) / 2, lambda S: S / 2, None, 1e-3, ""), S, eps, 3.0)
    assert moment.off_second == pytest.approx(3 * (1e-3 * size + 1e-3 * eps), rel=1e-12)
    np.testing.assert_allclose(moment.second, 3 * (S + eps * np.eye(2)) / 2)


def test_of_gaussian_entries_in_no_common_basis_the_law_is_that_of_the_steepest(monkeypatch):
    """c = (d + r + 1) L, which is that of L I; and a draw may be as long as anything."""
    monkeypatch.setattr(importlib.import_module("rac_theory.gains.step_gain"), "ends_of_side", lambda Q, side: None)
    products = known_products(Gaussian(4, 2), Smoothness([(S, R)]), "left")
    assert float(products.c) == pytest.approx((4 + 2 + 1) * np.linalg.norm(S, 2) * np.linalg.norm(R, 2), rel=1e-9)
    assert products.gain(0.1).longest == math.inf


def test_what_is_sampled_is_paid_for():
    """The level of a bound is in the account of the constants; a closed form costs nothing."""
    problem = LeastSquares(RNG.standard_normal((9, 4)), RNG.standard_normal((9, 2)))
    spent = [
        Constants.of(Case(kind(sketch), problem), alpha=1e-3, draws=500, rng=0).alpha_spent
        for kind, sketch in product(KINDS, (Haar(4, 2), Haar(4, 1), Coordinate(4, 2)))
    ]
    assert spent == [1e-3, 0.0, 0.0] * 2
    assert math.isnan(fitted_step(StepPerDraw(Haar(4, 2), 2.0), problem.smoothness, **DRAWS).nu)


def test_the_best_step_of_an_uneven_sketch_is_where_two_directions_gain_alike():
    """160/89 and 2 gamma - gamma^2 of the rarer, by hand; with equal probabilities it is 1/L_H, and that to a bit. Of
    what is steeper it is as much shorter. Catches a search that is as exact as steps are long, the other way round."""
    problem = Quadratic.left(np.diag([1.0, 0.1]), np.ones((2, 1)))
    uneven, even = (FiniteSupport(np.eye(2)[..., None], [p, 1 - p]) for p in (0.9, 0.5))
    for steeper in (1e9, 1.0):
        best = best_step(Quadratic.left(steeper * np.diag([1.0, 0.1]), np.ones((2, 1))), uneven)
        assert best * steeper == pytest.approx(160 / 89, rel=1e-7)
    known = Constants.of(Case(RACLoRA(uneven, best), problem))
    assert known.nu == pytest.approx((2 * 160 / 89 - (160 / 89) ** 2 / 10) / 10, rel=1e-7)
    assert longest_step(problem, uneven) == 2.0
    assert best_step(problem, Coordinate(2, 1)) == best_step(problem, even) == 1
