r"""When no coordinate is special, but signs are: the direction of all ones may be favoured, and a bound of L_H.

Let d be at least 4, and H have the law of :math:`P H P^\top` for every permutation matrix P, and rank r < d almost
surely. With
:math:`e = 1/\sqrt d` in each coordinate and :math:`J = I - e e^\top`, let :math:`a = e^\top H e`, :math:`b = J H e` and
:math:`K = J H J`. Write :math:`S = \sigma e e^\top + e t^\top + t e^\top + R` in the same way, with
:math:`\sigma = e^\top S e`, :math:`t = J S e`, :math:`R = J S J`.

**Lemma.** :math:`E[b] = 0`, :math:`E[a b] = 0`, and :math:`E[K] = \kappa J`, :math:`E[b b^\top] = \beta J`,
:math:`E[a K] = \alpha J`. There are numbers p, y, x and :math:`\xi` with

.. math:: E[K R K] = (p + y) R + x\, J\, \mathrm{diag}(R)\, J + y\, \mathrm{tr}(R)\, J , \quad
    E[K R b] = \xi J\, \mathrm{diag}(R)\, 1 , \quad E[K t b^\top + b t^\top K] = 2 \xi J\, \mathrm{diag}(t)\, J .

*Proof.* Means that permutations leave alone, of 1, 2, 3 and 4 vectors of the complement of e: there is none of one
vector, the product of two, :math:`\sum_i u_i v_i w_i` of three, and of four those three products of products and
:math:`\sum_i u_i v_i w_i z_i`, of which the symmetry of K leaves three numbers.

So, in the blocks of e and of its complement, E[H] has :math:`\bar a = E[a]` and :math:`\kappa J`, and E[HSH] has

.. math:: \sigma E[a^2] + \beta\, \mathrm{tr} R , \qquad (\alpha + \beta)\, t + \xi J\, \mathrm{diag}(R)\, 1 , \qquad
    \sigma \beta J + 2 \xi J\, \mathrm{diag}(t)\, J + E[K R K] .

**Theorem.** Let :math:`E[1 - a] \le \epsilon < 1`, :math:`\mathrm{Var}(H_{11}) \le V` and :math:`S \ge 0`. Where a
number is between bounds, the largest multiple of a semidefinite matrix is a bound of all:

- :math:`E[a^2] / \bar a \le 1`, and :math:`(d-1) \beta = E[a (1-a)]` is at most :math:`\epsilon` and at most
  :math:`\epsilon \bar a`, as a and 1 - a are never of one mind. :math:`(d-1) \kappa = r - \bar a \ge r - 1`.
- :math:`(d-1)(\alpha + \beta) = E[a (r-a)] + E[a (1-a)]` is between :math:`(r-1) \bar a` and
  :math:`\bar a (r + 1 - 2 \bar a)`, by :math:`\bar a^2 \le E[a^2] \le \bar a`; over
  :math:`(d-1) \sqrt{\bar a \kappa}` that is between :math:`(r-1) \sqrt{(1 - \epsilon) / ((r - 1 + \epsilon)(d-1))}` and
  :math:`(r - 1 + 2 \epsilon) / \sqrt{(r-1)(d-1)}`.
- p, y and x solve three equations, whose right sides are between bounds: :math:`K^2 = K - b b^\top`,
  :math:`\mathrm{tr} K = r - a`, and the diagonal of K,

  .. math:: p + d y + \tfrac{d-1}{d} x = \kappa - \beta , \quad (d-1) p + 2 y + \tfrac{d-1}{d} x = E[(r-a)^2]/(d-1) ,
      \quad \big(\tfrac{d-1}{d}\big)^2 (p + 2y) + \big( (\tfrac{d-1}{d})^4 + \tfrac{d-1}{d^4} \big) x = E[K_{11}^2] .

  Here :math:`(r - 1) \le E[(r-a)^2] / E[r-a] \le r - 1 + r \epsilon / (r-1)`, and :math:`K_{11}` has the mean
  :math:`(r-a)/d` over the coordinates of a draw, from which
  :math:`K_{ii} - (r-a)/d = H_{ii} - r/d - 2 b_i/\sqrt d` differs by a square whose mean is at most
  :math:`(\sqrt V + 2 \sqrt{\epsilon}/d)^2`, since :math:`\|b\|^2 = a (1-a)`.
- :math:`\xi \frac{(d-1)(d-2)}d = E \sum_i (H_{ii} - r/d - 2 b_i / \sqrt d)\, b_i`, of a size of at most
  :math:`\sqrt{d \epsilon}\, (\sqrt V + 2 \sqrt \epsilon / d)`, by Cauchy and Schwarz.
"""

import itertools
import math
from typing import NamedTuple

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.curvature_bound import CurvatureBound


class Numbers(NamedTuple):
    r"""Bounds of the numbers of the lemma; pairs are (from below, from above).

    In the order of the attributes: :math:`(d-1) \beta / \bar a`, :math:`\beta / \kappa`,
    :math:`(\alpha + \beta) / \sqrt{\bar a \kappa}`, p + y, x and y over :math:`\kappa`, and the size of
    :math:`\xi` over :math:`\kappa` and over :math:`\sqrt{\bar a \kappa}`.
    """

    left: float
    mixed: float
    crossing: tuple[float, float]
    both: tuple[float, float]
    alone: tuple[float, float]
    around: tuple[float, float]
    along: float
    across: float


def numbers(d: int, rank: int, epsilon: float, variance: float) -> Numbers:
    """Return the bounds of the theorem; the three of E[KRK] are linear in what is on the right of their equations."""
    r, share, root = rank, (d - 1) / d, math.sqrt(variance) + 2 * math.sqrt(epsilon) / d
    equations = np.array([[1, d, share], [d - 1, 2, share], [share**2, 2 * share**2, share**4 + (d - 1) / d**4]])
    squares = (r - 1.0, r - 1 + r * epsilon / (r - 1))
    uneven = (0.0, root**2 * (d - 1) / (r - 1))
    corners = itertools.product((1 - epsilon / (r - 1), 1.0), squares, uneven)
    right = np.array([[first, second, second * (d - 1) / d**2 + third] for first, second, third in corners])
    p, y, x = np.linalg.solve(equations, right.T)
    low = (r - 1) * math.sqrt((1 - epsilon) / ((r - 1 + epsilon) * (d - 1)))
    kappa, xi = (r - 1) / (d - 1), math.sqrt(d * epsilon) * root * d / ((d - 1) * (d - 2))
    return Numbers(
        left=epsilon,
        mixed=epsilon / (r - 1),
        crossing=(low, (r - 1 + 2 * epsilon) / math.sqrt((r - 1) * (d - 1))),
        both=_ends(p + y),
        alone=_ends(x),
        around=_ends(y),
        along=xi / kappa,
        across=xi / math.sqrt((1 - epsilon) * kappa),
    )


def between_bounds(S: Array, known: Numbers) -> CurvatureBound:
    """Return the bound of the theorem for S, (d, d), positive semidefinite."""
    d = len(S)
    sums = S.sum(axis=1)
    sigma = max(float(sums.sum()) / d, 0.0)
    t = (sums - sums.mean()) / math.sqrt(d)
    matrix = S - (sums[:, None] + sums) / d + sums.mean() / d  # R
    diagonal = np.diagonal(matrix).copy()
    trace, (low, high) = float(diagonal.sum()), known.crossing
    off = (high - low) / 2 * float(np.linalg.norm(t))
    off += 2 * known.along * float(np.abs(t).max())
    off += known.across * float(np.linalg.norm(diagonal - diagonal.mean()))
    matrix *= known.both[1]
    _add_projected(matrix, diagonal * known.alone[1] + (trace * known.around[1] + known.mixed * sigma))
    left = known.left * trace / (d - 1)
    cross = ((low + high) / 2 * t + (sigma + left) / (2 * math.sqrt(d))) / math.sqrt(d)
    matrix += cross[:, None] + cross
    widths = (ends[1] - ends[0] for ends in (known.both, known.alone, known.around))
    sizes = (float(np.linalg.norm(S)), float(diagonal.max()), trace)
    slack = 2 * off + sigma * (known.mixed + known.left) + left
    return CurvatureBound(matrix, off, slack + sum(w * size for w, size in zip(widths, sizes, strict=True)))


def _ends(values: Array) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _add_projected(matrix: Array, diagonal: Array) -> None:
    """Add ``J diag(diagonal) J``."""
    half = (diagonal - diagonal.mean() / 2) / len(diagonal)
    matrix -= half[:, None] + half
    matrix[np.diag_indices(len(diagonal))] += diagonal
