"""The subsampled randomised Hadamard sketch: random signs times r columns of a Hadamard matrix."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.distributions.coordinate import random_subsets
from rac_theory.sketches.distributions.rademacher import random_signs
from rac_theory.sketches.laws.isotropy import isotropic
from rac_theory.sketches.laws.shape import Shape
from rac_theory.sketches.laws.signed_permutations import EntryMoments, entry_moments, from_entries


@dataclass(frozen=True)
class SubsampledHadamard(Shape):
    """Entries +1 and -1: r columns of Sylvester's Hadamard matrix, drawn without replacement, rows signed at random.

    ``dim`` must be a power of two; ``SubsampledCosine`` takes any.

    References
    ----------
    J. Tropp, Improved analysis of the subsampled randomized Hadamard transform, arXiv:1011.1595.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import SubsampledHadamard
    >>> (S,) = SubsampledHadamard(dim=4, rank=2).sample(np.random.default_rng(0), 1)
    >>> (S.T @ S).astype(int).tolist()
    [[4, 0], [0, 4]]
    >>> SubsampledHadamard(dim=6, rank=2)
    Traceback (most recent call last):
        ...
    ValueError: dim must be a power of two, got 6; the nearest are 4 and 8
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        below = 1 << (self.dim.bit_length() - 1)
        if self.dim != below:
            raise ValueError(f"dim must be a power of two, got {self.dim}; the nearest are {below} and {2 * below}")

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank). Entry (i, j) of the Hadamard matrix is -1 to the number of ones that i, j share."""
        chosen = random_subsets(rng, size, self.dim, self.rank)
        shared = np.bitwise_count(np.arange(self.dim)[:, None] & chosen[:, None, :])
        return np.where(shared % 2, -1.0, 1.0) * random_signs(rng, (size, self.dim, 1))

    def expected_projection(self) -> Array:
        """``(r/d) I``, by the lemma on subsampling: the columns are orthogonal and of one length."""
        return isotropic(self.dim, self.rank)

    def second_moment(self, M: Array) -> Array:
        """By signed permutations, which change nothing of it: all squares of the basis are 1/d."""
        (known,) = self.entry_moments()
        return from_entries(known, M)

    def entry_moments(self) -> tuple[EntryMoments]:
        """Exactly: all entries of F in ``sign_symmetry`` are 1/d, so that no coordinate is special."""
        d, r = self.dim, self.rank
        twice = Fraction(r * (r - 1), d * max(d - 1, 1))
        square = (Fraction(r, d) - twice) / d + twice
        return (entry_moments(d, Fraction(r), Fraction(r**2), square),)
