"""Worlds of a round: M clients take K steps each under one sketch that they share, and their ways are averaged."""

from collections.abc import Iterator

import numpy as np

from rac_theory.proofs.drawn import letter
from rac_theory.proofs.quantities import gap_next, moved, moved_mean, moved_next, own
from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function, mean_of
from .one_step import at_a_point, vectors, world
from .several import SIZES, f_L, heterogeneity, simple, sums
from .sketches import Sketch
from .world import World


def rounds() -> Iterator[World]:
    rng = np.random.default_rng(5)
    for clients in (1, 2, 3):
        drawn = [(f, rng.standard_normal(d), sketches.some(rng, d)) for d in (2, 3) for f in sums(rng, d, clients)]
        for components, W, sketch in [*drawn, *simple(clients)]:
            yield _round(components, W, sketch, rng.choice(SIZES), int(rng.integers(1, 5)))


def _round(components: list[Function], W: np.ndarray, sketch: Sketch, size: float, steps: int) -> World:
    f, L, H = mean_of(components), f_L(components), sketch.H
    eta, G = size / L / steps, f.gradient(W)
    own_G = np.array([each.gradient(W) for each in components])
    at = np.broadcast_to(W, (len(H), len(components), len(W)))
    away, turned, total = [np.zeros(at.shape[:2])], [], 0.0
    for _ in range(steps):
        g = np.stack([each.gradient(at[:, m]) for m, each in enumerate(components)], axis=1)
        turned.append(_lengths(_seen(H, g - own_G)))
        at, total = at - eta * _seen(H, g), total + g / steps
        away.append(_lengths(at - W))
    gbar, after = np.mean(total, axis=1), np.mean(at, axis=1)
    off = own_G - G
    letters = [
        *at_a_point(f, W, sketch),
        (gap_next, f.value(after) - f.infimum),
        (moved, np.stack(away[:-1], axis=2)),
        (moved_next, np.stack(away[1:], axis=2)),
        (moved_mean, np.mean(away[:-1], axis=0)[..., None]),
        (own, _lengths(_seen(H, np.broadcast_to(own_G, at.shape)))[..., None]),
        (letter("||H (G_m(W_k) - G_m)||", "", "Hm"), np.stack(turned, axis=2)),
        (letter("||HG - Hgbar||", "", "H"), _lengths(_seen(H, (G - gbar)[:, None]))[:, 0]),
        (letter("zeta_H^2", "", "H"), np.mean(_lengths(_seen(H, np.broadcast_to(off, at.shape))) ** 2, axis=1)),
        (letter("zeta^2(W)", ""), variance := np.mean(_lengths(off) ** 2)),
    ]
    return world(
        f"a round of {len(components)} clients, K = {steps}, eta K L = {size:g}", known.fed_rac_lora, f, W, sketch,
        letters, vectors(f, W, gbar=gbar), meets=[known.known_client_heterogeneity, known.known_client_variance],
        L_max=L, gamma=eta, inner_steps=float(steps), D=heterogeneity(components, f), zeta_squared=variance,
    )  # fmt: skip


def _lengths(v: np.ndarray) -> np.ndarray:
    return np.sqrt(np.sum(v**2, axis=-1))


def _seen(H: np.ndarray, v: np.ndarray) -> np.ndarray:
    """What a draw sees of vectors (draws, m, d)."""
    return np.einsum("nij,nmj->nmi", H, v)
