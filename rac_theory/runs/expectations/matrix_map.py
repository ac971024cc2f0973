r"""The moment maps on matrices and on their diagonal, for any random P, projection or not, of which moments are known.

**On matrices.** With :math:`\gamma Q = B B^\top` the energy coordinates move by :math:`N = B^\top P B`, so that
:math:`E[N M N] = B^\top E[P (B M B^\top) P]\, B`. Such a map takes positive semidefinite matrices to such, and is
symmetric in the Frobenius inner product, since :math:`M \to (I - N) M (I - N)` is: its spectral radius is its largest
eigenvalue (Krein and Rutman), which Lanczos' method finds.

**On the diagonal**, which is all that is needed where the sketch has two invariants, at a cost of O(m) a step. Column j
has energy coordinates :math:`e = \Lambda^{1/2} E_j`; write :math:`h = \gamma \Lambda` for its curvatures times the
step, :math:`x_i = E[e_i^2]`, and H in the eigenbasis, where it has the same two invariants a, b. The diagonal of
:math:`M - E[N] M - M E[N] + E[N M N]`, with :math:`E[H] = q I`, :math:`q = a + (d + 1) b`, and :math:`E[N M N] =
h^{1/2} (a K + b (K^\top + \mathrm{tr}(K) I)) h^{1/2}`, :math:`K = h^{1/2} M h^{1/2}`, is

.. math:: x_i^+ = \big((1 - q h_i)^2 + (a + b - q^2) h_i^2\big)\, x_i + b\, h_i \sum_k h_k x_k .

If P is no projection but has two invariants, :math:`E[P] = q I` is a number of its own, and the rest is the same.

It reads only the diagonal. The matrix, diagonal plus rank one, is symmetric, so that one eigenproblem gives all t in
closed form and the rate. None of its entries is negative, so that the recursion loses no digits: a uniform range has
:math:`a + b - q^2 = (1 - 2/d)\, b \ge 0`, a mixture of such ranges more than the mean of that, as q^2 is convex, and a
Gaussian plain step b.

Where the curvatures h of a column are all equal, any sketch with E[H] = c I will do: :math:`\|e - h H e\|^2 =
\|e\|^2 - (2h - h^2) e^\top H e`, so the sum of x over i falls by the factor :math:`1 - c\, (2h - h^2)`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
from scipy.sparse.linalg import eigsh

from rac_theory.base import Array
from rac_theory.runs.expectations.frame import Frame
from rac_theory.runs.expectations.moment_map import LARGEST_STATE, Unsupported, outermost_eigenvalue
from rac_theory.sketches.laws import SecondMoment


@dataclass(frozen=True, eq=False)
class DiagonalMap:
    """``x -> decay x + coupling h <h, x>`` for each of g groups of k numbers.

    Attributes
    ----------
    h : (g, k)
        Curvatures times the step size.
    decay : (g, k)
        The diagonal.
    coupling : float
        The factor of the rank-one part, >= 0.
    spread : (g, k)
        The diagonal of ``E[B' P P B]``, E[N] if P is a projection, summed over the columns of a group, and over all
        that a number stands for.
    gamma : float
        The step size.
    energies : callable
        W, (m, n), to x, (g, k).
    """

    h: Array
    decay: Array
    coupling: float
    spread: Array
    gamma: float
    energies: Callable[[Array], Array]

    def start(self, W: Array) -> Array:
        """Return the energies at W."""
        return self.energies(W)

    def step(self, state: Array) -> Array:
        """One step: (g, k) to (g, k)."""
        pull = self.coupling * np.vecdot(self.h, state)
        return np.asarray(self.decay * state + pull[:, None] * self.h)

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Half the sum of the energies, and the sums with the curvatures as weights and as divisors."""
        gap, square, distance = (self._weights @ state.ravel()).tolist()
        return gap, square, distance

    @cached_property
    def _weights(self) -> Array:
        """What is read of a state, (3, g k): one product is cheaper than three sums."""
        curvatures = self.h.ravel() / self.gamma
        inverses = np.divide(1.0, curvatures, out=np.full(curvatures.shape, np.nan), where=curvatures > 0)
        return np.stack([np.full(curvatures.shape, 0.5), curvatures, inverses])

    def unit_noise(self) -> Array:
        """``gamma E[B' P P B]`` on the diagonal."""
        return np.asarray(self.gamma * self.spread)

    def matrices(self, smallest: float = 0.0) -> Array:
        """The symmetric matrix of each group, (g, k, k); zero where the curvature is below ``smallest``."""
        curved = self.h >= self.gamma * smallest
        h, decay = np.where(curved, self.h, 0.0), np.where(curved, self.decay, 0.0)
        return np.asarray(decay[:, :, None] * np.eye(h.shape[1]) + self.coupling * h[:, :, None] * h[:, None, :])

    def rate(self, smallest: float) -> float:
        """The largest eigenvalue: no entry is negative, so it is the spectral radius (Perron, Frobenius)."""
        if self.coupling == 0:
            return float(self.decay[self.h >= self.gamma * smallest].max())
        return float(np.linalg.eigvalsh(self.matrices(smallest))[:, -1].max())


@dataclass(frozen=True, eq=False)
class SquaresMap:
    """``z -> T z`` for each of g groups, z being the mean squares along d eigenvectors, and what else is kept.

    Attributes
    ----------
    T : (g, k, k)
        k is d, or larger by the numbers that are kept beside the squares, which are 0 at first.
    curvatures : (g, d)
    coordinates : callable
        W, (m, n), to the coordinates of each group, (g, d, columns).
    """

    T: Array
    curvatures: Array
    coordinates: Callable[[Array], Array]

    def start(self, W: Array) -> Array:
        """Return the squares at W, and zeros."""
        z = np.zeros(self.T.shape[:2])
        z[:, : self.curvatures.shape[1]] = np.square(self.coordinates(W)).sum(axis=2)
        return z

    def step(self, state: Array) -> Array:
        """One step."""
        return np.asarray((self.T @ state[..., None])[..., 0])

    def readout(self, state: Array) -> tuple[float, float, float]:
        """The sums of squares, with half the curvatures, their squares, and ones, as weights."""
        return of_squares(state[:, : self.curvatures.shape[1]], self.curvatures)

    def rate(self, smallest: float) -> float:
        """Return the largest spectral radius of a group; what has no curvature feeds nothing that has."""
        radii = [0.0]
        for T, curvatures in zip(self.T, self.curvatures, strict=True):
            curved = np.append(curvatures >= smallest, np.ones(len(T) - len(curvatures), bool))
            if curved[: len(curvatures)].any():
                radii.append(float(np.abs(np.linalg.eigvals(T[curved][:, curved])).max()))
        return max(radii)


def of_squares(x: Array, curvatures: Array) -> tuple[float, float, float]:
    """``E f - f*``, ``E||grad f||^2`` and ``E||W - W*||^2`` of mean squares at curvatures, both (g, d)."""
    gap, square = (float((weight * x).sum()) for weight in (curvatures / 2, curvatures**2))
    return gap, square, float(x.sum())


def two_invariants(frame: Frame, gamma: float, a: float, b: float, q: float | None = None) -> DiagonalMap:
    """Return the map of a step with two invariants; ``q``, with E[P] = q I, if P is no projection."""
    h = gamma * frame.by_group
    square = a + (frame.dim + 1) * b
    q = square if q is None else q
    decay = (1 - q * h) ** 2 + max(a + b - q**2, 0.0) * h**2
    return DiagonalMap(h, decay, b, square * frame.columns * h, gamma, lambda W: _energies(frame, W))


def flat(frame: Frame, gamma: float, share: float) -> DiagonalMap:
    """Return the map of a sketch with ``E[H] = share I`` on columns of one curvature each, (1, k)."""
    h = gamma * frame.curvatures.T
    decay = 1 - share * (2 * h - h**2)
    energies = lambda W: _energies(frame, W).sum(axis=1, keepdims=True)  # noqa: E731
    return DiagonalMap(h, decay, 0.0, share * frame.dim * frame.columns * h, gamma, energies)


def _energies(frame: Frame, W: Array) -> Array:
    """The energies, a group a row: (g, d); columns of the same curvatures are one group."""
    return np.asarray((frame.by_group[:, :, None] * frame.in_groups(W) ** 2).sum(axis=2))


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
        return np.asarray(e @ e.mT)

    def step(self, state: Array) -> Array:
        """One step: (..., g, d, d) to (..., g, d, d), symmetric."""
        half = (state + self.scattered(state)) / 2 - self.mean @ state
        # Symmetric to the last bit: E[N] M + (E[N] M)' would let an antisymmetric rounding error live for ever.
        return np.asarray(half + half.mT)

    def scattered(self, X: Array) -> Array:
        """``E[N X N]`` for matrices X, (..., g, d, d)."""
        B, Bt = self.factor, self.factor.mT
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
    square = B.mT @ P(np.eye(dim)) @ B
    mean = square if mean_times is None else B.mT @ frame.lift(mean_times)(np.eye(dim)) @ B
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


@dataclass(frozen=True, eq=False)
class EnergyMap(ABC):
    """A moment map on the matrices e e', (g, d, d), of each group apart, where e are roots times coordinates.

    Attributes
    ----------
    roots : (g, d)
        Square roots of the curvatures.
    coordinates : callable
        W, (m, n), to the coordinates of each group, (g, d, columns).
    """

    roots: Array
    coordinates: Callable[[Array], Array]

    def start(self, W: Array) -> Array:
        """Return e e', summed over the columns of a group."""
        e = self.roots[:, :, None] * self.coordinates(W)
        return np.asarray(e @ e.mT)

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Half the trace, and the traces with the curvatures as weights and as divisors."""
        return read_out(state, self.roots**2)

    def rate(self, smallest: float) -> float:
        """Return the largest factor of a group on the directions whose curvature is at least ``smallest``."""
        return max(self._group_rate(i, self.roots[i] ** 2 >= smallest) for i in range(len(self.roots)))

    @abstractmethod
    def _group_rate(self, i: int, curved: Array) -> float:
        """The factor of group i, on some of its directions."""


def _largest_eigenvalue(moments: MatrixMap, mask: Array) -> float:
    """Of the map of one group between symmetric matrices on the mask: a dense eigenproblem, or Lanczos' method."""
    d = len(mask)

    def apply(x: Array) -> Array:
        M = x.reshape(-1, 1, d, d)
        M = (M + M.mT) / 2
        return np.asarray((mask * moments.step(mask * M)).reshape(x.shape))

    if d**4 <= _DENSE:
        return float(np.linalg.eigvalsh(apply(np.eye(d * d)))[-1])
    G = np.random.default_rng(0).standard_normal((d, d))
    return outermost_eigenvalue(partial(eigsh, which="LA"), apply, (mask * (G @ G.T)).ravel()).real
