r"""The moment maps of links and cycles: K steps of heavy ball with one H, kept coordinates, and blocks that take turns.

**Links.** With H fixed the state s = (E, M) of a column of W - W* and of the momentum moves linearly, :math:`s^+ = T_H
s`, and a link makes :math:`\sum_i p_i\, T_i X T_i^\top` of its second moment, over what H may be. Where all curvatures
of a column are one number :math:`\lambda` the range of H and the rest of space move apart, :math:`T_H = T_1 \otimes H +
T_0 \otimes (I - H)`, each T of 2 x 2

.. math:: T_1 = \begin{pmatrix} 1 - \gamma \lambda & -\gamma \beta \\ \lambda & \beta \end{pmatrix}^K, \qquad
    T_0 = \begin{pmatrix} 1 & -\gamma \beta \\ 0 & \beta \end{pmatrix}^K ,

and with E[H] = p I the squares and products, summed over coordinates, go by
:math:`p\, T_1 X T_1^\top + (1 - p)\, T_0 X T_0^\top`. A momentum that is reset has its columns of T at zero.

A buffer A keeps its coordinates while uniform orthonormal columns B are drawn anew. B and -B are as likely, so that
terms with an odd number of B vanish; and E[A E'] stays at zero, where it starts, as all that is left of its next value
is linear in it. So there remains, with :math:`x_i = \mathrm{E} e_i^2` in the eigenbasis,
:math:`\tau = \mathrm{E} \|A\|^2`, :math:`\mathrm{E}[B A A^\top B^\top] = \frac{\tau}{d} I` and the two invariants a, b
of H,

.. math:: x_i^+ = (1 - 2 \gamma p \lambda_i + \gamma^2 (a + b) \lambda_i^2)\, x_i + \gamma^2 b \sum_k \lambda_k^2 x_k +
    \gamma^2 \beta^2 \frac{\tau}{d}, \qquad \tau^+ = \beta^2 \tau + p \sum_k \lambda_k^2 x_k .

**Cycles**, in which each of k blocks has one turn, as they are listed or in an order drawn anew. In energy coordinates
the turn of block i is :math:`e^+ = (I - N_i)\, e`, and of M = E[e e'] it makes :math:`(I - N_i) M (I - N_i)`. The mean
over all k! orders needs no list of them: whichever blocks S have had their turn, the last of these is each with the
same probability, and those before it came in a random order as well,

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

from rac_theory.algorithms import CyclicRACLoRA, KeptCoordinates, MomentumInLinks
from rac_theory.base import Array, repr_of
from rac_theory.numerics import projection
from rac_theory.problems import Problem
from rac_theory.runs.expectations.frame import energy_roots, frame_of, pooled
from rac_theory.runs.expectations.matrix_map import EnergyMap, SquaresMap, of_squares
from rac_theory.runs.expectations.moment_map import Unsupported, spectral_radius
from rac_theory.sketches import Haar, Moments

_LARGEST = 1 << 22  # numbers in the matrices of all draws, or in the moments of all sets of blocks after half a cycle


@dataclass(frozen=True, eq=False)
class LinkMap:
    """``X -> sum_i p_i T_i X T_i'`` for each of g groups.

    Attributes
    ----------
    weights : (k,)
        p.
    T : (k, g, 2 d, 2 d)
        What a link does to (E, M); d is 1 where only sums over coordinates are followed.
    curvatures : (g, d)
    coordinates : callable
        W, (m, n), to E in columns, (g, d, columns), or in one row where sums are followed.
    """

    weights: Array
    T: Array
    curvatures: Array
    coordinates: Callable[[Array], Array]

    def start(self, W: Array) -> Array:
        """Return the second moments at W, without momentum."""
        E = self.coordinates(W)
        d = self.curvatures.shape[1]
        X = np.zeros((len(E), 2 * d, 2 * d))
        X[:, :d, :d] = E @ E.mT
        return X

    def step(self, state: Array) -> Array:
        """One link."""
        return np.asarray(np.einsum("k,kgij->gij", self.weights, self.T @ state @ np.swapaxes(self.T, 2, 3)))

    def readout(self, state: Array) -> tuple[float, float, float]:
        """The sums of squares of E, with curvatures, and their squares, as weights."""
        x = np.diagonal(state, axis1=1, axis2=2)[:, : self.curvatures.shape[1]]
        return of_squares(x, self.curvatures)

    def rate(self, smallest: float) -> float:
        """Return the largest spectral radius of a group, on the directions that have curvature, a link."""
        return max(self._group_rate(g, np.tile(c >= smallest, 2)) for g, c in enumerate(self.curvatures))

    def _group_rate(self, g: int, curved: Array) -> float:
        group = replace(self, T=self.T[:, g, None][..., curved, :][..., curved])
        return spectral_radius(lambda M: group.step(M[None])[0], int(curved.sum())) if curved.any() else 0.0


def link_map(algorithm: MomentumInLinks, problem: Problem) -> LinkMap:
    """Return the map of a link, or raise ``Unsupported``."""
    frame, moments = frame_of(pooled(problem), algorithm.side), Moments(algorithm.sketch)
    curvatures = frame.curvatures.T  # (g, d) or (g, 1)
    if curvatures.shape[1] == 1 and moments.share is not None:
        steps = np.array([[_one_step(algorithm, h, diagonal) for diagonal in curvatures[:, 0]] for h in (1.0, 0.0)])
        weights = np.array([moments.share, 1 - moments.share])
        T, groups = _links(algorithm, steps), len(curvatures)
        return LinkMap(weights, T, curvatures, lambda W: frame.in_groups(W).reshape(groups, 1, -1))
    if moments.support is None:
        raise Unsupported(
            "the steps of a link have moments where all curvatures along H are equal, or for a sketch with a listed "
            f"support, got {repr_of(algorithm.sketch)}"
        )
    drawn, weights = moments.support
    d, groups = frame.dim, len(curvatures)
    if (size := len(drawn) * groups * (2 * d) ** 2) > _LARGEST:
        raise Unsupported(f"the matrices of all draws of a link must be at most {_LARGEST} numbers, got {size}")
    V = np.eye(d) if frame.basis is None else frame.basis
    P = np.stack([V.T @ frame.lift(partial(np.matmul, H))(np.eye(d)) @ V for H in projection(drawn)])
    curvatures = np.broadcast_to(curvatures, (groups, d))
    steps = np.array([[_one_step(algorithm, H, np.diag(diagonal)) for diagonal in curvatures] for H in P])
    return LinkMap(weights.astype(np.float64), _links(algorithm, steps), curvatures, frame.in_groups)


def _one_step(algorithm: MomentumInLinks, H: Array | float, curvatures: Array) -> Array:
    """What a step does to (E, M), as one matrix."""
    gradients = np.atleast_2d(H @ curvatures if isinstance(H, np.ndarray) else H * curvatures)
    unit, gamma, beta = np.eye(len(gradients)), algorithm.gamma, algorithm.beta
    return np.block([[unit - gamma * gradients, -gamma * beta * unit], [gradients, beta * unit]])


def _links(algorithm: MomentumInLinks, steps: Array) -> Array:
    T = np.linalg.matrix_power(steps, algorithm.inner_steps)
    if not algorithm.carried:
        half = T.shape[-1] // 2
        T[..., half:] = 0.0  # what a link begins with
    return T


def kept_map(algorithm: KeptCoordinates, problem: Problem) -> SquaresMap:
    """Return the map of a step, or raise ``Unsupported``."""
    frame, sketch = frame_of(pooled(problem), algorithm.side), algorithm.sketch
    if frame.is_whole or type(sketch) is not Haar:
        raise Unsupported(
            "momentum that keeps its coordinates has moments for Haar, on quadratics of which columns are apart, got "
            f"{repr_of(sketch)} on {repr_of(problem)}"
        )
    invariants = Moments(sketch).invariants
    assert invariants is not None  # a uniform range has two
    (a, b), d, curvatures = map(float, invariants), frame.dim, np.ascontiguousarray(frame.by_group)
    p, gamma, beta = sketch.rank / sketch.dim, algorithm.gamma, algorithm.beta
    T = np.zeros((len(curvatures), d + 1, d + 1))
    squares = curvatures[:, None, :] ** 2
    decay = 1 - 2 * gamma * p * curvatures + gamma**2 * (a + b) * curvatures**2
    T[:, :d, :d] = decay[:, :, None] * np.eye(d) + gamma**2 * b * squares
    T[:, :d, d], T[:, d, :d], T[:, d, d] = gamma**2 * beta**2 / d, p * squares[:, 0], beta**2
    return SquaresMap(T, curvatures, frame.in_groups)


_Indices = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class CycleMap(EnergyMap):
    """One cycle on M, (g, d, d).

    Attributes
    ----------
    roots, coordinates
        As in ``EnergyMap``.
    T : (k, g, d, d)
        ``I - N_i``, symmetric.
    shuffled : bool
        Whether the order is drawn anew in each cycle.
    """

    T: Array
    shuffled: bool

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
    P = np.stack([frame.lift(partial(np.matmul, H))(np.eye(frame.dim)) for H in U @ U.mT])
    k, d, groups = len(P), frame.dim, frame.curvatures.shape[1]
    shuffled = algorithm.order == "shuffled"
    if (size := (comb(k, k // 2) if shuffled else k) * groups * d**2) > _LARGEST:
        raise Unsupported(
            f"the second moments of all sets of blocks must be at most {_LARGEST} numbers, got {size} for {k} blocks, "
            f"{d} coordinates and {groups} groups"
        )
    roots = energy_roots(frame)
    F = (np.eye(d) if frame.basis is None else frame.basis) * roots[:, None, :]
    T = np.eye(d) - algorithm.gamma * (F.mT @ P[:, None] @ F)
    return CycleMap(roots, frame.in_groups, (T + np.swapaxes(T, 2, 3)) / 2, shuffled)


def _turns(k: int) -> Iterator[list[tuple[_Indices, _Indices]]]:
    for size in range(1, k + 1):
        number = {blocks: j for j, blocks in enumerate(combinations(range(k), size - 1))}
        ends: list[list[tuple[int, int]]] = [[] for _ in range(k)]
        for then, blocks in enumerate(combinations(range(k), size)):
            for turn, last in enumerate(blocks):
                ends[last].append((number[blocks[:turn] + blocks[turn + 1 :]], then))
        yield [(before, then) for before, then in (np.array(pairs, dtype=np.int64).reshape(-1, 2).T for pairs in ends)]
