"""Worlds of means of several functions, epochs and rounds of clients; of blocks in turns; and of constants alone."""

from collections.abc import Iterator
from itertools import permutations, product

import numpy as np

from rac_theory.proofs.drawn import letter
from rac_theory.proofs.quantities import NUMBERS, moved, moved_mean, moved_next, own
from rac_theory.proofs.quantities import G as G_at_W
from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function, corner, mean_of, parabola, separable, wave
from .one_step import about_f, functions, world
from .several import SIZES, f_L, heterogeneity, simple, sums
from .sketches import TINY, Sketch
from .world import World, of_a_function, with_means


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


def blocks_in_turns() -> Iterator[World]:
    """Yield worlds in which every order is a draw, and each block sees what others have done."""
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
