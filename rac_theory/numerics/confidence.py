"""Confidence bounds for the mean of a variable in [0, 1], from its sample mean alone and from all of its draws.

And what counts and distribution functions may come to by chance.
"""

import math
from typing import Any

import numpy as np
from scipy.special import betainc, rel_entr

from rac_theory.base import Array


def kl_lower(mean: float, n: int, alpha: float) -> float:
    r"""Return a lower confidence bound for the mean of a [0, 1] variable from ``n`` independent draws.

    It is the smallest q with :math:`n\, \mathrm{KL}(\text{mean} \| q) \le \log(1/\alpha)`, KL between Bernoulli laws.
    It exceeds the true mean with probability at most alpha, and it increases with the sample mean, which is what makes
    it valid for an eigenvalue (see ``spectrum``).

    Parameters
    ----------
    mean : float
        The sample mean, in [0, 1].
    n : int
        How many draws it is of.
    alpha : float
        In (0, 1).

    Returns
    -------
    float
        In [0, mean].

    References
    ----------
    W. Hoeffding, Probability inequalities for sums of bounded random variables, 1963, Theorem 1.

    Examples
    --------
    >>> from rac_theory.numerics.confidence import kl_lower
    >>> [f"{kl_lower(0.5, n, alpha=1e-3):.3f}" for n in (100, 10_000)]
    ['0.320', '0.481']
    """
    from scipy.optimize import brentq  # slow to import, and seldom needed

    if mean <= 0:
        return 0.0
    budget = math.log(1 / alpha) / n
    # In u = log(q / mean): KL is at least -mean u - log 2, so the root is no lower than this, and rounding is relative;
    # nor is it lower than what a float can hold.
    lowest = max(-(budget + 1) / mean, -745.0)

    def beyond(u: float) -> float:  # capped, so that the root finder sees a finite number at q = 0
        return min(float(divergence(mean, mean * math.exp(u))), 1e6) - budget

    u = brentq(beyond, lowest, 0.0, maxiter=1_000)
    return float(mean * math.exp(u - 1e-11))


def kl_upper(mean: float, n: int, alpha: float) -> float:
    """Return the upper confidence bound: the mirror image of ``kl_lower``.

    Parameters
    ----------
    mean, n, alpha
        As for ``kl_lower``.

    Returns
    -------
    float
        In [mean, 1].

    Examples
    --------
    >>> from rac_theory.numerics.confidence import kl_upper
    >>> print(f"{kl_upper(0.0, 1000, alpha=0.05):.4f}")  # about 3/n, if it was never seen
    0.0030
    """
    return 1.0 - kl_lower(1.0 - mean, n, alpha)


def divergence(p: Array | float, q: Array | float) -> Array:
    """Return the Kullback-Leibler divergence between Bernoulli laws, entry by entry.

    n times that of a sample mean p from a claimed mean q is log evidence against q from one side, for n independent
    draws in [0, 1]: Hoeffding's form of Chernoff's bound, which loses nothing where a variable is 0 or 1.
    """
    return np.asarray(rel_entr(p, q) + rel_entr(1 - p, 1 - q))


def at_least(count: Any, n: float, p: Any) -> Array:
    """Return ``P(X >= count)`` for a binomial X of n trials, each a success with probability p, entry by entry.

    Examples
    --------
    >>> from rac_theory.numerics.confidence import at_least
    >>> [float(at_least(count, 3, 0.5)) for count in range(4)]
    [1.0, 0.875, 0.5, 0.125]
    """
    tail = betainc(np.maximum(count, 1), n - count + 1, p)
    return np.asarray(np.where(np.asarray(count) <= 0, 1.0, tail))


def far_by_chance(n: int, alpha: float) -> float:
    r"""Return how far the empirical distribution function of n draws is from the true one, but with probability alpha.

    It is :math:`\sqrt{\log(2/\alpha) / (2n)}`, whatever the law: the inequality of Dvoretzky, Kiefer and Wolfowitz in
    Massart's form.
    """
    return math.sqrt(math.log(2 / alpha) / (2 * n))


def empirical_bernstein_lower(X: Array, alpha: float) -> Array:
    r"""Return lower confidence bounds for the means of [0, 1] variables from all of their draws, in one pass.

    With :math:`\xi_i = X_i - \hat\mu_{i-1}`, predictable weights :math:`l_i` and :math:`\psi(l) = -\log(1 - l) - l`,
    it is :math:`(\sum l_i X_i - \sum \psi(l_i) \xi_i^2 - \log(1/\alpha)) / \sum l_i`. It adapts to the variance. The
    betting bounds of ``evidence`` are much narrower for few draws and need a search: this is the closed form that they
    are checked against.

    Parameters
    ----------
    X : (n, ...)
        Independent over the first axis, in [0, 1].
    alpha : float
        A bound exceeds its mean with probability at most alpha, each by itself.

    Returns
    -------
    (...)
        At least 0.

    References
    ----------
    I. Waudby-Smith & A. Ramdas, JRSS B 2024 (arXiv:2010.09686): the predictable plug-in empirical-Bernstein interval.
    Proved in ``docs/theory/evidence.md``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.confidence import empirical_bernstein_lower, kl_lower
    >>> X = np.random.default_rng(0).normal(0.5, 0.01, size=10_000)  # of hardly any variance
    >>> print(f"{empirical_bernstein_lower(X, 1e-3):.3f}, by the mean alone {kl_lower(X.mean(), 10_000, 1e-3):.3f}")
    0.499, by the mean alone 0.481
    """
    n = len(X)
    count = np.arange(1, n + 1).reshape(n, *[1] * (X.ndim - 1))
    after = (0.5 + np.cumsum(X, axis=0)) / (count + 1)  # means, and variances about them, of the draws so far
    variance = (0.25 + np.cumsum((X - after) ** 2, axis=0)) / (count + 1)
    xi = X - np.concatenate([np.full_like(X[:1], 0.5), after[:-1]])
    past_variance = np.concatenate([np.full_like(X[:1], 0.25), variance[:-1]])
    weights = np.minimum(np.sqrt(2 * math.log(1 / alpha) / (n * past_variance)), 0.5)
    cost = ((-np.log1p(-weights) - weights) * xi**2).sum(axis=0) + math.log(1 / alpha)
    return np.asarray(np.maximum(((weights * X).sum(axis=0) - cost) / weights.sum(axis=0), 0.0))


def empirical_bernstein_upper(X: Array, alpha: float) -> Array:
    """Return the upper confidence bounds: the mirror image of ``empirical_bernstein_lower``.

    Parameters
    ----------
    X, alpha
        As for ``empirical_bernstein_lower``.

    Returns
    -------
    (...)
        At most 1.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.confidence import empirical_bernstein_upper
    >>> X = np.random.default_rng(0).random((10_000, 2))
    >>> print([f"{bound:.2f}" for bound in empirical_bernstein_upper(X, alpha=1e-3)])  # of means 1/2
    ['0.51', '0.51']
    """
    return 1.0 - empirical_bernstein_lower(1.0 - X, alpha)
