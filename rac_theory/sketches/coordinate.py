"""The coordinate sketch: r different coordinates, all subsets equally likely."""

from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.sketches.shape import Shape


@dataclass(frozen=True)
class Coordinate(Shape):
    """Columns are r different unit vectors, drawn without replacement."""

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return unit_vectors(rng.random((size, self.dim)), self.rank)

    def expected_projection(self) -> Array:
        """``(r/d) I``: each coordinate is in the subset with probability r/d."""
        return np.eye(self.dim) * (self.rank / self.dim)


def unit_vectors(keys: Array, rank: int) -> Array:
    """Return the unit vectors at the ``rank`` smallest of the keys: (size, d) to (size, d, rank)."""
    size, dim = keys.shape
    chosen = np.argsort(keys, axis=1)[:, :rank]
    sketch = np.zeros((size, dim, rank))
    np.put_along_axis(sketch, chosen[:, None, :], 1.0, axis=1)
    return sketch
