"""What a theorem bounds: a quantity along a run, and the ceiling it has as long as every step descends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from problems.checks import Array
from problems.naming import type_name
from rac_theory.cases.constants import Constants

_ROUNDINGS = 64 * float(np.finfo(float).eps)  # relative to the largest value of a metric


class Curves(NamedTuple):
    """What is recorded of runs, each (runs, T + 1), or their expectations; values are counted from ``minimum``."""

    values: Array
    squared_gradients: Array
    squared_distances: Array | None = None
    minimum: float = 0.0


@dataclass(frozen=True, eq=False)
class Metric:
    """A linear functional of what is recorded, so that it commutes with expectation.

    Attributes
    ----------
    name : str
    label : str
        For axes, in mathtext.
    along : callable
        (curves, constants) to (runs, T + 1); nan where undefined.
    ceiling : callable
        constants to the largest value that is possible while f does not rise; what a bound says above it is vacuous.
    rounding : callable
        (constants, bound, shift), the bound (T + 1,), to the error, (T + 1,) or a number, that rounding makes in a
        metric of that size if it moves an iterate by ``shift``.
    doubt : callable
        (constants, bound) to what an uncertain f_star hides of a metric of that size, (T + 1,) or a number: with that
        much to spare, the claim is true whichever value in the certified interval the infimum has.
    needs : tuple of str
        The constants without which neither its values nor their rounding are known.
    of_distances : bool
        Whether it needs ``squared_distances``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.theorems import mean_squared_gradient
    >>> from rac_theory.theorems.metric import Curves
    >>> curves = Curves(values=np.zeros((1, 4)), squared_gradients=np.array([[4.0, 2.0, 0.0, 9.0]]))
    >>> mean_squared_gradient.along(curves, Constants(gamma=0.1)).tolist()
    [[nan, 4.0, 3.0, 2.0]]
    """

    name: str
    label: str
    along: Callable[[Curves, Constants], Array]
    ceiling: Callable[[Constants], float]
    rounding: Callable[[Constants, Array, float], Array | float]
    doubt: Callable[[Constants, Array], Array | float]
    needs: tuple[str, ...]
    of_distances: bool = False

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.name}: {self.label}>"


def running_mean_before(squares: Array) -> Array:
    """Average over s < t, at each t, (runs, T + 1) to (runs, T + 1); nothing precedes t = 0, so nan there."""
    steps = squares.shape[1] - 1
    with np.errstate(over="ignore"):  # a run may diverge
        sums = np.cumsum(squares[:, :-1], axis=1)
    undefined = np.full((len(squares), 1), np.nan)
    return np.concatenate([undefined, sums / np.arange(1, steps + 1)], axis=1)


def weighted_mean_before(squares: Array, growth: float) -> Array:
    """Average over s < t with weights ``(1 + growth)^-s``, at each t; nan at t = 0: (runs, T + 1) to (runs, T + 1)."""
    weights = np.exp(-np.log1p(growth) * np.arange(squares.shape[1]))
    sums = running_mean_before(weights * squares)
    return np.asarray(sums / running_mean_before(weights[None]))


gap = Metric(
    name="gap",
    label=r"$f(W^t) - f^\star$",
    along=lambda curves, c: curves.values - (c.f_star - curves.minimum),
    ceiling=lambda c: c.gap0,
    # f(W + D) - f(W) <= ||grad f(W)|| ||D|| + (L/2) ||D||^2, and ||grad f(W)||^2 <= 2 L (f(W) - inf f).
    rounding=lambda c, bound, shift: _ROUNDINGS * c.gap0 + np.sqrt(2 * c.L * bound) * shift + c.L * shift**2,
    # Below f_star by e the gap is larger by e, and a bound by no less than nothing.
    doubt=lambda c, bound: c.f_star_error,
    needs=("f_star", "gap0", "L"),
)
"""``f(W^t) - f*``; descent keeps it at or below ``f(W^0) - f*``."""


def _of_gradients(name: str, label: str, along: Callable[[Array, Constants], Array]) -> Metric:
    """Return a metric that averages squared gradients."""
    return Metric(
        name=name,
        label=label,
        along=lambda curves, c: along(curves.squared_gradients, c),
        # An L-smooth function bounded below has ||grad f||^2 <= 2 L (f - inf f).
        ceiling=lambda c: 2 * c.L * c.gap0_upper,
        rounding=lambda c, bound, shift: (
            _ROUNDINGS * 2 * c.L * c.gap0_upper + 2 * np.sqrt(bound) * c.L * shift + (c.L * shift) ** 2
        ),
        doubt=lambda c, bound: 0.0,  # no gradient depends on f_star, and any lower bound of f will do
        needs=("gap0_upper", "L"),
    )


mean_squared_gradient = _of_gradients(
    "mean squared gradient",
    r"$\frac{1}{t} \sum_{s<t} \Vert \nabla f(W^s) \Vert^2$",
    lambda squares, c: running_mean_before(squares),
)
"""Average of ``||grad f(W^s)||^2`` over s < t; descent keeps it at or below ``2 L (f(W^0) - inf f)``."""


def weighted_squared_gradient(growth: Callable[[Constants], float]) -> Metric:
    """Average of ``||grad f(W^s)||^2`` over s < t with weights ``(1 + q)^-s``, q being a function of the constants.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.theorems import weighted_squared_gradient
    >>> from rac_theory.theorems.metric import Curves
    >>> metric = weighted_squared_gradient(lambda constants: 1.0)  # q = 1: weights 1, 1/2
    >>> curves = Curves(values=np.zeros((1, 3)), squared_gradients=np.array([[3.0, 0.0, 9.0]]))
    >>> metric.along(curves, Constants(gamma=0.1)).round(6).tolist()
    [[nan, 3.0, 2.0]]
    """
    return _of_gradients(
        "weighted mean squared gradient",
        r"$\sum_{s<t} w_s \Vert \nabla f(W^s) \Vert^2 / \sum_{s<t} w_s$",
        lambda squares, c: weighted_mean_before(squares, growth(c)),
    )


def _squared_distances(curves: Curves, c: Constants) -> Array:
    if curves.squared_distances is None:
        raise ValueError("squared_distances must have been recorded: simulate(..., record=['distances'])")
    return curves.squared_distances


squared_distance = Metric(
    name="squared distance",
    label=r"$\Vert W^t - W^\star \Vert^2$",
    along=_squared_distances,
    # Descent and strong convexity: (s/2) ||W - W*||^2 <= f(W) - f*. The distance itself may grow in a step.
    ceiling=lambda c: 2 * c.gap0_upper / c.strong_convexity if c.strong_convexity > 0 else np.inf,
    rounding=lambda c, bound, shift: _ROUNDINGS * c.distance0**2 + _moved(c, bound, shift),
    # What is known of W* is that its value is within f_star_error of the infimum.
    doubt=lambda c, bound: _moved(c, bound, _uncertainty(c)),
    needs=("distance0",),
    of_distances=True,
)
"""``||W^t - W*||^2``, for a strongly convex f."""


def _uncertainty(c: Constants) -> float:
    """How far the minimiser that the problem knows can be from the true one."""
    if c.f_star_error == 0:
        return 0.0
    return float(np.sqrt(2 * c.f_star_error / c.strong_convexity)) if c.strong_convexity > 0 else np.inf


def _moved(c: Constants, bound: Array, shift: float) -> Array:
    """How much a squared distance, and a bound ``F distance0^2`` on it with F <= 1, change if points move by ``shift``.

    ``(sqrt(F) (d + s) + s)^2 - F d^2`` is at most ``2 (sqrt(F) d + d) s + 4 s^2``.
    """
    return np.asarray(2 * (np.sqrt(bound) + c.distance0) * shift + 4 * shift**2)
