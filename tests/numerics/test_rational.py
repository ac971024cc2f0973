"""Positive semidefinite matrices as sums of squares: against the eigenvalues, and against matrices that are not."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory.numerics.rational import Squares, mean, rational, squares


def gram(rng, n, rank):
    """A matrix B B' of whole numbers over whole numbers."""
    B = [[Fraction(int(a), int(b)) for a, b in rng.integers((-3, 1), (4, 5), (rank, 2))] for _ in range(n)]
    return [[sum((x * y for x, y in zip(u, v, strict=True)), Fraction(0)) for v in B] for u in B]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_a_gram_matrix_of_any_rank_is_a_sum_of_squares(n):
    """Would catch a zero pivot that is refused, and a minor that is divided by the wrong pivot."""
    rng = np.random.default_rng(0)
    for rank in range(n + 1):
        for _ in range(10):
            M = gram(rng, n, rank)
            found = squares(M)
            assert found is not None
            assert found.proves(M)
            assert sum(weight > 0 for weight in found.weights) == np.linalg.matrix_rank(np.array(M, dtype=float))


def test_what_is_not_positive_is_refused_by_any_amount():
    """The singular matrix of a rank below n, less 10^-30 in one place: far below what floating point could tell."""
    rng = np.random.default_rng(1)
    for n in (1, 2, 4, 7):
        M = gram(rng, n, n - 1)
        M[0][0] -= Fraction(1, 10**30)
        assert squares(M) is None


@pytest.mark.parametrize(
    "M", [[[0, 1], [1, 5]], [[1, 2], [2, 3]], [[-1]], [[1, 2], [1, 9]], [[5, 1, 0], [1, 0, 0], [0, 0, 1]]]
)
def test_a_zero_pivot_needs_a_zero_row_and_the_matrix_must_be_symmetric(M):
    assert squares(rational(M)) is None


def test_squares_of_another_matrix_prove_nothing():
    """Would catch a check that looks at the weights alone, at the diagonal alone, or at the sizes not at all."""
    M = rational([[2, 1], [1, 3]])
    found = squares(M)
    assert found is not None
    assert not found.proves(rational([[2, 1], [1, 4]]))
    assert not found.proves(rational([[2, 0], [0, 3]]))
    assert not found.proves(rational([[2]]))
    assert not found.proves(rational([[2, 1, 0], [1, 3, 0]]))
    assert not found.proves(rational([[2, 1], [1, 3], [0, 0]]))
    assert not replace(found, weights=(Fraction(2), Fraction(3))).proves(M)
    negative = Squares((Fraction(2), Fraction(-1)), rational([[1, 0], [0, 1]]))  # one of them is enough
    assert not negative.proves(rational([[2, 0], [0, -1]]))
    with pytest.raises(ValueError, match="shorter"):
        Squares((Fraction(1), Fraction(0)), found.rows[:1]).proves(M)
    assert repr(found) == "<Squares of 2 linear forms>"


def test_a_mean_of_matrices_has_its_weights():
    A, B = rational([[2, 1], [1, 3]]), rational([[0, 4], [4, 1]])
    assert mean([A], [Fraction(2)]) == A
    assert mean([A, B], [Fraction(1), Fraction(3)]) == rational([[0.5, 3.25], [3.25, 1.5]])
