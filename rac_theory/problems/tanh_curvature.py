"""How far the losses of a network with hidden units tanh(u) curve in one of the u."""

import math
from fractions import Fraction

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import rounded
from rac_theory.problems.features import EPS

_HALVINGS = 60


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
