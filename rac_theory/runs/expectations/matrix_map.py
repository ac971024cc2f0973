r"""The moment map on matrices: for any random P, projection or not, whose mean and M -> E[P M P] are known.

With :math:`\gamma Q = B B^\top` the energy coordinates move by :math:`N = B^\top P B`, so that
:math:`E[N M N] = B^\top E[P (B M B^\top) P]\, B`. Such a map takes positive semidefinite matrices to such, and is
symmetric in the Frobenius inner product, since :math:`M \to (I - N) M (I - N)` is: its spectral radius is its largest
eigenvalue (Krein and Rutman), which Lanczos' method finds.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from rac_theory.base import Array
from rac_theory.runs.expectations.frame import Frame
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches.laws import SecondMoment

LARGEST_STATE = 1 << 18
"""The most numbers in a state: one group of 512 x 512, or 64 of 64 x 64."""

_DENSE = 4096  # numbers in the matrix of a map, below which it is formed


@dataclass(frozen=True, eq=False)
class MatrixMap:
    """``M -> M - E[N] M - M E[N] + E[N M N]`` for each of g groups of d x d matrices.

    Attributes
    ----------
    factor : (g, d, d)
        B, with ``B B' = gamma Q`` of each group.
    mean : (g, d, d)
        E[N].
    square : (g, d, d)
        ``E[B' P P B]``: E[N] again if P is a projection.
    second_moment : callable
        M -> E[P M P].
    columns : int
        How many columns are one group.
    gamma : float
        The step size.
    coordinates : callable
        W, (m, n), to the coordinates of each group, (g, d, columns).
    """

    factor: Array
    mean: Array
    square: Array
    second_moment: SecondMoment
    columns: int
    gamma: float
    coordinates: Callable[[Array], Array]

    @cached_property
    def h(self) -> Array:
        """Curvatures times the step size, (g, d): the squared lengths of the columns of B."""
        return np.asarray(np.square(self.factor).sum(axis=1))

    def start(self, W: Array) -> Array:
        """Return e e', summed over the columns of a group: (g, d, d)."""
        e = np.sqrt(self.h / self.gamma)[:, :, None] * self.coordinates(W)
        return np.asarray(e @ np.swapaxes(e, 1, 2))

    def step(self, state: Array) -> Array:
        """One step: (..., g, d, d) to (..., g, d, d), symmetric."""
        half = (state + self.scattered(state)) / 2 - self.mean @ state
        # Symmetric to the last bit: E[N] M + (E[N] M)' would let an antisymmetric rounding error live for ever.
        return np.asarray(half + np.swapaxes(half, -1, -2))

    def scattered(self, X: Array) -> Array:
        """``E[N X N]`` for matrices X, (..., g, d, d)."""
        B, Bt = self.factor, np.swapaxes(self.factor, 1, 2)
        return np.asarray(Bt @ self.second_moment(B @ X @ Bt) @ B)

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Half the trace, and the traces with the curvatures as weights and as divisors."""
        return read_out(state, self.h / self.gamma)

    def unit_noise(self) -> Array:
        """``gamma E[B' P P B]``, once for each column."""
        return np.asarray(self.gamma * self.columns * self.square)

    def rate(self, smallest: float) -> float:
        """Return the largest eigenvalue on the matrices of the directions that have curvature."""
        curved = np.asarray(self.h >= self.gamma * smallest, dtype=np.float64)
        mask = curved[:, :, None] * curved[:, None, :]
        return max(_largest_eigenvalue(self._group(i), mask[i]) for i in range(len(mask)))

    def _group(self, i: int) -> "MatrixMap":
        return replace(self, factor=self.factor[i, None], mean=self.mean[i, None], square=self.square[i, None])


def matrix_map(
    frame: Frame, gamma: float, second_moment: SecondMoment, mean_times: SecondMoment | None = None
) -> MatrixMap:
    """Return the map of a sketch with this second moment; ``mean_times``, M -> E[P] M, if P is no projection."""
    check_size(frame)
    dim = frame.dim
    basis = np.eye(dim) if frame.basis is None else frame.basis
    B = basis * np.sqrt(gamma * frame.by_group)[:, None, :]
    P = frame.lift(second_moment)
    square = np.swapaxes(B, 1, 2) @ P(np.eye(dim)) @ B
    mean = square if mean_times is None else np.swapaxes(B, 1, 2) @ frame.lift(mean_times)(np.eye(dim)) @ B
    return MatrixMap(B, mean, square, P, frame.columns, gamma, frame.in_groups)


def check_size(frame: Frame) -> None:
    """Raise ``Unsupported`` if second moments in a frame are too many numbers."""
    dim, groups = frame.dim, frame.curvatures.shape[1]
    if groups * dim**2 > LARGEST_STATE:
        raise Unsupported(
            f"the second moments must be at most {LARGEST_STATE} numbers, got {groups} x {dim} x {dim}; "
            "a sketch with two invariants, such as Haar, has no such limit"
        )


def read_out(moments: Array, curvatures: Array) -> tuple[float, float, float]:
    """``E f - f*``, ``E||grad f||^2`` and ``E||W - W*||^2`` of moments, (g, d, d), at curvatures (g, d)."""
    energies = np.diagonal(moments, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = float((energies / curvatures).sum())
    return float(energies.sum()) / 2, float(np.vdot(curvatures, energies)), distance


def _largest_eigenvalue(moments: MatrixMap, mask: Array) -> float:
    """Of the map of one group between symmetric matrices on the mask: a dense eigenproblem, or Lanczos' method."""
    d = len(mask)

    def apply(x: Array) -> Array:
        M = x.reshape(-1, 1, d, d)
        M = (M + np.swapaxes(M, -1, -2)) / 2
        return np.asarray((mask * moments.step(mask * M)).reshape(x.shape))

    if d**4 <= _DENSE:
        return float(np.linalg.eigvalsh(apply(np.eye(d * d)))[-1])
    G = np.random.default_rng(0).standard_normal((d, d))
    operator = LinearOperator((d * d, d * d), matvec=apply, dtype=np.float64)
    try:
        values = eigsh(operator, k=1, which="LA", v0=(mask * (G @ G.T)).ravel(), return_eigenvectors=False)
    except ArpackError as error:
        raise Unsupported(f"the spectral radius of the second moment recursion was not found: {error}") from error
    return float(values[0])
