"""The uniform sketch on [0, 1]: not centred, so the direction of all ones is favoured."""

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from problems.checks import Array
from rac_theory.sketches.laws.half_line import integrate
from rac_theory.sketches.laws.isotropy import isotropic
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

    def _integrand(self, t: Array) -> Array:
        m = -np.expm1(-t) / (2 * t)
        e = np.sqrt(np.pi / t) / 2 * erf(np.sqrt(t))
        return np.asarray(m**2 * e ** (self.dim - 2))
