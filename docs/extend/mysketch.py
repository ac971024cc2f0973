# ruff: noqa: D100, D102
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class SparseSigns:
    """Entries -1, 0, 1 with probabilities 1/10, 8/10, 1/10."""

    dim: int
    rank: int

    def sample(self, rng: np.random.Generator, size: int) -> NDArray[np.float64]:
        return rng.choice([-1.0, 0.0, 1.0], size=(size, self.dim, self.rank), p=[0.1, 0.8, 0.1])
