"""Gradients in another measure: squared and times the step that is taken there, which T16 bounds, or in a norm: T24."""

import numpy as np

from rac_theory.algebra import total
from rac_theory.base.checks import Array
from rac_theory.cases import Constants
from rac_theory.statements.metric import (
    GRADIENT_NORM,
    ROUNDINGS,
    SCALED_GRADIENT,
    Curves,
    Metric,
    no_doubt,
    running_mean_before,
)
from rac_theory.statements.symbols import T, t


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
    assert curves.step_sizes is not None  # along has refused them otherwise
    steps = curves.step_sizes[np.isfinite(curves.step_sizes) & (curves.step_sizes > 0)]
    curvature = 1 / float(steps.min(initial=np.inf))
    moved = 2 * np.sqrt(curvature * bound) * shift + curvature * shift**2
    return np.asarray(ROUNDINGS * 2 * c.gap0_upper + moved)


mean_scaled_squared_gradient = Metric(
    name="mean scaled squared gradient",
    expected=1 / T * total(t, T, SCALED_GRADIENT),
    along=_scaled_means,
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
    return float(np.sqrt(c.span) / c.seen)


def _largest_norm(c: Constants) -> float:
    return _of_frobenius(c) * float(np.sqrt(2 * c.L * c.gap0_upper))


def _rounding_of_norms(curves: Curves, c: Constants, bound: Array, shift: float) -> Array | float:
    return np.asarray(ROUNDINGS * np.abs(bound) + _of_frobenius(c) * c.L * shift)


mean_norm = Metric(
    name="mean norm",
    expected=1 / T * total(t, T, GRADIENT_NORM),
    along=_mean_norms,
    ceiling=_largest_norm,
    rounding=_rounding_of_norms,
    doubt=no_doubt,
    needs=("gap0_upper", "L", "seen", "span"),
)
"""Average of ``N(grad f(W^s))`` over s < t, N the norm in which the algorithm makes the steepest step, by its dual."""
