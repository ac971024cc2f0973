"""The digits 0 to 4 and 5 to 9 as two tasks: models that know the first, and are to learn the others."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from adapters import full, train
from numpy.typing import NDArray

from rac_theory.base import checks, one_blas_thread
from rac_theory.base.checks import Array
from rac_theory.problems import Federated, Problem, ReLUNetwork, SoftmaxRegression, datasets


@dataclass(frozen=True, eq=False)
class Task:
    """What is adapted: a problem, weights that were trained before, and a test set.

    Attributes
    ----------
    problem : Problem
    shapes : list of (m, n)
        Of the matrices that are adapted.
    starts : (S, m, n)
        Trained on the first five digits. Run i starts at the one of number i, and after the last at the first again.
    accuracy : callable
        Weights, (runs, m, n), to the share of the test set that is right, (runs,).

    Examples
    --------
    >>> from digits import softmax_task
    >>> task = softmax_task()
    >>> task.problem.shape, f"{task.accuracy(task.starts).item():.2f}"  # what it knows of 5 to 9 before
    ((64, 5), '0.15')
    """

    problem: Problem
    shapes: list[tuple[int, int]]
    starts: Array
    accuracy: Callable[[Array], Array]


def digits(first: int) -> tuple[Array, NDArray[np.int64], Array, NDArray[np.int64]]:
    """Return training and test rows of five digits from ``first`` on, with labels 0 to 4; every third row is a test.

    Examples
    --------
    >>> from digits import digits
    >>> X, y, X_test, y_test = digits(first=5)
    >>> X.shape, X_test.shape, sorted(set(y.tolist()))
    ((598, 64), (298, 64), [0, 1, 2, 3, 4])
    """
    X, labels = datasets.bundled("digits")
    kept = (labels >= first) & (labels < first + 5)
    X, y = X[kept], labels[kept].astype(np.int64) - first
    test = np.arange(len(X)) % 3 == 2
    return X[~test], y[~test], X[test], y[test]


def softmax_task(l2: float = 1e-3) -> Task:
    """Softmax regression: the weights of 64 pixels by five classes, trained to the minimum on 0 to 4.

    Examples
    --------
    >>> from digits import softmax_task
    >>> problem = softmax_task().problem
    >>> problem.shape, problem.n_components
    ((64, 5), 598)
    """
    X, y, *_ = digits(0)
    start = SoftmaxRegression(X, y, l2).W_star
    assert start is not None
    X, y, X_test, y_test = digits(5)
    problem = SoftmaxRegression(X, y, l2)
    return Task(problem, [problem.shape], start[None], lambda W: (np.argmax(X_test @ W, -1) == y_test).mean(-1))


def network_task(hidden: int = 32, *, clients: int = 1, steps: int = 500, networks: int = 20, seed: int = 0) -> Task:
    """Two-layer ReLU networks, both of whose matrices are adapted; each was trained on 0 to 4 from a start of its own.

    Clients share the digits 5 to 9 by label, so that each has seen two of them at most.

    Examples
    --------
    >>> from digits import network_task
    >>> task = network_task(hidden=3, steps=1, networks=2)
    >>> task.shapes, task.starts.shape
    ([(64, 3), (3, 5)], (2, 207, 1))
    """
    rng = np.random.default_rng(checks.integer("seed", seed, 0))
    X, y, *_ = digits(0)
    before = ReLUNetwork(X, y, hidden, 5)
    shapes = before.layers.shapes
    drawn = [
        rng.standard_normal((networks, m, n)) * math.sqrt(gain / m)
        for (m, n), gain in zip(shapes, (1, 2), strict=True)  # half of the hidden units are zero
    ]
    with one_blas_thread():
        W = before.layers.pack(drawn)
        starts = train(before, W, full(shapes), 0.5, steps=steps, link=1, rng=rng)
    X, y, X_test, y_test = digits(5)
    network = ReLUNetwork(X, y, hidden, 5)
    problem = network if clients == 1 else Federated.by_label(network, clients)
    return Task(problem, list(shapes), starts, lambda W: (network.predict(W, X_test) == y_test).mean(-1))
