"""Worlds in which a constant is better than it is, or that meet assumptions to the letter: there a fact is false."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np

from rac_theory.statements import assumptions as known

from . import sketches, worlds
from .functions import parabola, separable
from .one_step import along_M, exact_step, functions, of_a_function, world
from .other_steps import certified_step, momentum_step
from .sketches import Sketch
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
                for one in (
                    *(exact_step(f, W, stale, 1 / f.L, **law), certified_step(f, W, stale, 1.0)),
                    *with_momentum,
                ):
                    meets = one.meets - {known.fresh_projection} | {known.isotropic}
                    yield replace(one, name=f"{one.name}, stale", meets=meets, constants=one.constants | law)


def _mistaken(worlds: Iterable[World]) -> Iterator[World]:
    for one in worlds:
        for changes, unmet in MISTAKES:
            changed = {name: one.constants[name] * by for name, by in changes.items() if name in one.constants}
            if changed and one.meets & unmet:
                constants = {**one.constants, **changed}
                yield replace(one, name=f"{one.name}, mistaken", meets=one.meets - unmet, constants=constants)
        flat = {name: number / 4 for name, number in one.letters.items() if ",Q" in name}
        if flat and known.smooth_along_sketch in one.meets:  # Q is less than f is curved
            meets, letters = one.meets - {known.smooth_along_sketch}, {**one.letters, **flat}
            yield replace(one, name=f"{one.name}, mistaken", meets=meets, letters=letters)


def constant() -> World:
    """``f = 0``, which is smooth with any L, and PL with any mu."""
    f, W, sketch = separable([parabola(0.0), parabola(0.0)], [0.0, 0.0]), np.ones(2), sketches.whole(2)
    of = {"meets": [known.polyak_lojasiewicz], "gamma": 0.5, "L": 1.0, "L_max": 1.0, "mu": 5.0}
    return world("f = 0", known.rac_lora_exact, f, W, sketch, W[None], **of)


def almost_at_once() -> list[World]:
    """A step of 1/L at almost all draws, and steps of almost 1/L."""
    f, W = separable([parabola(1.0), parabola(0.5)], [0.0, 0.0]), np.ones(2)
    sometimes = Sketch(np.array([np.eye(2), np.zeros((2, 2))]), np.array([0.97, 0.03]))
    return [exact_step(f, W, sometimes, 1.0), *(exact_step(f, W, sketches.whole(2), size) for size in (0.9, 1.1))]


def heavy_tailed() -> World:
    """Plain steps with E[B B'] as if B were Gaussian, and (B B')^2 far larger; nu is that of a Gaussian sketch."""
    f, W, tau, d, r = separable([parabola(1.0), parabola(1.0)], [0.0, 0.0]), np.ones(2), 0.25, 2, 1
    M = np.array([*(18 * np.outer(axis, axis) for axis in np.eye(2)), np.zeros((2, 2))])
    p = np.array([1 / 18, 1 / 18, 8 / 9])
    sketch = Sketch(np.array([np.diag([1.0, 0.0]), np.diag([0.0, 1.0]), np.zeros((2, 2))]), p)
    letters, nu = along_M(f, tau * M, f.gradient(W)), 2 * r * tau - r * (d + r + 1) * tau**2
    of = {"meets": [known.positive_gaussian_gain], "nu": nu}
    return world("heavy tails", known.plain_or_fitted, f, W, sketch, None, letters, **of)


def around_a_mean(worlds: tuple[World, ...], name: str) -> list[World]:
    """Return worlds in which a variance is known as its mean over all of them, as over iterates that are drawn."""
    found = [world for world in worlds if name in world.constants]
    average = float(np.mean([world.constants[name] for world in found]))
    return [replace(world, constants={**world.constants, name: average}) for world in found]
