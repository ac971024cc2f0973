"""The frame of a quadratic: its eigenbasis, turned so that the sketch acts along the first axis."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from rac_theory.base import Array, repr_of
from rac_theory.problems import Problem, Quadratic
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches.laws import SecondMoment, lifted

LARGEST_WHOLE = 64
"""The largest m n of a quadratic that is given by its full Hessian: the recursion then has (m n)^2 unknowns."""


@dataclass(frozen=True, eq=False)
class Frame:
    r"""Coordinates E, (d, k), whose columns descend apart: :math:`E_j \to E_j - \gamma H (\Lambda_j \circ E_j)`.

    Attributes
    ----------
    curvatures : (d, k), (d, 1) or (1, k)
        The eigenvalues :math:`\Lambda`, equal along an axis of length 1.
    basis : (d, d), optional
        Its columns are the axes of E in the coordinates of H; None is the identity.
    coordinates : callable
        W, (m, n), to E, (d, k).
    lift : callable
        M -> E[H M H] of the sketch to that of the projection which acts on d numbers.
    dim : int
        The length d of a column.
    columns : int
        How many columns have the same curvatures and so are one group: all, or one.
    is_whole : bool
        Whether d is m n, for want of a structure.
    """

    curvatures: Array
    basis: Array | None
    coordinates: Callable[[Array], Array]
    lift: Callable[[SecondMoment], SecondMoment]
    dim: int
    columns: int
    is_whole: bool

    @property
    def by_group(self) -> Array:
        """The curvatures of each group of columns, (g, d): one of all where they are the same, else one for each."""
        return np.broadcast_to(self.curvatures, (self.dim, self.curvatures.shape[1])).T

    def in_groups(self, W: Array) -> Array:
        """E at W, (m, n), by groups: (g, d, columns)."""
        E = self.coordinates(W)
        return E[None] if self.curvatures.shape[1] == 1 else np.ascontiguousarray(E.T[:, :, None])


def frame_of(problem: Problem, side: Literal["left", "right"]) -> Frame:
    """Return the frame of a quadratic, or of any problem that has an ``eigenbasis``; else raise ``Unsupported``."""
    eigenbasis = getattr(problem, "eigenbasis", None)
    if eigenbasis is None:
        return whole_frame(problem, partial(lifted, shape=problem.shape, side=side))
    left = side == "left"
    curvatures = eigenbasis.curvatures if left else eigenbasis.curvatures.T
    if np.ptp(curvatures, axis=0).max() <= 8 * np.finfo(float).eps * curvatures.max():
        curvatures = curvatures[:1]
    return Frame(
        curvatures,
        eigenbasis.left if left else eigenbasis.right,
        eigenbasis.coordinates if left else lambda W: eigenbasis.coordinates(W).T,
        lift=lambda second_moment: second_moment,
        dim=problem.shape[0 if left else 1],
        columns=problem.shape[1 if left else 0] if curvatures.shape[1] == 1 else 1,
        is_whole=False,
    )


def minimum(problem: Problem) -> float:
    """The value from which gaps are counted: that of the minimiser in the eigenbasis, else ``f_star``."""
    eigenbasis = getattr(problem, "eigenbasis", None)
    return float(problem.f_star if eigenbasis is None else eigenbasis.floor)


def whole_frame(problem: Problem, lift: Callable[[SecondMoment], SecondMoment]) -> Frame:
    """Return the frame of all m n numbers at once, where no columns decouple."""
    m, n = problem.shape
    values, vectors, centre = _eigenvectors(problem)
    return Frame(
        np.maximum(values, 0.0)[:, None],
        vectors,
        coordinates=lambda W: np.asarray(vectors.T @ (W - centre).reshape(-1, 1)),
        lift=lift,
        dim=m * n,
        columns=1,
        is_whole=True,
    )


def _eigenvectors(problem: Problem) -> tuple[Array, Array, Array]:
    """Return the eigenvalues of the Hessian, (m n,), its eigenvectors as columns, and a minimiser, (m, n)."""
    m, n = problem.shape
    eigenbasis = getattr(problem, "eigenbasis", None)
    given = isinstance(problem, Quadratic) and problem.Q is not None
    if eigenbasis is None and not given:
        raise Unsupported(f"only quadratics with a known minimiser have exact expectations, got {repr_of(problem)}")
    if m * n > LARGEST_WHOLE:
        raise Unsupported(
            f"what does not decouple must be of size m n <= {LARGEST_WHOLE}, got {m * n}; "
            "one side of Quadratic.left, Quadratic.kronecker or LeastSquares has no such limit"
        )
    if eigenbasis is None:
        assert isinstance(problem, Quadratic)
        assert problem.Q is not None
        return *np.linalg.eigh(problem.Q), problem.W_star
    left = np.eye(m) if eigenbasis.left is None else eigenbasis.left
    right = np.eye(n) if eigenbasis.right is None else eigenbasis.right
    return np.broadcast_to(eigenbasis.curvatures, (m, n)).ravel(), np.kron(left, right), eigenbasis.centre
