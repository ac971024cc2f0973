r"""Steps that fit the draw, for problems that know their matrix smoothness Q: none of them goes uphill.

In the range of a projection H the function is curved by no more than HQH. RAC-LoRA takes the step that is right for the
average draw, :math:`1/L_H`. A step that uses HQH can be right for this draw, or go to the minimum of the
quadratic that lies above f there, which is Newton's step in a random subspace with Q for the Hessian.

What a sketch sees of curvature is :math:`U^\top S_j U` for a basis U of its range. For :math:`Q = \sum S \otimes R`, R
with a basis V in common, a sketch on the side of S leaves the columns of V alone, and sees :math:`S_j = \sum D_{jj} S`
along the j-th, :math:`D = V^\top R V`. Where the R have no such basis, :math:`\sum \lambda_{\max}(R)\, S \otimes I`
stands for Q, which it is no less than.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from rac_theory.algorithms.side import OneSided, Side, on_side
from rac_theory.base import Array, Value, repr_of
from rac_theory.numerics import extreme_eigenvalues, matrix, mixed_basis, multiple_of_identity
from rac_theory.problems import Problem, Smoothness, known_smoothness
from rac_theory.sketches import Sketch, ranges

FLOOR = 2.0**-40
"""What is added to Q, relative to its largest eigenvalue, so that every direction is curved: gradients of a function
that is bounded below vanish along the others, and a step along these divides what is rounding by it."""

_ROUNDING = 1e-10  # relative to R: what is above it off the diagonal of V'RV is no rounding


@dataclass(frozen=True, eq=False)
class SeenCurvature:
    """An operator that is at least Q, in the order of operators.

    Attributes
    ----------
    S : (k, d, d)
        On the side of the sketch.
    D : (k, j)
        How often each is taken, for each column of V.
    V : (n, n) or None
        An orthonormal basis of the other side; None where all its directions are alike, and j = 1.
    floor : float
        The multiple of the identity that is added, with what V leaves off the diagonal.
    """

    S: Array
    D: Array
    V: Array | None
    floor: float

    @classmethod
    def of(cls, Q: Smoothness, side: Side, floor: float = FLOOR) -> Self:
        """Break Q up for a sketch on one side; ``floor`` is relative to its largest eigenvalue."""
        terms = Q.terms if side == "left" else [(R, S) for S, R in Q.terms]
        S, others, slack = np.stack([matrix(S) for S, _ in terms]), [matrix(R) for _, R in terms], 0.0
        V = None if all(multiple_of_identity(R) is not None for R in others) else _common_basis(others)
        if V is None:
            tops = np.array([extreme_eigenvalues(R)[1] for R in others])
            S, D = np.tensordot(tops, S, axes=1)[None], np.ones((1, 1))
        else:
            turned = [V.T @ R @ V for R in others]
            D = np.stack([np.maximum(np.diagonal(R), 0.0) for R in turned])
            slack = sum(float(np.linalg.norm(A)) * _off_diagonal(R) for A, R in zip(S, turned, strict=True))
        return cls(S, D, V, floor * Q.largest + slack)

    @property
    def highest(self) -> Self:
        """One matrix that is at least every S_j, along all directions of the other side."""
        top = np.tensordot(self.D.max(axis=1), self.S, axes=1)
        return type(self)(top[None], np.ones((1, 1)), None, self.floor)

    def seen(self, U: Array) -> Array:
        """``U' S_j U`` plus the floor, for bases (runs, d, r): (runs, j, r, r), symmetric and positive definite."""
        products = np.swapaxes(U, 1, 2)[:, None] @ (self.S @ U[:, None])
        blocks = np.einsum("kj,nkab->njab", self.D, products)
        return np.asarray((blocks + np.swapaxes(blocks, 2, 3)) / 2 + self.floor * np.eye(U.shape[2]))


def _common_basis(matrices: Sequence[Array]) -> Array | None:
    """Orthonormal eigenvectors of symmetric matrices that commute, up to rounding; None for others."""
    V = mixed_basis(matrices)
    is_apart = any(_off_diagonal(V.T @ R @ V) > _ROUNDING * float(np.linalg.norm(R)) for R in matrices)
    return None if is_apart else V


def _off_diagonal(R: Array) -> float:
    return float(np.linalg.norm(R - np.diag(np.diagonal(R))))


@dataclass(frozen=True, eq=False, repr=False)
class FittedDescent(OneSided, ABC):
    r"""The step :math:`W \leftarrow W - M \nabla f(W)`, with M in the range of a fresh H and no longer than fits HQH.

    Parameters
    ----------
    sketch : Sketch
        The law of B on the left, of the transpose of A on the right.
    gamma : float
        Factor of the step, > 0 and dimensionless: the promise is best at 1, and there is none from 2 on.
    side : Side
        Which side of the gradient is projected.

    Examples
    --------
    >>> from rac_theory import GD, InverseOnRange, StepPerDraw
    >>> from rac_theory.algorithms import FittedDescent
    >>> [issubclass(one, FittedDescent) for one in (StepPerDraw, InverseOnRange)], isinstance(GD(0.1), FittedDescent)
    ([True, True], False)
    """

    sketch: Sketch
    gamma: float = 1.0
    side: Side = "left"

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the sketch does not fit, or the problem does not know how it curves."""
        super().check(problem)
        curvature_of(problem)

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Draw one range for each run and step along it, again and again: blocks (runs, m, n)."""
        curvature = SeenCurvature.of(curvature_of(problem), self.side)
        for U in ranges(self.sketch, rng, len(W), W.dtype.type):
            W = on_side(self.side, partial(self.step, curvature, U), W, problem.gradient(W))
            yield W

    def step(self, curvature: SeenCurvature, U: Array, W: Array, G: Array) -> Array:
        """Make the left step ``W - M G`` in the ranges of U, (runs, d, r), for blocks (runs, d, n)."""
        Y, V = np.swapaxes(U, 1, 2) @ G, curvature.V
        columns = Y[:, None] if V is None else np.moveaxis(Y @ V, 2, 1)[..., None]
        fitted = self.fitted(curvature.seen(U), columns)
        moves = fitted[:, 0] if V is None else np.moveaxis(fitted[..., 0], 1, 2) @ V.T
        return np.asarray(W - U @ (self.gamma * moves).astype(W.dtype, copy=False))

    def matrices(self, curvature: SeenCurvature, U: Array) -> Array:
        """Return M for bases of ranges, (k, d, r), along each direction of the other side: (j, k, d, d)."""
        blocks = curvature.seen(U)
        Y = np.broadcast_to(np.swapaxes(U, 1, 2)[:, None], (*blocks.shape[:3], U.shape[1]))
        M = self.gamma * (U[:, None] @ self.fitted(blocks, Y))
        return np.moveaxis((M + np.swapaxes(M, 2, 3)) / 2, 1, 0)

    __repr__ = Value.__repr__  # what differs from the defaults

    @abstractmethod
    def fitted(self, blocks: Array, Y: Array) -> Array:
        """``M Y`` in the coordinates of ranges, M for curvatures (runs, j, r, r): (runs, j, r, c) to the same."""


@dataclass(frozen=True, eq=False, repr=False)
class StepPerDraw(FittedDescent):
    r"""One step size a draw: :math:`W \leftarrow W - \gamma H G / \lambda_{\max}(HQH)`, G the gradient.

    Parameters, errors and attributes are those of ``FittedDescent``.

    References
    ----------
    Derived: page of T15.

    Examples
    --------
    One coordinate at a time, each with its own step 1/Q_ii. Of a separable function it arrives when it first comes up.

    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, StepPerDraw, exact_rate
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left(np.diag([8.0, 1.0]), W_star=np.ones((2, 1)))
    >>> print(f"{exact_rate(Case(StepPerDraw(Coordinate(2, 1)), problem)):.4f}")
    0.5000
    """

    def fitted(self, blocks: Array, Y: Array) -> Array:
        """Divide by the largest eigenvalue of all blocks of a run."""
        largest = np.linalg.eigvalsh(blocks)[..., -1].max(axis=1)
        return np.asarray(Y / largest[:, None, None, None])


@dataclass(frozen=True, eq=False, repr=False)
class InverseOnRange(FittedDescent):
    r"""The inverse on the range: :math:`W \leftarrow W - \gamma (HQH)^\dagger G`, G the gradient.

    At gamma = 1 no step in the range of H has a smaller bound for f. On a quadratic, where Q is the Hessian, it goes to
    the minimum over the range. Parameters, errors and attributes are those of ``FittedDescent``.

    References
    ----------
    R. M. Gower, D. Kovalev, F. Lieder and P. Richtarik, RSN: Randomized Subspace Newton, NeurIPS 2019, with the Hessian
    for Q. Derived: page of T15.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, InverseOnRange, StepPerDraw, exact_rate
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left(np.diag([8.0, 1.0, 1.0]), W_star=np.ones((3, 1)))
    >>> steps = StepPerDraw(Coordinate(3, 2)), InverseOnRange(Coordinate(3, 2))
    >>> print([f"{exact_rate(Case(step, problem)):.4f}" for step in steps])
    ['0.5885', '0.3333']
    """

    def fitted(self, blocks: Array, Y: Array) -> Array:
        """Solve with each block."""
        return np.asarray(np.linalg.solve(blocks, Y))


def curvature_of(problem: Problem) -> Smoothness:
    """Return the matrix smoothness of a problem; raise a ``ValueError`` unless it is known, and not zero."""
    Q = known_smoothness(problem)
    if not Q.largest > 0:
        raise ValueError(f"problem must be curved somewhere, got smoothness zero of {repr_of(problem)}")
    return Q
