r"""The share of one row in a matrix of independent entries: bounds on :math:`E[H_{11}^2]` where it has no closed form.

Let the entries of a d x r matrix be independent with one symmetric law, scaled to variance one, and let
:math:`\kappa = E[z^4]` and :math:`|z| \le \beta`. Then :math:`h = H_{11} = q / (1 + q)`, with
:math:`q = z^\top A^{-1} z / n` for the first row z and the others' :math:`A = \frac1n \sum z_k z_k^\top`, n = d - 1.

**Theorem.** With :math:`\rho` the expected rank, and for any :math:`\delta \in (0, 1)`,

.. math:: \frac{\rho^2}{d^2} \le E[h^2] \le \frac{\rho^2}{d^2} + \frac{1}{n^2} \Big( \sqrt{r (\kappa - 1)}
    + \frac{1}{1 - \delta} \sqrt{\frac{r (\kappa + r - 1)(\kappa + r - 2)}{n}} \Big)^2
    + r \Big( \frac{e^{-\delta}}{(1 - \delta)^{1 - \delta}} \Big)^{n / (r \beta^2)} .

*Proof.* :math:`E[h] = \rho/d` gives the first. :math:`\mathrm{Var}(h) \le E[(h - h_0)^2]` for any number
:math:`h_0 = q_0 / (1 + q_0)`; take :math:`q_0 = r/n`. Where :math:`A \ge (1 - \delta) I`,
:math:`|h - h_0| \le |q - q_0|` with :math:`n (q - q_0) = (\|z\|^2 - r) + z^\top (A^{-1} - I) z`. The variance of the
first is :math:`r (\kappa - 1)`. The square of the second is at most
:math:`\|z\|^2\, z^\top (I - A)^2 z / (1 - \delta)^2`, where :math:`E[\|z\|^2 z z^\top] = (\kappa + r - 1) I` and
:math:`E\, \mathrm{tr} (I - A)^2 = r (\kappa + r - 2) / n`. Elsewhere :math:`|h - h_0| \le 1`, and that has at most the
last probability, by the matrix Chernoff bound, as :math:`\|z\|^2 \le r \beta^2`.

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
    rows = math.sqrt(r * (fourth - 1)) if fourth > 1 else 0.0
    others = np.sqrt(r * (fourth + r - 1) * (fourth + r - 2) / n) / (1 - delta)
    unlikely = r * np.exp((-delta - (1 - delta) * np.log1p(-delta)) * n / (r * largest))
    return min(1.0, float(((rows + others) ** 2 / n**2 + unlikely).min()) * (1 + 1e-12))


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
