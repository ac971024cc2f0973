"""Whether the constants of a problem survive a search for a counterexample."""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Smoothness
from rac_theory.testing.failures import Refuted
from rac_theory.testing.probe import EPS, SCALES, Probe

_CONSTANTS = ("L", "mu", "strong_convexity", "f_star", "f_lower")
BEST = 20  # pairs that are kept from round to round
_SPACING = 0.04  # of places on a line
_WHOLE, _PART = 50.0, 4.0  # how far lines reach to either side of a landmark, in one dimension and in more
_LINE = 1 << 15  # numbers on a line, at most
TOLERANCE = 1e-6  # relative: claims are not refuted by less

Height = Callable[[Probe, Array, Array], Array]
"""What a search raises: of places and steps, (k, m, n), a number each, (k,)."""


def check_constants(probe: Probe) -> None:
    """Raise ``Refuted`` if a declared constant is contradicted by a pair, a place or a descent."""
    check_order(probe)
    check_values(probe)
    _check_curvature(probe)
    _check_polyak_lojasiewicz(probe)


def check_order(probe: Probe) -> None:
    """Raise ``Refuted`` if constants are no numbers or contradict each other."""
    problem, name = probe.problem, probe.name
    for constant in _CONSTANTS:
        value = getattr(problem, constant, None)
        if not isinstance(value, float | int | np.floating | np.integer) or math.isinf(value):
            raise Refuted(f"{name}.{constant} must be a finite number, or nan if it is unknown, it is {value!r}")
    for low, high in (("strong_convexity", "mu"), ("mu", "L"), ("f_lower", "f_star")):
        a, b = float(getattr(problem, low)), float(getattr(problem, high))
        if a > b:
            raise Refuted(f"{name}.{low} must be at most {high}: they are {a:.12g} and {b:.12g}")
    if problem.L < 0 or problem.mu < 0 or problem.strong_convexity < 0:
        raise Refuted(f"{name} must have L, mu and strong_convexity >= 0")
    if problem.strong_convexity > 0 and not problem.convex:
        raise Refuted(f"{name}.convex must be True where strong_convexity > 0, it is {problem.convex}")


def check_values(probe: Probe) -> None:
    """Raise ``Refuted`` if a descent falls below f_lower or f_star, or W_star is no minimiser."""
    problem, name, lowest = probe.problem, probe.name, probe.lowest_value
    f_star, error = float(problem.f_star), float(np.nan_to_num(getattr(problem, "f_star_error", 0.0)))
    if lowest < problem.f_lower - probe.resolution:
        raise Refuted(
            f"{name}.f_lower must bound f from below: it is {problem.f_lower:.12g}, f(W) is {lowest:.12g}",
            W=probe.lowest,
        )
    if lowest < f_star - error - probe.resolution:
        raise Refuted(
            f"{name}.f_star must be within f_star_error={error:.3g} of the infimum: it is {f_star:.12g}, f(W) is "
            f"{lowest:.12g}",
            W=probe.lowest,
        )
    W_star = getattr(problem, "W_star", None)
    if W_star is None or math.isnan(f_star):
        return
    if np.shape(W_star) != tuple(problem.shape):
        raise Refuted(f"{name}.W_star must have shape {tuple(problem.shape)}, it has {np.shape(W_star)}")
    if not float(problem.value(np.asarray(W_star))) <= max(f_star, lowest + error) + probe.resolution:
        value = float(problem.value(np.asarray(W_star)))
        raise Refuted(
            f"{name}.W_star must be a minimiser: its value is {value:.12g}, f_star is {f_star:.12g}", W_star=W_star
        )


def _check_curvature(probe: Probe) -> None:
    """Search pairs for the largest stretch of the gradient, and for the least monotone ones."""
    A, D = pairs(probe)
    low, high = probe.directions(probe.trajectory)
    A, D = (np.concatenate(parts) for parts in ([A, *[probe.trajectory] * 2], [D, low, high]))
    A, D = (np.concatenate(parts) for parts in zip((A, D), _lines(probe), strict=True))
    if not math.isnan(probe.problem.L):
        nothing = Smoothness.isotropic(0.0, probe.problem.shape)
        steep = ascended(probe, A, D, lambda *pairs: _stretch(*pairs)[0], nothing, 21, rounds=12, turns=5)
        _check_smoothness(probe, *(np.concatenate(parts) for parts in zip((A, D), *steep, strict=True)))
    if probe.problem.convex:
        _check_monotonicity(probe, A, D)


def _check_smoothness(probe: Probe, A: Array, D: Array) -> None:
    L = float(probe.problem.L)
    stretch, rounding = _stretch(probe, A, D)
    excess = np.nan_to_num(stretch - rounding - L * (1 + TOLERANCE), nan=-math.inf)
    i = int(excess.argmax())
    if excess[i] > 0:
        raise Refuted(
            f"{probe.name}.L must bound ||grad f(A) - grad f(B)|| / ||A - B||: L is {L:.6g}, this pair has "
            f"{stretch[i]:.6g}",
            A=A[i],
            B=A[i] + D[i],
        )


def _check_monotonicity(probe: Probe, A: Array, D: Array) -> None:
    s = float(np.nan_to_num(probe.problem.strong_convexity))
    monotone, rounding = monotonicity(probe, A, D)
    lack = np.nan_to_num(s * (1 - TOLERANCE) - monotone - rounding, nan=-math.inf)
    i = int(lack.argmax())
    if lack[i] > 0:
        claim = "strong_convexity must be at most" if s > 0 else "convex must be False, or f have non-negative"
        hint = "; is it a PL constant?" if s > 0 and monotone[i] > -rounding[i] else ""
        raise Refuted(
            f"{probe.name}.{claim} <grad f(A) - grad f(B), A - B> / ||A - B||^2: it claims {s:.6g}, this pair has "
            f"{monotone[i]:.6g}{hint}",
            A=A[i],
            B=A[i] + D[i],
        )


def pairs(probe: Probe) -> tuple[Array, Array]:
    """Places with steps of random length, none so short that rounding would count: two (k, m, n)."""
    rng, A = probe.rng(20), np.repeat(probe.places, 2, axis=0)
    D = rng.choice(SCALES, size=(len(A), 1, 1)) * rng.standard_normal(A.shape)
    return A, D * np.maximum(1.0, shortest_step(A, D))


def _lines(probe: Probe) -> tuple[Array, Array]:
    """Short steps along lines through the landmarks, one after the other, so that no narrow bend is passed over.

    In one dimension the line is everything.
    """
    rng, W = probe.rng(23), probe.landmarks
    reach = _WHOLE if W[0].size == 1 else _PART
    count = min(int(2 * reach / _SPACING), max(_LINE // W[0].size, 2))
    U = rng.standard_normal(W.shape)
    U /= np.sqrt(squared_norms(U))[:, None, None]
    moves = _SPACING * (np.arange(count) - count / 2)[:, None, None, None] * U
    A = (W + moves).reshape(-1, *W.shape[1:])
    return A, np.repeat(_SPACING * U[None], count, axis=0).reshape(A.shape)


def shortest_step(A: Array, D: Array) -> Array:
    """The factor that makes each step so short that rounding of differences would soon count: (k, 1, 1)."""
    return np.asarray(1e-4 * (1 + np.abs(A).max(axis=(1, 2))) / np.sqrt(squared_norms(D)))[:, None, None]


def ascended(
    probe: Probe, A: Array, D: Array, height: Height, Q: Smoothness, stream: int, rounds: int = 8, turns: int = 2
) -> list[tuple[Array, Array]]:
    """Turn steps to where f curves most beyond Q, and move places around the best pairs: what each round found."""
    rng, pairs = probe.rng(stream), []
    for _ in range(rounds):
        D = turned(probe, Q, A, D, turns)
        pairs.append((A, D))
        top = np.argsort(-np.nan_to_num(height(probe, A, D), nan=-math.inf))[:BEST]
        A, D = A[top], D[top]
        shorter = D * np.maximum(rng.choice([0.3, 1.0], size=(len(top), 1, 1)), shortest_step(A, D))
        spread = np.sqrt(squared_norms(D))[:, None, None] * rng.standard_normal(A.shape) / math.sqrt(A[0].size)
        A, D = np.concatenate([A, A, A + spread]), np.concatenate([D, shorter, shorter])
    return pairs


def turned(probe: Probe, Q: Smoothness, A: Array, D: Array, turns: int) -> Array:
    """Power iterations on the mean Hessian along each step less Q, raised by the largest of Q: (k, m, n)."""
    G, lengths = probe.problem.gradient(A), np.sqrt(squared_norms(D))
    for _ in range(turns):
        change = probe.problem.gradient(A + D) - G - Q.times(D) + Q.largest * D
        size = np.sqrt(squared_norms(change))
        usable = np.isfinite(size) & (size > 0)
        factor = lengths / np.where(usable, size, 1.0)
        D = np.where(usable[:, None, None], change * factor[:, None, None], D)
    return D


def _stretch(probe: Probe, A: Array, D: Array) -> tuple[Array, Array]:
    """``||grad f(A + D) - grad f(A)|| / ||D||`` and what rounding may make of it: two (k,)."""
    change, rounding = change_of_gradient(probe, A, D)
    return np.sqrt(squared_norms(change) / squared_norms(D)), rounding


def monotonicity(probe: Probe, A: Array, D: Array) -> tuple[Array, Array]:
    """``<grad f(A + D) - grad f(A), D> / ||D||^2`` and what rounding may make of it: two (k,)."""
    change, rounding = change_of_gradient(probe, A, D)
    return np.sum(change * D, axis=(1, 2)) / squared_norms(D), rounding


def change_of_gradient(probe: Probe, A: Array, D: Array) -> tuple[Array, Array]:
    """``grad f(A + D) - grad f(A)``, (k, m, n), and what rounding may make of it over ``||D||``, (k,)."""
    G, moved = np.asarray(probe.problem.gradient(A)), np.asarray(probe.problem.gradient(A + D))
    lengths = np.sqrt(squared_norms(D))
    stretches = np.sqrt(squared_norms(moved - G)) / lengths
    curvature = float(np.nan_to_num(stretches, posinf=0.0).max())
    terms = probe.gradient_scale + curvature * (np.sqrt(squared_norms(A)) + lengths)
    return moved - G, 1e3 * EPS * (terms + np.sqrt(squared_norms(G)) + np.sqrt(squared_norms(moved))) / lengths


def _check_polyak_lojasiewicz(probe: Probe) -> None:
    """Minimise ``||grad f||^2 / (2 (f - reference))``, for the lowest value seen and for f_star."""
    problem = probe.problem
    if not problem.mu > 0:
        return
    references = {"the lowest value found": (probe.lowest_value, "mu must be a PL constant")}
    if math.isfinite(problem.f_star):
        references["f_star"] = (float(problem.f_star), "mu and f_star must fit")
    for called, (reference, claim) in references.items():
        W, ratio = _smallest_ratio(probe, reference)
        if ratio < problem.mu * (1 - 10 * TOLERANCE):
            raise Refuted(
                f"{probe.name}.{claim}: ||grad f||^2 / (2 (f - {reference:.6g})) with {called} is {ratio:.6g}, "
                f"mu is {problem.mu:.6g}",
                W=W,
            )


def _smallest_ratio(probe: Probe, reference: float) -> tuple[Array, float]:
    """The smallest ratio found, and where, among places whose gap rounding cannot touch."""
    floor = 1e8 * EPS * abs(reference) + 1e2 * probe.resolution
    low, high = probe.directions(probe.lowest[None])
    leaving = probe.lowest + np.concatenate([low, high]) * np.array([1e2, 1e4, 1e6])[:, None, None, None]
    starts = np.concatenate([probe.places, probe.trajectory, leaving.reshape(-1, *probe.lowest.shape)])
    ratios = _ratios(probe, starts, reference, floor)
    best, where = float(np.min(ratios)), starts[int(np.argmin(ratios))]
    for W in starts[np.argsort(ratios)[:3]]:
        end = _ratio_descent(probe, W, reference, floor)
        ratio = float(_ratios(probe, end[None], reference, floor)[0])
        if ratio < best:
            best, where = ratio, end
    return where, best


def _ratios(probe: Probe, W: Array, reference: float, floor: float) -> Array:
    gap = np.asarray(probe.problem.value(W)) - reference
    square = squared_norms(np.asarray(probe.problem.gradient(W)))
    usable = np.isfinite(square) & np.isfinite(gap) & (gap > floor)
    return np.where(usable, square / (2 * np.where(usable, gap, 1.0)), np.inf)


def _ratio_descent(probe: Probe, start: Array, reference: float, floor: float) -> Array:
    """Minimise the logarithm of the ratio, whose slope takes one difference of gradients, (m, n)."""

    def fused(w: Array) -> tuple[float, Array]:
        W = w.reshape(start.shape)
        G = np.asarray(probe.problem.gradient(W))
        gap, size = float(probe.problem.value(W)) - reference, float(np.linalg.norm(G))
        if not (gap > floor and 0 < size < math.inf):
            return 1e3, np.zeros_like(w)  # a wall
        h = 1e-5 * (1 + float(np.abs(W).max()))
        turn = (probe.problem.gradient(W + h * G / size) - probe.problem.gradient(W - h * G / size)) / (2 * h)
        return 2 * math.log(size) - math.log(gap), np.asarray(2 * turn / size - G / gap).ravel()

    done = minimize(fused, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return np.asarray(done.x.reshape(start.shape))
