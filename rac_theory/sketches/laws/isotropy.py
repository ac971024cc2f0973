r"""When E[H] is a multiple of the identity: the theorem that gives most of our sketches their closed form.

**Theorem (symmetry).** Let G be a group of orthogonal matrices that leaves no subspace of :math:`R^d` invariant but 0
and :math:`R^d`. If range(g S) has the law of range(S) for every g in G, then :math:`E[H] = (E[\mathrm{rank}]/d)\, I`.

*Proof.* The projection on range(g S) is :math:`g H g^\top`, so :math:`E[H] = g\, E[H]\, g^\top`: G maps each eigenspace
of the symmetric matrix E[H] into itself. An eigenspace is not 0, hence it is all of :math:`R^d`, and
:math:`E[H] = c I`. The trace of H is its rank, so :math:`c\, d = E[\mathrm{rank}]`.

Such groups, by what an invariant subspace V with some v != 0 in it must contain:

- *Signed permutations* (independent symmetric entries, sparse or not). Some :math:`v_i` is not 0; flipping the sign of
  coordinate i and subtracting leaves :math:`2 v_i e_i` in V, and permutations carry it to every axis.
- *Rotations* (Gaussian, Haar), which include the signed permutations.
- *Symmetries of a simplex*, all permutations of d + 1 vertices :math:`u_i` that span and sum to zero. The products
  :math:`\langle v, u_i \rangle` sum to zero and are not all 0, so two of them differ, say at i and j; exchanging these
  two vertices and subtracting leaves a multiple of :math:`u_i - u_j` in V, hence all such differences, which span.

**Lemma (subsampling).** Let the columns of S be r of the d vectors :math:`q_j` of an orthonormal basis, all subsets
equally likely. Then :math:`H = \sum q_j q_j^\top` over the chosen j, each is chosen with probability r/d, and
:math:`E[H] = (r/d) \sum_j q_j q_j^\top = (r/d)\, I`; random signs of the rows only change the basis.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from rac_theory.base import Array
from rac_theory.numerics import rounded
from rac_theory.sketches.sketch import Shape


def isotropic(dim: int, expected_rank: int | Fraction) -> Array:
    """``(E[rank]/d) I``, (dim, dim), read-only. With r for E[rank] it is wrong for every sketch that can lose rank.

    Entries are rounded down: a trace that is less than r, by however little, does not become r, which would pass for
    exact.

    Every diagonal of it is constant, so all rows are windows of one array of ``2 dim - 1`` numbers: at dim = 11008 the
    whole matrix would take a gigabyte.
    """
    entries = np.zeros(2 * dim - 1)
    entries[dim - 1] = rounded(Fraction(expected_rank) / dim, -math.inf)
    return sliding_window_view(entries, dim)[::-1]


@dataclass(frozen=True)
class Isotropic(Shape):
    """The closed form of sketches that favour no direction and have rank r almost surely; each says why."""

    def expected_projection(self) -> Array:
        """``(r/d) I``, by the theorem on symmetry or the lemma on subsampling."""
        return isotropic(self.dim, self.rank)
