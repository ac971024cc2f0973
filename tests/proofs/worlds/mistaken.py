"""Worlds in which a constant is said to be better than it is, so that an assumption about it is not met."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from rac_theory.statements import assumptions as known

from . import sketches, worlds
from .one_step import exact_step, functions, of_a_function
from .other_steps import certified_step, momentum_step
from .world import World

_GAINS = {known.positive_gain, known.positive_gaussian_gain}
MISTAKES = (
    ({"L": 0.25, "L_max": 0.25}, {known.smooth, known.smooth_components}),
    ({"mu": 2.5, "strong_convexity": 2.5}, {known.polyak_lojasiewicz, known.strongly_convex}),
    ({"L_H": 0.5}, {known.smooth_along_sketch}),
    ({"nu": 2.5}, _GAINS),
    ({"A": 0.1, "C": 0.1}, {known.structured_noise}),
    ({"bias_squared": 0.1}, {known.known_bias}),
)
"""By what constants are multiplied, and what is not met then."""


@cache
def worlds_and_mistakes() -> tuple[World, ...]:
    """Return all worlds, and every other one once more with each mistake that can be made in it."""
    return (*worlds(), *_mistaken(worlds()[::2]), *_stale())


def _stale() -> Iterator[World]:
    """Steps along the draw that sees least, or most, of the gradient, where constants are those of a fresh draw."""
    rng = np.random.default_rng(15)
    for d in (2, 3):
        for f in functions(rng, d):
            W, sketch = f.minimiser + rng.standard_normal(d), sketches.axes(np.full(d, 1 / d))
            kept = np.linalg.norm(sketch.H @ f.gradient(W), axis=1)[:d]
            law = {name: of_a_function(f, W, sketch)[name] for name in ("lambda_min", "lambda_max")}
            for i in (kept.argmin(), kept.argmax()):
                stale = sketches.Sketch(sketch.H[i : i + 1], np.ones(1))
                with_momentum = (
                    momentum_step(f, W, M, stale, 1 / f.L, b, **law)
                    for b in (0.5, None)
                    for M in (stale.H[0] @ f.gradient(W), f.gradient(W) - stale.H[0] @ f.gradient(W))
                )
                for world in (
                    *(exact_step(f, W, stale, 1 / f.L, **law), certified_step(f, W, stale, 1.0)),
                    *with_momentum,
                ):
                    meets = world.meets - {known.fresh_projection} | {known.isotropic}
                    yield replace(world, name=f"{world.name}, stale", meets=meets, constants=world.constants | law)


def _mistaken(worlds: Iterable[World]) -> Iterator[World]:
    for world in worlds:
        for changes, unmet in MISTAKES:
            changed = {name: world.constants[name] * by for name, by in changes.items() if name in world.constants}
            if changed and world.meets & unmet:
                constants = {**world.constants, **changed}
                yield replace(world, name=f"{world.name}, mistaken", meets=world.meets - unmet, constants=constants)
        flat = {name: number / 4 for name, number in world.letters.items() if ",Q" in name}
        if flat and known.smooth_along_sketch in world.meets:  # Q is less than f is curved
            meets, letters = world.meets - {known.smooth_along_sketch}, {**world.letters, **flat}
            yield replace(world, name=f"{world.name}, mistaken", meets=meets, letters=letters)
