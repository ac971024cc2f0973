"""What a theorem bounds: a quantity along a run, and the ceiling it has as long as every step descends."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.constants import Constants

_ROUNDINGS = 64 * float(np.finfo(float).eps)  # relative to the largest value of a metric


@dataclass(frozen=True, eq=False)
class Metric:
    """A linear functional of ``f(W^t)`` and ``||grad f(W^t)||^2``, so that it commutes with expectation.

    Attributes
    ----------
    name : str
    label : str
        For axes, in mathtext.
    along : callable
        (values, squared_gradients, constants), both (runs, T + 1), to (runs, T + 1); nan where undefined.
    ceiling : callable
        constants to the largest value that is possible while f does not rise; what a bound says above it is vacuous.
    tolerance : callable
        (constants, bound, shift), the bound (T + 1,), to the error (T + 1,) that rounding makes in a metric of that
        size if it moves an iterate by ``shift``, and that an uncertain f_star makes.
    """

    name: str
    label: str
    along: Callable[[Array, Array, Constants], Array]
    ceiling: Callable[[Constants], float]
    tolerance: Callable[[Constants, Array, float], Array]


def running_mean_before(squares: Array) -> Array:
    """Average over s < t, at each t, (runs, T + 1) to (runs, T + 1); nothing precedes t = 0, so nan there."""
    steps = squares.shape[1] - 1
    with np.errstate(over="ignore"):  # a run may diverge
        sums = np.cumsum(squares[:, :-1], axis=1)
    undefined = np.full((len(squares), 1), np.nan)
    return np.concatenate([undefined, sums / np.arange(1, steps + 1)], axis=1)


gap = Metric(
    name="gap",
    label=r"$f(W^t) - f^\star$",
    along=lambda values, squares, c: values - c.f_star,
    ceiling=lambda c: c.gap0,
    # f(W + D) - f(W) <= ||grad f(W)|| ||D|| + (L/2) ||D||^2, and ||grad f(W)||^2 <= 2 L (f(W) - inf f).
    tolerance=lambda c, bound, shift: (
        _ROUNDINGS * c.gap0 + c.f_star_error + np.sqrt(2 * c.L * bound) * shift + c.L * shift**2
    ),
)
"""``f(W^t) - f*``; descent keeps it at or below ``f(W^0) - f*``."""

mean_squared_gradient = Metric(
    name="mean squared gradient",
    label=r"$\frac{1}{t} \sum_{s<t} \Vert \nabla f(W^s) \Vert^2$",
    along=lambda values, squares, c: running_mean_before(squares),
    # An L-smooth function bounded below has ||grad f||^2 <= 2 L (f - inf f).
    ceiling=lambda c: 2 * c.L * c.gap0_upper,
    tolerance=lambda c, bound, shift: (
        _ROUNDINGS * 2 * c.L * c.gap0_upper + 2 * np.sqrt(bound) * c.L * shift + (c.L * shift) ** 2
    ),
)
"""Average of ``||grad f(W^s)||^2`` over s < t; descent keeps it at or below ``2 L (f(W^0) - inf f)``."""
