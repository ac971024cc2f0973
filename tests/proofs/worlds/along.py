"""Worlds of steps up to 2/L_H, of which a single draw may go uphill: f bends on one axis, which is drawn rarely."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from .functions import parabola, rippled, separable, wave
from .one_step import exact_step
from .sketches import Sketch, axes
from .world import World


def steps_along() -> Iterator[World]:
    rng = np.random.default_rng(8)
    basis = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    tilted = [np.outer(u, u) for u in np.sqrt([[1 / 20, 19 / 20], [1 / 20, 19 / 20]]) * [[1, 1], [1, -1]]]
    rare = Sketch(np.array([np.diag([1.0, 0.0]), *tilted]), np.array([1, 199.5, 199.5]) / 400)
    beside = Sketch(np.array([np.diag([0.0, 1.0]), *(np.outer(u, u) for u in basis)]), np.array([0.6, 0.2, 0.2]))
    for piece, size in product((parabola(1.0), wave(1.0), rippled(0.3)), (0.5, 1.0, 1.9, 2.1)):
        f = separable([piece, parabola(0.0)], [0.0, 0.0])
        for sketch in (rare, beside, axes([0.5, 0.5], basis)):
            W = np.array([rng.uniform(0.1, 1.5), 1.0])
            yield exact_step(f, W, sketch, size / sketch.along(f.curvature))
