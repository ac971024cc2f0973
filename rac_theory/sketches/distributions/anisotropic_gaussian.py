r"""The anisotropic Gaussian sketch, columns with a given covariance: its moments between bounds, and a bound of L_H.

Let Y be k x r with independent entries :math:`N(0, s_i)` in row i, all :math:`s_i > 0`, the largest s, and H the
projection on its range, :math:`1 < r < k`. For two coordinates i and j let M be the inverse of :math:`Y^\top Y`
without their rows, and G, 2 x 2, the products of these rows, each over :math:`\sqrt{s_i}`, with M between them.

**Theorem.** With :math:`j_m` the mean of :math:`q^{-m}`, :math:`q = \sum s_l g_l^2` over all but the r + 2 largest of
the :math:`s_l`, g standard normal, and :math:`l_1` the mean of :math:`1/q` over all of them, let

.. math:: \mu = s j_1 j_2, \quad n = r j_2 + r (r-1) \mu, \quad
    \theta = r^3 j_3 + 11 r^2 j_3 \big( 1 + 1.37\, (r-1)\, s\, j_3^{1/3} \big) .

Then, for :math:`i \ne j`,

.. math:: s_i r l_1 - s_i^2 (r^2 + 2r) j_2 \le E[H_{ii}] \le \frac{s_i r j_1}{1 + s_i r j_1} , \qquad
    E[H_{ii}^2] \le s_i^2 (r^2 + 2r) j_2 , \qquad E[H_{ij}^2] \le s_i s_j n ,

    r (r+1)\, l_1^2 - (s_i + s_j)\, \theta \le \frac{E[H_{ii} H_{jj}] + E[H_{ij}^2]}{s_i s_j} \le r^2 j_2 + n .

*Proof.* M has the law of :math:`O M O^\top` for rotations O. :math:`1/M_{11}` is the squared distance of the first
column from the span of the others, a form :math:`g^\top \Gamma g` whose :math:`\Gamma` has between the eigenvalues s
of all rows, and these without the r - 1 largest: so :math:`E[M_{11}^m] \le j_m` and :math:`E[M_{11}] \ge l_1`, and
the same for one row left out or none. :math:`M_{12}` is :math:`-w^\top g / (\sqrt{q}\, g^\top \Gamma g)`, with q the
squared length of the first column off the others, :math:`\|w\|^2 \le s`, and :math:`\Gamma` of two columns. Along w,
g is independent of the rest, and without it the form is at least its Schur complement, whose eigenvalues are those of
:math:`\Gamma` without the largest or more. So :math:`E[M_{12}^2] \le s\, j_1 j_2 = \mu`, and :math:`E |M_{12}|^3 \le
1.6\, (s\, j_3)^{3/2}` as :math:`E |g|^3 < 1.6`. Hence :math:`E (\mathrm{tr} M)^2 \le r^2 j_2`, :math:`E\, \mathrm{tr}
M^2 \le n`, :math:`E (\mathrm{tr} M)^3 \le r^3 j_3` and, by Hölder's inequality, :math:`E\, \mathrm{tr} M\,
\mathrm{tr} M^2 \le r^2 j_3 (1 + 1.37 (r-1) s j_3^{1/3})`.

The block of H is :math:`\sqrt D (G^{-1} + D)^{-1} \sqrt D`, :math:`D = \mathrm{diag}(s_i, s_j)`. So :math:`H_{ii} =
s_i x / (1 + s_i x)` with :math:`G_{11} - s_j G_{12}^2 \le x \le G_{11}`, and :math:`H_{ij}^2 = s_i s_j G_{12}^2 /
\Delta^2` with :math:`1 \le \Delta \le (1 + s_i G_{11})(1 + s_j G_{22})`. Bounds from above are :math:`s_i G_{11}`
and so on. From below :math:`H_{ii} / s_i \ge G_{11} - u` with :math:`u = s_j G_{12}^2 + s_i G_{11}^2`, likewise
:math:`G_{22} - v` for j, and the product of both sides is at least :math:`G_{11} G_{22} - u G_{22} - v G_{11}`, also
where one of these is negative, as this is then negative too. And :math:`\Delta^{-2} \ge 1 - 2 s_i G_{11} - 2 s_j
G_{22}`, as :math:`(1 + x)^{-2} (1 + y)^{-2}` is convex. So what is lost in the last line of the theorem has the mean
:math:`(s_i + s_j)\, E[G_{11}^2 G_{22} + 3\, G_{11} G_{12}^2]`. Over the two rows, which are independent of M,
:math:`E[G_{11} G_{22} + G_{12}^2] = (\mathrm{tr} M)^2 + \mathrm{tr} M^2`, which is at least :math:`(1 +
1/r)(\mathrm{tr} M)^2`, and that mean is :math:`(\mathrm{tr} M)^3 + 5\, \mathrm{tr} M\, \mathrm{tr} M^2 + 6\,
\mathrm{tr} M^3`, where :math:`\mathrm{tr} M^3 \le \mathrm{tr} M\, \mathrm{tr} M^2`. For one row, :math:`H_{ii} = s_i
t / (1 + s_i t)` with the mean :math:`E[t] = E\, \mathrm{tr} M` and :math:`E[t^2] = E[(\mathrm{tr} M)^2 + 2\,
\mathrm{tr} M^2] = (r^2 + 2r) E[M_{11}^2]`, as rotations make :math:`E[M_{11}^2] = E[M_{11} M_{22}] + 2 E[M_{12}^2]`.

Signs of coordinates leave the law alone, so that :math:`E[HSH]` has :math:`(E[H_{ii} H_{jj}] + E[H_{ij}^2])\, S_{ij}`
off its diagonal, and on it :math:`\sum_j E[H_{ij}^2] S_{jj}`, see ``signed_permutations``. What is between bounds off
the diagonal is taken in the middle, and the rest is at most its Frobenius norm.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rac_theory.base import Array, checks, digest
from rac_theory.numerics import EPS, eigenvalues, standard_normals
from rac_theory.sketches.laws.half_line import integrate
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.rotation_invariance import from_invariants, uniform_range
from rac_theory.sketches.laws.second_moments import CurvatureBound
from rac_theory.sketches.laws.signed_permutations import from_pairs
from rac_theory.sketches.sketch import Shape

_UP = 1 + 1e-9  # integrals are off by 1e-14
_ROWS = 256  # of a matrix at once


class EntryBounds(NamedTuple):
    """What the theorem says: of E[H_ii], (k,), of E[H_ii^2] / s_i^2, E[H_ij^2] / (s_i s_j) and of the last line."""

    low: Array
    high: Array
    square: float
    across: float
    across_at_least: float
    pair: float
    pair_without_loss: float
    loss: float


def moments(s: Array, rank: int) -> EntryBounds | None:
    r"""Return the bounds for variances s, (k,), positive; None where there are too few, or nothing is said.

    The mean of :math:`H_{ij}^2 / (s_i s_j)` is at least :math:`E[G_{12}^2 (1 - 2 s_i G_{11} - 2 s_j G_{22})]`, hence
    :math:`r l_1^2 - 12 s\, E[\mathrm{tr} M\, \mathrm{tr} M^2]`.
    """
    r, rest, largest = rank, np.sort(s)[: -(rank + 2)], float(s.max())
    if len(rest) < 8:  # the third inverse moment of six squares is infinite, and the integral of seven falls slowly
        return None
    j1, j2, j3 = (_inverse_moment(rest, m) * _UP for m in (1, 2, 3))
    l1 = _inverse_moment(s, 1) / _UP
    across = r * j2 + r * (r - 1) * largest * j1 * j2
    mixed = r * r * j3 * (1 + 1.37 * (r - 1) * largest * j3 ** (1 / 3))
    square = (r * r + 2 * r) * j2
    low = s * (r * l1 - s * square)
    if low.min() <= 0:
        return None
    return EntryBounds(
        low,
        high=s * r * j1 / (1 + s * r * j1),
        square=square,
        across=across,
        across_at_least=max(0.0, r * l1**2 - 12 * largest * mixed),
        pair=r * r * j2 + across,
        pair_without_loss=r * (r + 1) * l1**2,
        loss=r**3 * j3 + 11 * mixed,
    )


def between_bounds(S: Array, variances: Array, rank: int) -> CurvatureBound | None:
    """Return a bound of L_H for S, (k, k), positive semidefinite; None where the theorem says nothing.

    Parameters
    ----------
    S : (k, k)
    variances : (k,)
        Positive, at any scale.
    rank : int
        Above 1 and below k.
    """
    s = variances / variances.max()
    s /= s.sum()  # so that all means are of order one
    bounds = moments(s, rank)
    if bounds is None:
        return None
    matrix, error = np.empty_like(S), 0.0
    for start in range(0, len(s), _ROWS):  # so that the memory is that of one matrix
        rows = slice(start, start + _ROWS)
        least = np.maximum(bounds.pair_without_loss - (s[rows, None] + s) * bounds.loss, 0)
        least *= (s[rows, None] * s) / np.sqrt(bounds.high[rows, None] * bounds.high)
        most = bounds.pair * (s[rows, None] * s) / np.sqrt(bounds.low[rows, None] * bounds.low)
        matrix[rows] = (least + most) / 2 * S[rows]
        unknown = (most - least) * S[rows]
        unknown[:, rows].flat[:: len(unknown) + 1] = 0
        error += float((unknown**2).sum())
    diagonal, off = np.diagonal(S), math.sqrt(error) / 2
    squares, others = np.minimum(bounds.high, s**2 * bounds.square) / bounds.low, s / bounds.low * bounds.across
    on_diagonal = squares * diagonal + others * (s @ diagonal - s * diagonal)
    matrix[np.diag_indices(len(s))] = on_diagonal
    # The share of E[H_ii^2] that may be lost is no larger: E[t^2] - 2s E[t^3], with r^3 + 14 for 12 (r + 2) / 2 there.
    lost = 1 - bounds.across_at_least / bounds.across * (bounds.low / bounds.high).min()
    return CurvatureBound(matrix, off, 2 * off + lost * float(on_diagonal.max()))


def _inverse_moment(s: Array, power: int) -> float:
    r"""``E[q^-power]`` of :math:`q = \sum s_l g_l^2`, by :math:`\int t^{m-1} e^{-tq} dt = (m-1)!\, q^{-m}`."""

    def integrand(t: Array) -> Array:
        products = np.array([np.log1p(2 * time * s).sum() for time in t])
        return np.asarray(t ** (power - 1) * np.exp(-products / 2) / math.factorial(power - 1))

    return float(integrate(integrand, 1 / s.sum(), 1 / s.min()))


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
        tolerance = self.dim * EPS * size
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
        if self.rank >= k or np.ptp(s) <= self.dim * EPS:
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
        is_round = len(s) == self.dim and np.ptp(s) <= self.dim * EPS * s.max()
        return uniform_range(self.dim, self.rank) if is_round else None

    def second_moment(self, M: Array) -> Array | None:
        r"""Return E[H M H] where E[H] comes with it, by sign symmetry in the basis U, else None.

        - r >= k: H is the projection on the range of the covariance.
        - All s equal: a uniform range within that of the covariance.
        - r = 1: the integral of ``_rank_one_pairs``.
        - r = k - 1: within the range of the covariance H = I - h, with h of rank one and the law of 1/s, so that
          :math:`E[H M H] = M - E[h] M - M E[h] + E[h M h]`.
        """
        s, U = self._principal
        k, alike = len(s), np.ptp(s) <= self.dim * EPS * s.max()
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
        positive = s > self.dim * EPS * s[-1]
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
