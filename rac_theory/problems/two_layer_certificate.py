r"""The longest step of a network of two layers that is proved to descend, from what the network is where it begins.

Along a step of length at most x in the hidden layer and y in the head, neither the hidden units, nor the head, nor the
errors of the probabilities get far from where they were. So how far f curves there has a bound, which grows with the
step, and the step is as long as this bound allows.
"""

import math
from dataclasses import dataclass

import numpy as np

from rac_theory.base import Array
from rac_theory.numerics import EPS, lapack_rounding
from rac_theory.problems.tanh_curvature import Coefficients, squared_distance_of_columns

_HALVINGS = 24
_MARGIN = 1e-9
"""Relative: far above the rounding of some hundred operations.

Bounds are made of sums and products of numbers that are not negative, each off by a few eps of itself. What is rounded
in ``Coefficients.hold`` is at most some eps of the level; and a larger level leaves more room, by as much at least.
"""

_LONGEST = 1e75


@dataclass(frozen=True)
class Neighbourhood:
    """Upper bounds of what a network is at some weights, (runs,) each, and from them of what it is near by.

    Attributes
    ----------
    gram : float
        ``lambda_max(X'X)/N``.
    cap : float
        The bound on the entries of the head; inf for none.
    hidden : int
        The number h of hidden units.
    reach : (runs,)
        Half the largest distance of two columns of the head, over sqrt h.
    spread : (runs,)
        The largest entry of a row of the head less the smallest.
    units : (runs,)
        The norm of the hidden units of all samples, over sqrt(N h).
    errors : (runs,)
        The norm of the errors of the probabilities of all samples, over sqrt N.
    """

    gram: float
    cap: float
    hidden: int
    reach: Array
    spread: Array
    units: Array
    errors: Array

    def within(self, x: Array, y: Array) -> Coefficients:
        """How far f curves wherever the hidden layer is at most x from here, and the head at most y."""
        root, side = 1 / math.sqrt(self.hidden), math.sqrt(self.gram)
        v = np.minimum(self.cap, self.reach + y * root / math.sqrt(2))
        a = np.minimum(1.0, self.units + side * x * root)
        moved = v * side * x + a * y / math.sqrt(2)  # the deviation of what scores move by, in the mean square
        r = np.minimum(math.sqrt(2), self.errors + moved / math.sqrt(2))
        spread = np.minimum(2 * self.cap, self.spread + math.sqrt(2) * y) * root
        cross = (v * a / math.sqrt(2) + r * root) ** 2
        return Coefficients(self.gram, v, spread, cross, a * a, np.minimum(1.0, a * r / root) * root / self.cap)

    def longest_step(self, x: Array, y: Array, l2: float) -> Array:
        """The largest gamma with ``gamma (curvature within (gamma x, gamma y) + l2) <= 1``, (runs,), rounded down."""

        def held(gamma: Array) -> Array:
            return np.asarray(self.within(gamma * x, gamma * y).hold(np.maximum(1 / gamma - l2, 1e-12 / gamma)))

        at_zero = self.within(0 * x, 0 * y)
        least = np.maximum(at_zero.gram * at_zero.reach**2, np.sqrt(at_zero.gram * at_zero.cross))
        low = high = 1 / (np.maximum(least, at_zero.units / 2) + l2)
        while not (fits := held(low)).all():
            low, high = np.where(fits, low, low / 4), np.where(fits, high, low)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            fits = held(middle)
            low, high = np.where(fits, middle, low), np.where(fits, high, middle)
        return np.asarray(low * (1 - _MARGIN))


def measured(A: Array, V: Array, R: Array, lost: Array) -> tuple[Array, Array, Array, Array]:
    """Return reach, spread, units and errors of a ``Neighbourhood``, rounded up, (runs,) each.

    Parameters
    ----------
    A : (runs, h, N)
        The hidden units.
    V : (runs, h, k)
        The head.
    R : (runs, k, N)
        The probabilities less those of the labels, 0 and 1.
    lost : (runs,)
        What rounding may have moved the hidden scores by, in norm over sqrt N. It moves A by no more, and R by no more
        than that times the norm of V over sqrt h. The second product and the softmax round h + k + 32 times more.
    """
    (h, N), k = A.shape[-2:], R.shape[-2]
    size = 1 + np.linalg.norm(V, axis=(-2, -1))
    reach = np.sqrt(squared_distance_of_columns(V)) / (2 * math.sqrt(h)) + 4 * EPS * size
    spread = (V.max(axis=-1) - V.min(axis=-1)).max(axis=-1) + 4 * EPS * size
    units = _norm(A) / math.sqrt(N * h) + lost + 4 * EPS
    return reach, spread, units, _norm(R) / math.sqrt(N) + (lost + 4 * (h + k + 32) * EPS) * size


def _norm(A: Array) -> Array:
    """Return upper bounds of the spectral norm of each A, (..., n, N), from the smaller of AA' and A'A."""
    S = A @ A.mT if A.shape[-2] <= A.shape[-1] else A.mT @ A
    rounding = lapack_rounding(S.shape[-1]) + (max(A.shape[-2:]) + 4) * EPS
    trace = np.trace(S, axis1=-2, axis2=-1)
    return np.asarray(np.sqrt(np.maximum(np.linalg.eigvalsh(S)[..., -1], 0.0) + 2 * rounding * trace))


def certified_steps(near: Neighbourhood, x: Array, y: Array, l2: float, floor: float) -> Array:
    """Return ``longest_step`` where all is of moderate size, and never less than ``floor``, all there is elsewhere."""
    numbers = np.stack([x, y, near.reach, near.spread, near.units, near.errors])
    moderate = (numbers <= _LONGEST).all(axis=0)  # nor where one is nan
    replaced = [np.where(moderate, number, 1.0) for number in numbers]
    steps = Neighbourhood(near.gram, near.cap, near.hidden, *replaced[2:]).longest_step(replaced[0], replaced[1], l2)
    return np.where(moderate, np.maximum(steps, floor), floor)
