"""Sketches of random signs: Rademacher, most of them zero, or one in each row, which is the count sketch."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, checks, shown
from rac_theory.sketches.laws.finite import Support, all_tuples, equally_likely
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.leverage import corners, inverse_square
from rac_theory.sketches.laws.rank_law import expected_rank
from rac_theory.sketches.laws.signed_permutations import EntryMoments, SignedPermutationLaw, entry_moments
from rac_theory.sketches.sketch import Shape


@dataclass(frozen=True)
class IndependentSigns(Shape):
    """The closed forms of independent entries, +1 and -1 equally likely, 0 with what is left of their density."""

    @property
    def _density(self) -> Fraction:
        return Fraction(1)

    @property
    def _entry_law(self) -> dict[int, Fraction]:
        p = self._density
        return {1: p / 2, -1: p / 2} | ({0: 1 - p} if p < 1 else {})

    def expected_projection(self) -> Array | None:
        """``(E[rank]/d) I`` by signed permutations; None where E[rank] is out of reach.

        That is at small d - r, for r > 6 if no entry is zero, else for r > 4.
        """
        mean = expected_rank(self._entry_law, self.dim, self.rank)
        return None if mean is None else isotropic(self.dim, mean)

    def entry_moments(self) -> tuple[EntryMoments, ...] | None:
        """Exactly at rank one, where ``H_ii`` is one over the number of entries that are not zero, or zero.

        Otherwise between bounds on the share of one row; None where E[rank] is out of reach.
        """
        d, r, p = self.dim, self.rank, self._density
        mean = expected_rank(self._entry_law, d, r)
        if mean is None:
            return None
        if r == 1:
            return (entry_moments(d, mean, mean, p * inverse_square(d - 1, p)),)
        return corners(d, r, mean, fourth=1 / float(p), largest=1 / float(p))

    def support(self) -> Support | None:
        """Return all matrices of signs, and zeros if any are drawn, with their probabilities; None above the limit."""
        entries = np.array(list(self._entry_law), dtype=np.float64)
        tuples = all_tuples(len(entries), self.dim * self.rank)
        if tuples is None:
            return None
        probabilities = np.array(list(self._entry_law.values()), dtype=object)
        return entries[tuples].reshape(-1, self.dim, self.rank), np.prod(probabilities[tuples], axis=1)


@dataclass(frozen=True)
class Rademacher(IndependentSigns):
    """Independent entries, +1 or -1 with probability 1/2 each; columns can be dependent, most often at small d.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import Rademacher
    >>> spectrum(Rademacher(dim=2, rank=2), exact=True).lambda_min  # half of the draws have rank one
    Fraction(3, 4)
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return random_signs(rng, (size, self.dim, self.rank))


def random_signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw independent random signs."""
    return np.where(rng.integers(2, size=shape, dtype=np.int8), -1.0, 1.0)


@dataclass(frozen=True)
class SparseSigns(IndependentSigns):
    """Independent entries: +1 and -1 with probability p/2 each, 0 with probability 1 - p.

    Parameters
    ----------
    p : float or Fraction
        Density, in (0, 1]; 1 is ``Rademacher``. In exact results a float is the decimal that it prints as: 0.2 is 1/5.

    References
    ----------
    D. Achlioptas, Database-friendly random projections, 2003 (p = 1/3).

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import SparseSigns
    >>> spectrum(SparseSigns(3, 1, p=Fraction(1, 3)), exact=True).lambda_min  # below 1/3: a draw may be zero
    Fraction(19, 81)
    """

    p: float | Fraction

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < checks.finite("p", self.p) <= 1:
            raise ValueError(f"p must be in (0, 1], got {shown(self.p)}")

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        u = rng.random((size, self.dim, self.rank))
        half = float(self.p) / 2
        return np.where(u < half, 1.0, np.where(u < 1 - half, 0.0, -1.0))

    @property
    def _density(self) -> Fraction:
        return Fraction(str(self.p))


@dataclass(frozen=True)
class CountSketch(SignedPermutationLaw):
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

    def entry_moments(self) -> tuple[EntryMoments]:
        r"""Exactly: :math:`H_{ii} = 1/n` for a row that shares its column with n - 1 others, a binomial number.

        Two columns are both chosen with probability :math:`1 - 2 (1 - 1/r)^d + (1 - 2/r)^d`, which gives the mean
        square of the rank.
        """
        d, r = self.dim, self.rank
        occupied = 1 - (1 - Fraction(1, r)) ** d
        two = 2 * occupied - 1 + max(1 - Fraction(2, r), Fraction(0)) ** d
        return (
            entry_moments(d, r * occupied, r * occupied + r * (r - 1) * two, inverse_square(d - 1, Fraction(1, r))),
        )

    def support(self) -> Support | None:
        """Return all choices of columns and signs, equally likely; None above the limit, at (2r)^d > 4096."""
        tuples = all_tuples(2 * self.rank, self.dim)
        return None if tuples is None else equally_likely(self._rows(tuples // 2, np.where(tuples % 2, -1.0, 1.0)))

    def _rows(self, column: NDArray[np.int64], sign: Array) -> Array:
        sketch = np.zeros((*column.shape, self.rank))
        np.put_along_axis(sketch, column[:, :, None], sign[:, :, None], axis=2)
        return sketch
