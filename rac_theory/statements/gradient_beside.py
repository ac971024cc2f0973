"""Squared gradients at the reported point W and, a share of them, at the iterate X beside it: what T25 bounds."""

from dataclasses import replace
from functools import partial

from rac_theory.algebra import Expression, total
from rac_theory.base.checks import Array
from rac_theory.cases import Constants
from rac_theory.statements.metric import (
    SQUARED_GRADIENT,
    SQUARED_GRADIENT_BESIDE,
    Curves,
    Metric,
    mean_squared_gradient,
    running_mean_before,
)
from rac_theory.statements.symbols import T, read, t


def squared_gradient_and_beside(share: Expression) -> Metric:
    """Average of ``||grad f(W^s)||^2 + share ||grad f(X^s)||^2`` over s < t, for a share of at most 1.

    X is the first state of a method that reports another point W, such as the model beside what error feedback keeps.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Constants
    >>> from rac_theory.statements.gradient_beside import squared_gradient_and_beside
    >>> from rac_theory.statements.metric import Curves
    >>> from rac_theory.statements.symbols import gamma
    >>> metric = squared_gradient_and_beside(gamma)
    >>> at_W, at_X = np.array([[4.0, 2.0, 0.0]]), np.array([[4.0, 6.0, 8.0]])
    >>> metric.along(Curves(np.zeros((1, 3)), at_W, beside=at_X), Constants(gamma=0.5)).tolist()
    [[nan, 6.0, 5.5]]
    """
    return replace(
        mean_squared_gradient,
        name="mean squared gradient at both points",
        expected=1 / T * total(t, T, SQUARED_GRADIENT + share * SQUARED_GRADIENT_BESIDE),
        along=partial(_means, share),
        ceiling=_ceiling,
        rounding=_rounding,
        is_beside=True,
    )


def _means(share: Expression, curves: Curves, c: Constants) -> Array:
    if curves.beside is None:
        raise ValueError("squared gradients at the iterate must have been recorded beside those at the reported point")
    return running_mean_before(curves.squared_gradients + read(share, c) * curves.beside)


def _ceiling(c: Constants) -> float:
    return 2 * mean_squared_gradient.ceiling(c)


def _rounding(curves: Curves, c: Constants, bound: Array, shift: float) -> Array | float:
    # The bound is one of both squares, so that each moves by what it would move alone at most.
    return 2 * mean_squared_gradient.rounding(curves, c, bound, shift)
