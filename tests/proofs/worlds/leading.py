"""Worlds of steps along the leading singular subspace of a gradient, which is a matrix here, row by row in a vector."""

from collections.abc import Iterator
from itertools import product

import numpy as np

from rac_theory.proofs.quantities import NUMBERS, gap_first
from rac_theory.statements import assumptions as known

from .functions import Function, corner, huber, parabola, separable, wave
from .one_step import SIZES, at_a_point, functions, vectors, world
from .sketches import Sketch
from .world import World


def leading_steps() -> Iterator[World]:
    rng = np.random.default_rng(10)
    for m, n in ((2, 2), (2, 3), (3, 3)):
        for f in functions(rng, m * n):
            W = f.minimiser + rng.standard_normal(m * n) * rng.uniform(0.1, 3)
            rank, size, K = int(rng.integers(1, m + 1)), rng.choice(SIZES), int(rng.integers(1, 4))
            yield leading_step(f, W, (m, n), rank, size, K)
    # Equal singular values, where no more is kept than the share; and steep pieces, on which a step may rise.
    for piece, x in product([parabola(0.04), parabola(4.0), wave(1.0), huber(2.0, 0.1), corner(1.0)], (0.3, 1.3)):
        f = separable([piece] * 4, [0.0] * 4)
        for size, K, rank in ((0.5, 1, 1), (1.0, 1, 1), (1.9, 2, 1), (1.0, 1, 2), (3.0, 2, 2)):
            yield leading_step(f, np.array([x, 0.0, 0.0, x]), (2, 2), rank, size, K)


def leading_step(f: Function, W: np.ndarray, shape: tuple[int, int], rank: int, size: float, K: int) -> World:
    """K steps of ``size / L`` in the span of the leading left singular vectors of the gradient at W."""
    G, gamma = f.gradient(W), size / f.L
    U = np.linalg.svd(G.reshape(shape))[0][:, :rank]
    H = np.kron(U @ U.T, np.eye(shape[1]))
    first = last = W - gamma * H @ G
    for _ in range(K - 1):
        last = last - gamma * H @ f.gradient(last)
    sketch = Sketch(H[None], np.ones(1))
    letters = [*at_a_point(f, W, sketch), (gap_first, np.atleast_1d(f.value(first) - f.infimum))]
    letters.append((NUMBERS["gap_next"], np.atleast_1d(f.value(last) - f.infimum)))
    name, kept = f"GaLore, gamma L = {size:g}, {K} steps", rank / min(shape)
    return world(name, known.galore_exact, f, W, sketch, letters, vectors(f, W), gamma=gamma, leading_share=kept)
