"""Worlds of an epoch of N steps in random order under one sketch: all orders are gone through."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from rac_theory.proofs.drawn import letter
from rac_theory.proofs.quantities import gap_next
from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function, mean_of
from .one_step import at_a_point, vectors, world
from .several import SIZES, f_L, heterogeneity, simple, sums
from .sketches import Sketch
from .world import World


def epochs() -> Iterator[World]:
    rng = np.random.default_rng(4)
    for count in (1, 2, 3, 4):
        drawn = [
            (components, rng.standard_normal(d), sketches.some(rng, d))
            for d in (2, 3)
            for components in sums(rng, d, count)
        ]
        for components, W, sketch in [*drawn, *simple(count)]:
            yield _epoch(components, W, sketch, rng.choice(SIZES))


def _epoch(components: list[Function], W: np.ndarray, sketch: Sketch, size: float) -> World:
    count, f, L = len(components), mean_of(components), f_L(components)
    eta, G = size / L / count, f.gradient(W)
    orders = list(permutations(range(count)))
    H, p = np.repeat(sketch.H, len(orders), axis=0), np.repeat(sketch.p, len(orders)) / len(orders)
    seen = []
    for H_drawn in sketch.H:
        for order in orders:
            at, total = W, np.zeros_like(W)
            for i in order:
                g = components[i].gradient(at)
                at, total = at - eta * H_drawn @ g, total + g
            seen.append((at, total / count))
    after, gbar = (np.array(each) for each in zip(*seen, strict=True))
    off = np.array([each.gradient(W) - G for each in components])
    letters = [
        *at_a_point(f, W, sketch),
        (gap_next, f.value(after) - f.infimum),
        (letter("sigma_H^2", "", "H"), np.mean(np.sum((H @ off.T) ** 2, axis=1), axis=1)),
        (letter("sigma^2(W)", ""), variance := np.mean(np.sum(off**2, axis=1))),
    ]
    return world(
        f"an epoch of {count}, eta N L = {size:g}", known.rac_lora_reshuffled, f, W, Sketch(H, p), letters,
        vectors(f, W, gbar=gbar), meets=[known.known_heterogeneity, known.known_variance],
        L_max=L, gamma=eta, inner_steps=float(count), D=heterogeneity(components, f), sigma_squared=variance,
    )  # fmt: skip
