"""The sparse sign sketch: most entries are zero, the others are random signs."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base import checks, shown
from rac_theory.base.checks import Array
from rac_theory.sketches.laws.finite import Support, all_tuples
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.leverage import corners, inverse_square
from rac_theory.sketches.laws.rank_law import expected_rank
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.signed_permutations import EntryMoments, entry_moments


@dataclass(frozen=True)
class SparseSigns(Shape):
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

    def expected_projection(self) -> Array | None:
        """``(E[rank]/d) I`` by signed permutations; None where E[rank] is out of reach (r > 4 at small d)."""
        mean = expected_rank(self._entry_law, self.dim, self.rank)
        return None if mean is None else isotropic(self.dim, mean)

    def entry_moments(self) -> tuple[EntryMoments, ...] | None:
        """Exactly at rank one, where ``H_ii`` is one over the number of entries that are not zero, or zero.

        Otherwise between bounds on the share of one row; None where E[rank] is out of reach.
        """
        d, r, p = self.dim, self.rank, Fraction(str(self.p))
        mean = expected_rank(self._entry_law, d, r)
        if mean is None:
            return None
        if r == 1:
            return (entry_moments(d, mean, mean, p * inverse_square(d - 1, p)),)
        return corners(d, r, mean, fourth=1 / float(p), largest=1 / float(p))

    def support(self) -> Support | None:
        """Return all matrices of signs and zeros with their probabilities; None above the limit."""
        entries = np.array(list(self._entry_law), dtype=np.float64)
        tuples = all_tuples(len(entries), self.dim * self.rank)
        if tuples is None:
            return None
        probabilities = np.array(list(self._entry_law.values()), dtype=object)
        return entries[tuples].reshape(-1, self.dim, self.rank), np.prod(probabilities[tuples], axis=1)

    @property
    def _entry_law(self) -> dict[int, Fraction]:
        p = Fraction(str(self.p))
        return {1: p / 2, -1: p / 2} | ({0: 1 - p} if p < 1 else {})
