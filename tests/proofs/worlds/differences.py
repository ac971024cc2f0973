"""Worlds of steps by finite differences, along the eigenvectors of each projection: forward ones, and central ones."""

from collections.abc import Iterator

import numpy as np

from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function
from .one_step import SIZES, at_a_point, functions, simple, vectors, world
from .sketches import Sketch
from .world import World


def steps_by_differences() -> Iterator[World]:
    rng = np.random.default_rng(20)
    drawn = [
        (f, f.minimiser + rng.standard_normal(d), sketches.some(rng, d)) for d in (2, 3) for f in functions(rng, d)
    ]
    for i, (f, W, sketch) in enumerate([*drawn, *simple()]):
        yield _step(f, W, sketch, rng.choice(SIZES) / f.L, rng.choice([0.1, 1.0, 4.0]), central=i % 5 == 0)


def _step(f: Function, W: np.ndarray, sketch: Sketch, gamma: float, h: float, *, central: bool) -> World:
    G, errors, most = f.gradient(W), [], 0
    for H in sketch.H:
        values, U = np.linalg.eigh(H)
        U = U[:, values > 0.5].T
        ahead = f.value(W + h * U)
        seen = (ahead - f.value(W - h * U)) / (2 * h) if central else (ahead - f.value(W)) / h
        errors.append((seen - U @ G) @ U)
        most = max(most, len(U))
    e = np.array(errors)
    letters = at_a_point(f, W, sketch, -gamma * (sketch.H @ G + e))
    return world(
        f"differences, h = {h:g}, gamma L = {gamma * f.L:g}", known.rac_lora_by_differences, f, W, sketch, letters,
        vectors(f, W, e=e), meets=[known.known_bias], gamma=gamma, bias_squared=most * (h * f.L / 2) ** 2,
    )  # fmt: skip
