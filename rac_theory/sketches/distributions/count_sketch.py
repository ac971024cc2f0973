"""The count sketch: each row has one random sign in one random column."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from problems.checks import Array
from rac_theory.sketches.distributions.rademacher import random_signs
from rac_theory.sketches.laws.finite import Support, all_tuples, equally_likely
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.shape import Shape


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

    def support(self) -> Support | None:
        """Return all choices of columns and signs, equally likely; None above the limit, at (2r)^d > 4096."""
        tuples = all_tuples(2 * self.rank, self.dim)
        return None if tuples is None else equally_likely(self._rows(tuples // 2, np.where(tuples % 2, -1.0, 1.0)))

    def _rows(self, column: NDArray[np.int64], sign: Array) -> Array:
        sketch = np.zeros((*column.shape, self.rank))
        np.put_along_axis(sketch, column[:, :, None], sign[:, :, None], axis=2)
        return sketch
