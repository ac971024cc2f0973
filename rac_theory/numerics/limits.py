r"""Confidence limits for means, by bets that do not depend on the mean that is tried.

A mean m is contradicted when the wealth of bets against it passes :math:`1/\alpha`. If the bets change with m, what is
contradicted need not be an interval, and where a search ends says little about the other means. Here the stakes are
chosen from earlier runs alone, whatever m is:

- from below, :math:`\prod (1 + l_i (X_i / m - 1))` falls as m grows;
- from above, :math:`\prod (1 + l_i (m - X_i))` grows with m, also where the stake is cut at a share of what could be
  lost: :math:`l_i = s / (c - m)` gives :math:`1 - s (X_i - m) / (c - m)`, and the quotient falls as m grows to c.

So is their largest value over the runs monotone in m, the means that are not contradicted are an interval, and the
limit misses the mean only if the test at the mean itself fails: with probability at most alpha, by Ville's inequality.

References
----------
I. Waudby-Smith & A. Ramdas, JRSS B 2024 (arXiv:2010.09686): the predictable plug-in and its capital process.
"""

import numpy as np

from rac_theory.base import Array
from rac_theory.numerics.evidence import CAP, bisected, running_sums

_LEAST = 1e-3  # of the sample mean: a limit that is lower than that is zero
_HALVINGS = 14  # on a logarithmic scale: a tenth of a per cent, and the limit is taken at the safe end


def lower_mean(X: Array, alpha: Array | float) -> Array:
    """Return lower confidence limits for the means of non-negative variables, at each t by itself: (T,).

    Parameters
    ----------
    X : (runs, T)
        Independent over the first axis; a value that is no finite number counts as zero, which is safe.
    alpha : float or (T,)
        A limit exceeds its mean with probability at most alpha.

    Returns
    -------
    (T,)
        At least 0; never above the sample mean.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.limits import lower_mean
    >>> X = np.random.default_rng(0).exponential(size=(2000, 1))  # of mean 1, and without an upper bound
    >>> print(f"{lower_mean(X, alpha=1e-3).item():.2f}")
    0.95
    """
    X = np.where(np.isfinite(X), X, 0.0)
    mean, threshold = X.mean(axis=0), np.log(1 / np.asarray(alpha))
    stakes = _stakes(X, threshold)
    unstaked, staked = 1 - stakes, stakes * X

    def contradicted(m: Array) -> Array:
        return np.asarray(_largest_wealth(unstaked + staked / m) >= threshold)

    above = mean > np.finfo(float).tiny / _LEAST  # of which a part can still be told from zero
    positive = np.where(above, mean, 1.0)
    low, high = bisected(contradicted, _LEAST * positive, positive, _HALVINGS)
    return np.where(above & contradicted(_LEAST * positive), np.minimum(low, high), 0.0)


def upper_mean(X: Array, ceiling: Array | float, alpha: float) -> Array:
    """Return upper confidence limits for the means of variables in [0, ceiling], at each t by itself: (T,).

    Parameters
    ----------
    X : (runs, T)
        Independent over the first axis.
    ceiling : float or (T,)
        Finite and positive.
    alpha : float
        A limit is below its mean with probability at most alpha.

    Returns
    -------
    (T,)
        At most the ceiling; never below the sample mean.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.limits import upper_mean
    >>> X = np.random.default_rng(0).random((2000, 1))  # of mean 1/2
    >>> print(f"{upper_mean(X, ceiling=1.0, alpha=1e-3).item():.2f}")
    0.52
    """
    X = np.ascontiguousarray(X) / ceiling
    threshold = np.log(1 / np.asarray(alpha))
    spread = _running_variance(X, before=0.25)
    stakes = np.sqrt(2 * threshold / (len(X) * spread))

    def allowed(m: Array) -> Array:
        with np.errstate(divide="ignore"):
            factors = m - X
            factors *= np.minimum(stakes, CAP / (1 - m))
            factors += 1
            return np.asarray(_largest_wealth(factors) < threshold)

    mean = np.clip(X.mean(axis=0), 1e-12, 1.0)
    _, high = bisected(allowed, mean, np.ones_like(mean), _HALVINGS)
    return np.asarray(np.maximum(high, mean) * ceiling)


def _stakes(X: Array, threshold: Array) -> Array:
    """The share of the wealth that is bet on each run, by the relative spread of those before: (runs, T)."""
    n = len(X)
    before = np.concatenate([np.zeros_like(X[:1]), np.cumsum(X, axis=0)[:-1]])
    mean = before / np.maximum(np.arange(n), 1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = _running_variance(X, before=0.0) / mean**2 + 1 / np.arange(1, n + 1)[:, None]
        stakes = np.sqrt(2 * threshold / (n * spread))
    return np.asarray(np.where(mean > 0, np.minimum(stakes, CAP), 0.0))


def _running_variance(X: Array, before: float) -> Array:
    """Before each run, the mean square of how far the runs so far were from the means of those up to them: (runs, T).

    ``before`` is what one run that nobody has seen adds.
    """
    count = np.arange(1, len(X) + 1)[:, None]
    off = (X - (2 * before + np.cumsum(X, axis=0)) / (count + 2 * before)) ** 2
    return np.asarray((before + np.concatenate([np.zeros_like(off[:1]), np.cumsum(off, axis=0)[:-1]])) / count)


def _largest_wealth(factors: Array) -> Array:
    """The largest log wealth after any run, (T,), each of which multiplies it; the factors are overwritten."""
    return np.asarray(running_sums(np.log(factors, out=factors)).max(axis=0))
