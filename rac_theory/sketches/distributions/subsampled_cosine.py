"""The subsampled randomised cosine sketch: random signs times r vectors of the cosine basis."""

from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.sketches.distributions.coordinate import random_subsets, unit_columns
from rac_theory.sketches.distributions.rademacher import random_signs
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.sign_symmetry import subsampled


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
        """By sign symmetry, with the squares of the cosine basis."""
        return subsampled(_cosines(np.eye(self.dim)), self.rank, M)


def _cosines(frequencies: Array) -> Array:
    """Carry columns of frequencies, (..., dim, k), to columns of values."""
    from scipy.fft import idct  # slow to import, and seldom needed

    return np.asarray(idct(frequencies, axis=-2, norm="ortho"))
