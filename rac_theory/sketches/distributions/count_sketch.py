"""The count sketch: each row has one random sign in one random column."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.sketches.distributions.rademacher import random_signs
from rac_theory.sketches.laws.finite import Support, all_tuples, equally_likely
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.leverage import inverse_square
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.signed_permutations import EntryMoments, entry_moments, from_entries


@dataclass(frozen=True)
class CountSketch(Shape):
    """Each of the d rows has a single non-zero entry, +1 or -1, in a column drawn uniformly and independently.

    References
    ----------
    K. Clarkson and D. Woodruff, Low rank approximation and regression in input sparsity time, arXiv:1207.6365.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import CountSketch
    >>> sketch = CountSketch(dim=3, rank=2)
    >>> (S,) = sketch.sample(np.random.default_rng(0), 1)
    >>> np.count_nonzero(S, axis=1).tolist()
    [1, 1, 1]
    >>> spectrum(sketch, exact=True).lambda_min  # below 2/3, as a column may be empty
    Fraction(7, 12)
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        column = rng.integers(self.rank, size=(size, self.dim))
        return self._rows(column, random_signs(rng, column.shape))

    def expected_projection(self) -> Array:
        r"""Return :math:`(E[\mathrm{rank}]/d)\, I` with :math:`E[\mathrm{rank}] = r (1 - (1 - 1/r)^d)`.

        No two columns share a row, so the rank is the number of columns that some row has chosen. The law of the
        matrix is invariant under signed permutations of its rows.
        """
        return isotropic(self.dim, self.rank * (1 - (1 - Fraction(1, self.rank)) ** self.dim))

    def second_moment(self, M: Array) -> Array:
        """By signed permutations of rows."""
        (known,) = self.entry_moments()
        return from_entries(known, M)

    def entry_moments(self) -> tuple[EntryMoments]:
        r"""Exactly: :math:`H_{ii} = 1/n` for a row that shares its column with n - 1 others, a binomial number.

        Two columns are both chosen with probability :math:`1 - 2 (1 - 1/r)^d + (1 - 2/r)^d`, which gives the mean
        square of the rank.
        """
        d, r = self.dim, self.rank
        one = 1 - (1 - Fraction(1, r)) ** d
        two = 2 * one - 1 + max(1 - Fraction(2, r), Fraction(0)) ** d
        return (entry_moments(d, r * one, r * one + r * (r - 1) * two, inverse_square(d - 1, Fraction(1, r))),)

    def support(self) -> Support | None:
        """Return all choices of columns and signs, equally likely; None above the limit, at (2r)^d > 4096."""
        tuples = all_tuples(2 * self.rank, self.dim)
        return None if tuples is None else equally_likely(self._rows(tuples // 2, np.where(tuples % 2, -1.0, 1.0)))

    def _rows(self, column: NDArray[np.int64], sign: Array) -> Array:
        sketch = np.zeros((*column.shape, self.rank))
        np.put_along_axis(sketch, column[:, :, None], sign[:, :, None], axis=2)
        return sketch
