"""Chernoff-Hoeffding confidence bounds for the mean of a variable in [0, 1], from its sample mean alone."""

import math

from scipy.optimize import brentq
from scipy.special import rel_entr


def kl_lower(mean: float, n: int, alpha: float) -> float:
    r"""Return a lower confidence bound for the mean of a [0, 1] variable from ``n`` independent draws.

    It is the smallest q with :math:`n\, \mathrm{KL}(\text{mean} \| q) \le \log(1/\alpha)`, KL between Bernoulli laws.
    It exceeds the true mean with probability at most alpha, and it increases with the sample mean, which is what makes
    it valid for an eigenvalue (see ``spectrum``).

    References
    ----------
    W. Hoeffding, Probability inequalities for sums of bounded random variables, 1963, Theorem 1.
    """
    if mean <= 0:
        return 0.0
    budget = math.log(1 / alpha) / n
    # In u = log(q / mean): KL is at least -mean u - log 2, so the root is no lower than this, and rounding is relative;
    # nor is it lower than what a float can hold.
    lowest = max(-(budget + 1) / mean, -745.0)
    u = brentq(lambda u: _divergence(mean, mean * math.exp(u)) - budget, lowest, 0.0, maxiter=1_000)
    return float(mean * math.exp(u - 1e-11))


def kl_upper(mean: float, n: int, alpha: float) -> float:
    """Return the upper confidence bound: the mirror image of ``kl_lower``."""
    return 1.0 - kl_lower(1.0 - mean, n, alpha)


def _divergence(p: float, q: float) -> float:
    """KL divergence between Bernoulli laws, capped so that a root finder sees a finite number at q = 0."""
    return float(min(rel_entr(p, q) + rel_entr(1 - p, 1 - q), 1e6))
