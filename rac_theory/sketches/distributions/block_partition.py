"""The block sketch: the coordinates are cut into blocks of r, one of which is drawn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.finite import LIMIT, Support, equally_likely
from rac_theory.sketches.laws.shape import Shape


@dataclass(frozen=True)
class BlockPartition(Shape):
    """Columns are the unit vectors of one of the ceil(d/r) blocks of consecutive coordinates, drawn uniformly.

    Where r does not divide d, the last block is smaller and padded with zero columns.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import BlockPartition
    >>> sketch = BlockPartition(dim=5, rank=2)
    >>> sketch.blocks
    3
    >>> sketch.sample(np.random.default_rng(0), 1)[0].astype(int).tolist()
    [[0, 0], [0, 0], [0, 0], [0, 0], [1, 0]]
    """

    @property
    def blocks(self) -> int:
        """Number of blocks, ceil(d/r)."""
        return -(-self.dim // self.rank)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return self._columns(rng.integers(self.blocks, size=size))

    def expected_projection(self) -> Array:
        """``I / ceil(d/r)``: each coordinate lies in exactly one block. Below r/d where r does not divide d."""
        return np.eye(self.dim) / self.blocks

    def second_moment(self, M: Array) -> Array:
        """``M / ceil(d/r)`` within the blocks and zero elsewhere: only then are two coordinates drawn together."""
        block = np.arange(self.dim) // self.rank
        return np.where(block[:, None] == block, M / self.blocks, 0.0)

    def support(self) -> Support | None:
        """Return all blocks, equally likely; None above the limit."""
        return equally_likely(self._columns(np.arange(self.blocks))) if self.blocks <= LIMIT else None

    def _columns(self, block: NDArray[np.int64]) -> Array:
        coordinates = block[:, None] * self.rank + np.arange(self.rank)
        return np.where(np.arange(self.dim)[:, None] == coordinates[:, None, :], 1.0, 0.0)
