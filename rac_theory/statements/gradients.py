"""Gradients in other measures: squared and times the step that is taken there (T16), in a norm (T24), with weights that
are any expression in t (T19), and at the reported point W with a share of those at the iterate X beside it (T25).
"""

from dataclasses import replace
from functools import partial

import numpy as np

from rac_theory.algebra import Expression, total
from rac_theory.base import Array
from rac_theory.cases import Constants
from rac_theory.statements.metric import (
    GRADIENT_NORM,
    ROUNDINGS,
    SCALED_GRADIENT,
    SQUARED_GRADIENT,
    SQUARED_GRADIENT_AT_ITERATE,
    Curves,
    Metric,
    mean_squared_gradient,
    no_doubt,
    running_mean_before,
    weighted_mean_before,
)
from rac_theory.statements.symbols import T, read, t


def _scaled_means(curves: Curves, c: Constants) -> Array:
    if curves.step_sizes is None:
        raise ValueError(
            "step_sizes must have been recorded, as they are of runs whose gradients are CertifiedStep(), and of no "
            "expectation"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        return running_mean_before(curves.step_sizes * curves.squared_gradients)


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
    if curves.gradient_norms is None:
        raise ValueError(
            "gradient_norms must have been recorded, as they are of runs of a steepest step such as MuonStep, and of "
            "no expectation"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # a run may diverge
        return running_mean_before(curves.gradient_norms)


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
