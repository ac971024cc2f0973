r"""Laws that signs of coordinates leave alone: two matrices are the second moment; with permutations, three numbers.

**Signs alone.** Let H have the law of :math:`D H D` for every diagonal matrix D of signs. With
:math:`P_{ik} = E[H_{ii} H_{kk}]` and :math:`R_{ik} = E[H_{ik}^2]`,

.. math:: E[H M H]_{il} = P_{il} M_{il} + R_{il} M_{li} \quad (i \ne l), \qquad E[H M H]_{ii} = \sum_j R_{ij} M_{jj}.

*Proof.* :math:`E[H M H]_{il} = \sum_{jk} E[H_{ij} H_{kl}] M_{jk}`. Flipping one sign shows that an expectation is zero
unless each index appears an even number of times. For :math:`i \ne l` only :math:`(j, k) = (i, l)` and :math:`(l, i)`
are left, with :math:`H_{ii} H_{ll}` and :math:`H_{il} H_{il}`; for :math:`i = l` only :math:`j = k`, with
:math:`H_{ij}^2`.

Three families, each with its two matrices:

- *Diagonal H*, as of coordinate sketches: :math:`H_{ii}` is 1 where coordinate i is drawn and else 0. P holds the
  probabilities that i and k are both drawn, and R is zero off the diagonal, so :math:`E[H M H] = P \circ M`.
- *Rank one*, :math:`H = u u^\top`: :math:`P = R`.
- *Subsampling*: r of the d vectors :math:`q_s` of an orthonormal basis, all subsets equally likely, rows signed at
  random. One of them is chosen with probability :math:`p = r/d`, two with
  :math:`p_2 = r (r-1) / (d (d-1))`, and :math:`H_{ij} H_{kl} = \sum_{s,t} q_{is} q_{js} q_{kt} q_{lt}` over chosen s
  and t, up to signs. With :math:`F_{ik} = \sum_s q_{is}^2 q_{ks}^2` and rows that are orthonormal too,
  :math:`P = (p - p_2) F + p_2`, and :math:`R = (p - p_2) F + p_2 I`.

**Signed permutations.** **Theorem.** Let H have the law of :math:`P H P^\top` for every permutation matrix P with
signs. With :math:`x = E[H_{ii}^2]`, :math:`y = E[H_{ik}^2]` and :math:`p = E[H_{ii} H_{kk}]`, :math:`i \ne k`,

.. math:: E[H M H] = p M + y M^\top + (x - p - 2y)\, \mathrm{diag}(M) + y\, \mathrm{tr}(M)\, I .

With the expected rank :math:`\rho` and its mean square, :math:`x + (d-1) y = \rho/d` and
:math:`d x + d (d-1) p = E[\mathrm{rank}^2]`, so that x is the only one to be found.

*Proof.* Signs leave the two matrices of signs alone, and permutations one number on the diagonal and one off it
in each: P has x and p, R has x and y. Entry (i, l), :math:`i \ne l`, is :math:`p M_{il} + y M_{li}`, and (i, i) is
:math:`\sum_j R_{ij} M_{jj} = x M_{ii} + y (\mathrm{tr}\, M - M_{ii})`. The sums are :math:`\sum_k H_{ik}^2 = H_{ii}`,
with :math:`E[H_{ii}] = \rho/d`, and :math:`(\mathrm{tr}\, H)^2`.

A law that rotations leave alone has :math:`x = a + 2b`, :math:`y = b`, :math:`p = a`, and nothing for diag(M).
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

import numpy as np

from rac_theory.base import Array
from rac_theory.sketches.sketch import Shape


def from_pairs(P: Array, R: Array, M: Array) -> Array:
    """Return E[H M H] from the two matrices, (d, d): (..., d, d) to (..., d, d)."""
    result = P * M + R * M.mT
    diagonal = np.arange(len(P))
    result[..., diagonal, diagonal] = np.diagonal(M, axis1=-2, axis2=-1) @ R.T
    return np.asarray(result)


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
    diagonal = np.arange(M.shape[-1])
    if moments.across == 0:  # H is diagonal
        P = np.full((len(diagonal), len(diagonal)), float(moments.pair))
        P[diagonal, diagonal] = float(moments.square)
        return np.asarray(P * M)
    result = float(moments.pair) * M + float(moments.across) * M.mT
    entries = np.diagonal(M, axis1=-2, axis2=-1)
    trace = entries.sum(axis=-1, keepdims=True)
    result[..., diagonal, diagonal] += float(moments.alone) * entries + float(moments.across) * trace
    return np.asarray(result)


@dataclass(frozen=True)
class SignedPermutationLaw(Shape, ABC):
    """Sketches whose projection signed permutations leave alone in law, and whose three numbers are known."""

    @abstractmethod
    def entry_moments(self) -> tuple[EntryMoments]:
        """The three numbers, exactly."""

    def second_moment(self, M: Array) -> Array:
        """``E[H M H]``, by the theorem on signed permutations."""
        return from_entries(self._moments, np.asarray(M))

    @cached_property
    def _moments(self) -> EntryMoments:
        (moments,) = self.entry_moments()
        return moments
