"""The Gaussian sketch: independent standard normal entries."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from problems.checks import Array
from rac_theory.numerics.linalg import SHORT
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.normals import standard_normals
from rac_theory.sketches.laws.rotation_invariance import from_invariants, uniform_range
from rac_theory.sketches.laws.shape import Shape


@dataclass(frozen=True)
class Gaussian(Shape):
    """Independent standard normal entries; the range is uniform over all r-dimensional subspaces.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Gaussian
    >>> spectrum(Gaussian(dim=8, rank=2)).lambda_min  # r/d: no direction is favoured
    0.25
    """

    rotation_invariant: ClassVar[bool] = True

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        if self.dim <= SHORT:  # entries of one place lie together in memory, else columns, as ranges are made of them
            return np.moveaxis(standard_normals(rng, (self.dim, self.rank, size)), 2, 0)
        return np.swapaxes(standard_normals(rng, (size, self.rank, self.dim)), 1, 2)

    def expected_projection(self) -> Array:
        """``(r/d) I``: the law of the range is invariant under rotations, and its rank is r almost surely."""
        return isotropic(self.dim, self.rank)

    def invariants(self) -> tuple[Fraction, Fraction]:
        """The two numbers of a uniform range."""
        return uniform_range(self.dim, self.rank)

    def second_moment(self, M: Array) -> Array:
        """``E[H M H] = a M + b (M' + trace(M) I)``, by invariance under rotations."""
        a, b = self.invariants()
        return from_invariants(float(a), float(b), M)
