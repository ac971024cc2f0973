"""Worlds of steps that are certified: the longest up to which no draw lowers f by less than half of s ||HG||^2."""

from collections.abc import Iterator

import numpy as np

from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function
from .one_step import at_a_point, functions, simple, vectors, world
from .sketches import Sketch
from .world import World

SHARES = np.linspace(0.0, 5.0, 401)[1:]
"""Of 1/L, which are tried."""


def certified_steps() -> Iterator[World]:
    rng = np.random.default_rng(9)
    drawn = [
        (f, f.minimiser + rng.standard_normal(d) * rng.uniform(0.1, 3), sketches.some(rng, d))
        for d in (2, 3)
        for f in functions(rng, d)
    ]
    for f, W, sketch in [*drawn, *list(simple())[::2]]:
        yield certified_step(f, W, sketch, rng.choice([0.3, 1.0, 1.0]))


def certified_step(f: Function, W: np.ndarray, sketch: Sketch, share: float) -> World:
    """So much of the longest step, which may be longer than 1/L where f is flat, and is 0 for no draw of a corner."""
    G, seen = f.gradient(W), sketch.H @ f.gradient(W)
    falls = [f.value(W) - f.value(W - s * seen) - s / 2 * np.sum(seen**2, axis=1) for s in SHARES / f.L]
    holds = np.logical_and.accumulate([bool((fall >= -1e-12).all()) for fall in falls])
    gamma = share * float(np.max(SHARES / f.L, where=holds, initial=0.0))
    letters = at_a_point(f, W, sketch, -gamma * seen)
    scaled = vectors(f, W) | {("Z", ""): np.sqrt(gamma) * G}
    return world(f"certified, gamma L = {gamma * f.L:g}", known.rac_lora_certified, f, W, sketch, letters, scaled)
