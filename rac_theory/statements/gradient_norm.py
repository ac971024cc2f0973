"""Norms of gradients, not squared, each in the norm of its algorithm: what T24 bounds."""

import numpy as np

from rac_theory.algebra import total
from rac_theory.base.checks import Array
from rac_theory.cases import Constants
from rac_theory.statements.metric import GRADIENT_NORM, ROUNDINGS, Curves, Metric, no_doubt, running_mean_before
from rac_theory.statements.symbols import T, t


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
