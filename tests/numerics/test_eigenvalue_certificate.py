"""Certificates of a smallest eigenvalue: made by elimination, checked by products, and refused above it."""

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
    smallest_eigenvalue,
)

M = [
    [Fraction(2), Fraction(1), Fraction(0)],
    [Fraction(1), Fraction(2), Fraction(1)],
    [Fraction(0), Fraction(1), Fraction(2)],
]


def random_matrix(rng):
    """The mean of projections has such a form: A'A, singular in one case of two."""
    n = int(rng.integers(1, 5))
    A = rng.integers(-3, 4, size=(int(rng.integers(1, n + 2)), n))
    return [[Fraction(int(x), 7) for x in row] for row in A.T @ A]


def test_what_is_found_is_certified_and_a_little_more_is_refused():
    """Against the eigenvalues of NumPy, which are found in another way."""
    rng = np.random.default_rng(3)
    for _ in range(200):
        matrix = random_matrix(rng)
        low = smallest_eigenvalue(matrix)
        found = certified(matrix, low)
        exact = np.linalg.eigvalsh(np.array(matrix, dtype=float))[0]
        assert found.is_eigenvalue or low <= exact + 1e-12
        assert abs(float(low) - exact) < 1e-9
        high, largest = largest_eigenvalue(matrix), np.linalg.eigvalsh(np.array(matrix, dtype=float))[-1]
        assert largest - 1e-12 <= high < largest + 1e-9
        with pytest.raises(ValueError, match="bound must be at most the smallest eigenvalue"):
            certified(matrix, low + Fraction(1, 10**6))


@pytest.mark.parametrize("size", [Fraction(1, 100), Fraction(-1, 100)])
def test_each_number_counts(size):
    """The bound and each entry of the matrix are changed, alone: would catch squares of another matrix."""
    known = certified(M, Fraction(1, 2))
    for i in range(3):
        for j in range(3):
            changed = [[x + size * ((i, j) == (k, m)) for m, x in enumerate(row)] for k, row in enumerate(known.matrix)]
            with pytest.raises(ValueError, match="squares must be a sum of squares"):
                replace(known, matrix=tuple(map(tuple, changed)))
    with pytest.raises(ValueError, match="squares must be a sum of squares"):
        replace(known, bound=known.bound + size)


def test_six_pivots_and_forty_letters_are_shown():
    for n, rest in ((6, ""), (7, ", ...")):
        identity = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
        pivots = ", ".join(["1/2"] * 6) + rest
        assert repr(certified(identity, Fraction(1, 2))).endswith(f"no eigenvalue is below 1/2; pivots {pivots}>")
    for digits, shown in ((37, f"1/1{'0' * 37}"), (38, "1e-38")):
        assert f"below {shown};" in repr(certified([[Fraction(1)]], Fraction(1, 10**digits)))


def test_a_negative_weight_is_refused():
    one = ((Fraction(1),),)
    with pytest.raises(ValueError, match=r"for the matrix less \(2\) I, it is none"):
        EigenvalueCertificate(one, Fraction(2), Squares((Fraction(-1),), one))


def test_the_file_for_coq_has_the_form_and_the_squares():
    text = certified([[Fraction(2), Fraction(1)], [Fraction(1), Fraction(2)]], Fraction(1)).coq()
    assert (
        "forall x1 x2 : R, (1 / 1) * (x1 ^ 2 + x2 ^ 2) <= "
        "(2 / 1) * x1 * x1 + (1 / 1) * x1 * x2 + (1 / 1) * x2 * x1 + (2 / 1) * x2 * x2." in text
    )
    assert "= (1 / 1) * ((1 / 1) * x1 + (1 / 1) * x2) ^ 2) by field." in text


def test_a_spectrum_has_one_where_it_is_exact():
    exact = spectrum(sketches.CountSketch(4, 2), exact=True)
    assert (exact.certificate.bound, exact.certificate.is_eigenvalue) == (Fraction(15, 32), True)
    assert exact.certificate.matrix == tuple(map(tuple, exact.matrix))
    assert spectrum(sketches.CountSketch(4, 2)).certificate is None
