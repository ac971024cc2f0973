"""The Gaussian sketch: independent standard normal entries."""

from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import SHORT
from rac_theory.sketches.laws.normals import standard_normals
from rac_theory.sketches.laws.rotation_invariance import UniformRange


@dataclass(frozen=True)
class Gaussian(UniformRange):
    """Independent standard normal entries; the range is uniform over all r-dimensional subspaces.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Gaussian
    >>> spectrum(Gaussian(dim=8, rank=2)).lambda_min  # r/d: no direction is favoured
    0.25
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        if self.dim <= SHORT:  # entries of one place lie together in memory, else columns, as ranges are made of them
            return np.moveaxis(standard_normals(rng, (self.dim, self.rank, size)), 2, 0)
        return np.swapaxes(standard_normals(rng, (size, self.rank, self.dim)), 1, 2)
