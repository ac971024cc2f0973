"""What a theorem bounds: a quantity along a run, and the ceiling it has as long as every step descends."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.constants import Constants


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
    uncertainty : callable
        constants to the error that an uncertain f_star makes in the metric.
    """

    name: str
    label: str
    along: Callable[[Array, Array, Constants], Array]
    ceiling: Callable[[Constants], float]
    uncertainty: Callable[[Constants], float]


def running_mean_before(squares: Array) -> Array:
    """Average over s < t, at each t, (runs, T + 1) to (runs, T + 1); nothing precedes t = 0, so nan there."""
    steps = squares.shape[1] - 1
    sums = np.cumsum(squares[:, :-1], axis=1)
    undefined = np.full((len(squares), 1), np.nan)
    return np.concatenate([undefined, sums / np.arange(1, steps + 1)], axis=1)


gap = Metric(
    name="gap",
    label=r"$f(W^t) - f^\star$",
    along=lambda values, squares, c: values - c.f_star,
    ceiling=lambda c: c.gap0,
    uncertainty=lambda c: c.f_star_error,
)
"""``f(W^t) - f*``; descent keeps it at or below ``f(W^0) - f*``."""

mean_squared_gradient = Metric(
    name="mean squared gradient",
    label=r"$\frac{1}{t} \sum_{s<t} \Vert \nabla f(W^s) \Vert^2$",
    along=lambda values, squares, c: running_mean_before(squares),
    # An L-smooth function bounded below has ||grad f||^2 <= 2 L (f - inf f).
    ceiling=lambda c: 2 * c.L * c.gap0_upper,
    uncertainty=lambda c: 0.0,
)
"""Average of ``||grad f(W^s)||^2`` over s < t; descent keeps it at or below ``2 L (f(W^0) - inf f)``."""
