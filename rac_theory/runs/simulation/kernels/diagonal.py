r"""Quadratic cases in the coordinates where the Hessian is diagonal: there a step needs no gradient product.

With E the coordinates of W - W*, the gradient is ``curvatures E`` entry by entry, so that a projected step costs the
two thin products with the sketch and nothing of the size of the Hessian. The right step is the left step of the
transposed matrix, and is stored that way.

The projection turns with the coordinates: the range of B becomes that of V'B. Where the law of the range is invariant
under rotations, the range of V'B has the law of the range of B, and B is drawn in the new coordinates directly: the
ensemble has the same law, though a given seed gives other runs than it would without the change of coordinates.

**Methods.** All states turn together, :math:`V^\top W R`, and none is shifted, so that a step is the same step of
theirs: the gradient is :math:`V^\top \nabla f R`, and H becomes :math:`V^\top H V`. Sketches are turned as well, unless
rotations leave their law alone: then they are drawn for the turned matrices directly.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from rac_theory.algorithms import Algorithm, MethodDescent, RACLoRA
from rac_theory.algorithms.gradients import Exact
from rac_theory.base import Array
from rac_theory.cases import check_once
from rac_theory.problems import Eigenbasis, Problem
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.sketches import Sketch, draw, draw_ranges, is_orthonormal, is_rotation_invariant, steps_ahead


@dataclass(frozen=True, eq=False)
class Diagonal:
    """What the kernels for quadratics share; axis 0 is the sketched one, of length d, and q is the other's.

    Attributes
    ----------
    basis : Eigenbasis
    sketch : Sketch
    gamma : float
    transposed : bool
        Whether the sketch is on the right.
    start : (d, q)
        The coordinates of W0, in the precision of the runs.
    curvatures : (d or 1, q or 1)
    rotation : (d, d) or None
        What turns a range into the new coordinates, by ``rows @ rotation``; None where nothing has to be turned.
    distances : bool
        Whether squared distances to the minimiser are asked for.
    """

    basis: Eigenbasis
    sketch: Sketch
    gamma: float
    transposed: bool
    start: Array
    curvatures: Array
    rotation: Array | None
    distances: bool

    @classmethod
    def of(cls, algorithm: Algorithm, problem: Problem, start: Array, distances: bool) -> "Diagonal | None":
        """Return the case in its eigenbasis; None if it is of another kind, or if one run decides it anyway."""
        parts = eigenbasis_for(algorithm, problem, start)
        if parts is None:
            return None
        basis, sketch, rotation = parts
        transposed = algorithm.side == "right"  # type: ignore[attr-defined]
        E, curvatures = basis.coordinates(start.astype(np.float64)), basis.curvatures
        return cls(
            basis,
            sketch,
            algorithm.gamma,
            transposed,
            np.ascontiguousarray(E.T if transposed else E, dtype=start.dtype),
            (curvatures.T if transposed else curvatures).astype(start.dtype),
            None if rotation is None else rotation.astype(start.dtype),
            distances,
        )

    @cached_property
    def weights(self) -> Array:
        """What squares of E are summed with: half the curvatures for f, their squares for the gradient, and ones.

        Three arrays of the shape of the curvatures, or two where distances are not asked for.
        """
        weights = np.stack([self.curvatures / 2, self.curvatures**2, np.ones_like(self.curvatures)])
        return weights if self.distances else weights[:2]

    @cached_property
    def floors(self) -> Array:
        """What is added to these sums, (2 or 3, 1): the minimum of f, and zero."""
        floors = np.zeros((len(self.weights), 1), self.start.dtype)
        floors[0] = self.basis.floor
        return floors

    def rows(self, rng: np.random.Generator, runs: int) -> Iterator[Array]:
        """Yield ranges of fresh sketches as orthonormal rows, (ahead, runs, r, d), those of several steps at a time."""
        ahead = steps_ahead(self.sketch.dim, self.sketch.rank, runs)
        while True:
            Q = draw_ranges(self.sketch, rng, ahead * runs)
            rows = Q.mT.astype(self.start.dtype, copy=False)
            if self.rotation is not None:
                rows = (rows.reshape(-1, self.sketch.dim) @ self.rotation).reshape(rows.shape)
            yield rows.reshape(ahead, runs, *rows.shape[1:])


def eigenbasis_for(
    algorithm: Algorithm, problem: Problem, start: Array
) -> tuple[Eigenbasis, Sketch, Array | None] | None:
    """Return the eigenbasis in which fresh H of exact gradients may act, the sketch, and what must turn its range.

    None where there is none, where a subclass may step otherwise, or where one run decides all anyway.

    Raises
    ------
    ValueError
        If it is not that of the value and the gradient of the problem.
    """
    basis: Eigenbasis | None = getattr(problem, "eigenbasis", None)
    if basis is None or algorithm.deterministic or type(algorithm) is not RACLoRA:
        return None
    if type(algorithm.gradients) is not Exact or algorithm.sketch is None or algorithm.lora_alpha is not None:
        return None
    check_once(_check_eigenbasis, problem, start.astype(np.float64))
    rotation = basis.left if algorithm.side == "left" else basis.right
    return basis, algorithm.sketch, None if is_rotation_invariant(algorithm.sketch) else rotation


def _check_eigenbasis(problem: Problem, start: Array) -> None:
    """Refuse a problem whose value or gradient is not that of its eigenbasis, as in a subclass that changes one.

    At the start and at a random step away from it: runs would silently follow another function.
    """
    basis: Eigenbasis = problem.eigenbasis  # type: ignore[attr-defined]
    away = np.random.default_rng(0).standard_normal(start.shape)
    W = np.stack([start, start + max(float(np.linalg.norm(start)), 1.0) * away])
    E = basis.coordinates(W)
    value, G = basis.floor + (basis.curvatures * E**2).sum(axis=(1, 2)) / 2, basis.gradient(E)
    terms = np.sqrt(2 * problem.L * np.abs(problem.value(W)))  # of a gradient, which cancel at a minimiser
    size = problem.L * np.linalg.norm(W - basis.centre, axis=(1, 2)) + terms  # what rounding is relative to
    off = np.linalg.norm(problem.gradient(W) - G, axis=(1, 2))
    wrong = (off > 1e-9 * size) | (np.abs(problem.value(W) - value) > 1e-9 * (np.abs(value) + size**2 / problem.L))
    if wrong.any():
        raise ValueError(
            f"{type(problem).__name__}.eigenbasis must be that of its value and gradient, got a gradient off by "
            f"{off.max():.3g}; who overrides value or gradient must override it too, with None if there is none"
        )


_NUMBERS = 1 << 15  # in a block of errors, which should stay in the cache of one core with as much beside it


@dataclass(frozen=True, eq=False)
class DiagonalKernel:
    """A kernel on a case in its eigenbasis; a subclass says how its runs step."""

    case: Diagonal

    streams = 1
    recomputes_last = True

    @property
    def measures(self) -> tuple[str, ...]:
        """What ``weights`` are of."""
        return ("values", "squared_gradients", "squared_distances")[: len(self.case.weights)]

    @property
    def block(self) -> int:
        """A power of two in 1..256."""
        return 1 << min(8, max(0, (2 * _NUMBERS // (3 * self.case.start.size)).bit_length()))

    def matrices(self, W: Array) -> Array:
        """Turn coordinates back."""
        E = W.mT if self.case.transposed else W
        return self.case.basis.matrices(np.ascontiguousarray(E)).astype(W.dtype, copy=False)

    def norms(self, W: Array) -> Array:
        """Return ``||E|| + ||centre||``: a rotation changes no norm."""
        E = np.ascontiguousarray(W).reshape(len(W), -1)
        return np.asarray(np.sqrt(np.vecdot(E, E)) + self._centre_norm)

    @cached_property
    def _centre_norm(self) -> float:
        return float(np.linalg.norm(self.case.basis.centre))


class TurnedQuadratic:
    """A quadratic as a function of turned matrices, in the precision of the runs."""

    def __init__(self, basis: Eigenbasis, dtype: np.dtype[Any]) -> None:
        self.minimiser = -basis.coordinates(np.zeros(basis.shape)).astype(dtype)
        # Of the whole shape: along columns of a few numbers each a product would be slow.
        self._curvatures, self._floor = np.broadcast_to(basis.curvatures, basis.shape).astype(dtype), basis.floor

    def gradient(self, W: Array) -> Array:
        """The gradient at a block of turned matrices, (runs, m, n)."""
        G: Array = W - self.minimiser
        G *= self._curvatures
        return G

    def value_and_gradient(self, W: Array) -> tuple[Array, Array]:
        """The value, (runs,), and the gradient there."""
        E = W - self.minimiser
        G = self._curvatures * E
        return self._floor + np.vecdot(E.reshape(len(W), -1), G.reshape(len(W), -1)) / 2, G


@dataclass(frozen=True, eq=False)
class TurnedSketch:
    """The draws of a sketch, turned: ``rotation' B``."""

    sketch: Sketch
    rotation: Array
    dim: int = field(init=False)
    rank: int = field(init=False)

    def __post_init__(self) -> None:
        vars(self).update(dim=self.sketch.dim, rank=self.sketch.rank, orthonormal=is_orthonormal(self.sketch))

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return np.asarray(self.rotation.T @ draw(self.sketch, rng, size))


@dataclass(frozen=True, eq=False)
class Turned(Stepping):
    """``Stepping`` on a turned quadratic, with the way back to matrices."""

    basis: Any = None

    @classmethod
    def of(cls, algorithm: Algorithm, problem: Problem, start: Array, distances: bool) -> "Turned | None":
        """Return the kernel of a method on a quadratic with an eigenbasis; None where another serves."""
        if not isinstance(algorithm, MethodDescent):
            return None
        projector: Any = algorithm.projector
        parts = eigenbasis_for(projector, problem, start)
        if parts is None:
            return None
        basis, sketch, rotation = parts
        if rotation is not None:
            if sketch.rank * sketch.dim > start.size:  # to turn B costs more than a gradient
                return None
            projector = RACLoRA(TurnedSketch(sketch, rotation), projector.gamma, projector.side)
            algorithm = replace(algorithm, projector=projector)
        f: Any = TurnedQuadratic(basis, start.dtype)
        W0 = (basis.coordinates(start.astype(np.float64)) + f.minimiser).astype(start.dtype)
        return cls(algorithm, f, W0, f.minimiser if distances else None, basis)

    def matrices(self, W: Array) -> Array:
        """Turn matrices back."""
        left, right = self.basis.left, self.basis.right
        V = W if left is None else left.astype(W.dtype) @ W
        return V if right is None else V @ right.T.astype(W.dtype)
