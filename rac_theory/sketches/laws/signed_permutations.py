r"""When no coordinate is special, and no sign: three numbers are the whole second moment of the projection.

**Theorem.** Let H have the law of :math:`P H P^\top` for every permutation matrix P with signs. With
:math:`x = E[H_{ii}^2]`, :math:`y = E[H_{ik}^2]` and :math:`p = E[H_{ii} H_{kk}]`, :math:`i \ne k`,

.. math:: E[H M H] = p M + y M^\top + (x - p - 2y)\, \mathrm{diag}(M) + y\, \mathrm{tr}(M)\, I .

With the expected rank :math:`\rho` and its mean square, :math:`x + (d-1) y = \rho/d` and
:math:`d x + d (d-1) p = E[\mathrm{rank}^2]`, so that x is the only one to be found.

*Proof.* Signs leave the two matrices of ``sign_symmetry``, and permutations one number on the diagonal and one off it
in each: P has x and p, R has x and y. Entry (i, l), :math:`i \ne l`, is :math:`p M_{il} + y M_{li}`, and (i, i) is
:math:`\sum_j R_{ij} M_{jj} = x M_{ii} + y (\mathrm{tr}\, M - M_{ii})`. The sums are :math:`\sum_k H_{ik}^2 = H_{ii}`,
with :math:`E[H_{ii}] = \rho/d`, and :math:`(\mathrm{tr}\, H)^2`.

A law that rotations leave alone has :math:`x = a + 2b`, :math:`y = b`, :math:`p = a`, and nothing for diag(M).
"""

from fractions import Fraction
from typing import NamedTuple

import numpy as np

from rac_theory.base import Array


class EntryMoments(NamedTuple):
    """The three numbers: E[H_ii^2], E[H_ik^2] and E[H_ii H_kk]; at dim 1 the last two are 0."""

    square: Fraction
    across: Fraction
    pair: Fraction

    def share(self, dim: int) -> Fraction:
        """E[H_ii]."""
        return self.square + (dim - 1) * self.across

    @property
    def alone(self) -> Fraction:
        """The factor of diag(M)."""
        return self.square - self.pair - 2 * self.across


def entry_moments(dim: int, rank: Fraction, square_rank: Fraction, square: Fraction) -> EntryMoments:
    """Return the three from E[rank], E[rank^2] and E[H_ii^2]."""
    if dim == 1:
        return EntryMoments(square, Fraction(0), Fraction(0))
    return EntryMoments(square, (rank / dim - square) / (dim - 1), (square_rank / dim - square) / (dim - 1))


def from_entries(moments: EntryMoments, M: Array) -> Array:
    """E[H M H]: (..., d, d) to (..., d, d)."""
    result = float(moments.pair) * M + float(moments.across) * np.swapaxes(M, -1, -2)
    diagonal = np.arange(M.shape[-1])
    entries = np.diagonal(M, axis1=-2, axis2=-1)
    trace = entries.sum(axis=-1, keepdims=True)
    result[..., diagonal, diagonal] += float(moments.alone) * entries + float(moments.across) * trace
    return np.asarray(result)
