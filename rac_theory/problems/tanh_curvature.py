r"""How far losses of networks with hidden units tanh(u) curve: in one of the u, and in both layers at once.

With :math:`\alpha^2` and :math:`\beta^2` the mean squares of what a direction moves, in the hidden units and in the
head, the second derivative along it is at most :math:`v^2 \alpha^2 + 2 m \alpha \beta + \frac{a^2}{2} \beta^2`, and
what the curvature of the hidden units and of the capped head adds. That is large only where these are far from linear,
and so :math:`\alpha` and :math:`\beta` small: ``room`` is what it leaves for their coefficients.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rac_theory.base import Array
from rac_theory.numerics import EPS, rounded

_HALVINGS = 60
_STEPS = 4


def largest_curvature(squared_norm: Fraction, spread: Fraction) -> float:
    """``max over 0 <= t <= 1`` of ``squared_norm (1 - t^2)^2 / 2 + 2 spread t (1 - t^2)``, rounded up.

    Between 0 and 1 the derivative in t, ``4 a t^3 - 3 b t^2 - 4 a t + b`` with ``a = squared_norm / 2`` and ``b = 2
    spread``, changes its sign once: it is b at 0 and -2b at 1, rises to infinity beyond, and by Descartes' rule has two
    positive zeros at most. Where it changes, the maximum is between two neighbours, and no more than the distance of
    these times the largest slope, ``4 a + 3 b``, above the value at one of them.

    Parameters
    ----------
    squared_norm : Fraction
        An upper bound of half the largest squared distance of two columns of V.
    spread : Fraction
        The largest entry of a row of V less the smallest.
    """
    a, b = squared_norm / 2, 2 * spread
    low, high = Fraction(0), Fraction(1)
    for _ in range(_HALVINGS):
        t = Fraction(float(low + high) / 2)
        if not low < t < high:
            break
        low, high = (t, high) if 4 * a * t**3 - 3 * b * t**2 - 4 * a * t + b > 0 else (low, t)
    shrunk = 1 - low**2
    return rounded(a * shrunk**2 + b * low * shrunk + (high - low) * (4 * a + 3 * b), math.inf)


def squared_distance_of_columns(V: Array) -> Array:
    """Upper bounds of the largest squared distance of two columns of V, (..., h, k) to (...), near to rounding.

    A difference is off by half an eps of itself, and a sum of h squares by ``h + 2`` eps; what underflows, or is a
    rounding of V itself, is less than what is added.
    """
    h, largest = V.shape[-2], np.abs(V).max(axis=(-2, -1))
    squares = [np.square(V - V[..., c : c + 1]).sum(axis=-2).max(axis=-1) for c in range(V.shape[-1])]
    return np.asarray(np.max(squares, axis=0) * (1 + (h + 4) * EPS) + h * (EPS * largest) ** 2)


@dataclass(frozen=True)
class Coefficients:
    """Upper bounds for a set of weights, each a Fraction, or an array with one entry a set.

    Attributes
    ----------
    gram : lambda_max(X'X)/N.
    reach : v, half the largest distance of two columns of the head, over sqrt h.
    spread : the largest entry of a row of the head less the smallest, over sqrt h.
    cross : m^2, with m = v a / sqrt 2 + r / sqrt h.
    units : a^2, lambda_max(A'A)/(N h) of the hidden units A.
    squash : how far a unit of the head may slope, over M sqrt h; 0 for a head that is not squashed.
    """

    gram: Any
    reach: Any
    spread: Any
    cross: Any
    units: Any
    squash: Any

    def hold(self, level: Any) -> Any:
        """Whether no second derivative is beyond ``level``, > 0: exactly in Fractions, up to rounding in floats."""
        hidden = room(level / self.gram, self.spread) - self.reach**2
        head = room(level, self.squash) - self.units / 2
        return (hidden >= 0) & (head >= 0) & (hidden * head >= self.cross)


def room(level: Any, spread: Any) -> Any:
    r"""A lower bound of the minimum of ``level y^2 - 2 spread t y`` over ``y = 1/(1 - t^2)``, ``0 <= t < 1``.

    So :math:`x (1 - t^2)^2 + 2\, \mathrm{spread}\, t (1 - t^2) \le \mathrm{level}` for all t where x is no more. In
    :math:`w = 2 t y` it is :math:`\frac{\mathrm{level}}{4} (1 + \sqrt{1 + w^2})^2 - \mathrm{spread}\, w`, whose second
    derivative is at least level/2: any t gives a lower bound, its value less its squared slope over level.
    """
    t = _turning_point(level, spread)
    y = 1 / (1 - t * t)
    w = 2 * t * y
    slope = level * w * y / (2 * y - 1) - spread
    return level * y * y - spread * w - slope * slope / level


def _turning_point(level: Any, spread: Any) -> Any:
    """Where the slope is zero, ``2 level t = spread (1 - t^4)``, by Newton's method; beyond 0.999 there is no room."""
    if isinstance(level, Fraction):
        return Fraction(float(_turning_point(float(level), float(spread))))
    ratio = np.asarray(spread / (2 * level))
    t = np.minimum(ratio, 1.0)
    for _ in range(_STEPS):
        cube = ratio * (t * t * t)
        t = t - (t - ratio + cube * t) / (1 + 4 * cube)
    return np.minimum(t, 0.999)


def curvature_in_both_layers(coefficients: Coefficients) -> float:
    """The smallest float, nearly, that is shown to be a bound of all second derivatives; coefficients are Fractions.

    Each that is tried is tried in exact arithmetic.
    """
    low, high = 0.0, float(coefficients.gram * coefficients.reach**2 + coefficients.units)
    while not coefficients.hold(Fraction(high)):
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if coefficients.hold(Fraction(middle)) else (middle, high)
    return high


def of_capped_head(gram: Fraction, cap: Fraction, hidden: int) -> Coefficients:
    """What holds for all weights: no entry of the head is beyond the cap, no hidden unit beyond 1, no error beyond 1.

    The root of ``1/h`` is rounded up, by a float next to the nearest one.
    """
    root = Fraction(math.nextafter(math.sqrt(1 / hidden), math.inf)) * (1 + Fraction(1, 1 << 52))
    return Coefficients(gram, cap, 2 * cap * root, (cap + 2 * root) ** 2 / 2, Fraction(1), root / cap)
