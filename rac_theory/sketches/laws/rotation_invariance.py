r"""When rotations leave the law of the range alone: two numbers are the whole second moment of the projection.

**Theorem.** Let range(U S) have the law of range(S) for every orthogonal U, and let the rank be r almost surely. Then

.. math:: E[H_{ij} H_{kl}] = a\, \delta_{ij} \delta_{kl} + b\, (\delta_{ik} \delta_{jl} + \delta_{il} \delta_{jk}),
    \qquad E[H M H] = a M + b\, (M^\top + \mathrm{tr}(M)\, I) \ \text{ for every square } M,

.. math:: b = \frac{r (d - r)}{d (d - 1) (d + 2)}, \qquad a = \frac{r^2 - 2 b d}{d^2},

and a = 1, b = 0 at d = 1.

*Proof.* :math:`T_{ijkl} = E[H_{ij} H_{kl}]` is invariant under :math:`H \to U H U^\top`. Flip the sign of one
coordinate: T vanishes unless each index appears an even number of times. Permute coordinates: what is left are the
numbers :math:`x = T_{iiii}`, :math:`a = T_{iikk}`, and :math:`b = T_{ikik} = T_{ikki}`, as H is symmetric, for
:math:`i \ne k`. Rotate by 45 degrees in the plane of i and k, so that :math:`H_{ik}` becomes
:math:`(H_{kk} - H_{ii}) / 2`: its second moment is :math:`b = (2x - 2a)/4`, hence :math:`x = a + 2b`, which is the
formula at :math:`i = j = k = l`. Two sums give the numbers: :math:`(\mathrm{tr}\, H)^2 = r^2` is
:math:`a d^2 + 2 b d = r^2`, and :math:`\mathrm{tr}\, H^2 = r` is :math:`a d + b (d^2 + d) = r`. Eliminating a gives
:math:`b\, d (d - 1)(d + 2) = r (d - r)`. At d = 1 only a + 2b = 1 matters.

A mixture of such laws has the mean of their numbers.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array
from rac_theory.sketches.laws.isotropy import Isotropic


def uniform_range(dim: int, rank: int) -> tuple[Fraction, Fraction]:
    """Return (a, b) of a uniformly distributed range of dimension ``rank``."""
    if dim == 1:
        return Fraction(1), Fraction(0)
    b = Fraction(rank * (dim - rank), dim * (dim - 1) * (dim + 2))
    return (rank**2 - 2 * b * dim) / dim**2, b


def from_invariants(a: Any, b: Any, M: NDArray[Any]) -> NDArray[Any]:
    """``E[H M H] = a M + b (M' + trace(M) I)``: (..., d, d) to (..., d, d); floats, or Fractions throughout."""
    *_, d = M.shape
    trace = np.trace(M, axis1=-2, axis2=-1)[..., None, None]
    return np.asarray(a * M + b * (M.mT + trace * np.eye(d, dtype=M.dtype)))


@dataclass(frozen=True)
class UniformRange(Isotropic):
    """The closed forms of sketches whose range is uniform over all subspaces of dimension ``rank``; how they draw is
    their own.
    """

    rotation_invariant: ClassVar[bool] = True

    def invariants(self) -> tuple[Fraction, Fraction]:
        """The two numbers of a uniform range."""
        return uniform_range(self.dim, self.rank)

    def second_moment(self, M: Array) -> Array:
        """``E[H M H] = a M + b (M' + trace(M) I)``, by invariance under rotations."""
        a, b = self.invariants()
        return from_invariants(float(a), float(b), M)
