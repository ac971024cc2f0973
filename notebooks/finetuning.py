"""Fine-tuning on digits: a model of the digits 0 to 4 is adapted to 5 to 9, by every method at equal budgets.

A step size is chosen for each method on runs of its own. ``python notebooks/finetuning.py`` prints the tables of the
page about counterexamples, in some minutes.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from adapters import Factor, Method, asymmetric_lora, full, lora, rac_lora, train
from digits import Task, network_task, softmax_task

from rac_theory.algorithms.gradients import GradientSource, Minibatch
from rac_theory.base import checks, one_blas_thread, progress, tasks
from rac_theory.base.checks import Array
from rac_theory.numerics import child, generator, seed_sequence

COARSE = tuple(4.0**k for k in range(-2, 3))
"""What is tried first; then half and twice the best, as long as they are better, beyond these ends too."""

_ENDS = (4.0**-12, 4.0**12)

RANKS = (1, 2, 4)
"""Those of the tables."""

SIDES: tuple[Factor, ...] = ("B", "A")

TUNING = 10
"""Runs on which a step size is chosen, by their mean loss: one that diverges rules it out. They are not shown."""


@dataclass(frozen=True)
class Schedule:
    """How long is trained, and with which gradients.

    Attributes
    ----------
    steps : int
        Gradient steps of every method: the budget.
    link : int
        Steps between two restarts of a chain.
    source : GradientSource, optional
        Such as ``Minibatch(16)``; None is the exact gradient.
    local : int
        Steps of a client between two means, on a task whose problem is ``Federated``.

    Examples
    --------
    >>> from finetuning import Schedule
    >>> Schedule(steps=200, link=10).links
    20
    """

    steps: int = 200
    link: int = 10
    source: GradientSource | None = None
    local: int = 1

    @property
    def links(self) -> int:
        """The number of links of a chain."""
        return -(-self.steps // self.link)


@dataclass(frozen=True)
class Outcome:
    """How one method ended.

    Attributes
    ----------
    method : str
    numbers : int
        How many are trained at a time.
    gamma : float
        The step size, chosen on other runs.
    loss, accuracy : (float, float, float)
        Median, smallest and largest over the runs. The last two are an interval for the median of the law that they
        are drawn from, of level ``1 - 2 / 2^runs``: it misses it only if all runs fall on the same side.
    tried : mapping
        The mean loss with each step size that was tried.

    Examples
    --------
    >>> from finetuning import Outcome
    >>> ended = Outcome("LoRA, A random", 133, gamma=1.0, loss=(0.2, 0.1, 0.3), accuracy=(0.9, 0.8, 1.0))
    >>> print(ended)  # doctest: +NORMALIZE_WHITESPACE
    LoRA, A random   133 numbers  step 1     loss 0.200 [0.100, 0.300]  accuracy 0.900 [0.800, 1.000]
    """

    method: str
    numbers: int
    gamma: float
    loss: tuple[float, float, float]
    accuracy: tuple[float, float, float]
    tried: Mapping[float, float] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        head = f"{self.method:42} {self.numbers:5d} numbers  step {self.gamma:<7g}"
        return f"{head} loss {shown(self.loss)}  accuracy {shown(self.accuracy)}"


def shown(spread: tuple[float, float, float]) -> str:
    """Return a median with its interval.

    Examples
    --------
    >>> from finetuning import shown
    >>> shown((0.5, 0.25, 2e9))
    '0.500 [0.250, 2e+09]'
    """
    median, low, high = (f"{one:.3f}" if one < 1e3 else f"{one:.0e}" for one in spread)
    return f"{median} [{low}, {high}]"


def methods(shapes: Sequence[tuple[int, int]], rank: int, links: int) -> list[Method]:
    """Return the methods of one rank, those that train as many numbers as LoRA of this rank, and LoRA of all links.

    The first are at equal rank. Where only one factor is trained, a higher rank costs no more than LoRA: the next have
    in each layer the highest rank that trains no more numbers. The last is LoRA of the rank that all links of a chain
    have together.

    Examples
    --------
    >>> from finetuning import methods
    >>> shapes = [(64, 32), (32, 5)]
    >>> for method in methods(shapes, rank=1, links=20)[-5:]:
    ...     print(method.name, [start.rank for start in method.starts], method.numbers(shapes))
    RAC-LoRA, B random [1, 1] 37
    RAC-LoRA, A random [1, 1] 96
    Asymmetric LoRA, B frozen, as many numbers [3, 7] 131
    RAC-LoRA, B random, as many numbers [3, 7] 131
    LoRA of all links, A random [20, 5] 2105
    """
    return [
        full(shapes),
        *(lora(shapes, rank, side) for side in SIDES),
        *(asymmetric_lora(shapes, rank, side) for side in SIDES),
        *(lora(shapes, rank, side, restarts=True) for side in SIDES),
        *(rac_lora(shapes, rank, side) for side in SIDES),
        *(
            replace(made, name=f"{made.name}, as many numbers")
            for make in (asymmetric_lora, rac_lora)
            for side in SIDES
            if (made := make(shapes, _as_many(shapes, rank, side), side)).starts != make(shapes, rank, side).starts
        ),
        replace(lora(shapes, rank * links, "A"), name="LoRA of all links, A random"),
    ]


@dataclass(frozen=True)
class Chosen:
    """The step size with the smallest loss, and the loss of each that was tried.

    Attributes
    ----------
    gamma : float
        Twice and half of it were tried too, and were no better.
    losses : dict
        From step size to loss, in increasing order of the step size.
    """

    gamma: float
    losses: dict[float, float]


def best_step(loss: Callable[[float], float]) -> Chosen:
    """Return the step size whose loss is smallest; nan counts as infinite, and the shorter of two equal steps is taken.

    Raises
    ------
    ValueError
        If the loss still falls at steps of 4^12 or 4^-12, or is finite nowhere.

    Examples
    --------
    >>> from finetuning import best_step
    >>> found = best_step(lambda gamma: abs(gamma - 300.0))  # beyond the grid that is tried first
    >>> found.gamma, [*found.losses][-3:]
    (256.0, [128.0, 256.0, 512.0])
    """
    losses: dict[float, float] = {}

    def tried(gamma: float) -> None:
        if gamma not in losses:
            found = loss(gamma)
            losses[gamma] = math.inf if math.isnan(found) else found

    def best() -> float:
        return min(losses, key=lambda gamma: (losses[gamma], gamma))

    for gamma in COARSE:
        tried(gamma)
    while not {(gamma := best()) / 2, gamma * 2} <= losses.keys():
        if not (_ENDS[0] < gamma < _ENDS[1]):
            raise ValueError(f"loss must have its smallest value inside the grid, got it at its end, gamma = {gamma:g}")
        tried(gamma / 2)
        tried(gamma * 2)
    return Chosen(gamma, dict(sorted(losses.items())))


def tried(task: Task, method: Method, schedule: Schedule, *, runs: int = 10, seed: int = 0) -> Outcome:
    """Choose a step size on runs of their own, and return how other runs end with it.

    Examples
    --------
    >>> from adapters import full
    >>> from digits import softmax_task
    >>> from finetuning import Schedule, tried
    >>> ended = tried(softmax_task(), full([(64, 5)]), Schedule(steps=10, link=10), runs=2)
    >>> ended.gamma, f"{ended.loss[0]:.2f}"
    (4.0, '0.09')
    """
    root = seed_sequence(seed)

    def ends(gamma: float, first: int, count: int) -> tuple[Array, Array]:
        start = np.take(task.starts, np.arange(first, first + count), axis=0, mode="wrap")
        W = train(
            task.problem,
            start,
            method,
            gamma,
            rng=generator(child(root, first)),
            steps=schedule.steps,
            link=schedule.link,
            local=schedule.local,
            source=schedule.source,
        )
        loss = np.asarray(task.problem.value(W))
        return np.where(np.isfinite(loss), loss, np.inf), W

    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        chosen = best_step(lambda gamma: float(ends(gamma, 0, TUNING)[0].mean()))
        loss, W = ends(chosen.gamma, TUNING, checks.count("runs", runs))
        accuracy = task.accuracy(W)
    return Outcome(
        method.name, method.numbers(task.shapes), chosen.gamma, _spread(loss), _spread(accuracy), chosen.losses
    )


def compare(
    task: Task, rank: int, schedule: Schedule, *, runs: int = 10, seed: int = 0, n_jobs: int = 1
) -> list[Outcome]:
    """Try every method of one rank; runs differ in their start and in what is drawn.

    Examples
    --------
    >>> from digits import softmax_task
    >>> from finetuning import Schedule, compare
    >>> found = compare(softmax_task(), 1, Schedule(steps=2, link=1), runs=1)
    >>> min(found, key=lambda ended: ended.loss).method  # without a bound on the rank
    'full training'
    """
    checks.integer("rank", rank, 1, max(map(min, task.shapes)), "min(m, n)")
    every = methods(task.shapes, rank, schedule.links)
    found: dict[int, Outcome] = {}
    with progress.task("methods", len(every)):
        work = ((task, i, method, schedule, runs, seed) for i, method in enumerate(every))
        for i, outcome in tasks.as_they_finish(_numbered, work, n_jobs):
            found[i] = outcome
            progress.advance()
    return [found[i] for i in range(len(every))]


def _numbered(task: Task, i: int, method: Method, schedule: Schedule, runs: int, seed: int) -> tuple[int, Outcome]:
    return i, tried(task, method, schedule, runs=runs, seed=seed)


def _as_many(shapes: Sequence[tuple[int, int]], rank: int, drawn: Factor) -> list[int]:
    """The rank of each layer at which one factor has as many numbers as LoRA's two, or just fewer."""
    return [min(rank, m, n) * (m + n) // (n if drawn == "B" else m) for m, n in shapes]


def _spread(values: Array) -> tuple[float, float, float]:
    return float(np.median(values)), float(values.min()), float(values.max())


def table(by_rank: Sequence[Sequence[Outcome]], ranks: Sequence[int] = RANKS) -> str:
    """Return test accuracies and step sizes, a method a row, in Markdown.

    Examples
    --------
    >>> from finetuning import Outcome, table
    >>> print(table([[Outcome("LoRA", 133, 0.5, (0.3, 0.2, 0.4), (0.85, 0.78, 0.9))]], [1]))
    | method | r = 1: numbers, step, accuracy |
    | --- | --- |
    | LoRA | 133, 0.5, 0.850 [0.780, 0.900] |
    """
    longest_first = sorted(by_rank, key=len, reverse=True)  # it has them all, in their order
    names = list(dict.fromkeys(one.method for found in longest_first for one in found))
    head = " | ".join(f"r = {rank}: numbers, step, accuracy" for rank in ranks)
    lines = [f"| method | {head} |", "| --- |" + " --- |" * len(ranks)]
    for name in names:
        own = [[one for one in found if one.method == name] for found in by_rank]
        cells = (f"{one[0].numbers}, {one[0].gamma:g}, {shown(one[0].accuracy)}" if one else "as above" for one in own)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def run(words: str, task: Task, schedule: Schedule) -> None:
    """Print the table of a task."""
    began = time.monotonic()
    found = [compare(task, rank, schedule, n_jobs=-1) for rank in RANKS]
    print(f"{words}\n\n{table(found)}\n", flush=True)
    for rank, outcomes in zip(RANKS, found, strict=True):
        print(f"rank {rank}", *outcomes, sep="\n")
    print(f"\n{time.monotonic() - began:.0f} s\n", flush=True)


if __name__ == "__main__":
    run("Softmax regression, exact gradients", softmax_task(), Schedule())
    run("Network, exact gradients", network_task(), Schedule())
    run("Network, minibatches of 16", network_task(), Schedule(source=Minibatch(16)))
    run("Network, four clients, ten local steps", network_task(clients=4), Schedule(local=10))
