"""A case that leaves a claim no room: what is on its left is known, and equals its right at some T."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rac_theory import Constants
from rac_theory.base.checks import Array
from rac_theory.statements.metric import Curves, Metric
from rac_theory.theorems import Theorem

AGREES, DIFFERS = 1e-9, 1e-6
"""Relative: how near both sides come, and how far apart they are if one is wrong; nothing should lie between."""


@dataclass(frozen=True, eq=False)
class Equality:
    """Constants, curves, and the T at which the claim is an equality for them.

    Attributes
    ----------
    case : str
        What it is.
    c : Constants
    curves : Curves
        Expectations, each (1, T + 1), which obey the assumptions; ``f_star`` of c is 0.
    times : tuple of int
        Where there is equality.
    left : array, optional
        What the left side must be at these times, if it is this that is compared, and not both sides.
    """

    case: str
    c: Constants
    curves: Curves
    times: tuple[int, ...]
    left: Array | None = None

    def apart(self, theorem: Theorem) -> float:
        """Return how far the two sides are apart, relatively, at most; nan if one of them is."""
        times = np.array(self.times)
        with np.errstate(all="ignore"):
            left = _left(theorem.metric, self)
            right = theorem.claim.at(self.c, times.astype(float)) if self.left is None else self.left
            return float(np.max(np.abs(left / right - 1)))

    def agrees(self, theorem: Theorem) -> bool:
        """Whether the two sides are the same up to rounding."""
        return self.apart(theorem) <= AGREES

    def refutes(self, theorem: Theorem) -> bool:
        """Whether the two sides differ."""
        return not self.apart(theorem) <= DIFFERS


@lru_cache(maxsize=64)
def _left(metric: Metric, of: Equality) -> Array:
    """What is on the left: of many claims that are compared with one equality it is the same."""
    return metric.measure(of.curves, of.c)[0][np.array(of.times)]


def of_gradients(case: str, c: Constants, squares, times=None, left=None, step_sizes=None, at_iterate=None) -> Equality:
    """Return an equality about squared gradients at t = 0, ..., T - 1, and perhaps the steps there, or those at X."""
    squares = np.array([[*squares, 0.0]])  # the last is not averaged yet
    T = squares.shape[1] - 1
    step_sizes = None if step_sizes is None else np.array([[*step_sizes, np.nan]])
    at_iterate = None if at_iterate is None else np.array([[*at_iterate, 0.0]])
    curves = Curves(np.zeros_like(squares), squares, step_sizes=step_sizes, squared_gradients_at_iterate=at_iterate)
    return Equality(case, c, curves, times or (T,), left)


def of_norms(case: str, c: Constants, norms, times=None) -> Equality:
    """Return the same about norms of gradients."""
    norms = np.array([[*norms, 0.0]])
    curves = Curves(np.zeros_like(norms), np.zeros_like(norms), gradient_norms=norms)
    return Equality(case, c, curves, times or (norms.shape[1] - 1,))


def of_gaps(case: str, c: Constants, gaps, times=None) -> Equality:
    """Return an equality about gaps, or squared distances, at t = 0, ..., T."""
    gaps = np.array([gaps])
    return Equality(case, c, Curves(gaps, np.zeros_like(gaps), gaps), times or tuple(range(1, gaps.shape[1])))
