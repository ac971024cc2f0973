r"""The branches of an outer step of several gradient steps: every draw of the sketch, every order of the components.

Forward differences add half of h times the curvature along each direction to a gradient on a quadratic.
:math:`(f(W + h U) - f(W)) / h = \langle G, U \rangle + \frac h2 \langle U, Q U \rangle` for every W, so that a step
moves by another :math:`-\gamma \frac h2 \sum_i \langle U_i, Q U_i \rangle U_i`: it is an affine map like any other.

If the draws of the sketch can be listed, the step in energy coordinates is :math:`e^+ = T e + c` with probability p,
where T and c follow from the draw, the order of the components, and the mean over clients. With M = E[e e'] and
m = E[e],

.. math:: m^+ = E[T]\, m + E[c], \qquad M^+ = E\big[ (T M + c\, m^\top)\, T^\top + (T m + c)\, c^\top \big].

Given the sketch, client m moves by :math:`X_m`, one of its paths, whatever the others do, and counts for
:math:`p_m / P(m)` if it takes part. The move of the server, :math:`\hat X = \sum_{m \in S} \frac{p_m}{P(m)} X_m`, has
the mean :math:`\bar X = \sum_m p_m \bar X_m`, and as :math:`P(m, l) / (P(m) P(l))` is one number b for all pairs,

.. math:: E[\hat X M \hat X^\top] = b\, \bar X M \bar X^\top
    + \sum_m p_m^2 \Big( \frac{1}{P(m)} E[X_m M X_m^\top] - b\, \bar X_m M \bar X_m^\top \Big),

and the same for what the maps add. So the branches are :math:`I + \bar X`, and, for second moments alone and with
weights some of which are negative, :math:`\bar X`, all paths, and the means of clients: not all that could be drawn.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import permutations

import numpy as np

from rac_theory.algorithms import Algorithm, LayeredRACLoRA, RACLoRA
from rac_theory.algorithms.gradients import Clients, FiniteDifferences, Local, Participation, Reshuffled
from rac_theory.base import Array, repr_of
from rac_theory.numerics import orthonormal_range, projection
from rac_theory.problems import Problem, shares_of
from rac_theory.runs.expectations.frame import (
    Components,
    Frame,
    components_in,
    energy_roots,
    frame_of,
    of_clients,
    pooled,
    whole_frame,
)
from rac_theory.runs.expectations.matrix_map import EnergyMap
from rac_theory.runs.expectations.moment_map import Unsupported, spectral_radius
from rac_theory.runs.expectations.step_moments import Covered, layered_frame, listed_by_layers
from rac_theory.sketches import Moments, Sketch, is_orthonormal
from rac_theory.sketches.laws import lifted


@dataclass(frozen=True, eq=False)
class BranchMap(EnergyMap):
    """A state holds M and m side by side, for each of g groups: (g, d, d + columns).

    Attributes
    ----------
    roots, coordinates
        As in ``EnergyMap``.
    T : (k, g, d, d)
        What a branch does to e.
    c : (k, g, d, columns)
        What it adds; one column for each group if there are many.
    weights : (k,)
        The probabilities of the branches, or any numbers with which the second moments are theirs.
    of_mean : (k,)
        The same for the means.
    agree : bool
        Whether the c are zero, up to rounding.
    """

    T: Array
    c: Array
    weights: Array
    of_mean: Array
    agree: bool

    def start(self, W: Array) -> Array:
        """Return the moments at W."""
        return np.concatenate([super().start(W), self.roots[:, :, None] * self.coordinates(W)], axis=2)

    def step(self, state: Array) -> Array:
        """One step."""
        M, m = np.split(state, [state.shape[1]], axis=2)
        means = self.T @ m + self.c
        turned = (self.T @ M + self.c @ m.mT) @ np.swapaxes(self.T, 2, 3)
        moments = turned + means @ np.swapaxes(self.c, 2, 3)
        moved = np.tensordot(self.weights, moments, axes=1), np.tensordot(self.of_mean, means, axes=1)
        return np.concatenate(moved, axis=2)

    def _group_rate(self, i: int, curved: Array) -> float:
        """The larger of the factors of M and, unless one W minimises all components, of m."""
        T = self.T[:, i][:, curved][:, :, curved]

        def step(M: Array) -> Array:
            return np.asarray(np.tensordot(self.weights, T @ M @ T.mT, axes=1))

        rate = spectral_radius(step, int(curved.sum())) if curved.any() else 0.0
        if self.agree:
            return rate
        return max(rate, float(np.abs(np.linalg.eigvals(np.tensordot(self.of_mean, T, axes=1))).max()))


_Paths = tuple[Array, Array]


def mean_of_clients(
    paths: Sequence[_Paths], participation: Participation | None, shares: Sequence[float]
) -> tuple[Array, Array, Array, Array]:
    """Return branches of the mean: T, (branches, ...), c, and their weights for second moments and for means.

    Parameters
    ----------
    paths : sequence of M pairs
        T, (paths, ..., d, d), and c, (paths, ..., d, columns), of each client; all are as likely.
    participation : Participation or None
        Which clients take part; None is all of them.
    shares : sequence of M floats
        The p_m.
    """
    M = len(paths)
    b = 1.0 if participation is None else float(participation.joint_ratio(M))
    chances = [1.0] * M if participation is None else [float(share) for share in participation.chances(M)]
    T, c = (sum(p * path[i].mean(axis=0) for p, path in zip(shares, paths, strict=True)) for i in (0, 1))
    identity = np.eye(np.shape(T)[-1])
    absences: list[tuple[_Paths, float]] = []
    if b != 1:
        absences.append((((np.asarray(T) - identity)[None], np.asarray(c)[None]), b - 1))
    for p, chance, (own_T, own_c) in zip(shares, chances, paths, strict=True):
        if len(own_T) == 1 and chance * b == 1:
            continue  # it does the same in each round
        moves, count = (own_T - identity, own_c), len(own_T)
        absences.append((moves, p**2 / chance / count))
        absences.append(((moves[0].mean(axis=0, keepdims=True), own_c.mean(axis=0, keepdims=True)), -b * p**2))
    means = [((np.asarray(T)[None], np.asarray(c)[None]), 1.0), *absences]
    weights = np.concatenate([np.full(len(moves[0]), weight) for moves, weight in means])
    of_mean = np.zeros(len(weights))
    of_mean[0] = 1.0
    return *(np.concatenate([moves[i] for moves, _ in means]) for i in (0, 1)), weights, of_mean  # type: ignore[return-value]


LARGEST_SHUFFLED = 5
"""The most components whose orders are enumerated: 120."""

_LARGEST = 1 << 21  # numbers in all branches together

_Draws = tuple[Array, Array]


def branch_map(algorithm: Covered, problem: Problem) -> BranchMap:
    """Return the map of ``Local``, ``Reshuffled``, ``Clients`` with either, or forward differences; else raise."""
    quadratic, source = pooled(problem), algorithm.gradients
    alone = isinstance(source, Local | FiniteDifferences)
    frame = frame_for(algorithm, quadratic, decoupled=alone)
    if alone:
        components = Components(np.eye(frame.dim)[None], np.zeros((1, frame.dim, frame.columns)), 0.0)
    else:
        components = components_in(frame, quadratic.eigenbasis, problem)  # type: ignore[attr-defined]
    P, weights = _draws(algorithm, frame, problem.shape)
    roots = energy_roots(frame)
    F = (np.eye(frame.dim) if frame.basis is None else frame.basis) * roots[:, None, :]
    N = algorithm.gamma * (F.mT @ P[:, None] @ F)
    if isinstance(source, Clients):
        clients = of_clients(frame, quadratic.eigenbasis, problem)  # type: ignore[attr-defined]
        paths = [_paths(N, source.source, rows) for rows in clients]
        T, c, of_moments, of_mean = mean_of_clients(paths, source.participation, [*map(float, shares_of(problem))])
        agree = all(rows.agree for rows in clients) if isinstance(source.source, Reshuffled) else components.agree
    else:
        T, c = _paths(N, source, components)
        of_moments = of_mean = np.full(len(T), 1 / len(T))
        agree = components.agree
    if isinstance(source, FiniteDifferences):  # one path, which each draw leaves by an error of its own
        errors = bends(algorithm, quadratic, source.h)
        c = np.array([[_moved(frame, roots, algorithm.gamma * error) for error in errors]])
        agree = not c.any()
    ps, of_means = (np.multiply.outer(of_each, weights).ravel() for of_each in (of_moments, of_mean))
    return BranchMap(roots, frame.in_groups, np.concatenate(T), np.concatenate(c), ps, of_means, agree)


def _moved(frame: Frame, roots: Array, move: Array) -> Array:
    """What a move -M of W, (m, n), adds to the energy coordinates of all groups, (g, d, columns)."""
    return np.asarray(roots[:, :, None] * (frame.in_groups(np.zeros_like(move)) - frame.in_groups(move)))


def _paths(N: Array, source: object, components: Components) -> tuple[Array, Array]:
    """The affine maps of all ways to descend, T, (paths, k, g, d, d), and c, for each of k draws of N, (k, g, d, d)."""
    orders = _orders(source, len(components.K))
    (*_, d), (*_, columns) = N.shape, components.k.shape
    size = len(orders) * N[..., 0].size * (d + columns)
    if size > _LARGEST:
        raise Unsupported(f"all branches of a step together must be at most {_LARGEST} numbers, got {size}")
    if not isinstance(source, Reshuffled):  # all steps are along one gradient
        K, k = (part.mean(axis=0, keepdims=True) for part in components[:2])
        components = Components(K, k, components.scale)
    descents = [_descent(N, components, order) for order in orders]
    return np.stack([T for T, _ in descents]), np.stack([c for _, c in descents])


def frame_for(algorithm: Covered, problem: Problem, *, decoupled: bool) -> Frame:
    """Return the frame of a quadratic: of rows or columns where they descend apart, else of all m n numbers.

    The components of least squares mix rows, so that only the left step leaves columns ``decoupled`` by them.
    """
    if isinstance(algorithm, RACLoRA) and (decoupled or algorithm.side == "left"):
        return frame_of(problem, algorithm.side)
    if isinstance(algorithm, LayeredRACLoRA):
        return layered_frame(algorithm, problem)
    return whole_frame(problem, partial(lifted, shape=problem.shape, side="right"))


def _orders(source: object, components: int) -> list[tuple[int, ...]]:
    """The order in which components are used, for each path of a step."""
    if not isinstance(source, Reshuffled):
        return [(0,) * (source.steps if isinstance(source, Local) else 1)]
    if components > LARGEST_SHUFFLED:
        raise Unsupported(
            f"reshuffled components must be at most {LARGEST_SHUFFLED}, whose orders are enumerated, got {components}"
        )
    return list(permutations(range(components)))


def _descent(N: Array, components: Components, order: tuple[int, ...]) -> tuple[Array, Array]:
    """The affine map of steps with the listed components: T, (k, g, d, d), and c, (k, g, d, columns)."""
    (*lead, d), (*_, columns) = N.shape, components.k.shape
    T, c = np.broadcast_to(np.eye(d), N.shape), np.zeros((*lead, columns))
    for i in order:
        K, k = components.K[i], components.k[i]
        T, c = T - N @ (K @ T), c - N @ (K @ c + k)
    return T, c


def _draws(algorithm: Covered, frame: Frame, shape: tuple[int, int]) -> _Draws:
    """All values of P in the frame, (k, d, d), and their probabilities."""
    if isinstance(algorithm, RACLoRA):
        P, weights = _listed(algorithm.sketch, algorithm.plain_scale, frame.dim, plain=not algorithm.is_projected)
        if frame.is_whole and algorithm.sketch is not None:
            P = _lifted(P, shape, algorithm.side)
        return P, weights
    if isinstance(algorithm, LayeredRACLoRA):
        return listed_by_layers([*_of_each_layer(algorithm)])
    left, p_left = _listed(algorithm.left, 1.0, frame.dim, plain=False)
    right, p_right = _listed(algorithm.right, 1.0, frame.dim, plain=False)
    P = np.concatenate([_lifted(left, shape, "left"), _lifted(right, shape, "right")])
    return P, np.concatenate([algorithm.p * p_left, (1 - algorithm.p) * p_right])


def _of_each_layer(algorithm: LayeredRACLoRA) -> Iterator[_Draws]:
    for layer, shape in zip(algorithm.of_layers, algorithm.layers.shapes, strict=True):
        P, weights = _listed(layer.sketch, 1.0, shape[0] if layer.side == "left" else shape[1], plain=False)
        yield _lifted(P, shape, layer.side), weights


def _listed(sketch: Sketch | None, scale: float, dim: int, *, plain: bool) -> _Draws:
    if sketch is None:
        return np.eye(dim)[None], np.ones(1)
    support = Moments(sketch).support
    if support is None:
        raise Unsupported(
            "several steps under one sketch must have one with a listed support, such as Coordinate: "
            f"they take moments of H beyond the second, got {repr_of(sketch)}"
        )
    B, probabilities = support
    P = scale * (B @ B.mT) if plain else projection(B)
    return P, probabilities.astype(np.float64)


def _lifted(P: Array, shape: tuple[int, int], side: str) -> Array:
    """H (x) I on the left, I (x) H on the right: vec row by row."""
    m, n = shape
    return np.asarray(np.kron(P, np.eye(n)[None]) if side == "left" else np.kron(np.eye(m)[None], P))


def bends(algorithm: Algorithm, problem: Problem, h: float) -> Array:
    """Return ``(h/2) sum <U, QU> U`` over the directions of each draw of the sketch, (k, m, n), times plain_scale."""
    if not isinstance(algorithm, RACLoRA):
        raise Unsupported(f"forward differences must be those of RACLoRA, got {algorithm!r}")
    left = algorithm.side == "left" or algorithm.sketch is None
    columns = problem.shape[1 if left else 0]
    moves = []
    for basis in _directions(algorithm, problem.shape[0 if left else 1]):
        U = np.einsum("di,jc->ijdc", basis, np.eye(columns)).reshape(-1, len(basis), columns)
        U = U if left else U.mT
        curvatures = (U * (problem.gradient(U) - problem.gradient(np.zeros_like(U)))).sum(axis=(1, 2))
        moves.append(h / 2 * algorithm.plain_scale * np.tensordot(curvatures, U, axes=1))
    return np.array(moves)


def _directions(algorithm: RACLoRA, dim: int) -> Array:
    """The directions of every draw, (k, d, r), in the order of the support, as the algorithm takes them."""
    if algorithm.sketch is None:
        return np.eye(dim)[None]
    support = Moments(algorithm.sketch).support
    assert support is not None  # the draws would have been refused before
    B = np.asarray(support[0])
    return B if not algorithm.is_projected or is_orthonormal(algorithm.sketch) else orthonormal_range(B)
