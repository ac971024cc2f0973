r"""Gaussian columns with independent coordinates of unequal size: moments of H between bounds, and a bound of L_H.

Let Y be k x r with independent entries :math:`N(0, s_i)` in row i, all :math:`s_i > 0`, the largest s, and H the
projection on its range, :math:`1 < r < k`. For two coordinates i and j let M be the inverse of :math:`Y^\top Y`
without their rows, and G, 2 x 2, the products of these rows, each over :math:`\sqrt{s_i}`, with M between them.

**Theorem.** With :math:`j_m` the mean of :math:`q^{-m}`, :math:`q = \sum s_l g_l^2` over all but the r + 2 largest of
the :math:`s_l`, g standard normal, and :math:`l_1` the mean of :math:`1/q` over all of them, let

.. math:: \mu = s j_1 j_2, \quad n = r j_2 + r (r-1) \mu, \quad
    \theta = r^3 j_3 + 11 r^2 j_3 \big( 1 + 1.37\, (r-1)\, s\, j_3^{1/3} \big) .

Then, for :math:`i \ne j`,

.. math:: s_i r l_1 - s_i^2 (r^2 + 2r) j_2 \le E[H_{ii}] \le \frac{s_i r j_1}{1 + s_i r j_1} , \qquad
    E[H_{ii}^2] \le s_i^2 (r^2 + 2r) j_2 , \qquad E[H_{ij}^2] \le s_i s_j n ,

    r (r+1)\, l_1^2 - (s_i + s_j)\, \theta \le \frac{E[H_{ii} H_{jj}] + E[H_{ij}^2]}{s_i s_j} \le r^2 j_2 + n .

*Proof.* M has the law of :math:`O M O^\top` for rotations O. :math:`1/M_{11}` is the squared distance of the first
column from the span of the others, a form :math:`g^\top \Gamma g` whose :math:`\Gamma` has between the eigenvalues s
of all rows, and these without the r - 1 largest: so :math:`E[M_{11}^m] \le j_m` and :math:`E[M_{11}] \ge l_1`, and
the same for one row left out or none. :math:`M_{12}` is :math:`-w^\top g / (\sqrt{q}\, g^\top \Gamma g)`, with q the
squared length of the first column off the others, :math:`\|w\|^2 \le s`, and :math:`\Gamma` of two columns. Along w,
g is independent of the rest, and without it the form is at least its Schur complement, whose eigenvalues are those of
:math:`\Gamma` without the largest or more. So :math:`E[M_{12}^2] \le s\, j_1 j_2 = \mu`, and :math:`E |M_{12}|^3 \le
1.6\, (s\, j_3)^{3/2}` as :math:`E |g|^3 < 1.6`. Hence :math:`E (\mathrm{tr} M)^2 \le r^2 j_2`, :math:`E\, \mathrm{tr}
M^2 \le n`, :math:`E (\mathrm{tr} M)^3 \le r^3 j_3` and, by Hölder's inequality, :math:`E\, \mathrm{tr} M\,
\mathrm{tr} M^2 \le r^2 j_3 (1 + 1.37 (r-1) s j_3^{1/3})`.

The block of H is :math:`\sqrt D (G^{-1} + D)^{-1} \sqrt D`, :math:`D = \mathrm{diag}(s_i, s_j)`. So :math:`H_{ii} =
s_i x / (1 + s_i x)` with :math:`G_{11} - s_j G_{12}^2 \le x \le G_{11}`, and :math:`H_{ij}^2 = s_i s_j G_{12}^2 /
\Delta^2` with :math:`1 \le \Delta \le (1 + s_i G_{11})(1 + s_j G_{22})`. Bounds from above are :math:`s_i G_{11}`
and so on. From below :math:`H_{ii} / s_i \ge G_{11} - u` with :math:`u = s_j G_{12}^2 + s_i G_{11}^2`, likewise
:math:`G_{22} - v` for j, and the product of both sides is at least :math:`G_{11} G_{22} - u G_{22} - v G_{11}`, also
where one of these is negative, as this is then negative too. And :math:`\Delta^{-2} \ge 1 - 2 s_i G_{11} - 2 s_j
G_{22}`, as :math:`(1 + x)^{-2} (1 + y)^{-2}` is convex. So what is lost in the last line of the theorem has the mean
:math:`(s_i + s_j)\, E[G_{11}^2 G_{22} + 3\, G_{11} G_{12}^2]`. Over the two rows, which are independent of M,
:math:`E[G_{11} G_{22} + G_{12}^2] = (\mathrm{tr} M)^2 + \mathrm{tr} M^2`, which is at least :math:`(1 +
1/r)(\mathrm{tr} M)^2`, and that mean is :math:`(\mathrm{tr} M)^3 + 5\, \mathrm{tr} M\, \mathrm{tr} M^2 + 6\,
\mathrm{tr} M^3`, where :math:`\mathrm{tr} M^3 \le \mathrm{tr} M\, \mathrm{tr} M^2`. For one row, :math:`H_{ii} = s_i
t / (1 + s_i t)` with the mean :math:`E[t] = E\, \mathrm{tr} M` and :math:`E[t^2] = E[(\mathrm{tr} M)^2 + 2\,
\mathrm{tr} M^2] = (r^2 + 2r) E[M_{11}^2]`, as rotations make :math:`E[M_{11}^2] = E[M_{11} M_{22}] + 2 E[M_{12}^2]`.

Signs of coordinates leave the law alone, so that :math:`E[HSH]` has :math:`(E[H_{ii} H_{jj}] + E[H_{ij}^2])\, S_{ij}`
off its diagonal, and on it :math:`\sum_j E[H_{ij}^2] S_{jj}`, see ``sign_symmetry``. What is between bounds off the
diagonal is taken in the middle, and the rest is at most its Frobenius norm.
"""

import math
from typing import NamedTuple

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.curvature_bound import CurvatureBound
from rac_theory.sketches.laws.half_line import integrate

_UP = 1 + 1e-9  # integrals are off by 1e-14
_ROWS = 256  # of a matrix at once


class EntryBounds(NamedTuple):
    """What the theorem says: of E[H_ii], (k,), of E[H_ii^2] / s_i^2, E[H_ij^2] / (s_i s_j) and of the last line."""

    low: Array
    high: Array
    square: float
    across: float
    across_at_least: float
    pair: float
    pair_without_loss: float
    loss: float


def moments(s: Array, rank: int) -> EntryBounds | None:
    r"""Return the bounds for variances s, (k,), positive; None where there are too few, or nothing is said.

    The mean of :math:`H_{ij}^2 / (s_i s_j)` is at least :math:`E[G_{12}^2 (1 - 2 s_i G_{11} - 2 s_j G_{22})]`, hence
    :math:`r l_1^2 - 12 s\, E[\mathrm{tr} M\, \mathrm{tr} M^2]`.
    """
    r, rest, largest = rank, np.sort(s)[: -(rank + 2)], float(s.max())
    if len(rest) < 8:  # the third inverse moment of six squares is infinite, and the integral of seven falls slowly
        return None
    j1, j2, j3 = (_inverse_moment(rest, m) * _UP for m in (1, 2, 3))
    l1 = _inverse_moment(s, 1) / _UP
    across = r * j2 + r * (r - 1) * largest * j1 * j2
    mixed = r * r * j3 * (1 + 1.37 * (r - 1) * largest * j3 ** (1 / 3))
    square = (r * r + 2 * r) * j2
    low = s * (r * l1 - s * square)
    if low.min() <= 0:
        return None
    return EntryBounds(
        low,
        high=s * r * j1 / (1 + s * r * j1),
        square=square,
        across=across,
        across_at_least=max(0.0, r * l1**2 - 12 * largest * mixed),
        pair=r * r * j2 + across,
        pair_without_loss=r * (r + 1) * l1**2,
        loss=r**3 * j3 + 11 * mixed,
    )


def between_bounds(S: Array, variances: Array, rank: int) -> CurvatureBound | None:
    """Return a bound of L_H for S, (k, k), positive semidefinite; None where the theorem says nothing.

    Parameters
    ----------
    S : (k, k)
    variances : (k,)
        Positive, at any scale.
    rank : int
        Above 1 and below k.
    """
    s = variances / variances.max()
    s /= s.sum()  # so that all means are of order one
    known = moments(s, rank)
    if known is None:
        return None
    matrix, error = np.empty_like(S), 0.0
    for start in range(0, len(s), _ROWS):  # so that the memory is that of one matrix
        rows = slice(start, start + _ROWS)
        least = np.maximum(known.pair_without_loss - (s[rows, None] + s) * known.loss, 0)
        least *= (s[rows, None] * s) / np.sqrt(known.high[rows, None] * known.high)
        most = known.pair * (s[rows, None] * s) / np.sqrt(known.low[rows, None] * known.low)
        matrix[rows] = (least + most) / 2 * S[rows]
        unknown = (most - least) * S[rows]
        unknown[:, rows].flat[:: len(unknown) + 1] = 0
        error += float((unknown**2).sum())
    diagonal, off = np.diagonal(S), math.sqrt(error) / 2
    own, others = np.minimum(known.high, s**2 * known.square) / known.low, s / known.low * known.across
    seen = own * diagonal + others * (s @ diagonal - s * diagonal)
    matrix[np.diag_indices(len(s))] = seen
    # The share of E[H_ii^2] that may be lost is no larger: E[t^2] - 2s E[t^3], with r^3 + 14 for 12 (r + 2) / 2 there.
    lost = 1 - known.across_at_least / known.across * (known.low / known.high).min()
    return CurvatureBound(matrix, off, 2 * off + lost * float(seen.max()))


def _inverse_moment(s: Array, power: int) -> float:
    r"""``E[q^-power]`` of :math:`q = \sum s_l g_l^2`, by :math:`\int t^{m-1} e^{-tq} dt = (m-1)!\, q^{-m}`."""

    def integrand(t: Array) -> Array:
        products = np.array([np.log1p(2 * one * s).sum() for one in t])
        return np.asarray(t ** (power - 1) * np.exp(-products / 2) / math.factorial(power - 1))

    return float(integrate(integrand, 1 / s.sum(), 1 / s.min()))
