"""Worlds of one step under one sketch: with the exact gradient, with a noisy one, and plain steps."""

from collections.abc import Iterator, Mapping
from itertools import product
from operator import matmul

import numpy as np

from rac_theory.proofs.drawn import curve, star
from rac_theory.proofs.quantities import NUMBERS
from rac_theory.statements import assumptions as known
from rac_theory.statements.about import implied

from . import several, sketches
from .functions import Function, corner, cosine, huber, log_cosh, mean_of, parabola, quadratic, rippled, separable, wave
from .sketches import TINY, Sketch
from .world import ROUNDING, World, of_a_function, with_means, within

SIZES = (0.05, 0.3, 1.0, 1.9, 2.0, 2.05, 3.0)
"""Of gamma L."""


def functions(rng: np.random.Generator, d: int) -> Iterator[Function]:
    """Yield functions of every kind, in a basis that is turned."""
    basis, centre, size = sketches.turned(rng, d), rng.standard_normal(d), rng.uniform(0.2, 3)
    kinds = (
        *[[parabola(x) for x in rng.uniform(0.1, size + 0.1, d)]] * 2,
        [parabola(size), *[parabola(0)] * (d - 1)],  # PL, and not strongly convex
        [huber(size, rng.uniform(0.01, 1)) for _ in range(d)],
        [log_cosh(size), *[parabola(x) for x in rng.uniform(0, 3, d - 1)]],
        [rippled(a) for a in rng.choice([0.6, 1.3, 2.2], d)],
        [rippled(0.3), *[parabola(1)] * (d - 1)],
        [cosine(size), *[wave(1)] * (d - 1)],
        [wave(size)] * d,
    )
    yield from (separable(pieces, centre, basis) for pieces in kinds)
    factor = rng.standard_normal((d, d))
    yield quadratic(factor @ factor.T, centre, least=rng.standard_normal())


def some(rng: np.random.Generator, dims=(2, 3), *, is_far=False) -> list[tuple[Function, np.ndarray, Sketch]]:
    """Return functions of every kind, each with a point around a minimiser, some of them far, and a sketch."""
    return [
        (f, f.minimiser + rng.standard_normal(d) * (rng.uniform(0.1, 3) if is_far else 1), sketches.some(rng, d))
        for d in dims
        for f in functions(rng, d)
    ]


def simple() -> Iterator[tuple[Function, np.ndarray, Sketch]]:
    """Yield what makes facts equalities: parabolas, and sketches of the axes on which they bend least and most."""
    for L, s in product((0.04, 4.0), (1, 0.3, 0)):
        f = separable([parabola(L), parabola(s * L)], [0.0, 0.0])
        for W in ([0.3, 0.0], [0.0, 2.0], [0.3, -0.2]):
            for p in ([0.5, 0.5], [0.7, 0.2], [0.2, 0.7], [0.02, 0.0]):
                yield f, np.array(W), sketches.axes(p)
            yield f, np.array(W), sketches.whole(2)
    for piece, x in product([wave(1.0), wave(5.0), huber(2.0, 0.1), corner(1.0)], (0.0, 0.3, 0.5, 1.3)):
        f = separable([piece, piece], [0.0, 0.0])
        yield f, np.array([x, x]), sketches.whole(2)
        yield from ((f, np.array([x, 0.0]), sketches.axes(p)) for p in ([0.2, 0.7], [0.7, 0.2]))


def about_f(f: Function) -> set:
    """The assumptions that f meets."""
    meets = {
        known.smooth: f.is_smooth,
        known.smooth_components: f.is_smooth,
        known.known_minimiser: f.minimiser is not None,
        known.certified_minimum: f.is_certified,
        known.bounded_below: True,
        known.known_largest_projection: True,
        known.convex: f.convex,
        known.strongly_convex: f.s > 0,
        known.polyak_lojasiewicz: f.mu > 0,
    }
    return {assumption for assumption, is_met in meets.items() if is_met}


def world(name, about, f: Function, W, sketch: Sketch, after, letters=(), vectors=(), meets=(), **constants) -> World:
    """Return a world of one step from W to ``after`` (draws, d), by the draws of the sketch.

    Beside the gradient and the way from a minimiser there may be vectors that are fixed (d,) or drawn (draws, d).
    """
    gaps = ((NUMBERS[key], f.value(at) - f.infimum) for key, at in (("gap", W), ("gap_next", after)) if at is not None)
    each = {"G": f.gradient(W), **dict(vectors)} | ({} if f.minimiser is None else {"V": W - f.minimiser})
    seen = {(letter, "H" * (v.ndim > 1)): v for letter, v in each.items()}
    between = [*within(matmul, np.eye(len(W)), seen, sketch.H)]
    between += within(star, np.linalg.inv(sketch.mean), seen, sketch.H) if sketch.spectrum[0] > 1e-6 else []
    between += [] if f.curvature is None else within(curve, f.curvature, seen, sketch.H)
    numbers = with_means([*gaps, *letters, *between], sketch.p)
    everything = of_a_function(f, W, sketch) | constants
    is_even = everything["lambda_max"] <= everything["lambda_min"] * (1 + ROUNDING)
    even = {known.isotropic} if is_even else set()
    along = {known.smooth_along_sketch} if f.is_smooth and everything.get("L_H", 0) > TINY else set()
    return World(name, frozenset({about, *implied(about), *about_f(f), *even, *along, *meets}), everything, numbers)


def loose(rng: np.random.Generator) -> Mapping[str, float]:
    """What a constant is multiplied by that is known with an error to its safe side."""
    up, down = ("L", "L_max", "L_H", "lambda_max"), ("mu", "strong_convexity", "lambda_min")
    return {**{name: rng.uniform(1, 1.5) for name in up}, **{name: rng.uniform(0.6, 1) for name in down}}


def exact_steps() -> Iterator[World]:
    rng, free = np.random.default_rng(1), np.random.default_rng(6)
    for f, W, sketch in [*some(rng, (2, 3, 4), is_far=True), *simple()]:
        size = SIZES[rng.integers(len(SIZES))]
        constants = of_a_function(f, W, sketch)
        for times in ({}, loose(rng)) if len(W) > 2 else ({},):
            scaled = {name: constants[name] * by for name, by in times.items()}
            scaled |= {"lambda_max": min(1.0, scaled["lambda_max"])} if times else {}
            yield exact_step(f, W, sketch, size / f.L, b=free.uniform(0.1, 1), j=float(free.integers(5)), **scaled)
    yield from _whole_steps(free)


def _whole_steps(rng: np.random.Generator) -> Iterator[World]:
    """Steps of 1/L and shorter ones where H = I, with the best b there is, L being what it is or said to be more."""
    drawn = [(f, f.minimiser + rng.standard_normal(d)) for d in (2, 3) for f in functions(rng, d)]
    flat = [(f, W) for f, W, sketch in simple() if len(sketch.H) == 1 and f.is_smooth]
    for f, W in [*drawn, *flat]:
        for size, times in product((1.0, 0.3), (1.0, 1.4)):
            sketch, L = sketches.whole(len(W)), times * f.L
            G, later = f.gradient(W), f.gradient(W - f.gradient(W) * size / L)
            b = np.clip((1 - size) * (later @ G) / max(later @ later, ROUNDING), 0.1, 1) if size < 1 else 1.0
            yield exact_step(f, W, sketch, size / L, b=b, L=L)


def exact_step(f: Function, W, sketch: Sketch, gamma: float, **constants: float) -> World:
    """A step with the exact gradient, and the gradient after it."""
    after, name = W - gamma * sketch.H @ f.gradient(W), f"exact, gamma L = {gamma * f.L:g}"
    seen = {"G+": f.gradient(after)}
    return world(name, known.rac_lora_exact, f, W, sketch, after, vectors=seen, gamma=gamma, **constants)


def noisy_steps() -> Iterator[World]:
    rng = np.random.default_rng(2)
    for i, (f, W, sketch) in enumerate([*some(rng), *list(simple())[::3]]):
        G, size = f.gradient(W), rng.uniform(0.1, 1.5)
        is_along = i % 2 == 1 and f.is_smooth  # and so, as ||G||^2 <= 2 L gap, counted in A
        away = G if is_along else rng.standard_normal(len(W))
        of_noise = {"A": size**2 * f.L, "C": 0.0} if is_along else {"A": 0.0, "C": size**2 * float(away @ away)}
        g = np.array([G - size * away, G + size * away])
        yield _noisy(rng, f, W, sketch, g, of_noise | {"beta": 1.0}, is_longest=is_along and i % 4 == 1)
        if i < 9:
            yield _noisy(rng, f, W, sketch, g + 1, of_noise | {"beta": 1.0}, is_biased=True)
    for d, count in ((2, 2), (3, 4)):
        for components in several.sums(rng, d, count):
            f, W = mean_of(components), rng.standard_normal(d)
            g = np.array([each.gradient(W) for each in components])
            of_noise = {"A": several.f_L(components), "beta": 0.0, "C": several.heterogeneity(components, f)}
            yield _noisy(rng, f, W, sketches.some(rng, d), g, of_noise)


def _noisy(rng, f, W, sketch, each, of_noise, *, is_longest=False, is_biased=False) -> World:
    """A step with one of the gradients (count, d), drawn evenly; the longest step of T5 in T steps, or any."""
    count, T = len(each), float(rng.integers(1, 9))
    both = Sketch(np.repeat(sketch.H, count, axis=0), np.repeat(sketch.p, count) / count)
    g = np.tile(each, (len(sketch.H), 1))
    longest = 1 / np.sqrt(f.L * of_noise["A"] * sketch.spectrum[1] * T) if is_longest else np.inf
    gamma = longest if is_longest else rng.choice(SIZES) / f.L
    after = W - gamma * np.einsum("nij,nj->ni", both.H, g)
    about, meets = (None, []) if is_biased else (known.rac_lora_stochastic, [known.structured_noise])
    name, seen = f"a noisy step{', biased' * is_biased}", {"g": g}
    return world(name, about, f, W, both, after, vectors=seen, meets=meets, gamma=gamma, T=T, **of_noise)


def _gaussian(d: int, r: int) -> tuple[np.ndarray, np.ndarray]:
    """Matrices with entries 0 and +-sqrt(3), whose moments to the fifth are those of Gaussian entries."""
    points, p = np.array([0.0, np.sqrt(3), -np.sqrt(3)]), np.array([2 / 3, 1 / 6, 1 / 6])
    chosen = np.array(list(product(range(3), repeat=d * r)))
    return points[chosen].reshape(-1, d, r), p[chosen].prod(axis=1)


def _range(B: np.ndarray) -> np.ndarray:
    """The projections on the ranges of matrices (draws, d, r)."""
    return B @ np.linalg.pinv(B)


def plain_steps() -> Iterator[World]:
    rng = np.random.default_rng(3)
    for d, r, count in ((2, 1, 4), (2, 2, 4), (3, 1, 5), (3, 2, 6)):
        for f in functions(rng, d):
            W = f.minimiser + rng.standard_normal(d)
            B, p = rng.standard_normal((count, d, r)), rng.dirichlet(np.ones(count))
            yield _plain(f, W, B, p, rng.choice([0.1, 0.5, 1.0, 1.9, 3.0]), int(rng.integers(1, 4)), gaussian=False)
            if d * r < 4:
                yield _plain(f, W, *_gaussian(d, r), rng.choice([0.1, 0.3, 0.7]), 1, gaussian=True)
    for f, W, _ in list(simple())[::5]:
        for width in (1, 2):
            B = np.eye(2)[None] if width == 2 else np.eye(2)[..., None]
            for size in (0.5, 1.0, 1.9, 2.5):
                for steps in (1, 2):
                    yield _plain(f, W, B, np.full(len(B), 1 / len(B)), size, steps, gaussian=False)
        yield _plain(f, W, *_gaussian(2, 1), 0.4, 1, gaussian=True)


def _plain(f: Function, W, B, p, size: float, steps: int, *, gaussian: bool) -> World:
    """Steps M = tau B B': the longest of all draws is ``size``; of Gaussian ones it is that of a mean draw."""
    r, Q, products_ = B.shape[2], f.curvature, B @ np.swapaxes(B, 1, 2)
    lengths = np.linalg.eigvals(products_ @ Q).real.max(axis=1)
    largest = (r + 1) * np.linalg.eigvalsh(Q)[-1] + np.trace(Q)
    tau = size / (largest if gaussian else max(lengths.max(), TINY))
    M = tau * products_
    G = f.gradient(W)
    first = last = W - M @ G
    for _ in range(steps - 1):
        last = last - (M @ f.gradient(last)[..., None])[..., 0]
    sketch = Sketch(_range(B), p)
    gain = np.linalg.eigvalsh(np.tensordot(p, 2 * M - M @ Q @ M, axes=1))[0]
    nu = 2 * r * tau - r * largest * tau**2 if gaussian else gain
    letters = [*along_M(f, M, G), (NUMBERS["gap_first"], f.value(first) - f.infimum)]
    meets = [known.one_exact_step] * (steps == 1) + [known.plain_gaussian_rac_lora] * gaussian
    if nu > 0 and f.is_smooth:
        meets.append(known.positive_gaussian_gain if gaussian else known.positive_gain)
    name, of = f"{steps} plain steps{', Gaussian' * gaussian}", {"nu": nu, "longest_step": tau * lengths.max()}
    return world(name, known.plain_or_fitted, f, W, sketch, last, letters, meets=meets, **of)


def along_M(f: Function, M: np.ndarray, G: np.ndarray) -> list:
    """The letters for a step -MG, M being (draws, d, d)."""
    MG = M @ G
    return [(NUMBERS["moved_by_M"], MG @ G), (NUMBERS["bent_by_M"], np.einsum("ni,ij,nj->n", MG, f.curvature, MG))]
