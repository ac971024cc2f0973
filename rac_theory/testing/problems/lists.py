"""Whether lists of components and subsets of them are what their components are together."""

from typing import Any

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import FiniteSum, Indices
from rac_theory.testing.probe import Probe, agree
from rac_theory.testing.problems.calls import siblings
from rac_theory.testing.refuted import Refuted

_NUMBERS = 1 << 20  # in a block of component gradients
_LISTS = ((4, 5), (1, 2), (3, 2), (60, 3))  # runs, and components of each
_WHOLE = 512  # components up to which a list of all of them is tried


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
        lists[: -(-runs // 2), 1] = lists[: -(-runs // 2), 0]
        if length == N:
            lists = np.stack([rng.permutation(N) for _ in range(runs)])
        _check_list(probe, problem, W, lists, rng)
    for i, near in enumerate(siblings(W, rng)):
        _check_list(probe, problem, near, lists, rng, f", after a call at another W, {i}")
    _check_list(probe, problem, near, lists[::-1].copy(), rng, ", after a call with other lists")


def _check_list(
    probe: Probe, problem: FiniteSum, W: Array, lists: Indices, rng: np.random.Generator, when: str = ""
) -> None:
    kept, chosen = W.copy(), lists.copy()
    seen = np.array(problem.component_gradient(W, lists))
    if not (np.array_equal(W, kept) and np.array_equal(lists, chosen)):
        raise Refuted(f"{probe.name}.component_gradient must leave its arguments alone, one was written to")
    if seen.shape != W.shape:
        raise Refuted(f"{probe.name}.component_gradient must return shape {W.shape}, it returned {seen.shape}")
    runs, length = lists.shape
    fresh = rng.standard_normal((1, *problem.shape))  # so that this batch was never asked for before
    places, listed = np.concatenate([np.repeat(W, length, axis=0), fresh]), np.append(lists, 0)
    parts = single(problem, places, listed)[:-1].reshape(runs, length, *problem.shape)
    mean, scale = parts.mean(axis=1), np.sqrt(squared_norms(parts)).mean(axis=1)
    if not agree(seen, mean, scale, 1e-9):
        bias = np.sqrt(squared_norms(seen - mean)).max()
        shown = lists.tolist() if lists.size <= 20 else f"{runs} lists of {length}"
        raise Refuted(
            f"{probe.name}.component_gradient must be the mean over the list of each run, an index that is listed "
            f"twice counting twice: it is {bias:.3g} away from it for the lists {shown}{when}",
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
        wanted = problem.component_gradient(W, np.repeat(rows[None], len(W), axis=0))
        if not agree(G, wanted, np.sqrt(squared_norms(wanted)) + probe.gradient_scale, 1e-9):
            raise Refuted(
                f"{probe.name}.subset(rows) must be the mean of the listed components: its gradient is "
                f"{np.sqrt(squared_norms(G - wanted)).max():.3g} away from that of the list",
                W=W[0],
            )
        if len(rows) <= len(halves[0]):
            total += len(rows) / N * np.asarray(value)
    f = np.asarray(problem.value(W))
    if not (np.abs(total - f) <= 1e-9 * np.abs(f) + probe.resolution).all():
        raise Refuted(
            f"{probe.name}.subset(rows) must have values that average to f: {total[0]:.9g} for {f[0]:.9g}", W=W[0]
        )
