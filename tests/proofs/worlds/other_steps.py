"""Worlds of steps of other kinds: certified, by differences, with memory, and along leading singular subspaces."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from rac_theory.proofs.quantities import NUMBERS, gap_first
from rac_theory.statements import assumptions as known

from . import sketches
from .functions import Function, corner, huber, parabola, rippled, separable, wave
from .one_step import SIZES, exact_step, functions, noisy_steps, simple, some, world
from .sketches import Sketch, axes
from .world import World


def steps_along() -> Iterator[World]:
    rng = np.random.default_rng(8)
    basis = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)
    tilted = [np.outer(u, u) for u in np.sqrt([[1 / 20, 19 / 20], [1 / 20, 19 / 20]]) * [[1, 1], [1, -1]]]
    rare = Sketch(np.array([np.diag([1.0, 0.0]), *tilted]), np.array([1, 199.5, 199.5]) / 400)
    beside = Sketch(np.array([np.diag([0.0, 1.0]), *(np.outer(u, u) for u in basis)]), np.array([0.6, 0.2, 0.2]))
    for piece, size in product((parabola(1.0), wave(1.0), rippled(0.3)), (0.5, 1.0, 1.9, 2.1)):
        f = separable([piece, parabola(0.0)], [0.0, 0.0])
        for sketch in (rare, beside, axes([0.5, 0.5], basis)):
            W = np.array([rng.uniform(0.1, 1.5), 1.0])
            yield exact_step(f, W, sketch, size / sketch.along(f.curvature))


SHARES = np.linspace(0.0, 5.0, 401)[1:]
"""Of 1/L, which are tried."""


def certified_steps() -> Iterator[World]:
    rng = np.random.default_rng(9)
    for f, W, sketch in [*some(rng, is_far=True), *list(simple())[::2]]:
        yield certified_step(f, W, sketch, rng.choice([0.3, 1.0, 1.0]))


def certified_step(f: Function, W: np.ndarray, sketch: Sketch, share: float) -> World:
    """So much of the longest step, which may be longer than 1/L where f is flat, and is 0 for no draw of a corner."""
    G, seen = f.gradient(W), sketch.H @ f.gradient(W)
    lengths = SHARES[:, None] / f.L
    falls = f.value(W) - f.value(W - lengths[..., None] * seen) - lengths / 2 * np.sum(seen**2, axis=1)
    holds = np.logical_and.accumulate((falls >= -1e-12).all(axis=1))
    gamma = share * float(np.max(SHARES / f.L, where=holds, initial=0.0))
    name, scaled = f"certified, gamma L = {gamma * f.L:g}", {"Z": np.sqrt(gamma) * G}
    return world(name, known.rac_lora_certified, f, W, sketch, W - gamma * seen, vectors=scaled)


def steps_by_differences() -> Iterator[World]:
    rng = np.random.default_rng(20)
    for i, (f, W, sketch) in enumerate([*some(rng), *simple()]):
        yield _by_differences(f, W, sketch, rng.choice(SIZES) / f.L, rng.choice([0.1, 1.0, 4.0]), central=i % 5 == 0)


def _by_differences(f: Function, W: np.ndarray, sketch: Sketch, gamma: float, h: float, *, central: bool) -> World:
    G, errors, most = f.gradient(W), [], 0
    for H in sketch.H:
        values, U = np.linalg.eigh(H)
        U = U[:, values > 0.5].T
        ahead = f.value(W + h * U)
        seen = (ahead - f.value(W - h * U)) / (2 * h) if central else (ahead - f.value(W)) / h
        errors.append((seen - U @ G) @ U)
        most = max(most, len(U))
    e, name = np.array(errors), f"differences, h = {h:g}, gamma L = {gamma * f.L:g}"
    of = {"vectors": {"e": e}, "meets": [known.known_bias], "gamma": gamma, "bias_squared": most * (h * f.L / 2) ** 2}
    return world(name, known.rac_lora_by_differences, f, W, sketch, W - gamma * (sketch.H @ G + e), **of)


def decreasing_steps() -> Iterator[World]:
    rng = np.random.default_rng(11)
    for noisy in noisy_steps():
        if known.rac_lora_stochastic in noisy.meets:
            for about, power in ((known.rac_lora_root_steps, 1 / 2), (known.rac_lora_harmonic_steps, 1)):
                t, offset = float(rng.integers(0, 4)), 10 ** rng.uniform(-2, 1)
                gamma = noisy.constants["gamma"] * ((t + offset) / offset) ** power
                constants = {**noisy.constants, "t": t, "offset": offset, "gamma": gamma}
                yield replace(noisy, meets=noisy.meets - {known.rac_lora_stochastic} | {about}, constants=constants)


def momentum_steps() -> Iterator[World]:
    """Steps with momentum: M is any vector, what is seen most, or such that Young's inequality gives nothing away."""
    rng = np.random.default_rng(23)
    for i, (f, X, sketch) in enumerate([*some(rng), *list(simple())[::2]]):
        b, gamma, most = rng.choice([0.0, 0.3, 0.9, 0.99]), rng.choice(SIZES) / f.L, np.linalg.eigh(sketch.mean)
        longest = most.eigenvectors[:, -1] * rng.uniform(0.1, 2)
        of_equality = f.gradient(X) * sketch.spectrum[1] / (1 - b)
        for M in (rng.standard_normal(len(X)), longest, of_equality):
            yield momentum_step(f, X, M, sketch, gamma, b, size=rng.uniform(0.1, 1.5), noise=i % 3)


def preconditioned_steps() -> Iterator[World]:
    """One weight for all that a draw sees, between a and A: the least, the largest, and any."""
    rng = np.random.default_rng(26)
    for f, W, sketch in [*some(rng), *list(simple())[::2]]:
        gamma, (a, A) = rng.choice(SIZES) / f.L, np.sort(rng.uniform(0.2, 2.0, 2))
        for ends in ((a, a), (A, A), (a, A)):
            P = rng.uniform(*ends) * sketch.H @ f.gradient(W)
            of = {"vectors": {"P": P}, "gamma": gamma, "letters.a": a, "letters.A": A}
            yield world("weighed", known.rac_lora_preconditioned, f, W, sketch, W - gamma * P, **of)


def feedback_steps() -> Iterator[World]:
    """Error feedback: M is any vector, such that M + g is seen least, or that Young's inequality gives nothing away."""
    rng = np.random.default_rng(25)
    for i, (f, X, sketch) in enumerate([*some(rng), *list(simple())[::2]]):
        gamma, least = rng.choice(SIZES) / f.L, np.linalg.eigh(sketch.mean).eigenvectors[:, 0]
        of_equality = 2 * f.gradient(X) / (sketch.spectrum[0] or 1.0)
        for M in (rng.standard_normal(len(X)), least * rng.uniform(0.1, 2) - f.gradient(X), of_equality):
            yield momentum_step(f, X, M, sketch, gamma, None, size=rng.uniform(0.1, 1.5), noise=i % 3)


def following_steps() -> Iterator[World]:
    """EF21: V is any vector, or such that Young's inequality gives nothing away."""
    rng = np.random.default_rng(27)
    drawn = some(rng)
    flat, turned = separable([parabola(1.0), parabola(0.0)], [0.0, 0.0]), np.array([[0.6, 0.8], [0.8, -0.6]])
    tilted = [(flat, rng.standard_normal(2), sketches.axes(p, turned)) for p in ([0.5, 0.5], [0.2, 0.7])]
    for f, W, sketch in [*drawn[::2], *list(simple())[::2], *tilted]:
        G, a = f.gradient(W), sketch.spectrum[0]
        across = np.eye(len(W))[-1] * rng.choice([0.0, 1.0])
        between = a / (2 - a) / 2 + a / (1 - a) / 4 if 0 < a < 1 else 1.0  # where G+ is against G
        for gamma in (rng.choice(SIZES) / f.L, between / f.L):
            against = (1 - a) * gamma * f.L
            of_equality = [against / (against - left / 2 or 1.0) for left in (a, a - 2 * gamma * f.mu)]
            for V in (rng.standard_normal(len(W)), *(G - share * G - across for share in of_equality)):
                after = W - gamma * (V + sketch.H @ (G - V))
                of = {"vectors": {"G+": f.gradient(after), "M": G - V}, "gamma": gamma}
                yield world("following", known.rac_lora_ef21, f, W, sketch, after, **of)


def momentum_step(f: Function, X, M, sketch: Sketch, gamma: float, b, *, size=0.5, noise=0, **law) -> World:
    """A step from W = X - gamma b M, with noise of two values: along what is seen most, or along the gradient at X and
    so counted in A, or in beta. Without b it is error feedback: W = X - gamma M, and noise is along what is seen least.
    """
    W, Gx = X - gamma * (1.0 if b is None else b) * M, f.gradient(X)
    away = [np.linalg.eigh(sketch.mean).eigenvectors[:, 0 if b is None else -1], Gx, Gx][noise]
    of_noise = {"A": [0.0, size**2 * f.L, 0.0][noise], "beta": [1.0, 1.0, 1 + size**2][noise]}
    of_noise["C"] = size**2 if noise == 0 else 0.0
    both = Sketch(np.repeat(sketch.H, 2, axis=0), np.repeat(sketch.p, 2) / 2)
    gx = np.tile([Gx - size * away, Gx + size * away], (len(sketch.H), 1))
    after = W - gamma * (gx if b is None else np.einsum("nij,nj->ni", both.H, gx))
    seen = {"gx": gx, "G+": np.array([f.gradient(at) for at in after]), "M": M, "Gx": Gx}
    constants = {"gamma": gamma, **of_noise, **law} | ({} if b is None else {"letters.b": b})
    meets = [known.structured_noise] if f.is_smooth or noise != 1 else []
    about = known.rac_lora_feedback if b is None else known.rac_lora_momentum
    return world("a memory", about, f, W, both, after, vectors=seen, meets=meets, **constants)


def accelerated_steps() -> Iterator[World]:
    """Steps from Y: Z is any point, W, a minimiser, or such that Y is one; what a step is told is true or not."""
    rng = np.random.default_rng(29)
    for i, (f, W, sketch) in enumerate([*some(rng), *simple()]):
        gamma, alpha, at = rng.choice(SIZES) / f.L, rng.uniform(0.1, 1), f.minimiser
        others = () if at is None else (at, at - (W - at) / alpha)
        for Z in (W + rng.standard_normal(len(W)), W, *others):
            yield accelerated_step(f, W, Z, sketch, gamma, alpha, (1.0, 0.6, 1.4)[i % 3])


def accelerated_step(f: Function, W, Z, sketch: Sketch, gamma: float, alpha: float, told: float, **law) -> World:
    """A step from Y = (W + alpha Z)/(1 + alpha); of s and of lambda_min it is told so much as there is."""
    Y = (W + alpha * Z) / (1 + alpha)
    after, letters = Y - gamma * sketch.H @ f.gradient(Y), [(NUMBERS["gap_Y"], f.value(Y) - f.infimum)]
    seen = {"Gy": f.gradient(Y), "Zy": Z - Y} | ({} if f.minimiser is None else {"Vz": Z - f.minimiser})
    told = {"letters.s": told * f.s, "letters.lambda_min": told * sketch.spectrum[0], "letters.alpha": alpha}
    name, of = f"accelerated, gamma L = {gamma * f.L:g}", {"vectors": seen, "gamma": gamma, **told, **law}
    return world(name, known.rac_lora_accelerated, f, W, sketch, after, letters, **of)


def links_of_momentum() -> Iterator[World]:
    """Links of one to four steps, some so long, or with so much momentum, that f rises, or with less than none."""
    rng = np.random.default_rng(24)
    for f, W, sketch in [*some(rng), *simple()]:
        yield _link(f, W, sketch, rng.choice(SIZES), rng.choice([0.0, 0.3, 0.6, 0.95, -0.5]), int(rng.integers(1, 5)))


def _link(f: Function, W: np.ndarray, sketch: Sketch, size: float, b: float, K: int) -> World:
    """K steps of heavy ball along each H, from M = 0."""
    gamma, after = size / f.L, []
    for H in sketch.H:
        at, M = W, np.zeros_like(W)
        for _ in range(K):
            M = b * M + H @ f.gradient(at)
            at = at - gamma * M
        after.append(at)
    of = {"gamma": gamma, "letters.b": b}
    return world(f"{K} steps of heavy ball", known.momentum_in_links, f, W, sketch, np.array(after), **of)


def steepest_steps() -> Iterator[World]:
    """Normalised steps along any sketch, and polar factors of 2 x 2 matrices, row by row in a vector."""
    rng = np.random.default_rng(25)
    for f, W, sketch in [*some(rng), *simple()]:
        yield _steepest(f, W, sketch, rng.choice(SIZES), (len(W), 1))
    for f in functions(rng, 4):
        yield _steepest(f, f.minimiser + rng.standard_normal(4), sketches.whole(4), rng.choice(SIZES), (2, 2))
    for L, size in product((0.3, 2.0), SIZES):  # equal singular values
        f = separable([parabola(L)] * 4, [0.0] * 4)
        yield _steepest(f, np.array([0.3, 0.0, 0.0, 0.3]), sketches.whole(4), size, (2, 2))


def _steepest(f: Function, W: np.ndarray, sketch: Sketch, gamma: float, shape: tuple[int, int]) -> World:
    """Steps of the size gamma along the polar factor of HG; that of a vector is its direction."""
    G = f.gradient(W)
    U, values, V = np.linalg.svd((sketch.H @ G).reshape(-1, *shape), full_matrices=False)
    D = ((U * (values > 1e-12)[:, None, :]) @ V).reshape(len(U), -1)
    letters = [(NUMBERS["norm"], np.sum(np.linalg.svd(G.reshape(shape))[1])), (NUMBERS["norm_H"], values.sum(axis=1))]
    of = {"meets": [known.known_span], "gamma": gamma, "norm_share": sketch.spectrum[0], "span": float(min(shape))}
    return world("steepest", known.rac_lora_steepest, f, W, sketch, W - gamma * D, letters, **of)


def leading_steps() -> Iterator[World]:
    """Steps along the leading singular subspace of a gradient, which is a matrix here, row by row in a vector."""
    rng = np.random.default_rng(10)
    for m, n in ((2, 2), (2, 3), (3, 3)):
        for f in functions(rng, m * n):
            W = f.minimiser + rng.standard_normal(m * n) * rng.uniform(0.1, 3)
            rank, size, K = int(rng.integers(1, m + 1)), rng.choice(SIZES), int(rng.integers(1, 4))
            yield _leading(f, W, (m, n), rank, size, K)
    # Equal singular values, where no more is kept than the share; and steep pieces, on which a step may rise.
    for piece, x in product([parabola(0.04), parabola(4.0), wave(1.0), huber(2.0, 0.1), corner(1.0)], (0.3, 1.3)):
        f = separable([piece] * 4, [0.0] * 4)
        for size, K, rank in ((0.5, 1, 1), (1.0, 1, 1), (1.9, 2, 1), (1.0, 1, 2), (3.0, 2, 2)):
            yield _leading(f, np.array([x, 0.0, 0.0, x]), (2, 2), rank, size, K)


def _leading(f: Function, W: np.ndarray, shape: tuple[int, int], rank: int, size: float, K: int) -> World:
    """K steps of ``size / L`` in the span of the leading left singular vectors of the gradient at W."""
    G, gamma = f.gradient(W), size / f.L
    U = np.linalg.svd(G.reshape(shape))[0][:, :rank]
    H = np.kron(U @ U.T, np.eye(shape[1]))
    first = last = W - gamma * H @ G
    for _ in range(K - 1):
        last = last - gamma * H @ f.gradient(last)
    sketch = Sketch(H[None], np.ones(1))
    letters = [(gap_first, np.atleast_1d(f.value(first) - f.infimum))]
    name, of = f"GaLore, gamma L = {size:g}, {K} steps", {"gamma": gamma, "leading_share": rank / min(shape)}
    return world(name, known.galore_exact, f, W, sketch, last[None], letters, **of)
