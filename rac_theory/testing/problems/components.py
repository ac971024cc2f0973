"""Whether the components of a finite sum are components of it, and survive a search against their constants.

Lists of them, and subsets, must be what their components are together.
"""

import math
from typing import Any, cast

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import FiniteSum, Indices, shares_of
from rac_theory.testing.failures import Refuted
from rac_theory.testing.probe import EPS, SCALES, Probe, agree, siblings
from rac_theory.testing.problems.constants import shortest_step

_NUMBERS = 1 << 20  # in a block of component gradients
_LISTS = ((4, 5), (1, 2), (3, 2), (60, 3))  # runs, and components of each
_WHOLE = 512  # components up to which a list of all of them is tried
_SINGLE = 64  # components that are looked at one by one
_STEPS = 12  # of descent of every component
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(5)


def check_components(probe: Probe) -> None:
    """Raise ``Refuted`` if component gradients do not average to the gradient, or L_max or component_infima fail."""
    problem = cast(FiniteSum, probe.problem)
    N = problem.n_components
    if not isinstance(N, int | np.integer) or N < 1:
        raise Refuted(f"{probe.name}.n_components must be an integer >= 1, it is {N!r}")
    _check_mean(probe, problem)
    check_lists(probe, problem)
    check_subsets(probe, problem)
    _check_smoothness(probe, problem)
    _check_infima(probe, problem)


def _check_mean(probe: Probe, problem: FiniteSum) -> None:
    N = problem.n_components
    for W in (*probe.landmarks, probe.lowest, *probe.rng(30).standard_normal((2, *problem.shape))):
        parts = single(problem, np.repeat(W[None], N, axis=0), np.arange(N))
        mean, G = parts.mean(axis=0), np.asarray(problem.gradient(W))
        scale = float(np.sqrt(squared_norms(parts)).mean()) + probe.gradient_scale
        if not agree(mean, G, scale, 1e-9):
            ratio = float(np.sum(mean * G) / max(float(np.sum(G * G)), 1e-300))
            bias, size = float(np.linalg.norm(mean - G)), float(np.linalg.norm(G))
            raise Refuted(
                f"{probe.name}.component_gradient must average to gradient over all {N} components: it averages to "
                f"{ratio:.6g} times the gradient along it; a stochastic gradient has a bias of {bias:.3g}, where the "
                f"gradient has norm {size:.3g}",
                W=W,
            )


def _check_smoothness(probe: Probe, problem: FiniteSum) -> None:
    """Pairs for single components, with steps turned towards the direction that curves most."""
    if math.isnan(problem.L_max):
        return
    rng, N = probe.rng(32), problem.n_components
    places = np.repeat(np.concatenate([probe.landmarks, probe.lowest[None]]), 2, axis=0)
    A = np.concatenate([np.repeat(W[None], N, axis=0) for W in places])
    listed = np.tile(np.arange(N), len(places))
    D = rng.choice(SCALES, size=(len(A), 1, 1)) * rng.standard_normal(A.shape)
    D[np.arange(len(A)) // N % 2 == 0] *= 1e-9  # every other place has steps as short as rounding allows
    D *= np.maximum(1.0, shortest_step(A, D))
    lengths, G = np.sqrt(squared_norms(D)), single(problem, A, listed)
    for _ in range(4):
        change = single(problem, A + D, listed) - G
        size = np.sqrt(squared_norms(change))
        rounding = (
            1e3
            * EPS
            * (np.sqrt(squared_norms(G)) + probe.gradient_scale + problem.L_max * np.sqrt(squared_norms(A)))
            / lengths
        )
        excess = np.nan_to_num(size / lengths - rounding - problem.L_max * (1 + 1e-6), nan=-math.inf)
        i = int(excess.argmax())
        if excess[i] > 0:
            raise Refuted(
                f"{probe.name}.L_max must bound ||grad f_i(A) - grad f_i(B)|| / ||A - B|| for every i: it is "
                f"{problem.L_max:.6g}, this pair has {size[i] / lengths[i]:.6g} for i = {listed[i]}",
                A=A[i],
                B=A[i] + D[i],
            )
        D = np.where(size[:, None, None] > 0, change * (lengths / np.where(size > 0, size, 1.0))[:, None, None], D)


def _check_infima(probe: Probe, problem: FiniteSum) -> None:
    """Descents of the components against their lower bounds: the mean of all, and single ones that have a value."""
    infima = np.asarray(problem.component_infima)
    N = problem.n_components
    if infima.shape != (N,):
        raise Refuted(f"{probe.name}.component_infima must have shape ({N},), it has {infima.shape}")
    if not np.isfinite(infima).all() or not problem.L_max > 0:
        return
    W = probe.lowest
    fall, ends = _descents(problem, W)
    reached = probe.lowest_value - float(fall.mean())
    allowed = probe.resolution + 1e-9 * float(np.abs(fall).max())
    if infima.mean() > reached + allowed:
        raise Refuted(
            f"{probe.name}.component_infima must be lower bounds: their mean is {infima.mean():.9g}, descents of the "
            f"components from W reach a mean of {reached:.9g}",
            W=W,
        )
    for i in probe.rng(33).permutation(N)[:_SINGLE]:
        value = _value(problem, int(i), ends[i])
        if value is None:
            return
        if infima[i] > value + allowed + 1e-9 * abs(value):
            raise Refuted(
                f"{probe.name}.component_infima must be lower bounds: component {i} claims {infima[i]:.9g} and has "
                f"the value {value:.9g}",
                W=ends[i],
            )


def _value(problem: Any, i: int, W: Array) -> float | None:
    """Component i at W, where the finite sum can give it: of clients it is M p_m times client m."""
    if hasattr(problem, "clients"):
        return float(len(problem.clients) * shares_of(problem)[i]) * float(problem.clients[i].value(W))
    try:
        return float(problem.subset(np.array([i])).value(W)) if hasattr(problem, "subset") else None
    except ValueError:  # no problem of this kind can be made of that row
        return None


def _descents(problem: FiniteSum, start: Array) -> tuple[Array, Array]:
    """How far each component falls along a gradient descent of its own, by quadrature, and where: (N,), (N, m, n).

    Values of components are not needed, so this holds for any finite sum: ``f_i(W) - f_i(W')`` is an integral of the
    gradient of f_i over the segment. Steps are Barzilai and Borwein's, 1 / L_max at first.
    """
    N = problem.n_components
    listed = np.arange(N)
    W = np.repeat(start[None], N, axis=0)
    G = single(problem, W, listed)
    rate = np.full(N, 1 / problem.L_max)
    fallen, best, ends = np.zeros(N), np.zeros(N), W.copy()
    for _ in range(_STEPS):
        move = -rate[:, None, None] * G
        change = _integral(problem, W, move)
        halves = _integral(problem, W, move / 2) + _integral(problem, W + move / 2, move / 2)
        # Else the gradient turns too sharply for so long a step.
        sure = np.abs(change - halves) <= 1e-8 * np.abs(halves)
        fallen -= np.where(sure, halves, 0.0)
        W = np.where(sure[:, None, None], W + move, W)
        turn = np.where(sure[:, None, None], single(problem, W, listed) - G, 0.0)
        G = G + turn
        curvature = np.sum(move * turn, axis=(1, 2))
        usable = curvature > 1e-9 * problem.L_max * squared_norms(move)
        longer = np.where(usable, squared_norms(move) / np.where(usable, curvature, 1.0), 1 / problem.L_max)
        rate = np.where(sure, np.minimum(longer, 1e3 / problem.L_max), rate / 4)
        lower = fallen > best
        best, ends = np.where(lower, fallen, best), np.where(lower[:, None, None], W, ends)
    return best, ends


def _integral(problem: FiniteSum, W: Array, move: Array) -> Array:
    """The integral of the gradient of component i from ``W[i]`` to ``W[i] + move[i]``, by Gauss and Legendre: (N,)."""
    total, listed = np.zeros(len(W)), np.arange(len(W))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        slopes = single(problem, W + (node + 1) / 2 * move, listed)
        total += weight / 2 * np.sum(slopes * move, axis=(1, 2))
    return total


def single(problem: FiniteSum, W: Array, indices: Indices) -> Array:
    """The gradient of one component at each matrix, in blocks: (k, m, n), (k,) to (k, m, n)."""
    block = max(1, _NUMBERS // W[0].size)
    parts = [
        problem.component_gradient(W[first : first + block], indices[first : first + block, None])
        for first in range(0, len(W), block)
    ]
    return np.concatenate(parts)


def check_lists(probe: Probe, problem: FiniteSum) -> None:
    """The mean over each list, an index twice counting twice, in lists of every length, whatever was asked before."""
    rng, N = probe.rng(31), problem.n_components
    for runs, length in (*_LISTS, (2, N if N <= _WHOLE else 64)):
        W, lists = rng.standard_normal((runs, *problem.shape)), rng.integers(N, size=(runs, length))
        lists[: -(-runs // 2), -1] = lists[: -(-runs // 2), 0]
        if length == N:
            lists = np.stack([rng.permutation(N) for _ in range(runs)])
        _check_list(probe, problem, W, lists, rng)
    for i, near in enumerate(siblings(W, rng)):
        _check_list(probe, problem, near, lists, rng, f", after a call at another W, {i}")
    _check_list(probe, problem, near, lists[::-1].copy(), rng, ", after a call with other lists")


def _check_list(
    probe: Probe, problem: FiniteSum, W: Array, lists: Indices, rng: np.random.Generator, when: str = ""
) -> None:
    original, chosen = W.copy(), lists.copy()
    returned = np.array(problem.component_gradient(W, lists))
    if not (np.array_equal(W, original) and np.array_equal(lists, chosen)):
        raise Refuted(f"{probe.name}.component_gradient must leave its arguments alone, one was written to")
    if returned.shape != W.shape:
        raise Refuted(f"{probe.name}.component_gradient must return shape {W.shape}, it returned {returned.shape}")
    runs, length = lists.shape
    fresh = rng.standard_normal((1, *problem.shape))  # so that this batch was never asked for before
    places, listed = np.concatenate([np.repeat(W, length, axis=0), fresh]), np.append(lists, 0)
    parts = single(problem, places, listed)[:-1].reshape(runs, length, *problem.shape)
    mean, scale = parts.mean(axis=1), np.sqrt(squared_norms(parts)).mean(axis=1) + probe.gradient_scale
    if not agree(returned, mean, scale, 1e-9):
        bias = np.sqrt(squared_norms(returned - mean)).max()
        lists_text = lists.tolist() if lists.size <= 20 else f"{runs} lists of {length}"
        raise Refuted(
            f"{probe.name}.component_gradient must be the mean over the list of each run, an index that is listed "
            f"twice counting twice: it is {bias:.3g} away from it for the lists {lists_text}{when}",
            W=W,
        )


def check_subsets(probe: Probe, problem: Any) -> None:
    """The gradient of a subset is that of its list, and values of the two halves of a permutation average to f."""
    if not hasattr(problem, "subset"):
        return
    rng, N = probe.rng(34), problem.n_components
    W = rng.standard_normal((3, *problem.shape))
    halves = np.array_split(rng.permutation(N), 2) if N > 1 else [np.zeros(1, dtype=np.intp)]
    total = np.zeros(len(W))
    for rows in (np.append(halves[0], halves[0][0]), *halves):
        try:
            part = problem.subset(rows)
        except ValueError:  # no problem of this kind can be made of those rows
            return
        if tuple(part.shape) != tuple(problem.shape):
            raise Refuted(f"{probe.name}.subset(rows) must have shape {problem.shape}, it has {part.shape}")
        value, G = part.value(W), np.asarray(part.gradient(W))
        expected = problem.component_gradient(W, np.repeat(rows[None], len(W), axis=0))
        if not agree(G, expected, np.sqrt(squared_norms(expected)) + probe.gradient_scale, 1e-9):
            raise Refuted(
                f"{probe.name}.subset(rows) must be the mean of the listed components: its gradient is "
                f"{np.sqrt(squared_norms(G - expected)).max():.3g} away from that of the list",
                W=W[0],
            )
        if len(rows) <= len(halves[0]):
            total += len(rows) / N * np.asarray(value)
    f = np.asarray(problem.value(W))
    if not (np.abs(total - f) <= 1e-9 * np.abs(f) + probe.resolution).all():
        raise Refuted(
            f"{probe.name}.subset(rows) must have values that average to f: {total[0]:.9g} for {f[0]:.9g}", W=W[0]
        )
