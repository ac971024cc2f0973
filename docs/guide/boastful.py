"""A sketch whose closed form is not that of its draws."""

import numpy as np

from rac_theory.sketches import WeightedCoordinate


class Boastful:
    """Coordinates at the end are drawn a hundred times as often as those at the beginning."""

    def __init__(self, dim: int, rank: int) -> None:
        self.dim, self.rank = dim, rank

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw (size, dim, rank)."""
        return WeightedCoordinate(self.dim, self.rank, weights=np.geomspace(1, 100, self.dim)).sample(rng, size)

    def expected_projection(self) -> np.ndarray:
        """As if all coordinates were equally likely."""
        return np.eye(self.dim) * (self.rank / self.dim)
