r"""The share of one row in a matrix of independent entries: bounds on :math:`E[H_{11}^2]` where it has no closed form.

Let the entries of a d x r matrix be independent with one symmetric law, scaled to variance one, and let
:math:`\kappa = E[z^4]` and :math:`z^2 \le \beta`. Then :math:`h = H_{11} = q / (1 + q)`, with
:math:`q = z^\top A^{-1} z / n` for the first row z and the others' :math:`A = \frac1n \sum z_k z_k^\top`, n = d - 1.

**Theorem.** With :math:`\rho` the expected rank, and for any :math:`\delta \in (0, 1)`,

.. math:: \frac{\rho^2}{d^2} \le E[h^2] \le \frac{\rho^2}{d^2} + \frac{1}{n^2} \Big( r (\kappa - 1)
    + 2 r (\kappa - 1) \Big( \frac{\kappa + r - 2}{(1 - \delta)\, n} + (\beta - 1) P \Big)
    + \frac{r (\kappa + r - 1)(\kappa + r - 2)}{(1 - \delta)^2\, n} \Big) + P , \qquad
    P = r \Big( \frac{e^{-\delta}}{(1 - \delta)^{1 - \delta}} \Big)^{n / (r \beta)} .

*Proof.* :math:`E[h] = \rho/d` gives the first. :math:`\mathrm{Var}(h) \le E[(h - h_0)^2]` for any number
:math:`h_0 = q_0 / (1 + q_0)`; take :math:`q_0 = r/n`. Call A good where :math:`A \ge (1 - \delta) I`. It is not with at
most the probability P, by the matrix Chernoff bound, as :math:`\|z\|^2 \le r \beta`; and then
:math:`|h - h_0| \le 1`. Where A is good, :math:`|h - h_0| \le |q - q_0|` with
:math:`n (q - q_0) = (\|z\|^2 - r) + z^\top D z`, :math:`D = A^{-1} - I`, and z is independent of A.

The first has the variance :math:`r (\kappa - 1)`. The square of the second is at most
:math:`\|z\|^2\, z^\top (I - A)^2 z / (1 - \delta)^2`, where :math:`E[\|z\|^2 z z^\top] = (\kappa + r - 1) I` and
:math:`E\, \mathrm{tr} (I - A)^2 = r (\kappa + r - 2) / n`. The mean of their product, given A, is
:math:`(\kappa - 1)\, \mathrm{tr}\, D` with :math:`D = (I - A) + A^{-1} (I - A)^2`. Over all A the mean of
:math:`\mathrm{tr} (I - A)` is zero, so that over the good ones it is that of :math:`\mathrm{tr} A - r` over the others,
at most :math:`r (\beta - 1) P`; and :math:`A^{-1} \le I / (1 - \delta)`.

References
----------
J. A. Tropp, *User-friendly tail bounds for sums of random matrices*, arXiv:1004.4389, Theorem 1.1.
"""

import math
from fractions import Fraction
from functools import lru_cache

import numpy as np

from rac_theory.sketches.laws.signed_permutations import EntryMoments, entry_moments


def corners(dim: int, rank: int, expected_rank: Fraction, fourth: float, largest: float) -> tuple[EntryMoments, ...]:
    """Return moments of entries that have the true ones among their means.

    Parameters
    ----------
    dim, rank : int
    expected_rank : Fraction
    fourth, largest : float
        Of one entry, over its variance squared and over its variance: ``E[z^4]`` and the largest ``z^2``.
    """
    mean = expected_rank / dim
    most = min(mean, mean**2 + Fraction(_variance(dim, rank, fourth, largest)))
    ranks = {expected_rank**2, rank * expected_rank}
    return tuple(
        entry_moments(dim, expected_rank, square_rank, square)
        for square_rank in sorted(ranks)
        for square in (mean**2, most)
    )


def _variance(dim: int, rank: int, fourth: float, largest: float) -> float:
    """The bound on the variance of h at its best delta, rounded up; 1 where it says nothing."""
    n, r = dim - 1, rank
    if n == 0:
        return 1.0
    delta = np.arange(0.05, 1, 0.05)
    unlikely = r * np.exp((-delta - (1 - delta) * np.log1p(-delta)) * n / (r * largest))
    spread = (fourth + r - 2) / (n * (1 - delta))
    both = 2 * (fourth - 1) * (spread + (largest - 1) * unlikely)
    others = spread * (fourth + r - 1) / (1 - delta)
    return min(1.0, float((r * (fourth - 1 + both + others) / n**2 + unlikely).min()) * (1 + 1e-12))


@lru_cache(maxsize=64)
def inverse_square(trials: int, probability: Fraction) -> Fraction:
    """``E[(1 + N)^-2]`` for a binomial N, exactly."""
    p, q = probability.numerator, probability.denominator
    common = math.lcm(*range(1, trials + 2)) ** 2
    if p == q:
        return Fraction(1, (trials + 1) ** 2)
    total, term = 0, (q - p) ** trials  # q^trials times the probability of k
    for k in range(trials + 1):
        total += term * (common // (k + 1) ** 2)
        term = term * (trials - k) * p // ((k + 1) * (q - p))
    return Fraction(total, common * q**trials)
