"""The anisotropic Gaussian sketch: columns with a given covariance."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from rac_theory.base import checks, digest
from rac_theory.base.checks import Array
from rac_theory.numerics import eigenvalues
from rac_theory.sketches.laws.curvature_bound import CurvatureBound
from rac_theory.sketches.laws.gaussian_columns import between_bounds
from rac_theory.sketches.laws.half_line import integrate
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.normals import standard_normals
from rac_theory.sketches.laws.rotation_invariance import from_invariants, uniform_range
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.sign_symmetry import from_pairs


@dataclass(frozen=True, eq=False)
class AnisotropicGaussian(Shape):
    r"""Independent Gaussian columns, :math:`N(0, \Sigma)`.

    With :math:`\Sigma = U \mathrm{diag}(s) U^\top`, flipping the sign of a coordinate along U leaves the law alone, so
    E[H] is diagonal in the basis U. A singular covariance is allowed: nothing is seen outside its range.

    Parameters
    ----------
    covariance : (dim, dim)
        Symmetric, positive semidefinite, not zero, at any scale. Eigenvalues below ``dim * eps`` times the largest
        count as zero.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import AnisotropicGaussian
    >>> known = spectrum(AnisotropicGaussian(dim=2, rank=1, covariance=[[4.0, 0.0], [0.0, 1.0]]))
    >>> print(f"{known.lambda_min:.6f}, {known.lambda_max:.6f}")  # as 2 to 1, the standard deviations
    0.333333, 0.666667
    """

    covariance: Array

    def __post_init__(self) -> None:
        super().__post_init__()
        covariance = checks.array("covariance", self.covariance, shape=(self.dim, self.dim))
        size = float(np.abs(covariance).max())
        if size and not 1e-305 <= size <= 1e305:
            raise ValueError(f"covariance must have a largest entry of size 1e-305..1e305, got {size:g} (other units?)")
        tolerance = self.dim * np.finfo(float).eps * size
        if (gap := float(np.abs(covariance - covariance.T).max())) > tolerance:
            raise ValueError(f"covariance must be symmetric, got entries that differ by {gap:g}")
        smallest, largest = eigenvalues(covariance)[0][[0, -1]]
        if smallest < -self.dim * tolerance or largest <= 0:
            raise ValueError(
                f"covariance must be positive semidefinite and not zero, got eigenvalues {smallest:g} to {largest:g}"
            )
        object.__setattr__(self, "covariance", covariance)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        s, U = self._principal
        return np.asarray((U * np.sqrt(s)) @ standard_normals(rng, (size, len(s), self.rank)))

    def expected_projection(self) -> Array | None:
        r"""Return :math:`U_+ \mathrm{diag}(\lambda) U_+^\top`, over the k positive eigenvalues s and their vectors.

        - r >= k: the range is that of the covariance, :math:`\lambda = 1`.
        - All s equal: rotations of that range leave the law alone, :math:`\lambda = r/k`.
        - r = 1: the integral of ``_rank_one``.
        - r = k - 1: within the range of the covariance, what is orthogonal to the sketch is one direction w with
          :math:`Z^\top \Sigma^{1/2} w = 0`. So :math:`\Sigma^{1/2} w` is orthogonal to k - 1 standard Gaussian vectors,
          hence uniform on the sphere, and w has the direction of a Gaussian vector of covariance
          :math:`\Sigma^{-1}`: :math:`\lambda` is one minus the rank-one form of 1/s.
        - Otherwise None.
        """
        s, U = self._principal
        s, k = s / s.max(), len(s)  # only ratios matter
        if self.rank >= k or np.ptp(s) <= self.dim * np.finfo(float).eps:
            share = np.full(k, min(self.rank, k) / k)
        elif self.rank == 1:
            share = _rank_one(s)
        elif self.rank == k - 1:
            share = (1 - np.eye(k)) @ _rank_one(1 / s)  # as they sum to one; 1 - lambda would cancel
        else:
            return None
        if k == self.dim and np.ptp(share) == 0:
            return isotropic(self.dim, min(self.rank, k))
        V = U * np.sqrt(share)
        return np.asarray(V @ V.T)

    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """Return those of a uniform range where the covariance is a multiple of the identity, else None."""
        s, _ = self._principal
        round_ = len(s) == self.dim and np.ptp(s) <= self.dim * np.finfo(float).eps * s.max()
        return uniform_range(self.dim, self.rank) if round_ else None

    def second_moment(self, M: Array) -> Array | None:
        r"""Return E[H M H] where E[H] comes with it, by sign symmetry in the basis U, else None.

        - r >= k: H is the projection on the range of the covariance.
        - All s equal: a uniform range within that of the covariance.
        - r = 1: the integral of ``_rank_one_pairs``.
        - r = k - 1: within the range of the covariance H = I - h, with h of rank one and the law of 1/s, so that
          :math:`E[H M H] = M - E[h] M - M E[h] + E[h M h]`.
        """
        s, U = self._principal
        k, alike = len(s), np.ptp(s) <= self.dim * np.finfo(float).eps * s.max()
        if 1 < self.rank < k - 1 and not alike:
            return None
        inner = U.T @ M @ U
        if self.rank >= k:
            return np.asarray(U @ inner @ U.T)
        if alike:
            a, b = uniform_range(k, self.rank)
            return np.asarray(U @ from_invariants(float(a), float(b), inner) @ U.T)
        P = self._pairs
        moment = from_pairs(P, P, inner)
        if self.rank > 1:
            mean = P.sum(axis=1)
            moment += inner - mean[:, None] * inner - inner * mean
        return np.asarray(U @ moment @ U.T)

    def curvature_bound(self, S: Array) -> CurvatureBound | None:
        """Bound L_H for a positive semidefinite S, in the basis U, at a rank where no moment has a closed form."""
        s, U = self._principal
        if self.rank == 1:
            return None
        if np.count_nonzero(U) == len(s):  # coordinates in another order, and with signs, which change nothing
            order = np.abs(U).argmax(axis=0)
            S = S if (order == np.arange(len(S))).all() else S[np.ix_(order, order)]
            return between_bounds(S, s, self.rank)
        return between_bounds(U.T @ S @ U, s, self.rank)

    @cached_property
    def _pairs(self) -> Array:
        """The integral at rank one, or for the complement of rank one."""
        s, _ = self._principal
        return _rank_one_pairs(s / s.max() if self.rank == 1 else s.min() / s)

    @cached_property
    def _principal(self) -> tuple[Array, Array]:
        """The positive eigenvalues, (k,), and their eigenvectors, (dim, k)."""
        variances = np.diagonal(self.covariance)
        if np.count_nonzero(self.covariance) == np.count_nonzero(variances):
            order = np.argsort(variances, kind="stable")
            s, U = variances[order], np.eye(self.dim)[:, order]
        else:
            s, U = np.linalg.eigh(self.covariance)
        positive = s > self.dim * np.finfo(float).eps * s[-1]
        return s[positive], U[:, positive]

    def __repr__(self) -> str:
        s, _ = self._principal
        covariance = f"{len(s)} eigenvalues in {s.min():g}..{s.max():g} {digest(self.covariance)}"
        return f"{type(self).__name__}({self.dim}x{self.rank}, {covariance})"


def _rank_one(s: Array) -> Array:
    r"""Return :math:`\lambda_i = E[s_i z_i^2 / \sum_j s_j z_j^2]`, z standard normal, to about 1e-14 relative.

    With :math:`1/q = \int_0^\infty e^{-t q} dt` and :math:`E[e^{-t s z^2}] = (1 + 2 s t)^{-1/2}`,

    .. math:: \lambda_i = \int_0^\infty \frac{s_i}{1 + 2 s_i t} \prod_j (1 + 2 s_j t)^{-1/2} dt.

    They sum to one, since the sum of the integrands is minus the derivative of the product.
    """

    def integrand(t: Array) -> Array:
        x = 2 * t[:, None] * s
        return np.asarray(s / (1 + x) * np.exp(-np.log1p(x).sum(axis=1, keepdims=True) / 2))

    return integrate(integrand, 1 / s.sum(), 1 / s.min())


def _rank_one_pairs(s: Array) -> Array:
    r"""Return :math:`E[H_{ii} H_{kk}] = E[H_{ik}^2] = E[s_i z_i^2\, s_k z_k^2 / (\sum_j s_j z_j^2)^2]`, (k, k).

    With :math:`1/q^2 = \int_0^\infty t e^{-t q} dt`, :math:`E[z^2 e^{-t s z^2}] = (1 + 2 s t)^{-3/2}` and
    :math:`E[z^4 e^{-t s z^2}] = 3 (1 + 2 s t)^{-5/2}`,

    .. math:: \int_0^\infty t\, (1 + 2 \delta_{ik}) \frac{s_i}{1 + 2 s_i t} \frac{s_k}{1 + 2 s_k t}
        \prod_j (1 + 2 s_j t)^{-1/2} dt.

    Row i sums to :math:`\lambda_i`, as :math:`\sum_k H_{ik}^2 = H_{ii}`.
    """

    def integrand(t: Array) -> Array:
        x = 2 * t[:, None] * s
        u = s / (1 + x)
        weight = t * np.exp(-np.log1p(x).sum(axis=1) / 2)
        return np.asarray(weight[:, None, None] * u[:, :, None] * u[:, None, :])

    return integrate(integrand, 1 / s.sum(), 1 / s.min()) * (1 + 2 * np.eye(len(s)))
