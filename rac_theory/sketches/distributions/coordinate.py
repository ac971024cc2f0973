"""Coordinates that are equally likely: r different ones, r with replacement, or one of several blocks of r."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array
from rac_theory.sketches.laws.finite import LIMIT, Support, all_subsets, all_tuples, equally_likely
from rac_theory.sketches.laws.isotropy import Isotropic, isotropic
from rac_theory.sketches.laws.signed_permutations import EntryMoments, SignedPermutationLaw, entry_moments
from rac_theory.sketches.sketch import Shape


@dataclass(frozen=True)
class Coordinate(Isotropic, SignedPermutationLaw):
    """Columns are r different unit vectors in increasing order, drawn without replacement.

    Each coordinate is one of them with probability r/d, so that E[H] is r/d of the identity.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import Coordinate
    >>> Coordinate(dim=4, rank=2).sample(np.random.default_rng(0), 1)[0].astype(int).tolist()
    [[0, 0], [0, 0], [1, 0], [0, 1]]
    """

    orthonormal: ClassVar[bool] = True

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return unit_columns(random_subsets(rng, size, self.dim, self.rank), self.dim)

    def entry_moments(self) -> tuple[EntryMoments]:
        """Exactly: ``H_ii`` is 1 with probability r/d, two of them with r (r-1) / (d (d-1)), and H is diagonal."""
        share = Fraction(self.rank, self.dim)
        return (entry_moments(self.dim, Fraction(self.rank), Fraction(self.rank**2), share),)

    def support(self) -> Support | None:
        """Return all subsets, equally likely; None above the limit."""
        subsets = all_subsets(self.dim, self.rank)
        return None if subsets is None else equally_likely(unit_columns(subsets, self.dim))


def random_subsets(rng: np.random.Generator, size: int, choices: int, rank: int) -> NDArray[np.int64]:
    """Draw subsets of ``range(choices)`` in increasing order, all equally likely: (size, rank)."""
    return np.sort(_smallest(rng.random((size, choices)), rank), axis=1)


def unit_vectors(keys: Array, rank: int) -> Array:
    """Return the unit vectors at the ``rank`` smallest of the keys: (size, d) to (size, d, rank)."""
    return unit_columns(_smallest(keys, rank), keys.shape[1])


def unit_columns(chosen: NDArray[np.int64], dim: int) -> Array:
    """Return the unit vectors of the chosen coordinates as columns: (size, rank) to (size, dim, rank)."""
    size, rank = chosen.shape
    sketch = np.zeros((size, dim, rank))
    np.put_along_axis(sketch, chosen[:, None, :], 1.0, axis=1)
    return sketch


def _smallest(keys: Array, rank: int) -> NDArray[np.int64]:
    """Return where the smallest keys of each row stand, in the order of the keys."""
    if rank == 1:
        return np.asarray(np.argmin(keys, axis=1, keepdims=True))
    return np.argsort(keys, axis=1)[:, :rank]


@dataclass(frozen=True)
class CoordinateWithReplacement(SignedPermutationLaw):
    """Columns are r unit vectors, each drawn from all d; the rank is the number of different ones.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import CoordinateWithReplacement
    >>> spectrum(CoordinateWithReplacement(dim=4, rank=2), exact=True).lambda_min  # 2/4 without replacement
    Fraction(7, 16)
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return unit_columns(rng.integers(self.dim, size=(size, self.rank)), self.dim)

    def expected_projection(self) -> Array:
        r"""Return :math:`(1 - (1 - 1/d)^r) I`, the probability that a coordinate is drawn at all.

        Below r/d as soon as r > 1.
        """
        return isotropic(self.dim, self.dim * (1 - (1 - Fraction(1, self.dim)) ** self.rank))

    def entry_moments(self) -> tuple[EntryMoments]:
        r"""Exactly: the probabilities that a coordinate is drawn, and that two are, by inclusion and exclusion.

        Neither of two is missed: :math:`1 - 2 (1 - 1/d)^r + (1 - 2/d)^r`. H is diagonal.
        """
        d, r = self.dim, self.rank
        missed = Fraction(d - 1, d) ** r
        return (EntryMoments(1 - missed, Fraction(0), 1 - 2 * missed + max(Fraction(d - 2, d), Fraction(0)) ** r),)

    def support(self) -> Support | None:
        """Return all tuples of coordinates, equally likely; None above the limit."""
        tuples = all_tuples(self.dim, self.rank)
        return None if tuples is None else equally_likely(unit_columns(tuples, self.dim))


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
