"""Matrices and factors with rational entries: products, sums and squared norms, without rounding."""

from collections.abc import Iterable
from fractions import Fraction

from rac_theory.numerics import Matrix


def exact(rows: Iterable[Iterable[int | Fraction]]) -> Matrix:
    """Return whole numbers and fractions as a matrix."""
    return [[Fraction(x) for x in row] for row in rows]


def product(X: Matrix, Y: Matrix) -> Matrix:
    """Return X Y."""
    columns = transposed(Y)
    return [[sum((x * y for x, y in zip(row, column, strict=True)), Fraction(0)) for column in columns] for row in X]


def transposed(X: Matrix) -> Matrix:
    """Return X'."""
    return [list(column) for column in zip(*X, strict=True)]


def combined(*terms: tuple[int | Fraction, Matrix]) -> Matrix:
    """Return the sum of multiples of matrices of one shape."""
    shapes = zip(*(X for _, X in terms), strict=True)
    weights = [Fraction(c) for c, _ in terms]
    return [
        [
            sum((c * x for c, x in zip(weights, entries, strict=True)), Fraction(0))
            for entries in zip(*rows, strict=True)
        ]
        for rows in shapes
    ]


def average(matrices: list[Matrix]) -> Matrix:
    """Return the mean."""
    return combined(*((Fraction(1, len(matrices)), X) for X in matrices))


def inner(X: Matrix, Y: Matrix) -> Fraction:
    """Return the inner product."""
    return sum((x * y for p, q in zip(X, Y, strict=True) for x, y in zip(p, q, strict=True)), Fraction(0))


def squared(X: Matrix) -> Fraction:
    """Return the squared norm."""
    return inner(X, X)
