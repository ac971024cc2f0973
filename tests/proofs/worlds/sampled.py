"""Worlds of a round of clients that are sampled: every order of each client's epoch, and everyone who may take part."""

from collections.abc import Iterator
from itertools import permutations, product

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

CHANCES = ((1.0, 1.0), (0.5, 0.5), (0.2, 0.9))
"""Of two clients; "one of them" is a subset of size one."""


def sampled_rounds() -> Iterator[World]:
    rng = np.random.default_rng(8)
    for steps in (1, 2, 3):
        drawn = [(f, rng.standard_normal(d), sketches.some(rng, d)) for d in (2, 3) for f in sums(rng, d, 2 * steps)]
        for components, W, sketch in [*drawn, *list(simple(2 * steps))[::2], *drawn]:
            of_clients = [components[:steps], components[steps:]]
            chances = None if rng.random() < 0.3 else CHANCES[rng.integers(len(CHANCES))]
            yield _round(of_clients, W, sketch, rng.choice(SIZES), chances)


def _round(of_clients: list[list[Function]], W: np.ndarray, sketch: Sketch, size: float, chances) -> World:
    clients, every = [mean_of(each) for each in of_clients], [one for each in of_clients for one in each]
    steps, f, L = len(of_clients[0]), mean_of(every), f_L(every)
    eta, present, omega = size / L / steps, *_who(chances)
    orders = list(permutations(range(steps)))
    draws = []
    for (H, p), both, (here, q) in product(
        zip(sketch.H, sketch.p, strict=True), product(orders, repeat=2), zip(*present, strict=True)
    ):
        means = []
        for components, order in zip(of_clients, both, strict=True):
            at, total = W, np.zeros_like(W)
            for i in order:
                g = components[i].gradient(at)
                at, total = at - eta * H @ g, total + g
            means.append(total / steps)
        draws.append((H, p * q / len(orders) ** 2, np.array(means), here @ np.array(means) / 2))
    H, p, means, ghat = (np.array(each) for each in zip(*draws, strict=True))
    G_m, G_mi = (np.array([each.gradient(W) for each in some]) for some in (clients, every))
    letters = [
        *at_a_point(f, W, sketch),
        (gap_next, f.value(W - eta * steps * np.einsum("nij,nj->ni", H, ghat)) - f.infimum),
        (letter("mean_m||Hgbar_m||^2", "", "H"), _mean_square(np.einsum("nij,nmj->nmi", H, means))),
        (letter("mean_m||HG_m||^2", "", "H"), _mean_square(np.einsum("nij,mj->nmi", H, G_m))),
        (letter("mean_mi||HG_mi||^2", "", "H"), _mean_square(np.einsum("nij,mj->nmi", H, G_mi))),
        (letter("mean_m||G_m||^2", ""), _mean_square(G_m)),
        (letter("mean_mi||G_mi||^2", ""), _mean_square(G_mi)),
    ]
    within = (
        2 * L * np.mean([each.infimum - np.mean([i.infimum for i in own]) for each, own in _pairs(clients, of_clients)])
    )
    D = 2 * L * (f.infimum - np.mean([each.infimum for each in clients]))
    assert D + within == np.float64(heterogeneity(every, f)) or abs(D + within - heterogeneity(every, f)) < 1e-9
    return world(
        f"a round of 2 clients, {steps} steps, eta K L = {size:g}, chances {chances}", known.fed_rac_lora_sampled, f, W,
        Sketch(H, p), letters, vectors(f, W, gbar=means.mean(axis=1), ghat=ghat),
        meets=[known.known_heterogeneity, known.known_heterogeneity_within, known.known_sampling],
        L_max=L, gamma=eta, inner_steps=float(steps), D=D, D_in=within, omega=omega,
    )  # fmt: skip


def _pairs(clients, of_clients):
    return zip(clients, of_clients, strict=True)


def _who(chances):
    """How often each of two clients counts, (draws, 2), with the probabilities, and omega by the second moment."""
    if chances is None:
        return ((np.array([[2.0, 0.0], [0.0, 2.0]]), np.array([0.5, 0.5])), 1.0)
    c = np.array(chances)
    here = np.array(list(product((0, 1), repeat=2)))
    return ((here / c, np.prod(np.where(here, c, 1 - c), axis=1)), float(np.max((1 - c) / c) / 2))


def _mean_square(v: np.ndarray) -> np.ndarray:
    return np.mean(np.sum(v**2, axis=-1), axis=-1)
