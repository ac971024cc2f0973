"""LeastSquares against numpy's solvers, and its constants against the explicit Hessian."""

import numpy as np
import pytest
from scipy import sparse

from rac_theory.problems import LeastSquares

RNG = np.random.default_rng(11)
X = RNG.normal(size=(30, 5))
Y = RNG.normal(size=(30, 3))
RANK_TWO = (RNG.integers(-9, 10, (30, 2)) @ RNG.integers(-9, 10, (2, 5))) / 8  # exactly
WIDE = RNG.normal(size=(4, 9))
CASES = [(X, Y, 0.0), (X, Y, 0.7), (X, Y[:, 0], 1e-6), (RANK_TWO, Y, 0.0), (RANK_TWO, Y, 0.3), (WIDE, Y[:4], 0.0)]
CASES += [(WIDE, Y[:4], 0.2), (1e8 * X, 1e-8 * Y, 0.0), (X * [1, 1, 0, 1, 1], Y, 0.0)]
CASES += [(1e-20 * X, Y, 0.0), (1e-20 * X, Y, 1e-41)]  # LSMR takes so small an X for singular
CASES += [(X[:, [0, 1, 1]] * [1, 1, 4], Y, 0.0), (X[[0, 1, 1, 0]], Y[:4], 0.0)]  # columns or rows that are proportional
both = pytest.mark.parametrize("kind", [np.array, sparse.csr_array], ids=["dense", "sparse"])


@both
@pytest.mark.parametrize(("features", "targets", "l2"), CASES)
def test_the_minimum_the_constants_and_the_eigenbasis_are_numpys(kind, features, targets, l2):
    """The ridge is a least squares problem with d more rows; lstsq gives the solution of least norm.

    Constants enclose the eigenvalues of X'X/N + l2 I, and curvatures are these, with its axes; zeros of a rank that is
    lower are zeros. Catches each number of the formula, and curvatures that rounding makes of a null space.
    """
    problem = LeastSquares(kind(features), targets, l2)
    N, d = features.shape
    columns = targets.reshape(N, -1)
    augmented = np.vstack([features, np.sqrt(N * l2) * np.eye(d)])
    expected = np.linalg.lstsq(augmented, np.vstack([columns, np.zeros((d, columns.shape[1]))]))[0]
    np.testing.assert_allclose(problem.W_star, expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())
    assert not problem.W_star.flags.writeable
    value = problem.value(expected)
    assert problem.f_lower <= value
    assert value <= problem.f_star + 1e-12 * np.square(columns).mean()
    assert problem.f_star_error <= 1e-11 * np.square(columns).mean() + 1e-12 * problem.f_star

    singular = np.linalg.svd(features, compute_uv=False)
    eigenvalues = singular[singular > 1e-10 * singular[0]] ** 2 / N + l2
    assert pytest.approx(eigenvalues[0], rel=1e-11) == problem.L
    assert problem.mu == pytest.approx(l2 if l2 and len(eigenvalues) < d else eigenvalues[-1], rel=1e-9)
    assert problem.mu <= eigenvalues[-1]
    assert eigenvalues[0] <= problem.L
    assert problem.strong_convexity == (0 if not l2 and len(eigenvalues) < d else problem.mu)

    basis = problem.eigenbasis
    curvatures, H = basis.curvatures[:, 0], features.T @ features / N + l2 * np.eye(d)
    np.testing.assert_allclose(basis.left * curvatures @ basis.left.T, H, rtol=0, atol=1e-13 * np.abs(H).max())
    assert np.count_nonzero(curvatures > l2) == np.linalg.matrix_rank(features)
    assert (basis.floor, basis.curvatures.shape) == (problem.value(problem.W_star), (d, 1))


@both
def test_singular_values_are_not_squared(kind):
    """With a condition number of 1e9 X'X has no correct digit left in its smallest eigenvalue, 1e-18 of the largest."""
    U, V = (np.linalg.qr(RNG.normal(size=(12, 3)))[0], np.linalg.qr(RNG.normal(size=(3, 3)))[0])
    problem = LeastSquares(kind(U * [1, 1e-3, 1e-9] @ V.T), U[:, 0])
    assert problem.mu == pytest.approx(1e-18 / 12, rel=1e-4)


@both
def test_an_undecided_rank_leaves_mu_and_the_minimum_unknown(kind):
    """The infimum is 0, at (0, 1e17); as if the second column were zero it would be 1/9. With a penalty none of it
    matters.
    """
    X, y = kind([[1, 0], [1, 1e-17], [1, 0]]), [0, 1, 0]
    problem = LeastSquares(X, y)
    assert problem.value(np.array([[0], [1e17]])) < 1e-30
    assert np.isnan([problem.mu, problem.strong_convexity, problem.f_star, problem.f_star_error]).all()
    assert problem.W_star is None
    assert problem.f_lower == 0
    assert problem.L >= 1
    for name in ("mu", "f_star"):
        assert problem.provenance[name].startswith("nan: the numerical rank is undecided")
    assert problem.eigenbasis is None
    problem = LeastSquares(X, y, l2=0.1)
    assert problem.mu == problem.strong_convexity == 0.1
    assert problem.f_star == pytest.approx(LeastSquares(np.ones((3, 1)), y, l2=0.1).f_star, rel=1e-14)


def test_a_column_repeated_in_much_data_is_seen():
    data = np.random.default_rng(0).normal(size=(20_000, 12))
    problem = LeastSquares(data[:, [*range(12), 5]], data @ np.ones(12))
    assert problem.mu == pytest.approx(1, rel=0.1)
    assert problem.strong_convexity == 0


def test_a_solvable_system_has_a_minimum_of_zero():
    """The certificate is not relative to f* here, which is zero up to rounding; both ends stay above or at zero."""
    W = RNG.normal(size=(5, 2))
    problem = LeastSquares(X, X @ W)
    assert 0 <= problem.f_lower <= 1e-28
    assert 0 <= problem.f_star <= 1e-27
    np.testing.assert_allclose(problem.W_star, W, rtol=1e-12)


def test_what_is_no_data_is_named():
    for features, targets, message in (
        (X, np.full(30, np.nan), "Y must be finite, got 30 nan"),
        (np.zeros((0, 5)), Y, "X must not be empty"),
        (sparse.coo_array(X[0]), Y, r"X must have 2 axes, got shape \(5,\)"),
    ):
        with pytest.raises(ValueError, match=message):
            LeastSquares(features, targets)


def test_a_sparse_and_wide_problem_has_no_eigenbasis():
    """Beyond 1,024 columns, which dense ones may have."""
    rng = np.random.default_rng(0)
    for d, kind, has in ((1024, sparse.csr_array, True), (1025, sparse.csr_array, False), (1025, np.array, True)):
        problem = LeastSquares(kind(rng.standard_normal((2, d))), [1.0, 2.0], l2=0.1)
        assert (problem.eigenbasis is not None) is has
