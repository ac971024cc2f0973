"""A mean of N functions, its components and bounds of their infima, and two numbers on how far they disagree."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, expit

from rac_theory.base import Array, shown, squared_norms
from rac_theory.base.checks import array
from rac_theory.numerics import EPS, rounded
from rac_theory.problems.problem import Problem

Indices = NDArray[np.intp]
"""Which components are meant, counted from 0."""


class FiniteSum(Problem, Protocol):
    r"""A problem that is a mean: :math:`f = \frac1N \sum_i f_i`, any regulariser being part of every component.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import LeastSquares
    >>> problem = LeastSquares([[1.0], [2.0]], Y=[1.0, 0.0])  # is a FiniteSum of two components
    >>> problem.n_components
    2
    >>> W = np.zeros((1, 1, 1))  # one run
    >>> [problem.component_gradient(W, np.array([[i]])).item() for i in (0, 1)]
    [-1.0, 0.0]
    >>> problem.component_gradient(W, np.array([[0, 1]])).item(), problem.gradient(W).item()  # their mean
    (-0.5, -0.5)
    """

    @property
    def n_components(self) -> int:
        """The number N of components."""

    @property
    def L_max(self) -> float:
        """A Lipschitz constant of the gradient of every component, rounded up; nan if unknown."""

    @property
    def component_infima(self) -> Array:
        """A proved lower bound of each component, (N,), as near to its infimum as is known; nan if none is."""

    def component_gradient(self, W: Array, indices: Indices, /) -> Array:
        """The mean gradient of the listed components of each run: (runs, m, n), (runs, b) to (runs, m, n).

        An index that is listed twice counts twice.
        """


class Divisible(FiniteSum, Protocol):
    """A finite sum that can be divided among clients."""

    @property
    def targets(self) -> NDArray[np.generic]:
        """The label or target of each component, (N,) or (N, k)."""

    def subset(self, rows: Indices, /) -> "Divisible":
        """The mean of the listed components, as a problem of the same kind and shape."""


def components_of(problem: Problem, reader: object) -> FiniteSum:
    """Accept a problem that has components.

    Raises
    ------
    ValueError
        If it has none; the message says that ``reader`` needs them.
    """
    if not hasattr(problem, "component_gradient"):
        raise ValueError(
            f"problem must be a finite sum for {shown(reader)}, with n_components and component_gradient, got "
            f"{shown(problem)}"
        )
    return cast(FiniteSum, problem)


def heterogeneity(problem: FiniteSum) -> float:
    r"""Return ``D = 2 L_max (f* - mean of f_i*)``, rounded up, which bounds how far gradients of components differ.

    For every W, :math:`\frac1N \sum_i \|\nabla f_i(W) - \nabla f(W)\|^2 \le 2 L_{\max} (f(W) - f^\star) + D`. It is
    zero where one W minimises every component.

    Where f* is unknown, ``f_lower`` stands for it; the inequality then holds with ``f(W) - f_lower``. It is the same
    inequality for any number in the place of f*, as long as it is the same number on both sides.

    Parameters
    ----------
    problem : FiniteSum

    Returns
    -------
    float
        In squared units of the gradient; nan if a constant is unknown.

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory.problems.finite_sum import heterogeneity
    >>> X = [[1.0], [1.0]]
    >>> print(f"{heterogeneity(LeastSquares(X, Y=[1.0, 1.0])):.3f}")  # w = 1 minimises both components
    0.000
    >>> print(f"{heterogeneity(LeastSquares(X, Y=[0.0, 2.0])):.3f}")  # no w does
    1.000
    """
    return spread_bound(problem.L_max, [Fraction(1)], [infimum_from_above(problem)], [mean_infimum(problem)])


def infimum_from_above(problem: Problem) -> float:
    """Return the upper end of a certified interval for the infimum of f, or f_lower where none is known."""
    return float(problem.f_star) if math.isfinite(problem.f_star) else float(problem.f_lower)


def mean_infimum(problem: FiniteSum) -> float | Fraction:
    """Return the mean of the lower bounds of the components, exactly; nan where one is unknown."""
    infima = np.asarray(problem.component_infima)
    return sum(map(Fraction, infima.tolist()), Fraction(0)) / len(infima) if np.isfinite(infima).all() else math.nan


def spread_bound(
    L: float, shares: Sequence[Fraction], upper: Sequence[float], lower: Sequence[float | Fraction]
) -> float:
    """Return ``2 L max(0, sum of p_m (upper_m - lower_m))``, rounded up; nan if a number is unknown."""
    if not all(math.isfinite(number) for number in (L, *upper, *lower)):
        return math.nan
    terms = zip(shares, upper, lower, strict=True)
    mean = sum((share * (Fraction(high) - Fraction(low)) for share, high, low in terms), Fraction(0))
    return rounded(2 * Fraction(float(L)) * max(mean, Fraction(0)), math.inf)


def gradient_variance(problem: FiniteSum, W: Array) -> Array:
    r"""Return :math:`\frac1N \sum_i \|\nabla f_i(W) - \nabla f(W)\|^2` for each run: (runs, m, n) to (runs,).

    Parameters
    ----------
    problem : FiniteSum
    W : (runs, m, n)

    Returns
    -------
    (runs,)
        In squared units of the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory.problems.finite_sum import gradient_variance, heterogeneity
    >>> problem = LeastSquares([[1.0], [1.0]], Y=[0.0, 2.0])
    >>> W = np.array([[[1.0]], [[5.0]]])
    >>> gradient_variance(problem, W).tolist()
    [1.0, 1.0]
    >>> print(f"{heterogeneity(problem):.3f}")  # a bound, which is attained at the minimiser W = 1
    1.000
    """
    G = problem.gradient(W)
    total = np.zeros(len(W))
    for i in range(problem.n_components):
        total += squared_norms(problem.component_gradient(W, np.full((len(W), 1), i)) - G)
    return total / problem.n_components


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
