"""Matrices and sums of Kronecker products that several files of tests ask about."""

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
