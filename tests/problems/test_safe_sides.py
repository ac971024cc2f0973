"""Which way constants of problems are rounded: L up, mu and lower bounds down, by exact arithmetic on what is stored.

Each test names the direction that it would catch. Where our own rounding is far smaller than what is allowed for it,
the worst that is allowed is put in its place.
"""

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from scipy import sparse

from rac_theory import problems
from rac_theory.numerics.eigenvalues import extreme_eigenvalues, lapack_rounding
from rac_theory.problems import (
    Federated,
    FromFunctions,
    LeastSquares,
    LogisticRegression,
    NonconvexLogistic,
    PLSine,
    Quadratic,
    SoftmaxRegression,
)
from rac_theory.problems.features import largest_gram_eigenvalue, rank_tolerance, squared_row_norms
from rac_theory.problems.mean import Mean
from tests.as_one_test import as_one_test
from tests.problems.exact import exact, hessian, is_above_all_eigenvalues, is_below_all_eigenvalues


def ill_conditioned(rng, N, d, decades=5):
    U, V = np.linalg.qr(rng.standard_normal((N, d)))[0], np.linalg.qr(rng.standard_normal((d, d)))[0]
    return U * np.geomspace(1, 10.0**-decades, d) @ V.T


@pytest.mark.parametrize("kind", [np.array, sparse.csr_array], ids=["dense", "sparse"])
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_least_squares_constants_are_rounded_outwards(kind, l2):
    """A condition number of 1e5 makes LAPACK's error in s larger than any other. Catches mu without it, or with +."""
    rng = np.random.default_rng(0)
    for _ in range(12):
        X = ill_conditioned(rng, 5, 3)
        problem, Q = LeastSquares(kind(X), np.ones(5), l2), hessian(X, l2)
        assert is_above_all_eigenvalues(problem.L, Q)
        assert not is_above_all_eigenvalues(problem.L * (1 - 1e-12), Q)
        assert is_below_all_eigenvalues(problem.strong_convexity, Q)
        assert is_below_all_eigenvalues(problem.mu, Q)
        assert not is_below_all_eigenvalues(problem.mu * (1 + 1e-7), Q)
        wide = LeastSquares(kind(X.T), np.ones(3), l2)
        kept = hessian(X, 0)
        assert wide.strong_convexity == l2
        smallest = Fraction(wide.mu) - (Fraction(l2) if l2 == 0 else Fraction(wide.mu))
        assert is_below_all_eigenvalues(smallest * 3 / 5, kept)


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("l2", [0.0, 1e-3])
def test_least_squares_constants_allow_for_what_lapack_may_be_off_by(monkeypatch, sign, l2):
    """All singular values off by most of what is allowed. Catches L or mu that take them as they come."""
    X = ill_conditioned(np.random.default_rng(1), 6, 3, 2)
    right = np.linalg.svd(X, compute_uv=False)
    off = right + sign * 0.7 * rank_tolerance(X, right)  # the rest is for its own error
    monkeypatch.setattr(problems.least_squares, "singular_values", lambda X: off)
    problem, Q = LeastSquares(X, np.ones(6), l2), hessian(X, l2)
    assert is_above_all_eigenvalues(problem.L, Q)
    assert is_below_all_eigenvalues(problem.mu, Q)
    assert is_below_all_eigenvalues(problem.strong_convexity, Q)


@as_one_test("k", [1, 3])
def test_infima_are_below_what_they_are_by_the_rounding_that_is_said(k):
    """Of rows of zeros, ||y||^2 / 2: by k + 2 eps for its sum and by 8 for the rest, on average over many rows.

    Catches an allowance that is wrong by a third of an eps, and so each of its numbers.
    """
    Y = np.random.default_rng(k).uniform(1, 2, (4000, k))
    infima = LeastSquares(np.eye(4000, 1), Y, 1.0).component_infima[1:]
    below = 1 - exact(infima) / ((exact(Y[1:]) ** 2).sum(axis=1) / 2)
    assert np.mean(below.astype(float)) / np.finfo(float).eps == pytest.approx(k + 10, abs=0.3)


@pytest.mark.parametrize("l2", [0.1, 1e3])
def test_exact_singular_values_leave_the_rounding_of_a_few_operations(monkeypatch, l2):
    """One column, or row, whose square is known. Catches the last roundings dropped or turned, beside a penalty too."""
    monkeypatch.setattr(problems.least_squares, "rank_tolerance", lambda X, s: 0.0)
    for k in range(3, 60):
        X = np.full((k, 1), 1.0 + k / 64)
        monkeypatch.setattr(problems.least_squares, "singular_values", lambda X: np.array([np.sqrt((X * X).sum())]))
        problem, curvature = LeastSquares(X, np.ones(k), l2), Fraction(1 + Fraction(k, 64)) ** 2 + Fraction(l2)
        assert Fraction(problem.mu) < curvature < Fraction(problem.L)
        row = LeastSquares(X.T, [1.0])
        assert Fraction(row.mu) < k * Fraction(1 + Fraction(k, 64)) ** 2 < Fraction(row.L)


@pytest.mark.parametrize("sign", [-1, 1])
def test_quadratic_constants_allow_for_what_lapack_may_be_off_by(monkeypatch, sign):
    """Catches L or mu that take eigenvalues as they come, or widen them inwards."""
    A = np.random.default_rng(2).standard_normal((3, 3))
    S = (A @ A.T + (A @ A.T).T) / 2
    right = np.linalg.eigvalsh(S)
    off = right + sign * 0.6 * lapack_rounding(3) * right[-1]  # the rest is for its own error
    monkeypatch.setattr(np.linalg, "eigvalsh", lambda S: off)
    problem = Quadratic.left(S, np.zeros((3, 1)))
    assert is_above_all_eigenvalues(problem.L, exact(S))
    assert is_below_all_eigenvalues(problem.mu, exact(S))
    assert is_below_all_eigenvalues(problem.strong_convexity, exact(S))
    low, high = extreme_eigenvalues(S)
    assert is_below_all_eigenvalues(low, exact(S))
    assert is_above_all_eigenvalues(high, exact(S))


def test_products_of_curvatures_are_rounded_outwards():
    """Diagonal factors have exact eigenvalues. Catches each of the three products rounded the other way."""
    rng = np.random.default_rng(3)
    for _ in range(30):
        s, r = rng.uniform(0.1, 1, 3), rng.uniform(0.1, 1, 2)
        problem = Quadratic.kronecker(np.diag(s), np.diag(r), np.zeros((3, 2)))
        smallest, largest = Fraction(s.min()) * Fraction(r.min()), Fraction(s.max()) * Fraction(r.max())
        for constant in (problem.mu, problem.strong_convexity):
            assert Fraction(constant) <= smallest < Fraction(math.nextafter(constant, 2))
        assert Fraction(math.nextafter(problem.L, 0)) < largest <= Fraction(problem.L)
        singular = Quadratic.kronecker(np.diag([*s[:2], 0.0]), np.diag(r), np.zeros((3, 2)))
        assert singular.strong_convexity == 0 < singular.mu <= Fraction(s[:2].min()) * Fraction(r.min())


def test_row_norms_and_gram_matrices_are_rounded_up():
    """Catches sums of squares without their rounding: some of these are below the truth."""
    rng = np.random.default_rng(4)
    X = rng.standard_normal((200, 9))
    true, bounds = (exact(X) ** 2).sum(axis=1), exact(squared_row_norms(X))
    assert ((true <= bounds) & (bounds <= true * (1 + Fraction(1, 10**14)))).all()
    for seed in range(20):
        column = np.random.default_rng(seed).standard_normal((400, 1))
        assert Fraction(largest_gram_eigenvalue(column)) >= (exact(column) ** 2).sum()
    X[0] = 1e-170
    assert squared_row_norms(X)[0] > 0


@pytest.mark.parametrize(("kind", "penalty"), [(np.array, 0.1), (sparse.csr_array, 1 / 3), (np.array, 5.0)])
def test_smoothness_and_L_max_are_rounded_up(kind, penalty):
    """Catches a curvature of the loss, or of the penalty, that is halved, and a sum rounded down."""
    rng = np.random.default_rng(5)
    for scale in (1e-9, 1.0):
        X, y = scale * rng.standard_normal((7, 2)), np.arange(7) % 2
        for problem, loss, curvature in (
            (LogisticRegression(kind(X), y, penalty), Fraction(1, 4), Fraction(penalty)),
            (NonconvexLogistic(kind(X), y, penalty), Fraction(1, 4), 2 * Fraction(penalty)),
            (SoftmaxRegression(kind(X), np.arange(7) % 3, penalty), Fraction(1, 2), Fraction(penalty)),
            (LeastSquares(kind(X), y + 0.0, penalty), Fraction(1), Fraction(penalty)),
        ):
            Q = hessian(X, curvature, loss)
            assert is_above_all_eigenvalues(problem.L, Q)
            assert not is_above_all_eigenvalues(problem.L * (1 - 1e-12), Q)
            largest = loss * max((exact(X) ** 2).sum(axis=1)) + curvature
            assert largest <= Fraction(problem.L_max) <= largest * (1 + Fraction(1, 10**13))


def sine(x):
    """The sine in as many digits as the context has."""
    term = total = x
    n = 1
    while abs(term) > Decimal("1e-50"):
        term, n = -term * x * x / ((n + 1) * (n + 2)), n + 2
        total += term
    return total


def test_the_constant_of_pl_sine_is_rounded_down():
    """In 60 digits. Catches its last roundings turned round, and a constant looser than they make it."""
    with localcontext() as context:
        context.prec = 60

        def h(x):
            return (2 * x + 3 * sine(2 * x)) ** 2 / (2 * (x * x + 3 * sine(x) ** 2))

        low, high = Decimal("2.15"), Decimal("2.25")
        for _ in range(120):
            third = (high - low) / 3
            low, high = (low, high - third) if h(low + third) < h(high - third) else (low + third, high)
        mu = Decimal(PLSine((1, 1)).mu)
        assert Decimal("1e-15") < 1 - mu / h(low) < Decimal("3e-14")


def term(L, s, f_lower):
    return FromFunctions(
        (1, 1), lambda W: 1.0, lambda W: W, L=L, mu=s, strong_convexity=s, convex=True, f_star=1.0, f_lower=f_lower
    )


def test_means_of_constants_are_rounded_outwards():
    """Means of three and of six floats, which are none. Catches each of them rounded to nearest, or the other way."""
    rng = np.random.default_rng(6)
    for count in (3, 6) * 20:
        s, L, low = rng.uniform(0.1, 0.5, count), rng.uniform(0.6, 1, count), rng.uniform(-1, 1, count)
        mean = Mean([term(*numbers) for numbers in zip(L.tolist(), s.tolist(), low.tolist(), strict=True)])
        true = [sum(map(Fraction, numbers.tolist())) / count for numbers in (L, s, low)]
        assert true[0] <= Fraction(mean.L)
        assert true[1] >= Fraction(mean.strong_convexity)
        assert mean.mu == mean.strong_convexity
        assert mean.provenance["mu"].startswith("strong convexity")
        assert math.isnan(mean.f_star)  # these terms do not say how their values are rounded
        assert true[2] >= Fraction(mean.f_lower)
        assert [mean.L, mean.strong_convexity, mean.f_lower] == pytest.approx([float(x) for x in true], rel=1e-14)
        assert Mean(mean.terms, 2.0).strong_convexity == 2.0


def test_unequal_clients_inherit_a_strong_convexity_that_is_rounded_down():
    """Five rows for two clients: f is 5/6 of the whole and something convex. Catches the product rounded up."""
    rng = np.random.default_rng(7)
    for _ in range(40):
        whole = LeastSquares(rng.standard_normal((5, 4)), rng.standard_normal(5))
        parts = Federated(whole, [[0, 1, 2], [3, 4]])
        inherited = Fraction(5, 6) * Fraction(whole.strong_convexity)
        assert parts.strong_convexity <= inherited < parts.strong_convexity * (1 + 1e-15)
        x = exact(whole.X)
        Q = x.T @ np.diag([Fraction(1, 6)] * 3 + [Fraction(1, 4)] * 2) @ x
        assert is_below_all_eigenvalues(parts.strong_convexity, Q)
        assert is_above_all_eigenvalues(parts.L, Q)
        assert parts.L_max == max(client.L for client in parts.clients)


def test_the_lower_end_that_a_user_does_not_give_is_rounded_down():
    """Catches ``f_star - f_star_error`` rounded to nearest, which is above the difference every other time."""
    rng = np.random.default_rng(8)
    for f_star, error in rng.uniform(1e-3, 1, (50, 2)).tolist():
        problem = FromFunctions((1, 1), lambda W: 1.0, lambda W: W, f_star=f_star, f_star_error=error)
        true = Fraction(f_star) - Fraction(error)
        assert Fraction(problem.f_lower) <= true <= Fraction(math.nextafter(problem.f_lower, math.inf))


def test_a_mean_with_an_unknown_term_is_unknown():
    """Catches an unknown constant that is passed over, and one that is an error."""
    mean = Mean([term(1.0, 0.5, 0.0), term(1.0, math.nan, 0.0)])
    assert (mean.L, math.isnan(mean.strong_convexity), math.isnan(mean.mu)) == (1.0, True, True)
    assert mean.provenance["mu"].startswith("nan")
    assert mean.convex
    assert not Mean([mean.terms[0], PLSine((1, 1))]).convex
    shown = [repr(Mean(mean.terms, weights=weights)).partition("weights=")[2] for weights in (None, [2, 2], [1, 2])]
    assert shown == ["", "", "[1.0, 2.0])"]
