"""Rational numbers: floats on either side of one, and sums of squares, by which eigenvalues are certified."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from rac_theory import sketches, spectrum
from rac_theory.numerics.rational import (
    EigenvalueCertificate,
    Squares,
    certified,
    largest_eigenvalue,
    mean,
    rational,
    rounded,
    smallest_eigenvalue,
    squares,
)


def test_rounding_brackets_what_is_no_float_and_keeps_what_is():
    """What is beyond all floats is infinite or the largest. Catches a rounding to nearest, and a step too many."""
    for exact in (Fraction(1, 3), Fraction(-1, 3), 1 + Fraction(1, 10**19), Fraction(10) ** -330):
        low, high = rounded(exact, -math.inf), rounded(exact, math.inf)
        assert low < exact < high
        assert high == math.nextafter(low, math.inf)
    for number in (0.0, 0.1, -7e20, 5e-324):
        assert rounded(Fraction(number), math.inf) == rounded(Fraction(number), -math.inf) == number
    for sign in (-1, 1):
        exact, largest = sign * Fraction(10) ** 400, sign * 1.7976931348623157e308
        assert [rounded(exact, way * sign * math.inf) for way in (1, -1)] == [sign * math.inf, largest]


def gram(rng, n, rank):
    """A matrix B B' of whole numbers over whole numbers."""
    B = [[Fraction(int(a), int(b)) for a, b in rng.integers((-3, 1), (4, 5), (rank, 2))] for _ in range(n)]
    return [[sum((x * y for x, y in zip(u, v, strict=True)), Fraction(0)) for v in B] for u in B]


def test_a_gram_matrix_of_any_rank_is_a_sum_of_squares():
    """Would catch a zero pivot that is refused, and a minor that is divided by the wrong pivot."""
    rng = np.random.default_rng(0)
    for n, rank in 6 * [(m, k) for m in (1, 2, 3, 6) for k in range(m + 1)]:
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


def test_a_zero_pivot_needs_a_zero_row_and_the_matrix_must_be_symmetric():
    for M in ([[0, 1], [1, 5]], [[1, 2], [2, 3]], [[-1]], [[1, 2], [1, 9]], [[5, 1, 0], [1, 0, 0], [0, 0, 1]]):
        assert squares(rational(M)) is None, M


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


def test_what_is_found_is_certified_and_a_little_more_is_refused():
    """Against the eigenvalues of NumPy, which are found in another way."""
    rng = np.random.default_rng(3)
    for n, rank in 8 * [(m, k) for m in range(1, 5) for k in range(1, m + 2)]:  # singular in one case of two
        matrix = gram(rng, n, rank)
        low, high = smallest_eigenvalue(matrix), largest_eigenvalue(matrix)
        exact = np.linalg.eigvalsh(np.array(matrix, dtype=float))
        assert certified(matrix, low).is_eigenvalue or low <= exact[0] + 1e-12
        assert abs(float(low) - exact[0]) < 1e-9
        assert exact[-1] - 1e-12 <= high < exact[-1] + 1e-9
        with pytest.raises(ValueError, match="bound must be at most the smallest eigenvalue"):
            certified(matrix, low + Fraction(1, 10**6))


@pytest.mark.parametrize("size", [Fraction(1, 100), Fraction(-1, 100)])
def test_each_number_counts(size):
    """The bound and each entry of the matrix are changed, alone: would catch squares of another matrix."""
    known = certified(rational([[2, 1, 0], [1, 2, 1], [0, 1, 2]]), Fraction(1, 2))
    for place in np.ndindex(3, 3):
        changed = np.array(known.matrix)
        changed[place] += size
        with pytest.raises(ValueError, match="squares must be a sum of squares"):
            replace(known, matrix=tuple(map(tuple, changed)))
    with pytest.raises(ValueError, match="squares must be a sum of squares"):
        replace(known, bound=known.bound + size)


def test_six_pivots_and_forty_letters_are_shown_and_all_squares_in_the_file_for_coq():
    for n, rest in ((6, ""), (7, ", ...")):
        pivots = ", ".join(["1/2"] * 6) + rest
        shown = repr(certified(rational(np.eye(n).tolist()), Fraction(1, 2)))
        assert shown.endswith(f"no eigenvalue is below 1/2; pivots {pivots}>")
    for digits, shown in ((37, f"1/1{'0' * 37}"), (38, "1e-38")):
        assert f"below {shown};" in repr(certified([[Fraction(1)]], Fraction(1, 10**digits)))
    text = certified(rational([[2, 1], [1, 2]]), Fraction(1)).coq()
    assert (
        "forall x1 x2 : R, (1 / 1) * (x1 ^ 2 + x2 ^ 2) <= "
        "(2 / 1) * x1 * x1 + (1 / 1) * x1 * x2 + (1 / 1) * x2 * x1 + (2 / 1) * x2 * x2." in text
    )
    assert "= (1 / 1) * ((1 / 1) * x1 + (1 / 1) * x2) ^ 2) by field." in text


@pytest.mark.parametrize(("bound", "weight"), [(2, -1), (1, 1)])
def test_a_negative_weight_is_refused_and_a_sum_that_leaves_out_the_bound(bound, weight):
    one = ((Fraction(1),),)
    with pytest.raises(ValueError, match=rf"for the matrix less \({bound}\) I, it is none"):
        EigenvalueCertificate(one, Fraction(bound), Squares((Fraction(weight),), one))


def test_a_spectrum_has_one_where_it_is_exact():
    exact = spectrum(sketches.CountSketch(4, 2), exact=True)
    assert (exact.certificate.bound, exact.certificate.is_eigenvalue) == (Fraction(15, 32), True)
    assert exact.certificate.matrix == tuple(map(tuple, exact.matrix))
    assert spectrum(sketches.CountSketch(4, 2)).certificate is None
