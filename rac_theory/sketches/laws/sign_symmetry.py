r"""When signs of coordinates leave the law of H alone: two matrices are the whole second moment of the projection.

**Theorem.** Let H have the law of :math:`D H D` for every diagonal matrix D of signs. With
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
"""

import numpy as np

from rac_theory.base import Array


def from_pairs(P: Array, R: Array, M: Array) -> Array:
    """Return E[H M H] from the two matrices, (d, d): (..., d, d) to (..., d, d)."""
    result = P * M + R * np.swapaxes(M, -1, -2)
    diagonal = np.arange(len(P))
    result[..., diagonal, diagonal] = np.diagonal(M, axis1=-2, axis2=-1) @ R.T
    return np.asarray(result)


def both_drawn(dim: int, once: float, twice: float) -> Array:
    """P of a diagonal H: the probability that a coordinate is drawn, and that two different ones are."""
    return np.full((dim, dim), float(twice)) + np.eye(dim) * (float(once) - float(twice))
