"""Expectations on a quadratic under random affine maps, exactly: second moments, of which each step is linear."""

import numpy as np

from rac_theory.statements.metric import Curves


def followed(maps, Q, x, steps):
    """Curves of ``f = x'Qx/2`` under independent maps ``x -> A x + b``, [(probability, A, b)], by second moments."""
    Q = np.atleast_2d(np.asarray(Q, dtype=float))
    d = len(Q)
    x = np.append(np.atleast_1d(np.asarray(x, dtype=float)), 1.0)
    assert abs(sum(probability for probability, _, _ in maps) - 1) < 1e-12
    step = sum(probability * np.kron(M, M) for probability, M in lifted(maps, d))
    moments = [np.outer(x, x).ravel()]
    for _ in range(steps):
        moments.append(step @ moments[-1])
    inner = np.reshape(moments, (-1, d + 1, d + 1))[:, :d, :d]
    weights = np.array([Q / 2, Q @ Q, np.eye(d)])
    return Curves(*np.einsum("kij,tij->kt", weights, inner)[:, None])


def lifted(maps, d):
    """The maps as matrices, of (x, 1)."""
    for probability, A, b in maps:
        M = np.eye(d + 1)
        M[:d, :d], M[:d, d] = A, b
        yield probability, M
