"""Matrices and least squares in Fractions: what constants and certificates are held against."""

from fractions import Fraction

import numpy as np


def exact(A):
    return [[Fraction(x) for x in row] for row in np.asarray(A, dtype=float).tolist()]


def is_below_all_eigenvalues(number, M):
    """Whether ``M - number I`` is positive semidefinite: the pivots of elimination in Fractions are not negative."""
    A = [[M[i][j] - (Fraction(number) if i == j else 0) for j in range(len(M))] for i in range(len(M))]
    while A:
        pivot, *rest = A[0]
        if pivot < 0 or (pivot == 0 and any(rest)):
            return False
        A = [
            [A[i][j] - (A[i][0] * A[0][j] / pivot if pivot else 0) for j in range(1, len(A))] for i in range(1, len(A))
        ]
    return True


def is_above_all_eigenvalues(number, M):
    return is_below_all_eigenvalues(-number, [[-x for x in row] for row in M])


def hessian(X, penalty, curvature=1):
    """``curvature X'X / N + penalty I`` in Fractions."""
    x, d = exact(X), len(X[0])
    return [
        [curvature * sum(r[i] * r[j] for r in x) / len(x) + (Fraction(penalty) if i == j else 0) for j in range(d)]
        for i in range(d)
    ]


def infimum(problem, shares=None):
    """The infimum of least squares of full rank, whose row i counts ``shares[i]``, by default 1/N."""
    x, d = exact(problem.X), problem.X.shape[1]
    shares = shares or [Fraction(1, len(x))] * len(x)
    total = Fraction(0)
    for y in zip(*exact(problem.Y), strict=True):
        rows = [
            [sum(s * a[i] * a[j] for s, a in zip(shares, x, strict=True)) for j in range(d)]
            + [sum(s * a[i] * b for s, a, b in zip(shares, x, y, strict=True))]
            for i in range(d)
        ]
        right = [row[d] for row in rows]
        for i in range(d):
            rows[i][i] += Fraction(problem.l2)
        for i in range(d):  # Gauss and Jordan; the matrix is positive definite, so that no pivot is zero
            rows[i] = [entry / rows[i][i] for entry in rows[i]]
            for j in range(d):
                if j != i:
                    rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
        gained = sum(b * row[d] for b, row in zip(right, rows, strict=True))
        total += (sum(s * b * b for s, b in zip(shares, y, strict=True)) - gained) / 2
    return total
