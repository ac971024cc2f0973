"""The Gaussian sketch: independent standard normal entries."""

from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.sketches.isotropy import isotropic
from rac_theory.sketches.shape import Shape


@dataclass(frozen=True)
class Gaussian(Shape):
    """Independent standard normal entries; the range is uniform over all r-dimensional subspaces."""

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return rng.standard_normal((size, self.dim, self.rank))

    def expected_projection(self) -> Array:
        """``(r/d) I``: the law of the range is invariant under rotations, and its rank is r almost surely."""
        return isotropic(self.dim, self.rank)
