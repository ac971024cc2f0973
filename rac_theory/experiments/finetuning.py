"""Fine-tuning on digits: a model of the digits 0 to 4 is adapted to 5 to 9, by every method at equal budgets."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms import GD, AsymmetricLoRA, ChainOfLoRA, Initialisation, LoRA, RACLoRA
from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.algorithms.gradients import Local
from rac_theory.cases.case import Case
from rac_theory.problems import SoftmaxRegression, checks, datasets
from rac_theory.problems.checks import Array
from rac_theory.problems.problem import Problem
from rac_theory.problems.relu_network import ReLUNetwork
from rac_theory.processes import progress
from rac_theory.simulation.simulate import simulate
from rac_theory.sketches import Haar

GAMMAS = tuple(4.0**k for k in range(-2, 5))
"""The step sizes that are tried: each method gets the one with the smallest median loss at the end."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is adapted: a problem, the weights that were trained before, and a test set.

    Attributes
    ----------
    problem : Problem
    start : (m, n)
        Trained on the first five digits.
    accuracy : callable
        Weights, (runs, m, n), to the share of the test set that is right, (runs,).

    Examples
    --------
    >>> from rac_theory.experiments.finetuning import softmax_task
    >>> task = softmax_task()
    >>> task.problem.shape, f"{task.accuracy(task.start[None]).item():.2f}"  # what it knows of 5 to 9 before
    ((64, 5), '0.15')
    """

    problem: Problem
    start: Array
    accuracy: Callable[[Array], Array]


@dataclass(frozen=True)
class Outcome:
    """How one method ended: median, smallest and largest loss and accuracy over the runs, and the step it took.

    Examples
    --------
    >>> from rac_theory.experiments.finetuning import Outcome
    >>> ended = Outcome("LoRA", rank=2, gamma=1.0, loss=(0.2, 0.1, 0.3), accuracy=(0.9, 0.8, 1.0))
    >>> ended.loss[0], ended.accuracy[0]  # medians
    (0.2, 0.9)
    """

    method: str
    rank: int
    gamma: float
    loss: tuple[float, float, float]
    accuracy: tuple[float, float, float]


def digits(first: int) -> tuple[Array, NDArray[np.int64], Array, NDArray[np.int64]]:
    """Return training and test rows of five digits from ``first`` on, with labels 0 to 4; every third row is a test.

    Examples
    --------
    >>> from rac_theory.experiments.finetuning import digits
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
    >>> from rac_theory.experiments.finetuning import softmax_task
    >>> problem = softmax_task().problem
    >>> problem.shape, problem.n_components
    ((64, 5), 598)
    """
    X, y, *_ = digits(0)
    start = SoftmaxRegression(X, y, l2).W_star
    assert start is not None
    X, y, X_test, y_test = digits(5)
    return Task(SoftmaxRegression(X, y, l2), start, lambda W: (np.argmax(X_test @ W, -1) == y_test).mean(-1))


def network_task(hidden: int = 32, steps: int = 500, seed: int = 0) -> Task:
    """A ReLU network with a random second matrix: its first one, 64 pixels by hidden units, is trained on 0 to 4.

    Examples
    --------
    >>> from rac_theory.experiments.finetuning import network_task
    >>> network_task(hidden=3, steps=1).problem.shape
    (64, 3)
    """
    rng = np.random.default_rng(checks.integer("seed", seed, 0))
    X, y, *_ = digits(0)
    V = rng.standard_normal((hidden, 5)) * math.sqrt(2 / hidden)
    W0 = rng.standard_normal((X.shape[1], hidden)) / math.sqrt(X.shape[1])
    start = simulate(Case(GD(0.5), ReLUNetwork(X, y, V), W0, steps=steps)).W[0]
    X, y, X_test, y_test = digits(5)
    problem = ReLUNetwork(X, y, V)
    return Task(problem, start, lambda W: (problem.predict(W, X_test) == y_test).mean(-1))


def methods(shape: tuple[int, int], rank: int, link: int, links: int) -> Mapping[str, tuple[Algorithm, int]]:
    """Return the methods of one rank, and how many gradient steps one outer step of each makes.

    ``link`` is the number of steps between two merges, and ``links`` that of merges: LoRA is tried at the rank of one
    link and at that of all together. Frozen and fresh factors are orthonormal, those of LoRA and Chain of LoRA start as
    is usual, at B = 0 and a Gaussian A.

    Examples
    --------
    >>> from rac_theory.experiments.finetuning import methods
    >>> [*methods((64, 5), rank=1, link=10, links=4)][:3]
    ['full', 'LoRA', 'LoRA of rank 4']
    """
    m, n = shape
    usual, together = (Initialisation.kaiming(shape, r) for r in (rank, min(rank * links, m, n)))
    return {
        "full": (GD(1.0), 1),
        "LoRA": (LoRA(usual, 1.0), 1),
        f"LoRA of rank {together.rank}": (LoRA(together, 1.0), 1),
        "Asymmetric LoRA, B frozen": (AsymmetricLoRA(Haar(m, rank), 1.0, "left"), 1),
        "Asymmetric LoRA, A frozen": (AsymmetricLoRA(Haar(n, rank), 1.0, "right"), 1),
        "Chain of LoRA": (ChainOfLoRA(usual, 1.0, link), 1),
        "RAC-LoRA, B random": (RACLoRA(Haar(m, rank), 1.0, "left", Local(link)), link),
        "RAC-LoRA, A random": (RACLoRA(Haar(n, rank), 1.0, "right", Local(link)), link),
    }


def tried(task: Task, name: str, algorithm: Any, rank: int, *, steps: int, runs: int, seed: int) -> Outcome:
    """Run a method with each step size, and return how it ended with the best.

    Examples
    --------
    >>> from rac_theory import GD
    >>> from rac_theory.experiments.finetuning import softmax_task, tried
    >>> ended = tried(softmax_task(), "full", GD(1.0), rank=5, steps=2, runs=1, seed=0)
    >>> ended.gamma, f"{ended.loss[0]:.2f}"
    (4.0, '0.27')
    """
    best: tuple[float, float, Array, Array] | None = None
    with progress.task("trainings", len(GAMMAS)):
        for gamma in GAMMAS:
            method = replace(algorithm, gamma=gamma)
            ends = simulate(Case(method, task.problem, task.start, steps=steps), runs=runs, rng=seed)
            loss = np.where(np.isfinite(ends.values[:, -1]), ends.values[:, -1], np.inf)
            if best is None or np.median(loss) < best[0]:
                best = float(np.median(loss)), gamma, loss, task.accuracy(ends.W)
            progress.advance()
    assert best is not None
    return Outcome(name, rank, best[1], _spread(best[2]), _spread(best[3]))


def compare(task: Task, rank: int, *, steps: int = 200, link: int = 10, runs: int = 10, seed: int = 0) -> list[Outcome]:
    """Try every method of one rank, with ``steps`` gradient steps each; runs differ in what is drawn.

    Examples
    --------
    >>> from rac_theory.experiments.finetuning import compare, softmax_task
    >>> found = compare(softmax_task(), rank=1, steps=2, link=1, runs=1)
    >>> min(found, key=lambda ended: ended.loss).method  # without a bound on the rank
    'full'
    """
    m, n = task.problem.shape
    checks.integer("rank", rank, 1, min(m, n), "min(m, n)")
    every = methods(task.problem.shape, rank, link, steps // link)
    with progress.task("trainings", len(every) * len(GAMMAS)):
        return [
            tried(task, name, algorithm, rank, steps=steps // inner, runs=runs, seed=seed)
            for name, (algorithm, inner) in every.items()
        ]


def _spread(values: Array) -> tuple[float, float, float]:
    return float(np.median(values)), float(values.min()), float(values.max())
