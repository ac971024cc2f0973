"""Bounds of eigenvalues, against elimination in rational numbers."""

from fractions import Fraction

import numpy as np
import pytest

from rac_theory.numerics.eigenvalues import (
    EPS,
    alike,
    eigenvalues,
    extreme_eigenvalues,
    lapack_rounding,
    multiple_of_identity,
    raised,
)
from tests.problems.exact import exact, is_above_all_eigenvalues, is_below_all_eigenvalues


def random_matrices(count):
    rng = np.random.default_rng(9)
    for _ in range(count):
        A = rng.standard_normal((2, 2)) if rng.random() < 0.1 else rng.standard_normal((4, 4))
        yield ((A @ A.T) + (A @ A.T).T) / 2


def test_no_eigenvalue_is_outside():
    """With a slop of d eps this fails: it misses a few in a thousand, by up to 2.1 eps of the largest eigenvalue."""
    for S in random_matrices(1500):
        low, high = extreme_eigenvalues(S)
        assert is_below_all_eigenvalues(low, exact(S))
        assert is_above_all_eigenvalues(high, exact(S))


def test_what_is_allowed_for_lapack_grows_by_four_roundings_a_column():
    """From twelve at size one, as is derived; measured are ten at size 1024. Catches one that does not grow."""
    assert [lapack_rounding(size) * 2**52 for size in (1, 2, 6)] == [12, 16, 32]


@pytest.mark.parametrize("scale", [1e-300, 1e-20, 1.0, 1e150])
def test_the_bounds_are_tight(scale):
    low, high = extreme_eigenvalues(scale * np.array([[2.0, 1.0], [1.0, 2.0]]))
    assert scale * (1 - 4e-14) <= low < scale
    assert 3 * scale < high <= 3 * scale * (1 + 2e-14)


def test_a_diagonal_matrix_is_exact():
    S = np.diag([0.3, -1e-30, 7e20])
    assert extreme_eigenvalues(S) == (-1e-30, 7e20)
    values, error = eigenvalues(S)
    np.testing.assert_array_equal(values, [-1e-30, 0.3, 7e20])
    assert error == 0


def test_what_is_raised_is_no_lower_in_exact_numbers():
    """Sums that are rounded down among others; a diagonal as its vector is the same. Catches the other direction."""
    S, by = np.random.default_rng(0).random(200), 1.1
    higher = raised(S, by)
    assert all(
        Fraction(more) >= Fraction(x) + Fraction(by) for x, more in zip(S.tolist(), higher.tolist(), strict=True)
    )
    np.testing.assert_allclose(higher, S + by, rtol=5 * EPS)
    assert raised(np.zeros(1), 1.0).tolist() == [1 + 4 * EPS]  # no more than that is added
    np.testing.assert_array_equal(raised(np.diag(S[:4]), by), np.diag(higher[:4]))


def test_factors_of_one_kind():
    """Diagonals stay vectors, unless one is a matrix. Catches matrices of all, which take their square in memory."""
    s, M = np.array([1.0, 2.0]), np.ones((2, 2))
    assert [len(some.shape) for some in alike([s, s])] == [1, 1]
    np.testing.assert_array_equal(alike([s, M]), [np.diag(s), M])
    multiples = [multiple_of_identity(some) for some in (np.full(2, 3.0), 3 * np.eye(2), s, np.diag(s), M)]
    assert multiples == [3.0, 3.0, None, None, None]
