"""What a theorem bounds: a quantity along a run, and the ceiling it has as long as every step descends.

Besides the gap, the distance and the squared gradient there are gradients in other measures: squared and times the
step that is taken there (T16), in a norm (T24), with weights that are any expression in t (T19), and at the reported
point W with a share of those at the iterate X beside it (T25).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from rac_theory.algebra import Expression, Quotient, Symbol, latex, lifted, text, total
from rac_theory.base import Array, type_name
from rac_theory.cases import Constants
from rac_theory.numerics import EPS
from rac_theory.statements.symbols import T, read, t

ROUNDINGS = 64 * EPS  # relative to the largest value of a metric


_VALUE = Symbol("E[f(W^T)]", r"\mathrm{E}[f(W^T)]")
SQUARED_GRADIENT = Symbol("E||grad f(W^t)||^2", r"\mathrm{E} \Vert \nabla f(W^t) \Vert^2", argument=t)
SCALED_GRADIENT = Symbol(
    "E[gamma_t ||grad f(W^t)||^2]", r"\mathrm{E} [\gamma_t \Vert \nabla f(W^t) \Vert^2]", argument=t
)
SQUARED_GRADIENT_AT_ITERATE = Symbol("E||grad f(X^t)||^2", r"\mathrm{E} \Vert \nabla f(X^t) \Vert^2", argument=t)
GRADIENT_NORM = Symbol("E N(grad f(W^t))", r"\mathrm{E} N(\nabla f(W^t))", argument=t)
_SQUARED_DISTANCE = Symbol("E||W^T - W*||^2", r"\mathrm{E} \Vert W^T - W^\star \Vert^2")

_ALONG_A_RUN = {
    T: t,
    t: Symbol("s"),
    _VALUE: Symbol("f(W^t)"),
    SQUARED_GRADIENT: Symbol("||grad f(W^s)||^2", r"\Vert \nabla f(W^s) \Vert^2"),
    SCALED_GRADIENT: Symbol("gamma_s ||grad f(W^s)||^2", r"\gamma_s \Vert \nabla f(W^s) \Vert^2"),
    SQUARED_GRADIENT_AT_ITERATE: Symbol("||grad f(X^s)||^2", r"\Vert \nabla f(X^s) \Vert^2"),
    GRADIENT_NORM: Symbol("N(grad f(W^s))", r"N(\nabla f(W^s))"),
    _SQUARED_DISTANCE: Symbol("||W^t - W*||^2", r"\Vert W^t - W^\star \Vert^2"),
}


class Curves(NamedTuple):
    """What is recorded of runs, each (runs, T + 1), or their expectations.

    Values are counted from ``minimum``. A method may report another point than its iterate: squared gradients are those
    at the reported point, and ``squared_gradients_at_iterate`` those at the iterate.
    """

    values: Array
    squared_gradients: Array
    squared_distances: Array | None = None
    minimum: float = 0.0
    step_sizes: Array | None = None
    squared_gradients_at_iterate: Array | None = None
    gradient_norms: Array | None = None


@dataclass(frozen=True, eq=False)
class Metric:
    """A linear functional of what is recorded, so that it commutes with expectation.

    Attributes
    ----------
    name : str
    expected : Expression
        Its expectation at T, the left side of a claim.
    measure : callable
        (curves, constants) to (runs, T + 1); nan where undefined.
    ceiling : callable
        constants to the largest value that is possible while f does not rise; what a bound says above it is vacuous.
    rounding : callable
        (curves, constants, bound, shift), the bound (T + 1,), to the error, (T + 1,) or a number, that rounding makes
        in a metric of that size if it moves an iterate of such runs by ``shift``.
    doubt : callable
        (constants, bound) to what an uncertain f_star hides of a metric of that size, (T + 1,) or a number: with that
        margin the claim is true whichever value in the certified interval the infimum has.
    needs : tuple of str
        The constants without which neither its values nor their rounding are known.
    of_distances : bool
        Whether it needs ``squared_distances``.
    at_iterate : bool
        Whether it needs ``squared_gradients_at_iterate``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.statements import mean_squared_gradient
    >>> from rac_theory.statements.metric import Curves
    >>> curves = Curves(values=np.zeros((1, 4)), squared_gradients=np.array([[4.0, 2.0, 0.0, 9.0]]))
    >>> mean_squared_gradient.measure(curves, Constants(gamma=0.1)).tolist()
    [[nan, 4.0, 3.0, 2.0]]
    """

    name: str
    expected: Expression
    measure: Callable[[Curves, Constants], Array]
    ceiling: Callable[[Constants], float]
    rounding: Callable[[Curves, Constants, Array, float], Array | float]
    doubt: Callable[[Constants, Array], Array | float]
    needs: tuple[str, ...]
    of_distances: bool = False
    at_iterate: bool = False

    @property
    def label(self) -> str:
        """For axes, in mathtext: along one run, at t; a quotient in a line, as there is no room beside an axis."""
        expression = self.expected.at(_ALONG_A_RUN)
        parts = (expression.numerator, expression.denominator) if isinstance(expression, Quotient) else (expression,)
        return f"${' / '.join(map(latex, parts))}$"

    def __repr__(self) -> str:
        return f"<{type_name(self)} {self.name}: {text(self.expected)}>"


def running_mean_before(squares: Array) -> Array:
    """Average over s < t, at each t, (runs, T + 1) to (runs, T + 1); nothing precedes t = 0, so nan there."""
    steps = squares.shape[1] - 1
    with np.errstate(over="ignore"):  # a run may diverge
        sums = np.cumsum(squares[:, :-1], axis=1)
    undefined = np.full((len(squares), 1), np.nan)
    return np.concatenate([undefined, sums / np.arange(1, steps + 1)], axis=1)


def weighted_mean_before(squares: Array, weights: Array) -> Array:
    """Average over s < t with weights (T + 1,), at each t; nan at t = 0: (runs, T + 1) to (runs, T + 1)."""
    return np.asarray(running_mean_before(weights * squares) / running_mean_before(weights[None]))


def _gaps(curves: Curves, c: Constants) -> Array:
    return curves.values - (c.f_star - curves.minimum)


def _rounding_of_gaps(curves: Curves, c: Constants, bound: Array, shift: float) -> Array | float:
    # f(W + D) - f(W) <= ||grad f(W)|| ||D|| + (L/2) ||D||^2, and ||grad f(W)||^2 <= 2 L (f(W) - inf f).
    return np.asarray(ROUNDINGS * c.gap0 + np.sqrt(2 * c.L * bound) * shift + c.L * shift**2)


def _uncertain_infimum(c: Constants, bound: Array) -> float:
    # Below f_star by e the gap is larger by e, and a bound by no less than nothing.
    return c.f_star_error


gap = Metric(
    name="gap",
    expected=_VALUE - Symbol("f*", r"f^\star"),
    measure=_gaps,
    ceiling=attrgetter("gap0"),
    rounding=_rounding_of_gaps,
    doubt=_uncertain_infimum,
    needs=("f_star", "gap0", "L"),
)
"""``f(W^t) - f*``; descent keeps it at or below ``f(W^0) - f*``."""


def _largest_squared_gradient(c: Constants) -> float:
    # An L-smooth function bounded below has ||grad f||^2 <= 2 L (f - inf f).
    return 2 * c.L * c.gap0_upper


def _rounding_of_gradients(curves: Curves, c: Constants, bound: Array, shift: float) -> Array | float:
    return np.asarray(ROUNDINGS * 2 * c.L * c.gap0_upper + 2 * np.sqrt(bound) * c.L * shift + (c.L * shift) ** 2)


def no_doubt(c: Constants, bound: Array) -> float:
    """Return 0: no gradient depends on f_star, and any lower bound of f will do."""
    return 0.0


def _running_means(curves: Curves, c: Constants) -> Array:
    return running_mean_before(curves.squared_gradients)


mean_squared_gradient = Metric(
    name="mean squared gradient",
    expected=1 / T * total(t, T, SQUARED_GRADIENT),
    measure=_running_means,
    ceiling=_largest_squared_gradient,
    rounding=_rounding_of_gradients,
    doubt=no_doubt,
    needs=("gap0_upper", "L"),
)
"""Average of ``||grad f(W^s)||^2`` over s < t; descent keeps it at or below ``2 L (f(W^0) - inf f)``."""


def weighted_squared_gradient(weight: Expression | int | Fraction) -> Metric:
    """Average of ``||grad f(W^s)||^2`` over s < t with weights ``weight^s``.

    Parameters
    ----------
    weight : Expression, int or Fraction
        The base of the weights, made of constants of a case.

    Returns
    -------
    Metric

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.statements import weighted_squared_gradient
    >>> from rac_theory.statements.metric import Curves
    >>> from rac_theory.statements.symbols import gamma
    >>> metric = weighted_squared_gradient(1 / (1 + gamma))
    >>> curves = Curves(values=np.zeros((1, 3)), squared_gradients=np.array([[3.0, 0.0, 9.0]]))
    >>> metric.measure(curves, Constants(gamma=1.0)).round(6).tolist()  # weights 1, 1/2
    [[nan, 3.0, 2.0]]
    """
    return squared_gradient_with_weights(lifted(weight) ** t)


def _recorded(curves: Curves, name: str, source: str) -> Array:
    """Return curves that are not recorded of every run; the error says of which they are."""
    if (recorded := getattr(curves, name)) is None:
        raise ValueError(f"{name} must have been recorded{source}")
    return np.asarray(recorded)


def _squared_distances(curves: Curves, c: Constants) -> Array:
    return _recorded(curves, "squared_distances", ": simulate(..., record=['distances'])")


def _largest_squared_distance(c: Constants) -> float:
    # Descent and strong convexity: (s/2) ||W - W*||^2 <= f(W) - f*. The distance itself may grow in a step.
    return 2 * c.gap0_upper / c.strong_convexity if c.strong_convexity > 0 else np.inf


def _rounding_of_distances(curves: Curves, c: Constants, bound: Array, shift: float) -> Array:
    return ROUNDINGS * c.distance0**2 + _moved(c, bound, shift)


def _uncertain_minimiser(c: Constants, bound: Array) -> Array:
    # What is known of W* is that its value is within f_star_error of the infimum.
    if c.f_star_error == 0:
        return np.zeros_like(bound)
    away = float(np.sqrt(2 * c.f_star_error / c.strong_convexity)) if c.strong_convexity > 0 else np.inf
    return _moved(c, bound, away)


def _moved(c: Constants, bound: Array, shift: float) -> Array:
    """How much a squared distance, and a bound ``F distance0^2`` on it with F <= 1, change if points move by ``shift``.

    ``(sqrt(F) (d + s) + s)^2 - F d^2`` is at most ``2 (sqrt(F) d + d) s + 4 s^2``.
    """
    return np.asarray(2 * (np.sqrt(bound) + c.distance0) * shift + 4 * shift**2)


squared_distance = Metric(
    name="squared distance",
    expected=_SQUARED_DISTANCE,
    measure=_squared_distances,
    ceiling=_largest_squared_distance,
    rounding=_rounding_of_distances,
    doubt=_uncertain_minimiser,
    needs=("distance0",),
    of_distances=True,
)
"""``||W^t - W*||^2``, for a strongly convex f."""


def _scaled_means(curves: Curves, c: Constants) -> Array:
    of_steps = ", as they are of runs whose gradients are CertifiedStep(), and of no expectation"
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        return running_mean_before(_recorded(curves, "step_sizes", of_steps) * curves.squared_gradients)


def _largest_scaled_gradient(c: Constants) -> float:
    # With H = I the certificate is f_lower <= f(W) - gamma_t ||grad f(W)||^2 / 2.
    return 2 * c.gap0_upper


def _rounding_of_scaled_gradients(curves: Curves, c: Constants, bound: Array, shift: float) -> Array | float:
    # As of gradients, with the largest curvature that runs were certified in the place of L.
    assert curves.step_sizes is not None  # measure has refused them otherwise
    steps = curves.step_sizes[np.isfinite(curves.step_sizes) & (curves.step_sizes > 0)]
    curvature = 1 / float(steps.min(initial=np.inf))
    moved = 2 * np.sqrt(curvature * bound) * shift + curvature * shift**2
    return np.asarray(ROUNDINGS * 2 * c.gap0_upper + moved)


mean_scaled_squared_gradient = Metric(
    name="mean scaled squared gradient",
    expected=1 / T * total(t, T, SCALED_GRADIENT),
    measure=_scaled_means,
    ceiling=_largest_scaled_gradient,
    rounding=_rounding_of_scaled_gradients,
    doubt=no_doubt,
    needs=("gap0_upper",),
)
"""Average of ``gamma_s ||grad f(W^s)||^2`` over s < t, with steps that are certified, in the unit of f.

Descent keeps it at or below ``2 (f(W^0) - inf f)``.
"""


def _mean_norms(curves: Curves, c: Constants) -> Array:
    of_steps = ", as they are of runs of a steepest step such as MuonStep, and of no expectation"
    with np.errstate(invalid="ignore"):  # a run may diverge
        return running_mean_before(_recorded(curves, "gradient_norms", of_steps))


def _of_frobenius(c: Constants) -> float:
    # A step of squared length R at most has the product N(HG) with G: c N(G) <= E N(HG) <= sqrt(R) ||G||.
    return float(np.sqrt(c.span) / c.norm_share)


def _largest_norm(c: Constants) -> float:
    return _of_frobenius(c) * float(np.sqrt(2 * c.L * c.gap0_upper))


def _rounding_of_norms(curves: Curves, c: Constants, bound: Array, shift: float) -> Array | float:
    return np.asarray(ROUNDINGS * np.abs(bound) + _of_frobenius(c) * c.L * shift)


mean_norm = Metric(
    name="mean norm",
    expected=1 / T * total(t, T, GRADIENT_NORM),
    measure=_mean_norms,
    ceiling=_largest_norm,
    rounding=_rounding_of_norms,
    doubt=no_doubt,
    needs=("gap0_upper", "L", "norm_share", "span"),
)
"""Average of ``N(grad f(W^s))`` over s < t, N the norm in which the algorithm makes the steepest step, by its dual."""


def squared_gradient_with_weights(weights: Expression) -> Metric:
    """Average of ``||grad f(W^s)||^2`` over s < t with weights that are an expression in t, at t = s.

    Parameters
    ----------
    weights : Expression
        The weight of step t, made of t and constants of a case.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.statements import Curves, squared_gradient_with_weights
    >>> from rac_theory.statements.symbols import t
    >>> metric = squared_gradient_with_weights(1 / (1 + t))
    >>> curves = Curves(values=np.zeros((1, 3)), squared_gradients=np.array([[3.0, 0.0, 9.0]]))
    >>> metric.measure(curves, Constants(gamma=1.0)).round(6).tolist()  # weights 1, 1/2
    [[nan, 3.0, 2.0]]
    """
    return replace(
        mean_squared_gradient,
        name="weighted mean squared gradient",
        expected=total(t, T, weights * SQUARED_GRADIENT) / total(t, T, weights),
        measure=partial(_weighted, weights),
    )


def _weighted(weights: Expression, curves: Curves, c: Constants) -> Array:
    steps = np.arange(curves.squared_gradients.shape[1])
    return weighted_mean_before(curves.squared_gradients, np.broadcast_to(read(weights, c, t=steps), steps.shape))


def squared_gradient_and_beside(share: Expression) -> Metric:
    """Average of ``||grad f(W^s)||^2 + share ||grad f(X^s)||^2`` over s < t, for a share of at most 1.

    X is the first state of a method that reports another point W, such as the model beside what error feedback keeps.

    Parameters
    ----------
    share : Expression
        What the squared gradient at X is multiplied by, made of constants of a case.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.statements import Curves, squared_gradient_and_beside
    >>> from rac_theory.statements.symbols import gamma
    >>> metric = squared_gradient_and_beside(gamma)
    >>> at_W, at_X = np.array([[4.0, 2.0, 0.0]]), np.array([[4.0, 6.0, 8.0]])
    >>> metric.measure(Curves(np.zeros((1, 3)), at_W, squared_gradients_at_iterate=at_X), Constants(gamma=0.5)).tolist()
    [[nan, 6.0, 5.5]]
    """
    return replace(
        mean_squared_gradient,
        name="mean squared gradient at both points",
        expected=1 / T * total(t, T, SQUARED_GRADIENT + share * SQUARED_GRADIENT_AT_ITERATE),
        measure=partial(_of_both, share),
        ceiling=_twice,
        rounding=_of_each,
        at_iterate=True,
    )


def _of_both(share: Expression, curves: Curves, c: Constants) -> Array:
    if curves.squared_gradients_at_iterate is None:
        raise ValueError("squared gradients at the iterate must have been recorded beside those at the reported point")
    return running_mean_before(curves.squared_gradients + read(share, c) * curves.squared_gradients_at_iterate)


def _twice(c: Constants) -> float:
    return 2 * mean_squared_gradient.ceiling(c)


def _of_each(curves: Curves, c: Constants, bound: Array, shift: float) -> Array | float:
    # The bound is one of both squares, so that each moves by what it would move alone at most.
    return 2 * mean_squared_gradient.rounding(curves, c, bound, shift)
