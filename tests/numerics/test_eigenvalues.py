"""Bounds of eigenvalues, against elimination in rational numbers; of the largest, by Cholesky's method, against all."""

import sys
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse.linalg import ArpackNoConvergence

from rac_theory.numerics.eigenvalues import EPS, extreme_eigenvalues, largest_eigenvalue, proved_bound, raised
from tests.problems.exact import exact, is_above_all_eigenvalues, is_below_all_eigenvalues

MODULE = sys.modules["rac_theory.numerics.eigenvalues"]  # whose name the room's function has


def test_no_eigenvalue_is_outside():
    """With a slop of d eps this fails: it misses a few in a thousand, by up to 2.1 eps of the largest eigenvalue."""
    rng = np.random.default_rng(9)
    for _ in range(1000):
        A = rng.standard_normal((2, 2)) if rng.random() < 0.1 else rng.standard_normal((4, 4))
        S = ((A @ A.T) + (A @ A.T).T) / 2
        low, high = extreme_eigenvalues(S)
        assert is_below_all_eigenvalues(low, exact(S))
        assert is_above_all_eigenvalues(high, exact(S))


def test_what_is_allowed_for_lapack_grows_by_four_roundings_a_column():
    """From twelve at size one, as is derived; measured are ten at size 1024. Catches one that does not grow."""
    assert [MODULE.lapack_rounding(size) * 2**52 for size in (1, 2, 6)] == [12, 16, 32]


def test_the_bounds_are_tight():
    for scale in (1e-300, 1e-20, 1.0, 1e150):
        low, high = extreme_eigenvalues(scale * np.array([[2.0, 1.0], [1.0, 2.0]]))
        assert scale * (1 - 4e-14) <= low < scale
        assert 3 * scale < high <= 3 * scale * (1 + 2e-14)


def test_a_diagonal_matrix_is_exact():
    S = np.diag([0.3, -1e-30, 7e20])
    assert extreme_eigenvalues(S) == (-1e-30, 7e20)
    values, error = MODULE.eigenvalues(S)
    np.testing.assert_array_equal(values, [-1e-30, 0.3, 7e20])
    assert error == 0


def test_what_is_raised_is_no_lower_in_exact_numbers():
    """Sums that are rounded down among others; a diagonal as its vector is the same. Catches the other direction."""
    S, by = np.random.default_rng(0).random(200), 1.1
    higher = raised(S, by)
    assert all(Fraction(more) >= Fraction(x) + Fraction(by) for x, more in zip(S, higher, strict=True))
    np.testing.assert_allclose(higher, S + by, rtol=5 * EPS)
    assert raised(np.zeros(1), 1.0).tolist() == [1 + 4 * EPS]  # no more than that is added
    np.testing.assert_array_equal(raised(np.diag(S[:4]), by), np.diag(higher[:4]))


def test_factors_of_one_kind():
    """Diagonals stay vectors, unless one is a matrix. Catches matrices of all, which take their square in memory."""
    s, M = np.array([1.0, 2.0]), np.ones((2, 2))
    assert [len(some.shape) for some in MODULE.alike([s, s])] == [1, 1]
    np.testing.assert_array_equal(MODULE.alike([s, M]), [np.diag(s), M])
    multiples = [MODULE.multiple_of_identity(some) for some in (np.full(2, 3.0), 3 * np.eye(2), s, np.diag(s), M)]
    assert multiples == [3.0, 3.0, None, None, None]


def matrix(d, seed, spectrum):
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    return (Q * spectrum) @ Q.T


@pytest.mark.parametrize("d", [3, 60])
@pytest.mark.parametrize(
    "spectrum",
    [
        lambda d: np.r_[10.0, np.linspace(0, 1, d - 1)],  # one is steep
        lambda d: 1 - np.arange(d) * 1e-6,  # they are crowded
        np.ones,
        lambda d: -np.linspace(1, 2, d),
        np.zeros,
    ],
)
def test_the_largest_has_a_bound_that_is_near(d, spectrum, monkeypatch):
    """With the factor at every size. Catches a bound that is what a few products found, and all eigenvalues taken."""
    S = matrix(d, 0, spectrum(d))
    S = (S + S.T) / 2
    monkeypatch.setattr(MODULE, "LARGE", 2)
    top = np.linalg.eigvalsh(S)[-1]
    found = largest_eigenvalue(S)
    assert top - 1e-14 * abs(top) <= found <= top + 0.011 * abs(top) + 1e-14


def test_what_is_below_is_not_proved():
    """Catches a factor that is not looked at: half of the largest eigenvalue is no bound, nor is one per cent less."""
    S = matrix(50, 1, np.linspace(0, 1, 50))
    assert proved_bound(S, 0.5) is None
    assert proved_bound(S, 0.99) is None
    assert 1 <= proved_bound(S, 1.0000001) <= 1.000001


def test_what_cannot_be_found_quickly_is_found_slowly(monkeypatch):
    """All eigenvalues decide where products find too little; no row sums to more. Catches the last margin told."""

    def fails(S, **options):
        raise ArpackNoConvergence("no", np.empty(0), np.empty((0, 0)))

    monkeypatch.setattr("scipy.sparse.linalg.eigsh", fails)
    assert MODULE._estimate(np.array([[1.0, -2.0], [-2.0, 5.0]])) == 7.0
    S = matrix(20, 2, np.linspace(0, 1, 20))
    monkeypatch.setattr(MODULE, "LARGE", 2)
    monkeypatch.setattr(MODULE, "_estimate", lambda S: 0.1)
    assert 1 <= largest_eigenvalue(S) <= 1 + 1e-12


def test_what_is_proved_hardly_above_the_eigenvalue_is_above_it():
    """Of a matrix of ones the largest eigenvalue is d. Catches a bound from which its own rounding is taken away."""
    d = 60
    found = [proved_bound(np.ones((d, d)), d * (1 + above * 2.0**-52)) for above in range(0, 400, 20)]
    bounds = [bound for bound in found if bound is not None]
    assert bounds
    assert min(bounds) >= d


@pytest.mark.parametrize("d", [2, 400])
def test_what_is_added_is_rumps_bound(d):
    """In Fractions, at c = 0, where it is all there is; and where c is larger than any entry. Catches each number."""
    gamma = Fraction(d + 1, 2**52) / (1 - Fraction(d + 1, 2**52))
    share = (gamma / (1 - gamma) * d + Fraction(2, 2**52)) * (1 + Fraction(1, 10**9))
    assert proved_bound(-np.diag(np.arange(5.0, d + 5)), 0.0) == pytest.approx(float(share * (d + 4)), rel=2e-15)
    assert proved_bound(9 * np.eye(d), 1e6) - 1e6 == pytest.approx(float(share * 10**6), abs=1.2e-10)
