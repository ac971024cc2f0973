r"""The moment map of a cycle: each of k blocks has one turn, as they are listed or in an order drawn anew.

In energy coordinates the turn of block i is :math:`e^+ = (I - N_i)\, e`, and of M = E[e e'] it makes
:math:`(I - N_i) M (I - N_i)`. The mean over all k! orders needs no list of them: whichever blocks S have had their
turn, the last of these is each with the same probability, and those before it came in a random order as well,

.. math:: M_S = \frac{1}{|S|} \sum_{i \in S} (I - N_i)\, M_{S \setminus i}\, (I - N_i),

so that :math:`2^k` sets take the place of k! orders.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms import CyclicRACLoRA
from rac_theory.base import Array
from rac_theory.problems import Problem
from rac_theory.runs.expectations.components import energy_roots, pooled
from rac_theory.runs.expectations.frame import frame_of
from rac_theory.runs.expectations.matrix_map import read_out
from rac_theory.runs.expectations.moment_map import Unsupported, spectral_radius

_LARGEST = 1 << 22  # numbers in the second moments after half of the turns, where there are most sets of blocks

_Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CycleMap:
    """One cycle on M, (g, d, d).

    Attributes
    ----------
    roots : (g, d)
        Square roots of the curvatures.
    coordinates : callable
        W, (m, n), to the coordinates of each group, (g, d, columns).
    T : (k, g, d, d)
        ``I - N_i``, symmetric.
    shuffled : bool
        Whether the order is drawn anew in each cycle.
    """

    roots: Array
    coordinates: Callable[[Array], Array]
    T: Array
    shuffled: bool

    def start(self, W: Array) -> Array:
        """Return e e', summed over the columns of a group."""
        e = self.roots[:, :, None] * self.coordinates(W)
        return np.asarray(e @ np.swapaxes(e, 1, 2))

    def step(self, state: Array) -> Array:
        """One cycle."""
        if not self.shuffled:
            for T in self.T:
                state = T @ state @ T
            return state
        moments = state[None]
        for size, turns in enumerate(self._turns, 1):
            after = np.zeros((comb(len(self.T), size), *state.shape))
            for T, (before, then) in zip(self.T, turns, strict=True):
                after[then] += T @ moments[before] @ T
            moments = after / size
        return np.asarray(moments[0])

    @cached_property
    def _turns(self) -> list[list[tuple[_Indices, _Indices]]]:
        """For each number of turns and each block, which sets have it as their last, by number: without it and with."""
        return list(_turns(len(self.T)))

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Half the trace, and the traces with the curvatures as weights and as divisors."""
        return read_out(state, self.roots**2)

    def rate(self, smallest: float) -> float:
        """Return the largest spectral radius of a group on the directions that have curvature, a cycle."""
        return max(self._group_rate(i, self.roots[i] ** 2 >= smallest) for i in range(len(self.roots)))

    def _group_rate(self, i: int, curved: Array) -> float:
        T = self.T[:, i, None][:, :, curved][:, :, :, curved]
        if not curved.any():
            return 0.0
        if not self.shuffled:  # M -> P M P'
            return float(np.abs(np.linalg.eigvals(np.linalg.multi_dot([*T[::-1, 0], np.eye(T.shape[-1])]))).max()) ** 2
        group = replace(self, T=T, roots=self.roots[i, None, curved])
        return spectral_radius(lambda M: group.step(M[None])[0], int(curved.sum()))


def cycle_map(algorithm: CyclicRACLoRA, problem: Problem) -> CycleMap:
    """Return the map of a cycle, or raise ``Unsupported``."""
    frame = frame_of(pooled(problem), algorithm.side)
    U = algorithm.blocks
    P = np.stack([frame.lift(partial(np.matmul, H))(np.eye(frame.dim)) for H in U @ np.swapaxes(U, 1, 2)])
    k, d, groups = len(P), frame.dim, frame.curvatures.shape[1]
    shuffled = algorithm.order == "shuffled"
    if (size := (comb(k, k // 2) if shuffled else k) * groups * d**2) > _LARGEST:
        raise Unsupported(
            f"the second moments of all sets of blocks must be at most {_LARGEST} numbers, got {size} for {k} blocks, "
            f"{d} coordinates and {groups} groups"
        )
    roots = energy_roots(frame)
    F = (np.eye(d) if frame.basis is None else frame.basis) * roots[:, None, :]
    T = np.eye(d) - algorithm.gamma * (np.swapaxes(F, 1, 2) @ P[:, None] @ F)
    return CycleMap(roots, frame.in_groups, (T + np.swapaxes(T, 2, 3)) / 2, shuffled)


def _turns(k: int) -> Iterator[list[tuple[_Indices, _Indices]]]:
    for size in range(1, k + 1):
        number = {blocks: j for j, blocks in enumerate(combinations(range(k), size - 1))}
        ends: list[list[tuple[int, int]]] = [[] for _ in range(k)]
        for then, blocks in enumerate(combinations(range(k), size)):
            for turn, last in enumerate(blocks):
                ends[last].append((number[blocks[:turn] + blocks[turn + 1 :]], then))
        yield [(before, then) for before, then in (np.array(pairs, dtype=np.int64).reshape(-1, 2).T for pairs in ends)]
