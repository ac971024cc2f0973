r"""Sketches with uniform entries: on [0, 1], which favours the direction of all ones, and around zero, as in LoRA.

**When no coordinate is special, but signs are.** Let d be at least 4, and H have the law of :math:`P H P^\top` for
every permutation matrix P, and rank r < d almost surely. With :math:`e = 1/\sqrt d` in each coordinate and :math:`J = I
- e e^\top`, let :math:`a = e^\top H e`, :math:`b = J H e` and :math:`K = J H J`. Write :math:`S = \sigma e e^\top + e
t^\top + t e^\top + R` in the same way, with :math:`\sigma = e^\top S e`, :math:`t = J S e`, :math:`R = J S J`.

**Lemma.** :math:`E[b] = 0`, :math:`E[a b] = 0`, and :math:`E[K] = \kappa J`, :math:`E[b b^\top] = \beta J`,
:math:`E[a K] = \alpha J`. There are numbers p, y, x and :math:`\xi` with

.. math:: E[K R K] = (p + y) R + x\, J\, \mathrm{diag}(R)\, J + y\, \mathrm{tr}(R)\, J , \quad
    E[K R b] = \xi J\, \mathrm{diag}(R)\, 1 , \quad E[K t b^\top + b t^\top K] = 2 \xi J\, \mathrm{diag}(t)\, J .

*Proof.* Means that permutations leave alone, of 1, 2, 3 and 4 vectors of the complement of e: there is none of one
vector, the product of two, :math:`\sum_i u_i v_i w_i` of three, and of four those three products of products and
:math:`\sum_i u_i v_i w_i z_i`, of which the symmetry of K leaves three numbers.

So, in the blocks of e and of its complement, E[H] has :math:`\bar a = E[a]` and :math:`\kappa J`, and E[HSH] has

.. math:: \sigma E[a^2] + \beta\, \mathrm{tr} R , \qquad (\alpha + \beta)\, t + \xi J\, \mathrm{diag}(R)\, 1 , \qquad
    \sigma \beta J + 2 \xi J\, \mathrm{diag}(t)\, J + E[K R K] .

**Theorem.** Let :math:`E[1 - a] \le \epsilon < 1`, :math:`\mathrm{Var}(H_{11}) \le V` and :math:`S \ge 0`. Where a
number is between bounds, the largest multiple of a semidefinite matrix is a bound of all:

- :math:`E[a^2] / \bar a \le 1`, and :math:`(d-1) \beta = E[a (1-a)]` is at most :math:`\epsilon` and at most
  :math:`\epsilon \bar a`, as a and 1 - a are never of one mind. :math:`(d-1) \kappa = r - \bar a \ge r - 1`.
- :math:`(d-1)(\alpha + \beta) = E[a (r-a)] + E[a (1-a)]` is between :math:`(r-1) \bar a` and
  :math:`\bar a (r + 1 - 2 \bar a)`, by :math:`\bar a^2 \le E[a^2] \le \bar a`; over
  :math:`(d-1) \sqrt{\bar a \kappa}` that is between :math:`(r-1) \sqrt{(1 - \epsilon) / ((r - 1 + \epsilon)(d-1))}` and
  :math:`(r - 1 + 2 \epsilon) / \sqrt{(r-1)(d-1)}`.
- p, y and x solve three equations, whose right sides are between bounds: :math:`K^2 = K - b b^\top`,
  :math:`\mathrm{tr} K = r - a`, and the diagonal of K,

  .. math:: p + d y + \tfrac{d-1}{d} x = \kappa - \beta , \quad (d-1) p + 2 y + \tfrac{d-1}{d} x = E[(r-a)^2]/(d-1) ,
      \quad \big(\tfrac{d-1}{d}\big)^2 (p + 2y) + \big( (\tfrac{d-1}{d})^4 + \tfrac{d-1}{d^4} \big) x = E[K_{11}^2] .

  Here :math:`(r - 1) \le E[(r-a)^2] / E[r-a] \le r - 1 + r \epsilon / (r-1)`, and :math:`K_{11}` has the mean
  :math:`(r-a)/d` over the coordinates of a draw, from which
  :math:`K_{ii} - (r-a)/d = H_{ii} - r/d - 2 b_i/\sqrt d` differs by a square whose mean is at most
  :math:`(\sqrt V + 2 \sqrt{\epsilon}/d)^2`, since :math:`\|b\|^2 = a (1-a)`.
- :math:`\xi \frac{(d-1)(d-2)}d = E \sum_i (H_{ii} - r/d - 2 b_i / \sqrt d)\, b_i`, of a size of at most
  :math:`\sqrt{d \epsilon}\, (\sqrt V + 2 \sqrt \epsilon / d)`, by Cauchy and Schwarz.
"""

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from scipy.special import erf

from rac_theory.base import Array
from rac_theory.sketches.laws.half_line import integrate
from rac_theory.sketches.laws.isotropy import Isotropic, isotropic
from rac_theory.sketches.laws.leverage import Row, corners, variance_of_share
from rac_theory.sketches.laws.second_moments import CurvatureBound
from rac_theory.sketches.laws.signed_permutations import EntryMoments
from rac_theory.sketches.sketch import Shape


class MomentBounds(NamedTuple):
    r"""Bounds of the numbers of the lemma; pairs are (from below, from above).

    In the order of the attributes: :math:`(d-1) \beta / \bar a`, :math:`\beta / \kappa`,
    :math:`(\alpha + \beta) / \sqrt{\bar a \kappa}`, p + y, x and y over :math:`\kappa`, and the size of
    :math:`\xi` over :math:`\kappa` and over :math:`\sqrt{\bar a \kappa}`.
    """

    beta_per_a: float
    beta_per_kappa: float
    alpha_and_beta: tuple[float, float]
    p_and_y: tuple[float, float]
    x: tuple[float, float]
    y: tuple[float, float]
    xi_per_kappa: float
    xi_per_root: float


def moment_bounds(d: int, rank: int, epsilon: float, variance: float) -> MomentBounds:
    """Return the bounds of the theorem; the three of E[KRK] are linear in what is on the right of their equations."""
    r, share, root = rank, (d - 1) / d, math.sqrt(variance) + 2 * math.sqrt(epsilon) / d
    equations = np.array([[1, d, share], [d - 1, 2, share], [share**2, 2 * share**2, share**4 + (d - 1) / d**4]])
    squares = (r - 1.0, r - 1 + r * epsilon / (r - 1))
    uneven = (0.0, root**2 * (d - 1) / (r - 1))
    corners = itertools.product((1 - epsilon / (r - 1), 1.0), squares, uneven)
    right = np.array([[first, second, second * (d - 1) / d**2 + third] for first, second, third in corners])
    p, y, x = np.linalg.solve(equations, right.T)
    low = (r - 1) * math.sqrt((1 - epsilon) / ((r - 1 + epsilon) * (d - 1)))
    kappa, xi = (r - 1) / (d - 1), math.sqrt(d * epsilon) * root * d / ((d - 1) * (d - 2))
    return MomentBounds(
        beta_per_a=epsilon,
        beta_per_kappa=epsilon / (r - 1),
        alpha_and_beta=(low, (r - 1 + 2 * epsilon) / math.sqrt((r - 1) * (d - 1))),
        p_and_y=_ends(p + y),
        x=_ends(x),
        y=_ends(y),
        xi_per_kappa=xi / kappa,
        xi_per_root=xi / math.sqrt((1 - epsilon) * kappa),
    )


def between_bounds(S: Array, bounds: MomentBounds) -> CurvatureBound:
    """Return the bound of the theorem for S, (d, d), positive semidefinite."""
    d = len(S)
    sums = S.sum(axis=1)
    sigma = max(float(sums.sum()) / d, 0.0)
    t = (sums - sums.mean()) / math.sqrt(d)
    matrix = S - (sums[:, None] + sums) / d + sums.mean() / d  # R
    diagonal = np.diagonal(matrix).copy()
    trace, (low, high) = float(diagonal.sum()), bounds.alpha_and_beta
    off = (high - low) / 2 * float(np.linalg.norm(t))
    off += 2 * bounds.xi_per_kappa * float(np.abs(t).max())
    off += bounds.xi_per_root * float(np.linalg.norm(diagonal - diagonal.mean()))
    matrix *= bounds.p_and_y[1]
    _add_projected(matrix, diagonal * bounds.x[1] + (trace * bounds.y[1] + bounds.beta_per_kappa * sigma))
    left = bounds.beta_per_a * trace / (d - 1)
    cross = ((low + high) / 2 * t + (sigma + left) / (2 * math.sqrt(d))) / math.sqrt(d)
    matrix += cross[:, None] + cross
    widths = (ends[1] - ends[0] for ends in (bounds.p_and_y, bounds.x, bounds.y))
    sizes = (float(np.linalg.norm(S)), float(diagonal.max()), trace)
    slack = 2 * off + sigma * (bounds.beta_per_kappa + bounds.beta_per_a) + left
    return CurvatureBound(matrix, off, slack + sum(w * size for w, size in zip(widths, sizes, strict=True)))


def _ends(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _add_projected(matrix: Array, diagonal: Array) -> None:
    """Add ``J diag(diagonal) J``."""
    half = (diagonal - diagonal.mean() / 2) / len(diagonal)
    matrix -= half[:, None] + half
    matrix[np.diag_indices(len(diagonal))] += diagonal


@dataclass(frozen=True)
class Uniform(Shape):
    """Independent entries, uniform on [0, 1); of full rank almost surely, and yet ``lambda_min`` is below r/d.

    Examples
    --------
    >>> import math
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Uniform
    >>> known = spectrum(Uniform(dim=2, rank=1))
    >>> print(f"{known.lambda_min:.6f}, {(1 - math.log(2)) / 2:.6f}")  # far below r/d = 1/2
    0.153426, 0.153426
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return rng.random((size, self.dim, self.rank))

    def expected_projection(self) -> Array | None:
        r"""Return the identity at rank d, a one-dimensional integral at rank one, and None in between.

        The law is invariant under permutations, so :math:`E[H] = a I + b\, 1 1^\top`, with :math:`d (a + b) = r`. At
        rank one :math:`b = E[x_1 x_2 / \|x\|^2]`, and :math:`1/\|x\|^2 = \int_0^\infty e^{-t \|x\|^2} dt` gives

        .. math:: b = \int_0^\infty m(t)^2\, e(t)^{d-2}\, dt, \quad m(t) = E[x_1 e^{-t x_1^2}] = \frac{1 - e^{-t}}{2t},
            \quad e(t) = E[e^{-t x_1^2}] = \frac{\sqrt\pi\, \mathrm{erf}(\sqrt t)}{2 \sqrt t}.

        The eigenvalues are 1/d - b, on the orthogonal complement of the ones, and 1/d + (d - 1) b. At d = 2,
        :math:`b = \log(2) / 2`.
        """
        if self.rank == self.dim:
            return isotropic(self.dim, self.rank)
        if self.rank > 1:
            return None
        b = float(integrate(self._integrand, 1 / self.dim, 1.0))
        return np.eye(self.dim) * (1 / self.dim - b) + b

    def curvature_bound(self, S: Array) -> CurvatureBound | None:
        r"""Bound L_H for a positive semidefinite S, by permutations, at a rank between one and d > 3; else None.

        The combination of the columns with the weights 6/(3r + 1) each is the vector of all ones up to an error whose
        mean square is :math:`1/(3r + 1)` a coordinate: that is the most that E[1 - a] can be.
        """
        d, r = self.dim, self.rank
        if not 1 < r < d or d < 4:  # three directions have fewer invariants
            return None
        return between_bounds(S, moment_bounds(d, r, 1 / (3 * r + 1), variance_of_share(d, r, _row(r))))

    def _integrand(self, t: Array) -> Array:
        m = -np.expm1(-t) / (2 * t)
        e = np.sqrt(np.pi / t) / 2 * erf(np.sqrt(t))
        return np.asarray(m**2 * e ** (self.dim - 2))


def _row(rank: int) -> Row:
    r"""Of a row b of numbers uniform on [0, 1], made isotropic.

    With :math:`b = 1/2 + c`, :math:`\nu = 12 / (3r + 1)`, T the sum of c and W that of its squares,
    :math:`\|z\|^2 = b^\top E[b b^\top]^{-1} b = 12 W - 3 \nu T^2 + \nu T + \nu r / 4`, which is convex in b: at most
    :math:`3r + 1`, as W = r/4 at the corners of the cube. :math:`E[\|z\|^2 z z^\top]` has one eigenvalue along the
    ones, where z is :math:`\sqrt{\nu / r}\, (r/2 + T)`, and another across; they sum to :math:`E \|z\|^4`.
    """
    r = Fraction(rank)
    nu = 12 / (3 * r + 1)
    square, covariance = r / 12, r / 180  # Var T; Var W, which is also the covariance of W and T^2
    fourth = r / 80 + r * (r - 1) / 48  # E T^4
    variance = 144 * covariance + 9 * nu**2 * (fourth - square**2) + nu**2 * square - 72 * nu * covariance
    projected = (nu / r) * (
        r**3 / 4 + nu * r * square + 12 * (covariance + r * square / 12) - 3 * nu * fourth + nu * r * square / 4
    )
    across = (r**2 + variance - projected) / (r - 1)
    return Row(float(variance), float(max(abs(projected - r), abs(across - r))), float(3 * r + 1))


@dataclass(frozen=True)
class KaimingUniform(Isotropic):
    r"""Independent entries, uniform on :math:`[-1/\sqrt d, 1/\sqrt d)`.

    PEFT initialises ``lora_A``, of shape (r, n), by PyTorch's ``kaiming_uniform_(a=sqrt(5))``: uniform on
    :math:`\pm\, \mathrm{gain} \sqrt{3 / n}` with :math:`\mathrm{gain} = \sqrt{2 / (1 + a^2)} = \sqrt{1/3}`, which is
    :math:`\pm 1/\sqrt n`. As a right sketch its ``dim`` is n. E[H] is r/d of the identity: signed permutations leave
    the law alone, and the rank is full almost surely, as there is a density.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import KaimingUniform
    >>> sketch = KaimingUniform(dim=100, rank=10)
    >>> bool(np.abs(sketch.sample(np.random.default_rng(0), 64)).max() <= 0.1)  # 1 / sqrt(dim)
    True
    >>> print(f"{spectrum(sketch).lambda_min:.6g}")
    0.1
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        bound = 1 / math.sqrt(self.dim)
        return rng.uniform(-bound, bound, (size, self.dim, self.rank))

    def entry_moments(self) -> tuple[EntryMoments, ...]:
        """Between bounds on the share of one row."""
        return corners(self.dim, self.rank, Fraction(self.rank), fourth=9 / 5, largest=3.0)
