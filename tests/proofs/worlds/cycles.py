"""Worlds in which orthogonal blocks take turns: every order is a draw, and each block sees what others have done."""

from collections.abc import Iterator
from itertools import permutations

import numpy as np

from rac_theory.proofs.quantities import NUMBERS
from rac_theory.proofs.quantities import G as G_at_W
from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function, corner, parabola, separable, wave
from .one_step import about_f, functions
from .sketches import TINY, Sketch
from .world import World, of_a_function, with_means


def blocks_in_turns() -> Iterator[World]:
    rng = np.random.default_rng(10)
    for d in (2, 3, 4):
        for f in functions(rng, d):
            W, k = f.minimiser + rng.standard_normal(d) * rng.uniform(0.1, 3), int(rng.integers(1, min(d, 3) + 1))
            yield in_turns(f, W, _partition(sketches.turned(rng, d), k), rng.choice([0.1, 0.5, 1.0, 1.9, 2.0, 2.2]))
    for L, size in ((0.04, 1.0), (4.0, 0.5), (4.0, 2.0)):
        f = separable([parabola(L), parabola(L)], [0.0, 0.0])
        yield in_turns(f, np.array([0.3, -0.2]), np.eye(2)[None], size)
        yield in_turns(f, np.array([0.3, 0.0]), _partition(np.eye(2), 2), size)
    yield from _turned_as_far_as_allowed()
    for piece in (wave(1.0), corner(1.0)):
        f = separable([piece, piece], [0.0, 0.0], np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2))
        yield in_turns(f, np.array([0.3, 0.1]), _partition(np.eye(2), 2), 1.0)


def _turned_as_far_as_allowed() -> Iterator[World]:
    """Of two blocks the first moves, which turns all it can into the second, where nothing is left to do."""
    f = separable([wave(1.0), wave(1.0)], [0.0, 0.0], np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2))
    saddle = np.array([1.0, -1.0]) / np.sqrt(2)  # around it f is x y, but for a constant
    for gamma in (0.2, 0.5, 1.0):
        yield in_turns(f, saddle + 0.1 * np.array([gamma, 1.0]), _partition(np.eye(2), 2), gamma)


def in_turns(f: Function, W: np.ndarray, H: np.ndarray, size: float) -> World:
    """A cycle of the blocks on which H, (k, d, d), projects, with steps of ``size`` in units of 1/L_H."""
    k, orders = len(H), list(permutations(range(len(H))))
    blocks = Sketch(H, np.full(k, 1 / k))
    gamma = size / max(blocks.along(f.curvature), TINY)
    steps, used, missed = map(np.array, zip(*(_cycle(f, W, H[list(order)], gamma) for order in orders), strict=True))
    letters = [
        (NUMBERS["gap"], f.value(W) - f.infimum),
        (NUMBERS["gap_next"], f.value(W + steps) - f.infimum),
        (G_at_W @ G_at_W, f.gradient(W) @ f.gradient(W)),
        (NUMBERS["used"], used),
        (NUMBERS["missed"], missed),
    ]
    meets = {
        known.rac_lora_in_turns,
        known.known_cost_of_turns,
        *about_f(f),
        *([known.smooth_along_sketch] if f.is_smooth else []),
    }
    ell = min((k - 1) ** 0.5, np.ceil(np.log2(k)))
    constants = of_a_function(f, W, blocks) | {"gamma": gamma, "ell": ell}
    numbers = with_means(letters, np.full(len(orders), 1 / len(orders)))
    return World(f"{k} blocks in turns, gamma L_H = {size:g}", frozenset(meets), constants, numbers)


def _cycle(f: Function, W: np.ndarray, H: np.ndarray, gamma: float) -> tuple[np.ndarray, float, float]:
    """How far a cycle goes, and the lengths of what it uses and misses of the gradient."""
    G, at, used, missed = f.gradient(W), W, 0.0, 0.0
    for block in H:
        seen = f.gradient(at)
        used, missed = used + np.sum((block @ seen) ** 2), missed + np.sum((block @ (G - seen)) ** 2)
        at = at - gamma * block @ seen
    return at - W, np.sqrt(used), np.sqrt(missed)


def _partition(U: np.ndarray, k: int) -> np.ndarray:
    """Projections on k blocks of the columns of an orthonormal basis."""
    return np.array([B @ B.T for B in np.array_split(U, k, axis=1)])
