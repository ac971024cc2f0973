"""Squared gradients, averaged with weights that are any expression in t: what T19 bounds."""

from dataclasses import replace
from functools import partial

import numpy as np

from rac_theory.algebra import Expression, total
from rac_theory.base.checks import Array
from rac_theory.cases import Constants
from rac_theory.statements.metric import SQUARED_GRADIENT, Curves, Metric, mean_squared_gradient, weighted_mean_before
from rac_theory.statements.symbols import T, read, t


def squared_gradient_with_weights(weights: Expression) -> Metric:
    """Average of ``||grad f(W^s)||^2`` over s < t with weights that are an expression in t, at t = s.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.statements.gradient_with_weights import squared_gradient_with_weights
    >>> from rac_theory.statements.metric import Curves
    >>> from rac_theory.statements.symbols import t
    >>> metric = squared_gradient_with_weights(1 / (1 + t))
    >>> curves = Curves(values=np.zeros((1, 3)), squared_gradients=np.array([[3.0, 0.0, 9.0]]))
    >>> metric.along(curves, Constants(gamma=1.0)).round(6).tolist()  # weights 1, 1/2
    [[nan, 3.0, 2.0]]
    """
    return replace(
        mean_squared_gradient,
        name="weighted mean squared gradient",
        expected=total(t, T, weights * SQUARED_GRADIENT) / total(t, T, weights),
        along=partial(_means, weights),
    )


def _means(weights: Expression, curves: Curves, c: Constants) -> Array:
    steps = np.arange(curves.squared_gradients.shape[1])
    return weighted_mean_before(curves.squared_gradients, np.broadcast_to(read(weights, c, t=steps), steps.shape))
