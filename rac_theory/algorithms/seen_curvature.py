r"""The curvature of a problem as a sketch sees it: :math:`U^\top S_j U` for a basis U of its range.

For :math:`Q = \sum S \otimes R`, R with a basis V in common, a sketch on the side of S leaves the columns of V alone,
and sees :math:`S_j = \sum D_{jj} S` along the j-th, :math:`D = V^\top R V`. Where the R have no such basis,
:math:`\sum \lambda_{\max}(R)\, S \otimes I` stands for Q, which it is no less than.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from rac_theory.algorithms.side import Side
from rac_theory.base import Array
from rac_theory.numerics import extreme_eigenvalues, matrix, multiple_of_identity
from rac_theory.problems import Smoothness

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
    mix = np.random.default_rng(0).uniform(1, 2, len(matrices))  # of which equal eigenvalues are no accident
    sizes = [float(np.linalg.norm(R)) or 1.0 for R in matrices]
    V = np.linalg.eigh(np.asarray(sum(w / size * R for w, size, R in zip(mix, sizes, matrices, strict=True))))[1]
    for R, size in zip(matrices, sizes, strict=True):
        turned = V.T @ R @ V
        if _off_diagonal(turned) > _ROUNDING * size:
            return None
    return np.asarray(V)


def _off_diagonal(R: Array) -> float:
    return float(np.linalg.norm(R - np.diag(np.diagonal(R))))
