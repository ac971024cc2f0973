"""The equiangular sketch: r of the d + 1 directions from the centre of a regular simplex to its vertices."""

import math
from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.sketches.distributions.coordinate import random_subsets
from rac_theory.sketches.laws.finite import Support, all_subsets, equally_likely
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.shape import Shape


@dataclass(frozen=True)
class EquiangularFrame(Shape):
    """Columns are r of d + 1 unit vectors with products -1/d, drawn without replacement.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import EquiangularFrame
    >>> (S,) = EquiangularFrame(dim=4, rank=3).sample(np.random.default_rng(0), 1)
    >>> print((S.T @ S).round(4).tolist())  # products -1/dim
    [[1.0, -0.25, -0.25], [-0.25, 1.0, -0.25], [-0.25, -0.25, 1.0]]
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return np.swapaxes(simplex(self.dim)[random_subsets(rng, size, self.dim + 1, self.rank)], 1, 2)

    def expected_projection(self) -> Array:
        """``(r/d) I``, by the symmetries of the simplex.

        The rank is r: the Gram matrix of r vertices, ``(1 + 1/d) I - 11'/d``, has smallest eigenvalue
        ``(d + 1 - r)/d > 0``.
        """
        return isotropic(self.dim, self.rank)

    def support(self) -> Support | None:
        """Return all subsets of vertices, equally likely, as floats: most are irrational. None above the limit."""
        subsets = all_subsets(self.dim + 1, self.rank)
        return None if subsets is None else equally_likely(np.swapaxes(simplex(self.dim)[subsets], 1, 2))


def simplex(dim: int) -> Array:
    """Return the vertices of a regular simplex on the unit sphere, one a row: (dim + 1, dim)."""
    towards_axes = math.sqrt(1 + 1 / dim) * np.eye(dim) - (math.sqrt(dim + 1) + 1) / dim**1.5
    return np.vstack([towards_axes, np.full(dim, 1 / math.sqrt(dim))])
