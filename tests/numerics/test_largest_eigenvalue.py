"""An upper bound of the largest eigenvalue by Cholesky's method, against all eigenvalues."""

import importlib
from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse.linalg import ArpackNoConvergence

from rac_theory.numerics.eigenvalues import largest_eigenvalue, proved_bound

MODULE = importlib.import_module("rac_theory.numerics.eigenvalues")  # whose name the room's function has


def matrix(d, seed, spectrum):
    Q = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))[0]
    return (Q * spectrum) @ Q.T


SPECTRA = {
    "one steep": lambda d: np.r_[10.0, np.linspace(0, 1, d - 1)],
    "crowded": lambda d: 1 - np.arange(d) * 1e-6,
    "all alike": np.ones,
    "negative": lambda d: -np.linspace(1, 2, d),
    "zero": np.zeros,
}


@pytest.mark.parametrize("spectrum", SPECTRA.values(), ids=SPECTRA)
@pytest.mark.parametrize("d", [3, 60])
def test_it_is_a_bound_and_near(d, spectrum, monkeypatch):
    """With the factor at every size. Catches a bound that is what a few products found, and all eigenvalues taken."""
    S = matrix(d, 0, spectrum(d))
    S = (S + S.T) / 2
    monkeypatch.setattr(MODULE, "LARGE", 2)
    top = np.linalg.eigvalsh(S)[-1]
    found = largest_eigenvalue(S)
    assert top - 1e-14 * abs(top) <= found <= top + 0.011 * abs(top) + 1e-14


def test_what_is_below_is_notproved_bound():
    """Catches a factor that is not looked at: half of the largest eigenvalue is no bound, nor is one per cent less."""
    S = matrix(50, 1, np.linspace(0, 1, 50))
    assert proved_bound(S, 0.5) is None
    assert proved_bound(S, 0.99) is None
    assert 1 <= proved_bound(S, 1.0000001) <= 1.000001


def test_what_cannot_be_found_quickly_is_found_slowly(monkeypatch):
    """Where products with vectors find too little, all eigenvalues decide. Catches the last margin as a bound."""
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


def test_without_convergence_no_row_sums_to_more(monkeypatch):
    def fails(S, **options):
        raise ArpackNoConvergence("no", np.empty(0), np.empty((0, 0)))

    monkeypatch.setattr("scipy.sparse.linalg.eigsh", fails)
    assert MODULE._estimate(np.array([[1.0, -2.0], [-2.0, 5.0]])) == 7.0
