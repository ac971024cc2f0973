"""Integrals over (0, inf) of smooth functions that live on several scales."""

import math
from collections.abc import Callable

import numpy as np

from rac_theory.base import Array

STEP = 0.25
"""The step in log t: exp(-pi^2 / step) = 7e-18."""

_TAIL = 42.0  # exp(-tail) = 6e-19


def integrate(f: Callable[[Array], Array], shortest: float, longest: float, step: float = STEP) -> Array:
    r"""Integrate f over (0, inf) by the trapezoidal rule in log t.

    With t = exp(x) the integrand :math:`t f(t)` dies like t on the left and like 1/t or faster on the right. Where f is
    analytic and as tame in the right half-plane, that is for :math:`|\mathrm{Im}\, x| < \pi/2`, the rule with step h
    errs by :math:`e^{-\pi^2/h}` relative to the integral along the edge of that strip: rounding dominates.

    Parameters
    ----------
    f : (points,) to (points, ...)
        Bounded, and :math:`O(t^{-2})` at infinity.
    shortest, longest : float
        The scales of t below which f is constant and above which it falls as a power.
    step : float
        Smaller where f grows in the complex plane: the rule then gains as many digits again with each halving.

    References
    ----------
    L. N. Trefethen and J. A. C. Weideman, The exponentially convergent trapezoidal rule, 2014, Theorem 5.1.
    """
    t = np.exp(np.arange(math.log(shortest) - _TAIL, math.log(longest) + _TAIL, step))
    return np.asarray(step * np.tensordot(t, f(t), axes=1))
