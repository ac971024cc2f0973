"""The anisotropic Gaussian sketch: columns with a given covariance."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from problems import checks
from problems.checks import Array
from rac_theory.sketches.half_line import integrate
from rac_theory.sketches.isotropy import isotropic
from rac_theory.sketches.shape import Shape


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
    """

    covariance: Array

    def __post_init__(self) -> None:
        super().__post_init__()
        covariance = checks.array("covariance", self.covariance, shape=(self.dim, self.dim))
        tolerance = self.dim * np.finfo(float).eps * float(np.abs(covariance).max())
        if (gap := float(np.abs(covariance - covariance.T).max())) > tolerance:
            raise ValueError(f"covariance must be symmetric, got entries that differ by {gap:g}")
        smallest, largest = np.linalg.eigvalsh(covariance)[[0, -1]]
        if smallest < -self.dim * tolerance or largest <= 0:
            raise ValueError(
                f"covariance must be positive semidefinite and not zero, got eigenvalues {smallest:g} to {largest:g}"
            )
        object.__setattr__(self, "covariance", covariance)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        s, U = self._principal
        return np.asarray((U * np.sqrt(s)) @ rng.standard_normal((size, len(s), self.rank)))

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

    @cached_property
    def _principal(self) -> tuple[Array, Array]:
        """The positive eigenvalues, (k,), and their eigenvectors, (dim, k)."""
        s, U = np.linalg.eigh(self.covariance)
        positive = s > self.dim * np.finfo(float).eps * s[-1]
        return s[positive], U[:, positive]

    def __repr__(self) -> str:
        s, _ = self._principal
        return f"AnisotropicGaussian({self.dim}x{self.rank}, {len(s)} eigenvalues in {s.min():g}..{s.max():g})"


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
