"""Lower bounds of the infima of single regularised losses, from one dual number each."""

import numpy as np
from scipy.special import entr, expit

from rac_theory.base import Array
from rac_theory.base.checks import array
from rac_theory.problems.features import EPS

_TINY = 1e-290  # a product of this size or less may have lost digits


def ridge_infima(squared_norms: Array, squared_targets: Array, l2: float) -> Array:
    r"""Bound each infimum of ``||x'W - y||^2 / 2 + l2 ||W||^2 / 2`` from below: ``||y||^2 l2 / (2 (||x||^2 + l2))``.

    That is the infimum itself, 0 without a penalty unless x = 0, rounded down; 0 where underflow takes its digits.

    Parameters
    ----------
    squared_norms : (N,)
        Upper bounds of ``||x_i||^2``, 0 where x_i is.
    squared_targets : (N,)
        Lower bounds of ``||y_i||^2``.
    """
    share = np.divide(l2, squared_norms + l2, out=np.ones_like(squared_norms), where=squared_norms + l2 > 0)
    bound = squared_targets * share / 2 * (1 - 8 * EPS)
    return array("infima", np.where(np.minimum(share, bound) > _TINY, bound, 0.0))


def cross_entropy_infima(squared_norms: Array, l2: float, classes: int, stretch: float) -> Array:
    r"""Bound each infimum of ``cross-entropy(x'W) + l2 ||W||^2 / 2`` from below, near to rounding.

    The infimum is :math:`\max_s h(s) + s \log(k - 1) - \frac{q}{2} s^2` with the entropy h and :math:`q = stretch
    \|x\|^2 / l2`, by duality: s is the probability that the minimiser gives to wrong labels. Any s gives a lower bound,
    so the search for the best one need not be trusted. Without a penalty it is 0, unless x = 0.

    Parameters
    ----------
    squared_norms : (N,)
        Upper bounds of ``||x_i||^2``, 0 where x_i is.
    classes : int
        The number k of classes; 2 for the logistic loss.
    stretch : float
        1 for the logistic loss, and ``k / (k - 1)`` for softmax, where the wrong labels share s alike.
    """
    q = np.where(squared_norms > 0, np.inf, 0.0)
    with np.errstate(over="ignore"):  # an infinite q is a penalty that counts for nothing
        np.divide(squared_norms * stretch, l2, out=q, where=l2 > 0)
    finite = np.where(np.isfinite(q), q, 0.0)
    gain = np.log(classes - 1)
    s = expit(gain - _root(finite, gain))
    rise, fall = entr(s) - (1 - s) * np.log1p(-s) + s * gain, finite * s * s / 2
    bound = rise - fall - 32 * EPS * (rise + fall)
    return array("infima", np.where(np.isfinite(q), np.maximum(bound, 0.0), 0.0))


def _root(q: Array, gain: float) -> Array:
    """The z with ``z = q / (1 + exp(z - gain))``, by bisection: the score by which the right label leads."""
    low, high = np.zeros_like(q), 1 + gain + np.log1p(q)
    for _ in range(64):
        z = (low + high) / 2
        left = z < q * expit(gain - z)
        low, high = np.where(left, z, low), np.where(left, high, z)
    return np.asarray((low + high) / 2)
