"""Exact expectations: on a quadratic by second moments under random affine maps, on any function by every draw."""

import numpy as np

from rac_theory.algebra import Relation
from rac_theory.statements.assumption import met
from rac_theory.statements.metric import Curves


def followed(maps, Q, x, steps):
    """Curves of ``f = x'Qx/2`` under independent maps ``x -> A x + b``, [(probability, A, b)], by second moments."""
    Q = np.atleast_2d(np.asarray(Q, dtype=float))
    d = len(Q)
    x = np.append(np.atleast_1d(np.asarray(x, dtype=float)), 1.0)
    assert abs(sum(probability for probability, _, _ in maps) - 1) < 1e-12
    step = 0.0
    for probability, A, b in maps:  # on (x, 1)
        M = np.eye(d + 1)
        M[:d, :d], M[:d, d] = A, b
        step += probability * np.kron(M, M)
    moments = [np.outer(x, x).ravel()]
    for _ in range(steps):
        moments.append(step @ moments[-1])
    inner = np.reshape(moments, (-1, d + 1, d + 1))[:, :d, :d]
    weights = np.array([Q / 2, Q @ Q, np.eye(d)])
    return Curves(*np.einsum("kij,tij->kt", weights, inner)[:, None])


def on_axes(share):
    """The draws of H on the first of two axes with this probability, else on the second: [(probability, H)]."""
    return [(share, np.diag([1.0, 0.0])), (1 - share, np.diag([0.0, 1.0]))]


def enumerated(problem, step, draws, states, steps, **more):
    """Curves at the first state by every path of draws, and by name of what ``more`` makes of states, (paths,).

    ``step(H, *states)`` returns the next states, (paths, m, n). No more is asked of f than its value and its gradient.
    """
    states, chances = [np.asarray(each, dtype=float)[None] for each in states], np.ones(1)
    means = []
    for _ in range(steps + 1):
        looked = problem.value(states[0]), squares(problem.gradient(states[0])), *(of(*states) for of in more.values())
        means.append([chances @ each for each in looked])
        branches = [step(H, *states) for _, H in draws]
        states = [np.concatenate(parts) for parts in zip(*branches, strict=True)]
        chances = np.concatenate([chances * chance for chance, _ in draws])
    values, squared_gradients, *others = np.array(means).T[:, None]
    return Curves(values, squared_gradients, **dict(zip(more, others, strict=True)))


def squares(G):
    return np.sum(G**2, axis=(-2, -1))


def check_below(theorem, curves, c):
    """What a theorem assumes in numbers is met, and its bound is not exceeded at any T >= 1."""
    assert all(met(relation, 1, c) for relation in theorem.given if isinstance(relation, Relation)), theorem.id
    left = theorem.metric.measure(curves, c)[0, 1:]
    assert np.all(left <= theorem.claim.at(c, np.arange(1.0, len(left) + 1)) * (1 + 1e-12)), theorem.id
