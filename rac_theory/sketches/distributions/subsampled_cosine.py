"""The subsampled randomised cosine sketch: random signs times r vectors of the cosine basis."""

from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.distributions.coordinate import random_subsets, unit_columns
from rac_theory.sketches.distributions.rademacher import random_signs
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.shape import Shape


@dataclass(frozen=True)
class SubsampledCosine(Shape):
    """Orthonormal columns: r vectors of the DCT-II basis, drawn without replacement, rows signed at random.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import SubsampledCosine
    >>> (S,) = SubsampledCosine(dim=6, rank=2).sample(np.random.default_rng(0), 1)  # no power of two
    >>> bool(np.allclose(S.T @ S, np.eye(2)))
    True
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank): the inverse transform carries unit vectors to cosines."""
        frequencies = unit_columns(random_subsets(rng, size, self.dim, self.rank), self.dim)
        return _cosines(frequencies) * random_signs(rng, (size, self.dim, 1))

    def expected_projection(self) -> Array:
        """``(r/d) I``, by the lemma on subsampling."""
        return isotropic(self.dim, self.rank)

    def second_moment(self, M: Array) -> Array:
        r"""By sign symmetry, with :math:`F = ((d-1) 1 1^\top + \frac d2 (I + J)) / d^2`, J the reversal.

        With :math:`a_i = \pi (2i + 1) / d` the squares are :math:`(1 + \cos a_i s) / d`, and 1/d at s = 0. Cosines of
        odd multiples of pi/d sum to zero over s from 1 to d - 1, and those of multiples of 2 pi/d to -1, or to d - 1
        where all are one: for the difference of :math:`a_i` and :math:`a_k` at i = k, for their sum at i + k = d - 1.
        """
        d, r = self.dim, self.rank
        once, twice = r / d, r * (r - 1) / (d * max(d - 1, 1))
        every, some = (once - twice) * (d - 1) / d**2, (once - twice) / (2 * d)
        index = np.arange(d)
        mirrored = M[..., index, d - 1 - index]
        diagonal = np.diagonal(M, axis1=-2, axis2=-1)
        result = (every + twice) * M + every * np.swapaxes(M, -1, -2)
        result[..., index, d - 1 - index] += some * (mirrored + mirrored[..., ::-1])
        on_diagonal = every * diagonal.sum(axis=-1, keepdims=True) + some * (diagonal + diagonal[..., ::-1])
        result[..., index, index] = on_diagonal + twice * diagonal
        return np.asarray(result)


def _cosines(frequencies: Array) -> Array:
    """Carry columns of frequencies, (..., dim, k), to columns of values."""
    from scipy.fft import idct  # slow to import, and seldom needed

    return np.asarray(idct(frequencies, axis=-2, norm="ortho"))
