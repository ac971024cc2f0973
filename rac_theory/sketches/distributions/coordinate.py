"""The coordinate sketch: r different coordinates, all subsets equally likely."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.finite import Support, all_subsets, equally_likely
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.sign_symmetry import both_drawn
from rac_theory.sketches.laws.signed_permutations import EntryMoments, entry_moments


@dataclass(frozen=True)
class Coordinate(Shape):
    """Columns are r different unit vectors in increasing order, drawn without replacement.

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

    def expected_projection(self) -> Array:
        """``(r/d) I``: each coordinate is in the subset with probability r/d."""
        return isotropic(self.dim, self.rank)

    def second_moment(self, M: Array) -> Array:
        """Entry (i, k) of M times the probability that i and k are both in the subset, r (r-1) / (d (d-1))."""
        d, r = self.dim, self.rank
        return both_drawn(d, once=r / d, twice=r * (r - 1) / (d * max(d - 1, 1))) * M

    def entry_moments(self) -> tuple[EntryMoments]:
        """Exactly: ``H_ii`` is 1 with probability r/d, and H is diagonal."""
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
