"""Exact arithmetic for small sketches: projections and extreme eigenvalues over the rational numbers."""

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

Matrix = list[list[Fraction]]
"""Rows of rational numbers."""


def rational(matrix: Iterable[Iterable[float]]) -> Matrix:
    """Return the exact value of each number; every float is a rational number."""
    return [[Fraction(x) for x in row] for row in matrix]


def projection(S: Matrix) -> Matrix:
    """Return H = S (S'S)^+ S', (d, d), by Gram-Schmidt without square roots; dependent columns fall out as zeros."""
    d = len(S)
    H = [[Fraction(0)] * d for _ in range(d)]
    basis: list[tuple[list[Fraction], Fraction]] = []
    for column in zip(*S, strict=True):
        u = list(column)
        for b, square in basis:
            share = _dot(b, u) / square
            u = [x - share * y for x, y in zip(u, b, strict=True)]
        if square := _dot(u, u):
            basis.append((u, square))
            for i, row in enumerate(H):
                for j in range(d):
                    row[j] += u[i] * u[j] / square
    return H


def mean(matrices: Sequence[Matrix], weights: Sequence[Fraction]) -> Matrix:
    """Return the average with the given weights, which need not sum to one."""
    total = sum(weights, Fraction(0))
    d = len(matrices[0])
    return [
        [sum((w * M[i][j] for w, M in zip(weights, matrices, strict=True)), Fraction(0)) / total for j in range(d)]
        for i in range(d)
    ]


def smallest_eigenvalue(M: Matrix) -> Fraction:
    """Return the smallest eigenvalue of a symmetric matrix, or where it is irrational a lower bound within 1e-15.

    A guess from floating point is certified: c is the smallest eigenvalue exactly if ``M - c I`` is positive
    semidefinite and singular, and a lower bound if it is positive definite; both are decided by elimination.
    """
    near = float(np.linalg.eigvalsh(np.array(M, dtype=np.float64))[0])
    for largest_denominator in (1, 1_000, 1_000_000):
        candidate = Fraction(near).limit_denominator(largest_denominator)
        if _pivots(M, candidate) == "singular":
            return candidate
    below = 1
    while _pivots(M, bound := Fraction(int(near * 2**52) - below, 2**52)) == "indefinite":
        below *= 2
    return bound


def largest_eigenvalue(M: Matrix) -> Fraction:
    """Return the largest eigenvalue, or where it is irrational an upper bound within 1e-15."""
    return -smallest_eigenvalue([[-x for x in row] for row in M])


def _pivots(M: Matrix, shift: Fraction) -> str:
    """Tell whether ``M - shift I`` is "definite", "singular" (positive semidefinite) or "indefinite"."""
    rows = [[x - shift if i == j else x for j, x in enumerate(row)] for i, row in enumerate(M)]
    found = "definite"
    for k, pivot_row in enumerate(rows):
        pivot = pivot_row[k]
        if pivot < 0 or (pivot == 0 and any(pivot_row[k + 1 :])):
            return "indefinite"
        if pivot == 0:
            found = "singular"
            continue
        for row in rows[k + 1 :]:
            factor = row[k] / pivot
            for j in range(k, len(row)):
                row[j] -= factor * pivot_row[j]
    return found


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))
