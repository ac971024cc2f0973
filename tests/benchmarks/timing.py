"""Fair timing: every contestant plays the same rounds in turn, each as many runs as fill part of a second."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Contestant:
    """Who plays: ``play(runs, steps, seed)`` returns f and the squared gradient norms, each (runs, steps + 1).

    A floor does a part of the work only, and returns None. Runs come in multiples of ``batch``, and fill rounds of so
    many ``seconds`` at least, seldom of more than twice as many. A run that takes longer is cut to ``steps``.
    """

    name: str
    play: Callable[[int, int, int], Any]
    batch: int = 1
    seconds: float = 0.3
    steps: int | None = None


@dataclass(frozen=True)
class Spread:
    """The median of a few rounds and their range."""

    rounds: tuple[float, ...]

    @property
    def median(self):
        return statistics.median(self.rounds)

    def __str__(self):
        return f"{_figures(self.median)} [{_figures(min(self.rounds))}..{_figures(max(self.rounds))}]"

    def over(self, other):
        """Return the ratio, round by round: what slows the machine for a minute slows both."""
        return Spread(tuple(a / b for a, b in zip(self.rounds, other.rounds, strict=True)))


def _figures(value):
    """Three significant figures without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:#.3g}"


def seconds(job, *arguments, **keywords):
    """Time one call."""
    begin = time.perf_counter()
    job(*arguments, **keywords)
    return time.perf_counter() - begin


def interleaved(contestants, steps, rounds, enough=lambda times: False):
    """Return the time of each contestant in microseconds per run and step: name to Spread.

    ``enough``, given the times so far, may end it before there were so many rounds.
    """
    lengths = [player.steps or steps for player in contestants]
    sizes = [(_enough_runs(player, length), length) for player, length in zip(contestants, lengths, strict=True)]
    times = {player.name: [] for player in contestants}
    for seed in range(rounds):
        for player, size in zip(contestants, sizes, strict=True):
            times[player.name].append(1e6 * seconds(player.play, *size, seed) / np.prod(size))
        spreads = {name: Spread(tuple(taken)) for name, taken in times.items()}
        if enough(spreads):
            break
    return spreads


def _enough_runs(player, steps):
    """Return how many runs fill a round: the batch, doubled as often as should do, and again while that is too few.

    Of the batch the better of two calls counts, as the first one starts pools and compilers; what follows is called
    once.
    """
    runs = player.batch
    taken = min(seconds(player.play, runs, steps, 0) for _ in range(2))
    while taken < player.seconds:
        runs *= 2 ** max(1, math.ceil(math.log2(player.seconds / taken)))
        taken = seconds(player.play, runs, steps, 0)
    return runs


def quickest_batch(play, numbers, steps=10):
    """Return how many runs at once suit a library best: few for the caches, or many for the overhead.

    ``numbers`` is the size of the largest array that one run needs.
    """
    sizes = sorted({max(2, block // numbers) for block in (1 << 14, 1 << 17, 1 << 20)})
    for size in sizes:
        play(size, steps, 0, batch=size)  # compiles, where there is a compiler
    return min(sizes, key=lambda size: min(seconds(play, size, steps, 0, batch=size) for _ in range(3)) / size)


def check_agreement(reference, others, steps=10, runs=32):
    """Stop unless the means of f and of the squared gradient norm, after a few steps, are within 5 standard errors."""
    expected, error = _means(reference, 4 * runs, steps)
    for player in others:
        found, own_error = _means(player, runs, steps)
        allowed = 5 * np.hypot(error, own_error) + 1e-9 * np.abs(expected)
        if not (np.abs(found - expected) <= allowed).all():
            raise SystemExit(f"{player.name} must agree with {reference.name}: {found} against {expected}, +-{allowed}")


def _means(player, runs, steps):
    """Return the mean final f and squared gradient norm, and their standard errors."""
    runs += -runs % player.batch
    final = np.stack([np.asarray(curves)[:, -1] for curves in player.play(runs, steps, 1)])
    return final.mean(axis=1), final.std(axis=1, ddof=1) / np.sqrt(runs)
