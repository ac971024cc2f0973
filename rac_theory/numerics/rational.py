"""Exact arithmetic for small sketches: projections and extreme eigenvalues over the rational numbers.

And the way back: the float next to an exact number, on the side that keeps a bound a bound.
"""

import math
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
    """Return the smallest eigenvalue of a symmetric matrix, or a lower bound that is about 1e-15 below it.

    The eigenvalue itself is found if it is a diagonal entry, or rational with a denominator up to a million.

    A guess from floating point is certified: c is the smallest eigenvalue exactly if ``M - c I`` is positive
    semidefinite and singular, and a lower bound if it is positive definite; both are decided by elimination.
    """
    near = float(np.linalg.eigvalsh(np.array(M, dtype=np.float64))[0])
    guesses = [Fraction(near).limit_denominator(largest) for largest in (1, 1_000, 1_000_000)]
    for guess in [min(row[i] for i, row in enumerate(M)), *guesses]:  # a diagonal entry, as of a multiple of I, first
        if _pivots(M, guess) == "singular":
            return guess
    below = 1
    while _pivots(M, bound := Fraction(int(near * 2**52) - below, 2**52)) == "indefinite":
        below *= 2
    return bound


def largest_eigenvalue(M: Matrix) -> Fraction:
    """Return the largest eigenvalue, or an upper bound that is about 1e-15 above it, in the same way."""
    return -smallest_eigenvalue([[-x for x in row] for row in M])


def _pivots(M: Matrix, shift: Fraction) -> str:
    """Tell whether ``M - shift I`` is "definite", "singular" (positive semidefinite) or "indefinite"."""
    rows = [[x - shift if i == j else x for j, x in enumerate(row)] for i, row in enumerate(M)]
    verdict = "definite"
    for k, pivot_row in enumerate(rows):
        pivot = pivot_row[k]
        if pivot < 0 or (pivot == 0 and any(pivot_row[k + 1 :])):
            return "indefinite"
        if pivot == 0:
            verdict = "singular"
            continue
        for row in rows[k + 1 :]:
            factor = row[k] / pivot
            for j in range(k, len(row)):
                row[j] -= factor * pivot_row[j]
    return verdict


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def rounded(exact: Fraction, towards: float) -> float:
    """Return ``exact`` as a float: itself if it is one, otherwise its neighbour in the direction of an infinity."""
    try:
        nearest = float(exact)
    except OverflowError:
        nearest = math.inf if exact > 0 else -math.inf
    wrong_side = nearest > exact if towards < 0 else nearest < exact  # compared exactly
    return math.nextafter(nearest, towards) if wrong_side else nearest
