"""Subsampled randomised transforms: random signs times r columns of Hadamard's matrix or of the cosine basis."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from rac_theory.base import Array
from rac_theory.sketches.distributions.coordinate import random_subsets, unit_columns
from rac_theory.sketches.distributions.random_signs import random_signs
from rac_theory.sketches.laws.isotropy import Isotropic
from rac_theory.sketches.laws.signed_permutations import EntryMoments, SignedPermutationLaw, entry_moments


@dataclass(frozen=True)
class SubsampledHadamard(Isotropic, SignedPermutationLaw):
    """Entries +1 and -1: r columns of Sylvester's Hadamard matrix, drawn without replacement, rows signed at random.

    ``dim`` must be a power of two; ``SubsampledCosine`` takes any. E[H] is r/d of the identity by the lemma on
    subsampling, as the columns are orthogonal and of one length.

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

    def entry_moments(self) -> tuple[EntryMoments]:
        """Exactly: all squares of the basis, and all entries of F in ``signed_permutations``, are 1/d."""
        d, r = self.dim, self.rank
        twice = Fraction(r * (r - 1), d * max(d - 1, 1))
        square = (Fraction(r, d) - twice) / d + twice
        return (entry_moments(d, Fraction(r), Fraction(r**2), square),)


@dataclass(frozen=True)
class SubsampledCosine(Isotropic):
    """Orthonormal columns: r vectors of the DCT-II basis, drawn without replacement, rows signed at random.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import SubsampledCosine
    >>> (S,) = SubsampledCosine(dim=6, rank=2).sample(np.random.default_rng(0), 1)  # no power of two
    >>> bool(np.allclose(S.T @ S, np.eye(2)))
    True
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank): the inverse transform carries unit vectors to cosines."""
        frequencies = unit_columns(random_subsets(rng, size, self.dim, self.rank), self.dim)
        return _cosines(frequencies) * random_signs(rng, (size, self.dim, 1))

    def second_moment(self, M: Array) -> Array:
        r"""By sign symmetry, with :math:`F = ((d-1) 1 1^\top + \frac d2 (I + J)) / d^2`, J the reversal.

        With :math:`a_i = \pi (2i + 1) / d` the squares are :math:`(1 + \cos a_i s) / d`, and 1/d at s = 0. Cosines of
        odd multiples of pi/d sum to zero over s from 1 to d - 1, and those of multiples of 2 pi/d to -1, or to d - 1
        where all are one: for the difference of :math:`a_i` and :math:`a_k` at i = k, for their sum at i + k = d - 1.
        """
        d, r = self.dim, self.rank
        once, twice = r / d, r * (r - 1) / (d * max(d - 1, 1))
        even, some = (once - twice) * (d - 1) / d**2, (once - twice) / (2 * d)
        index = np.arange(d)
        mirrored = M[..., index, d - 1 - index]
        diagonal = np.diagonal(M, axis1=-2, axis2=-1)
        result = (even + twice) * M + even * M.mT
        result[..., index, d - 1 - index] += some * (mirrored + mirrored[..., ::-1])
        on_diagonal = even * diagonal.sum(axis=-1, keepdims=True) + some * (diagonal + diagonal[..., ::-1])
        result[..., index, index] = on_diagonal + twice * diagonal
        return np.asarray(result)


def _cosines(frequencies: Array) -> Array:
    """Carry columns of frequencies, (..., dim, k), to columns of values."""
    from scipy.fft import idct  # slow to import, and seldom needed

    return np.asarray(idct(frequencies, axis=-2, norm="ortho"))
