"""The Rademacher sketch: independent random signs."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.finite import Support, all_tuples, equally_likely
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.leverage import corners
from rac_theory.sketches.laws.rank_law import expected_rank
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.signed_permutations import EntryMoments, entry_moments


@dataclass(frozen=True)
class Rademacher(Shape):
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

    def expected_projection(self) -> Array | None:
        """``(E[rank]/d) I`` by signed permutations; None where E[rank] is out of reach (r > 6 and d - r below 50)."""
        half = Fraction(1, 2)
        mean = expected_rank({1: half, -1: half}, self.dim, self.rank)
        return None if mean is None else isotropic(self.dim, mean)

    def entry_moments(self) -> tuple[EntryMoments, ...] | None:
        """Exactly at rank one, where ``H_ii`` is 1/d; otherwise between bounds on the share of one row."""
        d, r = self.dim, self.rank
        if r == 1:
            return (entry_moments(d, Fraction(1), Fraction(1), Fraction(1, d**2)),)
        half = Fraction(1, 2)
        mean = expected_rank({1: half, -1: half}, d, r)
        return None if mean is None else corners(d, r, mean, fourth=1.0, largest=1.0)

    def support(self) -> Support | None:
        """Return all matrices of signs, equally likely; None above the limit, at d r > 12."""
        tuples = all_tuples(2, self.dim * self.rank)
        return None if tuples is None else equally_likely(np.where(tuples, -1.0, 1.0).reshape(-1, self.dim, self.rank))


def random_signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw independent random signs."""
    return np.where(rng.integers(2, size=shape, dtype=np.int8), -1.0, 1.0)
