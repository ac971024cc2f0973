"""Whether every step that a problem certifies lowers f by what it promises, along projections of every kind."""

import math
from collections.abc import Iterator

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import certified_step, layers_of
from rac_theory.testing.probe import EPS, Probe
from rac_theory.testing.refuted import Refuted

_SHARES = (1.0, 0.9, 0.5, 0.1)  # of what is certified
_DRAWS = 12


def check_certified_steps(probe: Probe) -> None:
    """Raise ``Refuted`` if ``certified_step`` is not one step for each W, or f stays above what it promises."""
    problem = probe.problem
    if not hasattr(problem, "certified_step"):
        return
    W = np.concatenate([probe.places, probe.trajectory])
    f, G = np.asarray(problem.value(W)), np.asarray(problem.gradient(W))
    kept = np.isfinite(f) & np.isfinite(G).all(axis=(1, 2)) & (squared_norms(G) > 0)
    W, f, G = W[kept], f[kept], G[kept]
    try:
        steps = certified_step(problem, W, G)
    except ValueError as error:
        raise Refuted(f"{probe.name}.{error}") from None
    for HG in _projected(probe, G):
        squares = squared_norms(HG)
        for share in _SHARES:
            s = share * steps
            moved = W - s[:, None, None] * HG
            after = np.asarray(problem.value(moved))
            size = np.sqrt(squared_norms(W)) + s * np.sqrt(squares)
            rounding = EPS * (1e4 * (np.abs(f) + np.abs(after)) + 1e3 * probe.gradient_scale * size) + probe.resolution
            excess = np.nan_to_num(after - f + s / 2 * squares - rounding, nan=-math.inf, posinf=-math.inf)
            i = int(np.argmax(excess / np.maximum(np.abs(f), 1e-300)))
            if excess[i] > 0:
                raise Refuted(
                    f"{probe.name}.certified_step must certify f(W - s H G) <= f(W) - s/2 ||H G||^2 for every "
                    f"projection H and s up to it: at s = {s[i]:.6g}, {share:g} of it, f goes from {f[i]:.6g} to "
                    f"{after[i]:.6g}, and was to fall by {s[i] * squares[i] / 2:.6g}",
                    W=W[i],
                    HG=HG[i],
                )


def _projected(probe: Probe, G: Array) -> Iterator[Array]:
    """Gradients, (k, m, n), under projections: none, and of each rank on either side, of each layer by itself."""
    yield G
    layers, rng = layers_of(probe.problem), probe.rng(31)
    for _ in range(_DRAWS):
        if layers is None:
            yield _one_sided(G, rng)
        else:
            yield layers.pack([_one_sided(part, rng) for part in layers.views(G)])


def _one_sided(G: Array, rng: np.random.Generator) -> Array:
    """Under a projection of random rank on a random side, on a random subspace or on the steepest of G."""
    left, steepest = rng.random(2) < 0.5
    side = G if left else np.swapaxes(G, 1, 2)
    k, d, _ = side.shape
    rank = int(rng.integers(1, d + 1))
    Q = np.linalg.svd(side)[0][..., :rank] if steepest else np.linalg.qr(rng.standard_normal((k, d, rank)))[0]
    moved = Q @ (np.swapaxes(Q, 1, 2) @ side)
    return moved if left else np.swapaxes(moved, 1, 2)
