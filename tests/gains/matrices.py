"""Matrices and sums of Kronecker products that several files of tests ask about."""

from types import SimpleNamespace

import numpy as np

M, N = 4, 3
SPREAD = np.diag([4.0, 1, 0.5, 0.1])
RIGHT = np.array([[2.0, 1, 0], [1, 2, 0], [0, 0, 0.5]])
_TURNED = np.linalg.qr(np.random.default_rng(0).standard_normal((M, M)))[0]
OBLIQUE = _TURNED @ SPREAD @ _TURNED.T
SUMS = {
    "one side": [(OBLIQUE, np.eye(N))],
    "one term": [(SPREAD, RIGHT)],
    "and a penalty": [(OBLIQUE, RIGHT), (0.3 * np.eye(M), np.eye(N))],
    "columns of their own": [(SPREAD, np.diag([1.0, 0, 0])), (OBLIQUE, np.diag([0, 1.5, 0.2]))],
}
"""M x N, of Q = sum of S (x) R."""


def semidefinite(d, rank, seed):
    """A random matrix of a rank, (d, d)."""
    X = np.random.default_rng(seed).standard_normal((d, rank))
    return X @ X.T


COMMON_BASIS = {
    "one side": [(semidefinite(M, M, 0), np.eye(N))],
    "one term": [(semidefinite(M, 2, 1), semidefinite(N, N, 2))],
    "and a penalty": [(semidefinite(M, 2, 3), semidefinite(N, 1, 4)), (0.3 * np.eye(M), np.eye(N))],
    "blocks": [(semidefinite(M, M, 5), np.diag([1.0, 2, 0])), (semidefinite(M, M, 6), np.diag([1.0, 0, 3]))],
    "powers": [
        (semidefinite(M, M, 7), semidefinite(N, N, 8)),
        (np.diag([1.0, 2, 3, 4]), semidefinite(N, N, 8) @ semidefinite(N, N, 8)),
    ],
}
NO_COMMON_BASIS = [(semidefinite(M, M, 9), semidefinite(N, N, 10)), (semidefinite(M, M, 11), semidefinite(N, N, 12))]


def swapped(terms):
    """The same with sides exchanged."""
    return [(R, S) for S, R in terms]


def known(Q):
    """A problem of which no more is known than Q."""
    return SimpleNamespace(shape=Q.shape, L=Q.largest, smoothness=Q)
