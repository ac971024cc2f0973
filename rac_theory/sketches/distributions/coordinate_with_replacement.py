"""The coordinate sketch with replacement: r coordinates drawn independently, so that some may be drawn twice."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.distributions.coordinate import unit_columns
from rac_theory.sketches.laws.finite import Support, all_tuples, equally_likely
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.sign_symmetry import both_drawn
from rac_theory.sketches.laws.signed_permutations import EntryMoments


@dataclass(frozen=True)
class CoordinateWithReplacement(Shape):
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

    def second_moment(self, M: Array) -> Array:
        r"""Entry (i, k) of M times the probability that i and k are both drawn, by inclusion and exclusion.

        Neither is missed: :math:`1 - 2 (1 - 1/d)^r + (1 - 2/d)^r`.
        """
        d, r = self.dim, self.rank
        missed = (1 - 1 / d) ** r
        return both_drawn(d, once=1 - missed, twice=1 - 2 * missed + max(1 - 2 / d, 0) ** r) * M

    def entry_moments(self) -> tuple[EntryMoments]:
        """Exactly, with the same two probabilities; H is diagonal."""
        d, r = self.dim, self.rank
        missed = Fraction(d - 1, d) ** r
        return (EntryMoments(1 - missed, Fraction(0), 1 - 2 * missed + max(Fraction(d - 2, d), Fraction(0)) ** r),)

    def support(self) -> Support | None:
        """Return all tuples of coordinates, equally likely; None above the limit."""
        tuples = all_tuples(self.dim, self.rank)
        return None if tuples is None else equally_likely(unit_columns(tuples, self.dim))
