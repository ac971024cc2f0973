"""Worlds that meet assumptions to the letter, and in which a fact would be false that is read into them."""

from dataclasses import replace

import numpy as np

from rac_theory.statements import assumptions as known

from . import sketches
from .functions import parabola, separable
from .one_step import along_M, exact_step, world
from .sketches import Sketch
from .world import World


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
