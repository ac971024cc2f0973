"""The sums that bounds are made of, in forms that do not cancel."""

import numpy as np

from problems.checks import Array


def sum_of_powers(rho: float, t: Array) -> Array:
    """``1 + rho + ... + rho^(t - 1)`` at each t, for rho > 0; t itself at rho = 1."""
    if rho == 1 or np.isnan(rho):
        return t * rho
    return np.asarray(np.expm1(t * np.log(rho)) / (rho - 1)) if rho > 0 else np.where(t > 0, 1.0, 0.0)


def sum_of_weights(q: float, t: Array) -> Array:
    """``(1 + q)^-1 + ... + (1 + q)^-t`` at each t; t itself at q = 0."""
    return t if q == 0 else np.asarray(-np.expm1(-t * np.log1p(q)) / q)


def drift(steps: int, q: float) -> float:
    r"""Return :math:`\frac1K \sum_{k<K} ((1 + q/K)^k - 1)^2`, how far K local steps of total length q/L drift.

    It is 0 at K = 1, and :math:`c_K(q)\, q^2` in the notation of the page of T9.
    """
    return float(np.mean(np.expm1(np.arange(steps) * np.log1p(q / steps)) ** 2))


def mean_drift(steps: int, q: float) -> float:
    r"""Return :math:`s = \frac1K \sum_{k<K} ((1 + q/K)^k - 1)`, whose square is at most ``drift``; 0 at K = 1."""
    return float(np.mean(np.expm1(np.arange(steps) * np.log1p(q / steps))))


def spread(steps: int, q: float) -> float:
    r"""Return :math:`r = \frac{h}{N (N - 1)} \sum_{j=1}^{N-1} j (1 + h)^{j-1}`, h = q/N: how much the order matters.

    It is at most ``mean_drift``, and 0 at N = 1.
    """
    if steps == 1:
        return 0.0
    j, h = np.arange(1, steps), q / steps
    return float(np.sum(j * np.exp((j - 1) * np.log1p(h)))) * h / (steps * (steps - 1))
