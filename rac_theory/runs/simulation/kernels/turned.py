r"""The kernel for methods on quadratics: the general one on turned matrices, whose gradient costs no product by Q.

All states turn together, :math:`V^\top W R`, and none is shifted, so that a step is the same step of theirs: the
gradient is :math:`V^\top \nabla f R`, and H becomes :math:`V^\top H V`. Sketches are turned as well, unless rotations
leave their law alone: then they are drawn for the turned matrices directly.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rac_theory.algorithms import Algorithm, MethodDescent, RACLoRA
from rac_theory.base import Array
from rac_theory.problems import Eigenbasis, Problem
from rac_theory.runs.simulation.kernels.diagonal import eigenbasis_for
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.sketches import Sketch, draw, is_orthonormal


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
