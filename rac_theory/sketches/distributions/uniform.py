"""The uniform sketch on [0, 1]: not centred, so the direction of all ones is favoured."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from scipy.special import erf

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.curvature_bound import CurvatureBound
from rac_theory.sketches.laws.half_line import integrate
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.leverage import Row, variance_of_share
from rac_theory.sketches.laws.permutations import between_bounds, numbers
from rac_theory.sketches.laws.shape import Shape


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
        return between_bounds(S, numbers(d, r, 1 / (3 * r + 1), variance_of_share(d, r, _row(r))))

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
    square, both = r / 12, r / 180  # Var T; Var W, which is also the covariance of W and T^2
    fourth = r / 80 + r * (r - 1) / 48  # E T^4
    variance = 144 * both + 9 * nu**2 * (fourth - square**2) + nu**2 * square - 72 * nu * both
    along = (nu / r) * (
        r**3 / 4 + nu * r * square + 12 * (both + r * square / 12) - 3 * nu * fourth + nu * r * square / 4
    )
    across = (r**2 + variance - along) / (r - 1)
    return Row(float(variance), float(max(abs(along - r), abs(across - r))), float(3 * r + 1))
