"""Matrices and least squares in Fractions, as arrays of objects: what constants and certificates are held against."""

from fractions import Fraction

import numpy as np


def exact(A):
    """The numbers of an array as they are stored."""
    return np.vectorize(Fraction, otypes=[object])(np.asarray(A, dtype=float))


def is_below_all_eigenvalues(number, M):
    """Whether ``M - number I`` is positive semidefinite: the pivots of elimination in Fractions are not negative."""
    A = np.array(M, dtype=object) - Fraction(number) * np.eye(len(M), dtype=int)
    while len(A):
        pivot, rest = A[0, 0], A[0, 1:]
        if pivot < 0 or (pivot == 0 and rest.any()):
            return False
        A = A[1:, 1:] - (np.outer(A[1:, 0], rest) / pivot if pivot else 0)
    return True


def is_above_all_eigenvalues(number, M):
    return is_below_all_eigenvalues(-number, -np.array(M, dtype=object))


def hessian(X, penalty, curvature=1):
    """``curvature X'X / N + penalty I`` in Fractions."""
    x = exact(X)
    return curvature * (x.T @ x) / len(x) + Fraction(penalty) * np.eye(x.shape[1], dtype=int)


def infimum(problem, shares=None):
    """The infimum of least squares of full rank, whose row i counts ``shares[i]``, by default 1/N."""
    x, y, d = exact(problem.X), exact(problem.Y), problem.X.shape[1]
    share = np.array(shares or [Fraction(1, len(x))] * len(x))[:, None]
    right = x.T @ (share * y)
    rows = np.hstack([x.T @ (share * x) + Fraction(problem.l2) * np.eye(d, dtype=int), right])
    for i in range(d):  # Gauss and Jordan; the matrix is positive definite, so that no pivot is zero
        rows[i] /= rows[i, i]
        for j in {*range(d)} - {i}:
            rows[j] -= rows[j, i] * rows[i]
    return ((share * y * y).sum() - (right * rows[:, d:]).sum()) / 2
