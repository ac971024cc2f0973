"""Functions that are means of several, for minibatches, epochs and rounds."""

from collections.abc import Iterator, Sequence

import numpy as np

from . import sketches
from .functions import Function, cosine, huber, log_cosh, parabola, quadratic, rippled, separable, wave
from .sketches import Sketch

SIZES = (0.1, 0.5, 1.0, 1.0, 6.0, 12.0)
"""Of eta N L."""


def sums(rng: np.random.Generator, d: int, count: int) -> Iterator[list[Function]]:
    """Yield the components of sums of every kind."""

    def matrix():
        factor = rng.standard_normal((d, rng.integers(1, d + 1)))
        return factor @ factor.T

    yield [quadratic(matrix(), rng.standard_normal(d), rng.standard_normal()) for _ in range(count)]
    yield [quadratic(np.eye(d), rng.standard_normal(d)) for _ in range(count)]
    kinds = [parabola(1.0), huber(2.0, 0.1), log_cosh(1.5), rippled(0.3), rippled(2.0), wave(2.0), cosine(1.0)]
    chosen = [[kinds[k] for k in rng.integers(len(kinds), size=d)] for _ in range(count)]
    yield [separable(pieces, np.zeros(d), sketches.turned(rng, d)) for pieces in chosen]
    yield [separable(pieces, rng.standard_normal(d)) for pieces in chosen]
    yield [separable([wave(1.0)] * d, rng.uniform(-1, 1, d)) for _ in range(count)]


def simple(count: int) -> Iterator[tuple[list[Function], np.ndarray, Sketch]]:
    """Yield what makes facts equalities: components that are alike, or that differ by where they are least."""
    parts = sketches.axes([0.5, 0.2])
    for L in (0.04, 3.0):
        for away in (0.0, 1.0):
            f = [quadratic(L * np.eye(2), [away * (-1) ** i, 0.0]) for i in range(count)]
            for sketch in (sketches.whole(2), parts, sketches.axes([0.2, 0.6])):
                yield f, np.array([0.7, 0.0]), sketch
                yield f, np.zeros(2), sketch
    for x in (0.5, 0.6, 0.75, 0.9):
        yield [separable([wave(1.0), wave(1.0)], [0.0, 0.0])] * count, np.array([x, x]), sketches.whole(2)


def heterogeneity(components: Sequence[Function], f: Function) -> float:
    """``2 L (f* - mean of the infima)``, with L the largest of a component."""
    return 2 * f_L(components) * (f.infimum - np.mean([each.infimum for each in components]))


def f_L(components: Sequence[Function]) -> float:
    return max(each.L for each in components)
