"""Squared gradients, each times the step that is taken there: what T16 bounds."""

import numpy as np

from rac_theory.algebra import total
from rac_theory.base.checks import Array
from rac_theory.cases import Constants
from rac_theory.statements.metric import ROUNDINGS, SCALED_GRADIENT, Curves, Metric, no_doubt, running_mean_before
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
