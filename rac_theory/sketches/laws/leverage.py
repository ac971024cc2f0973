r"""The share of one row in a matrix of independent rows: bounds on :math:`E[H_{11}^2]` where it has no closed form.

Let the rows of a d x r matrix be independent with one law, and let z be such a row, turned and stretched so that
:math:`E[z z^\top] = I`, which leaves the range alone. Let :math:`v = \mathrm{Var} \|z\|^2`, :math:`\|z\|^2 \le R`, and
:math:`-g I \le E[\|z\|^2 z z^\top] - r I \le g I`. Then :math:`h = H_{11} = q / (1 + q)`, with
:math:`q = z^\top A^{-1} z / n` for the first row z and the others' :math:`A = \frac1n \sum z_k z_k^\top`, n = d - 1.

**Theorem.** With :math:`\rho` the expected rank, :math:`u = r^2 + v - r`, and for any :math:`\delta \in (0, 1)`,

.. math:: \mathrm{Var}(h) \le \frac{1}{n^2} \Big( v + 2 g \Big( \frac{u}{(1 - \delta)\, n} + (R + r) P \Big)
    + \frac{(r + g)\, u}{(1 - \delta)^2\, n} \Big) + P , \qquad
    P = r \Big( \frac{e^{-\delta}}{(1 - \delta)^{1 - \delta}} \Big)^{n / R} ,

and :math:`E[h^2] = \rho^2 / d^2 + \mathrm{Var}(h)`.

*Proof.* :math:`E[h] = \rho/d`. :math:`\mathrm{Var}(h) \le E[(h - h_0)^2]` for any number
:math:`h_0 = q_0 / (1 + q_0)`; take :math:`q_0 = r/n`. Call A good where :math:`A \ge (1 - \delta) I`. It is not with at
most the probability P, by the matrix Chernoff bound; and then :math:`|h - h_0| \le 1`. Where A is good,
:math:`|h - h_0| \le |q - q_0|` with :math:`n (q - q_0) = (\|z\|^2 - r) + z^\top D z`, :math:`D = A^{-1} - I`, and z is
independent of A.

The first has the variance v. The square of the second is at most
:math:`\|z\|^2\, z^\top (I - A)^2 z / (1 - \delta)^2`, where :math:`E[\|z\|^2 z z^\top] \le (r + g) I` and
:math:`E\, \mathrm{tr} (I - A)^2 = (E \|z\|^4 - r) / n = u / n`. The mean of their product, given A, is
:math:`\mathrm{tr}(D F)`, :math:`F = E[\|z\|^2 z z^\top] - r I`, with :math:`D = (I - A) + A^{-1} (I - A)^2`. Over all A
the mean of :math:`I - A` is zero, so that over the good ones that of :math:`\mathrm{tr} ((I - A) F)` is that of
:math:`\mathrm{tr} ((A - I) F)` over the others, at most :math:`g\, (\mathrm{tr} A + r) \le g\, (R + r)` there; and
:math:`A^{-1} \le I / (1 - \delta)`.

References
----------
J. A. Tropp, *User-friendly tail bounds for sums of random matrices*, arXiv:1004.4389, Theorem 1.1.
"""

import math
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from rac_theory.sketches.laws.signed_permutations import EntryMoments, entry_moments


class Row(NamedTuple):
    """v, g and R of a row z with E[zz'] = I: how much its squared length varies, and how large it can be."""

    variance: float
    uneven: float
    largest: float


def corners(dim: int, rank: int, expected_rank: Fraction, fourth: float, largest: float) -> tuple[EntryMoments, ...]:
    """Return moments of entries that have the true ones among their means, where entries are independent and symmetric.

    Parameters
    ----------
    dim, rank : int
    expected_rank : Fraction
    fourth, largest : float
        Of one entry, over its variance squared and over its variance: ``E[z^4]`` and the largest ``z^2``.
    """
    mean = expected_rank / dim
    row = Row(rank * (fourth - 1), fourth - 1, rank * largest)  # as E[|z|^2 zz'] = (fourth + r - 1) I
    most = min(mean, mean**2 + Fraction(variance_of_share(dim, rank, row)))
    ranks = {expected_rank**2, rank * expected_rank}
    return tuple(
        entry_moments(dim, expected_rank, square_rank, square)
        for square_rank in sorted(ranks)
        for square in (mean**2, most)
    )


def variance_of_share(dim: int, rank: int, row: Row) -> float:
    """The bound on the variance of h at its best delta, rounded up; 1 where it says nothing."""
    n, r, (v, g, R) = dim - 1, rank, row
    if n == 0:
        return 1.0
    delta = np.arange(0.05, 1, 0.05)
    unlikely = r * np.exp((-delta - (1 - delta) * np.log1p(-delta)) * n / R)
    spread = (r * r + v - r) / (n * (1 - delta))
    good = v + 2 * g * (spread + (R + r) * unlikely) + (r + g) * spread / (1 - delta)
    return min(1.0, float((good / n**2 + unlikely).min()) * (1 + 1e-12))


@lru_cache(maxsize=64)
def inverse_square(trials: int, probability: Fraction) -> Fraction:
    """``E[(1 + N)^-2]`` for a binomial N, exactly."""
    p, q = probability.numerator, probability.denominator
    if p == q:
        return Fraction(1, (trials + 1) ** 2)
    common = math.lcm(*range(1, trials + 2)) ** 2
    total, term = 0, (q - p) ** trials  # q^trials times the probability of k
    for k in range(trials + 1):
        total += term * (common // (k + 1) ** 2)
        term = term * (trials - k) * p // ((k + 1) * (q - p))
    return Fraction(total, common * q**trials)
