"""Quadratic against explicit matrices, and the rank decision behind mu."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rac_theory import Case, RACLoRA, expected
from rac_theory.problems import Quadratic
from rac_theory.sketches import Coordinate
from tests.as_one_test import as_one_test

W32 = np.zeros((3, 2))


def symmetric(rng, d, rank=None):
    A = rng.normal(size=(d, rank or d))
    return A @ A.T


@settings(derandomize=True, deadline=None, max_examples=40)
@given(m=st.integers(1, 5), n=st.integers(1, 4), seed=st.integers(0, 2**20))
def test_kronecker_is_the_explicit_kronecker_product(m, n, seed):
    """Row by row, ``vec(S V R) = (S kron R') vec(V)``: swapping the factors would fail wherever m != n."""
    rng = np.random.default_rng(seed)
    S, R, W_star = symmetric(rng, m, m + 1), symmetric(rng, n, n + 1), rng.normal(size=(m, n))
    product = Quadratic.kronecker(S, R, W_star)
    explicit = Quadratic.full(np.kron(S, R), W_star)
    W = rng.normal(size=(3, m, n))
    np.testing.assert_allclose(product.value(W), explicit.value(W), rtol=1e-11)
    np.testing.assert_allclose(product.gradient(W), explicit.gradient(W), rtol=1e-11, atol=1e-12 * product.L)
    eigenvalues = np.linalg.eigvalsh(np.kron(S, R))
    assert eigenvalues[-1] == pytest.approx(product.L, rel=1e-12)
    assert eigenvalues[0] == pytest.approx(product.mu, rel=1e-6, abs=1e-13 * product.L)


def test_diagonal_matrices_have_exact_constants():
    """Their zeros too: a product is singular if one factor is, and a mu below every float is unknown."""
    for mu in (1.0, 0.1, 1 / 3, 1e-30, 7e20):
        for problem in (
            Quadratic.left(mu * np.eye(3), W32),
            Quadratic.kronecker(mu * np.eye(3), np.eye(2), W32),
            Quadratic.full(mu * np.eye(6), W32),
        ):
            assert problem.L == problem.mu == problem.strong_convexity == mu
    problem = Quadratic.left(np.diag([0, 1e-25, 1.0]), np.zeros((3, 1)))
    assert (problem.strong_convexity, problem.mu, problem.L) == (0, 1e-25, 1)
    problem = Quadratic.kronecker(np.diag([2.0, 3]), np.diag([0.0, 5]), np.zeros((2, 2)))
    assert (problem.strong_convexity, problem.mu, problem.L) == (0, 10, 15)
    problem = Quadratic.kronecker(np.diag([1e-200, 1]), np.diag([1e-200, 1]), np.zeros((2, 2)))
    assert np.isnan([problem.mu, problem.strong_convexity]).all()
    assert problem.L == 1


@as_one_test("scale", [1e-20, 1.0, 1e20])
def test_mu_of_a_singular_matrix_is_the_smallest_positive_eigenvalue(scale):
    """Taking the smallest eigenvalue would give a number near 1e-17 here, of either sign; the rank is exactly 2."""
    V = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) / 2
    problem = Quadratic.left(V @ np.diag([2.0**-19, 3]) @ V.T * scale, np.ones((4, 2)))
    assert problem.strong_convexity == 0
    assert problem.mu == pytest.approx(2.0**-19 * scale, rel=1e-8)
    assert problem.mu < 2.0**-19 * scale < 3 * scale < problem.L


def test_what_is_flat_has_no_curvature_at_all_in_the_eigenbasis():
    """LAPACK has 1e-17 there. A sketch moves along it, and an expectation that should vanish stayed at that for ever.

    A direction that is only nearly flat keeps its curvature, as does everything where the rank is undecided.
    """
    V = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) / 2
    S = V @ np.diag([2.0**-30, 1]) @ V.T
    assert np.linalg.eigvalsh(S)[0] != 0
    nearly = np.array([[1, 1], [1, 1 + 2**-40]])
    for problem, positive in (
        (Quadratic.left(S, np.ones((4, 2))), 2),
        (Quadratic.kronecker(S, np.ones((2, 2)), np.ones((4, 2))), 2),
        (Quadratic.kronecker(S, nearly, np.ones((4, 2))), 4),
        (Quadratic.left([[1, 1], [1, 1 + 2**-52]], np.ones((2, 1))), 2),
    ):
        curvatures = problem.eigenbasis.curvatures
        assert np.count_nonzero(curvatures) == positive, curvatures
    descent = Case(RACLoRA(Coordinate(4, 1), gamma=4.0), Quadratic.left(np.ones((4, 4)) / 4, np.ones((4, 1))), steps=60)
    assert expected(descent).gap[1:].max() == 0


def test_a_rank_that_is_undecided_leaves_mu_unknown():
    """The second matrix has determinant 2^-52: its mu is 1.1e-16, and not the 2 of the first. So it is with a product
    of it.
    """
    W_star, undecided = np.zeros((2, 1)), np.array([[1, 1], [1, 1 + 2**-52]])
    singular, regular = Quadratic.left(np.ones((2, 2)), W_star), Quadratic.left(undecided, W_star)
    assert singular.mu == pytest.approx(2, rel=1e-14)
    assert singular.strong_convexity == 0
    assert np.isnan([regular.mu, regular.strong_convexity]).all()
    assert regular.provenance["mu"].startswith("nan: the numerical rank is undecided")
    assert regular.f_star == 0
    product = Quadratic.kronecker(undecided, np.diag([1.0, 2.0]), np.zeros((2, 2)))
    assert np.isnan([product.mu, product.strong_convexity]).all()
    assert pytest.approx(4, rel=1e-14) == product.L
    singular = Quadratic.kronecker(undecided, np.diag([1.0, 0.0]), np.zeros((2, 2)))
    assert np.isnan(singular.mu)
    assert singular.strong_convexity == 0


def test_far_out_the_value_is_not_below_zero():
    """Where squares overflow it is inf or nan; a sum of fused products was -inf here."""
    Q = np.diag([0.21, 0.39, 0.36, 0.34])
    Q[np.triu_indices(4, 1)] = -0.02, 0.09, -0.08, -0.05, -0.16, -0.06
    Q += Q.T
    W = np.array([[-6.08563253e179, 1.30552515e181], [6.08261385e179, -1.30487756e181]])
    with np.errstate(over="ignore", invalid="ignore"):
        values = Quadratic.full(Q, np.zeros((2, 2))).value(np.stack([W, -W, W.T, 1e10 * W, W / 1e40]))
    assert not (values < 0).any()
    assert not np.isfinite(values[:4]).any()
    assert np.isfinite(values[4])


def test_rounding_of_the_symmetry_is_taken_out():
    rng = np.random.default_rng(3)
    V = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    S = V * rng.uniform(1, 2, 6) @ V.T
    problem = Quadratic.left(S, np.zeros((6, 1)))
    np.testing.assert_array_equal(problem.S, problem.S.T)
    np.testing.assert_allclose(problem.S, S, rtol=1e-12, atol=1e-14)


@as_one_test(
    ("make", "message"),
    [
        (lambda: Quadratic.left(np.diag([1, -0.5, 2]), W32), "S must be positive semidefinite, got eigenvalue -0.5"),
        (lambda: Quadratic.left(np.zeros((3, 3)), W32), "S must have a positive eigenvalue, got largest eigenvalue 0"),
        (lambda: Quadratic.kronecker(np.eye(3), -np.eye(2), W32), "R must be positive semidefinite, got eigenvalue -1"),
        (lambda: Quadratic.full(np.diag([1, -1e-9]), [[1.0], [1.0]]), "Q must be positive .*, got eigenvalue -1e-09"),
        (lambda: Quadratic.left(np.eye(3) + np.eye(3, k=1), W32), "S must be symmetric, got entries that .* by 1"),
        (lambda: Quadratic.left(np.eye(2), W32), r"S must have shape \(3, 3\), got \(2, 2\)"),
        (lambda: Quadratic.full(np.eye(3), W32), r"Q must have shape \(6, 6\), got \(3, 3\)"),
        (lambda: Quadratic.left(np.eye(3), np.zeros(3)), "W_star must have 2 axes"),
        (lambda: Quadratic.left(np.eye(3), W32, start=W32.T), r"start must have shape \(3, 2\), got \(2, 3\)"),
        (lambda: Quadratic.left([[1e200]], [[1.0]]), r"S must have a largest entry of size 1e-75..1e75, got 1e\+200"),
        (lambda: Quadratic(W32), "must be made by Quadratic.left"),
        (lambda: Quadratic(W32, S=np.eye(3), Q=np.eye(6)), "must be made by Quadratic.left"),
        (lambda: Quadratic(W32, R=np.eye(2), Q=np.eye(6)), "must be made by Quadratic.left"),
    ],
)
def test_bad_input_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
