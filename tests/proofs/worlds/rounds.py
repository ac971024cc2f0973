"""Worlds of means of several functions: epochs in every order, rounds of clients; and of constants over many steps."""

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from rac_theory.proofs.drawn import letter
from rac_theory.proofs.quantities import moved, moved_mean, moved_next, own
from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function, mean_of
from .one_step import world
from .several import SIZES, f_L, heterogeneity, simple, sums
from .sketches import Sketch
from .world import World


def epochs() -> Iterator[World]:
    rng = np.random.default_rng(4)
    for count in (1, 2, 3, 4):
        for components, W, sketch in [*_some(rng, count), *simple(count)]:
            yield _epoch(components, W, sketch, rng.choice(SIZES))


def _some(rng: np.random.Generator, count: int) -> list[tuple[list[Function], np.ndarray, Sketch]]:
    return [(f, rng.standard_normal(d), sketches.some(rng, d)) for d in (2, 3) for f in sums(rng, d, count)]


def _epoch(components: list[Function], W: np.ndarray, sketch: Sketch, size: float) -> World:
    count, f, L = len(components), mean_of(components), f_L(components)
    eta, G = size / L / count, f.gradient(W)
    orders = list(permutations(range(count)))
    H, p = np.repeat(sketch.H, len(orders), axis=0), np.repeat(sketch.p, len(orders)) / len(orders)
    seen = [_in_order(components, order, W, eta * H_drawn) for H_drawn in sketch.H for order in orders]
    after, gbar = (np.array(each) for each in zip(*seen, strict=True))
    off = np.array([each.gradient(W) - G for each in components])
    letters = [
        (letter("sigma_H^2", "", "H"), np.mean(np.sum((H @ off.T) ** 2, axis=1), axis=1)),
        (letter("sigma^2(W)", ""), variance := np.mean(np.sum(off**2, axis=1))),
    ]
    return world(
        f"an epoch of {count}, eta N L = {size:g}", known.rac_lora_reshuffled, f, W, Sketch(H, p), after, letters,
        vectors={"gbar": gbar}, meets=[known.known_heterogeneity, known.known_variance],
        L_max=L, gamma=eta, inner_steps=float(count), D=heterogeneity(components, f), sigma_squared=variance,
    )  # fmt: skip


def _in_order(components, order, W: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where an epoch ends, and the mean of its gradients."""
    at, total = W, np.zeros_like(W)
    for i in order:
        g = components[i].gradient(at)
        at, total = at - step @ g, total + g
    return at, total / len(order)


def rounds() -> Iterator[World]:
    rng = np.random.default_rng(5)
    for clients in (1, 2, 3):
        for components, W, sketch in [*_some(rng, clients), *simple(clients)]:
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
        after, letters, {"gbar": gbar}, meets=[known.known_client_heterogeneity, known.known_client_variance],
        L_max=L, gamma=eta, inner_steps=float(steps), D=heterogeneity(components, f), zeta_squared=variance,
    )  # fmt: skip


def _lengths(v: np.ndarray) -> np.ndarray:
    return np.sqrt(np.sum(v**2, axis=-1))


def _seen(H: np.ndarray, v: np.ndarray) -> np.ndarray:
    """What a draw sees of vectors (draws, m, d)."""
    return np.einsum("nij,nmj->nmi", H, v)


CHANCES = ((1.0, 1.0), (0.5, 0.5), (0.2, 0.9))
"""Of two clients; "one of them" is a subset of size one."""


def sampled_rounds() -> Iterator[World]:
    rng = np.random.default_rng(8)
    for steps in (1, 2, 3):
        drawn = _some(rng, 2 * steps)
        for components, W, sketch in [*drawn, *list(simple(2 * steps))[::2], *drawn]:
            of_clients = [components[:steps], components[steps:]]
            chances = None if rng.random() < 0.3 else CHANCES[rng.integers(len(CHANCES))]
            yield _sampled(of_clients, W, sketch, rng.choice(SIZES), chances)


def _sampled(of_clients: list[list[Function]], W: np.ndarray, sketch: Sketch, size: float, chances) -> World:
    clients, every = [mean_of(each) for each in of_clients], [one for each in of_clients for one in each]
    steps, f, L = len(of_clients[0]), mean_of(every), f_L(every)
    eta, present, omega = size / L / steps, *_who(chances)
    orders = list(permutations(range(steps)))
    draws = []
    for H, p in zip(sketch.H, sketch.p, strict=True):
        of_each = [[_in_order(client, order, W, eta * H)[1] for order in orders] for client in of_clients]
        for both, (here, q) in product(product(*of_each), zip(*present, strict=True)):
            means = np.array(both)
            draws.append((H, p * q / len(orders) ** 2, means, here @ means / 2))
    H, p, means, ghat = (np.array(each) for each in zip(*draws, strict=True))
    G_m, G_mi = (np.array([each.gradient(W) for each in some]) for some in (clients, every))
    letters = [
        (letter("mean_m||Hgbar_m||^2", "", "H"), _mean_square(np.einsum("nij,nmj->nmi", H, means))),
        (letter("mean_m||HG_m||^2", "", "H"), _mean_square(np.einsum("nij,mj->nmi", H, G_m))),
        (letter("mean_mi||HG_mi||^2", "", "H"), _mean_square(np.einsum("nij,mj->nmi", H, G_mi))),
        (letter("mean_m||G_m||^2", ""), _mean_square(G_m)),
        (letter("mean_mi||G_mi||^2", ""), _mean_square(G_mi)),
    ]
    least, least_of_each = (np.mean([one.infimum for one in each]) for each in (clients, every))
    D, within = 2 * L * (f.infimum - least), 2 * L * (least - least_of_each)
    assert abs(D + within - heterogeneity(every, f)) < 1e-9
    return world(
        f"a round of 2 clients, {steps} steps, eta K L = {size:g}, chances {chances}", known.fed_rac_lora_sampled, f, W,
        Sketch(H, p), W - eta * steps * np.einsum("nij,nj->ni", H, ghat), letters,
        vectors={"gbar": means.mean(axis=1), "ghat": ghat},
        meets=[known.known_heterogeneity, known.known_heterogeneity_within, known.known_sampling],
        L_max=L, gamma=eta, inner_steps=float(steps), D=D, D_in=within, omega=omega,
    )  # fmt: skip


def _who(chances):
    """How often each of two clients counts, (draws, 2), with the probabilities, and omega by the second moment."""
    if chances is None:
        return ((np.array([[2.0, 0.0], [0.0, 2.0]]), np.array([0.5, 0.5])), 1.0)
    c = np.array(chances)
    here = np.array(list(product((0, 1), repeat=2)))
    return ((here / c, np.prod(np.where(here, c, 1 - c), axis=1)), float(np.max((1 - c) / c) / 2))


def _mean_square(v: np.ndarray) -> np.ndarray:
    return np.mean(np.sum(v**2, axis=-1), axis=-1)


def constants() -> Iterator[World]:
    about = frozenset({known.smooth, known.smooth_components})
    gaussian = about | {known.positive_gaussian_gain, known.plain_gaussian_rac_lora, known.polyak_lojasiewicz}
    for steps, size, L in product((1, 2, 3, 10, 1000), (0.2, 0.5, 1.0, 2.0), (0.1, 3.0)):
        numbers = {"L_max": L, "gamma": size / steps / L, "inner_steps": float(steps)}
        yield World(f"{steps} steps, eta L times them {size:g}", about, numbers, {})
    for d, r, L in product((1, 2, 10), (1, 3, 1000), (0.1, 3.0)):
        tau = 1 / (L * (d + r + 1))  # the best
        nu = 2 * r * tau - L * r * (d + r + 1) * tau**2
        yield World(f"Gaussian, {d} by {r}", gaussian, {"L": L, "mu": L, "nu": nu}, {})
