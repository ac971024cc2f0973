"""How far f may rise: below the quadratic that its ``smoothness`` allows, and as its ``certified_step`` promises."""

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from rac_theory.base import shown, squared_norms
from rac_theory.base.checks import Array
from rac_theory.numerics import matrix
from rac_theory.problems import Smoothness, certified_step, layers_of
from rac_theory.testing.failures import Refuted
from rac_theory.testing.probe import EPS, SCALES, Probe
from rac_theory.testing.problems.constants import TOLERANCE, ascended, monotonicity, pairs, shortest_step

_PAIRS = 8  # of factors whose directions are tried
_SHARES = (1.0, 0.9, 0.5, 0.1)  # of what is certified
_DRAWS = 12


def check_smoothness(probe: Probe) -> None:
    """Raise ``Refuted`` if the member is no ``Smoothness`` of the shape of W, or f rises above what it allows."""
    Q: Any = getattr(probe.problem, "smoothness", None)
    if Q is None:
        return
    if not isinstance(Q, Smoothness):
        raise Refuted(f"{probe.name}.smoothness must be a Smoothness, or None if it is unknown, it is {shown(Q)}")
    if Q.shape != tuple(probe.problem.shape):
        raise Refuted(
            f"{probe.name}.smoothness must be for W of shape {tuple(probe.problem.shape)}, it is for {Q.shape}"
        )
    W, D = _attacks(probe, Q)
    _check_rise(probe, Q, W, D)
    _check_turn(probe, Q, W, D)


def _check_rise(probe: Probe, Q: Smoothness, W: Array, D: Array) -> None:
    """The bound as it stands, where rounding of values leaves enough of it."""
    problem, length = probe.problem, np.sqrt(squared_norms(D))
    f, f_after = np.asarray(problem.value(W)), np.asarray(problem.value(W + D))
    slopes = np.asarray(problem.gradient(W)) * D
    rise, allowed = f_after - f - slopes.sum(axis=(1, 2)), _curvature(Q, D) / 2
    reach = np.sqrt(squared_norms(W)) + length
    terms = np.abs(f) + np.abs(f_after) + np.abs(slopes).sum(axis=(1, 2))
    rounding = EPS * (1e4 * terms + 1e3 * (probe.gradient_scale + Q.largest * reach) * reach) + probe.resolution
    excess = np.nan_to_num(rise - allowed * (1 + TOLERANCE) - rounding, nan=-math.inf, posinf=-math.inf)
    i = int(np.argmax(excess / np.square(length)))
    if excess[i] > 0:
        raise Refuted(
            f"{probe.name}.smoothness must bound f(W + D) - f(W) - <grad f(W), D> by <D, Q D> / 2: the bound is "
            f"{allowed[i]:.6g}, f rises by {rise[i]:.6g}",
            W=W[i],
            D=D[i],
        )


def _check_turn(probe: Probe, Q: Smoothness, W: Array, D: Array) -> None:
    """The sum of the bound from W to W + D and of that back, in which no value cancels: for short steps."""
    turn, rounding = monotonicity(probe, W, D)
    allowed = _curvature(Q, D) / squared_norms(D)
    excess = np.nan_to_num(turn - allowed * (1 + TOLERANCE) - rounding - 1e3 * EPS * Q.largest, nan=-math.inf)
    i = int(excess.argmax())
    if excess[i] > 0:
        raise Refuted(
            f"{probe.name}.smoothness must bound f(W + D) by f(W) + <grad f(W), D> + <D, Q D> / 2, there and back, and "
            f"so <grad f(W + D) - grad f(W), D> / ||D||^2 by {allowed[i]:.6g}: it is {turn[i]:.6g}",
            W=W[i],
            D=D[i],
        )


def _attacks(probe: Probe, Q: Smoothness) -> tuple[Array, Array]:
    """Places and steps of every kind: two (k, m, n)."""
    directions = _extreme_directions(Q)
    lengths = np.array(SCALES)[:, None, None, None]
    around = np.stack(np.broadcast_arrays(probe.landmarks[:, None, None], (lengths * directions)[None]))
    places, steps = around.reshape(2, -1, *directions.shape[1:])
    steps = steps * np.maximum(1.0, shortest_step(places, steps))
    W, D = pairs(probe)
    path = probe.trajectory[::3]  # enough, as the directions of L are tried along all of it
    W, D = np.concatenate([W, places, path]), np.concatenate([D, steps, probe.directions(path, Q)[1]])
    nothing = Smoothness.isotropic(0.0, Q.shape)  # steps along which Q is exact could hide all others that are below
    rounds = [(W, D)]
    for bound in (Q, nothing):
        rounds += ascended(probe, W, D, partial(_beyond, bound), bound, 22)
    return np.concatenate([places for places, _ in rounds]), np.concatenate([steps for _, steps in rounds])


def _extreme_directions(Q: Smoothness) -> Array:
    """Products of the eigenvectors to the least and the largest eigenvalue of pairs of factors: (4 pairs, m, n)."""
    products = []
    for S, R in Q.terms[:_PAIRS]:
        U, V = (np.linalg.eigh(matrix(factor))[1][:, [0, -1]].T for factor in (S, R))
        products += [np.outer(u, v) for u in U for v in V]
    return np.stack(products)


def _beyond(Q: Smoothness, probe: Probe, W: Array, D: Array) -> Array:
    """How much the mean Hessian along each step exceeds Q: (k,)."""
    return monotonicity(probe, W, D)[0] - _curvature(Q, D) / squared_norms(D)


def _curvature(Q: Smoothness, D: Array) -> Array:
    """``<D, Q D>`` for each step: (k,)."""
    return np.asarray(np.sum(Q.times(D) * D, axis=(1, 2)))


def check_certified_steps(probe: Probe) -> None:
    """Raise ``Refuted`` if ``certified_step`` is not one step for each W, or f stays above what it promises."""
    problem = probe.problem
    if not hasattr(problem, "certified_step"):
        return
    W = np.concatenate([probe.places, probe.trajectory])
    f, G = np.asarray(problem.value(W)), np.asarray(problem.gradient(W))
    finite = np.isfinite(f) & np.isfinite(G).all(axis=(1, 2)) & (squared_norms(G) > 0)
    W, f, G = W[finite], f[finite], G[finite]
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
