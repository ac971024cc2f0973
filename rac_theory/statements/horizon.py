"""The horizon of a claim: after how many steps its bound has come down to an accuracy."""

import math
from collections.abc import Callable

import numpy as np

from rac_theory.algebra import LONGEST, Expression, Total, symbols_of
from rac_theory.base.checks import Array
from rac_theory.statements.claim import Claim
from rac_theory.statements.symbols import T

_LARGEST_POWER = 1000  # t goes up to 2^999, a float like any other
_PARTS = 64  # into which what holds the answer is cut, each time


def smallest_horizon(claim: Claim, epsilon: float, at: Callable[[Array], Array]) -> float:
    """Return the smallest whole T with ``at(T) <= epsilon``, as far as the bound of a claim does not rise with T.

    ``at`` is that bound, -inf where what is given of T is not true.

    It is looked for at powers of two, and then ever closer between two of them: inf where the bound is above epsilon
    at all powers, nan where it is no number at any. A bound that is made of sums over t < T is only looked at where
    these can be added up: nan, if it is finite and does not come down to epsilon before. Such a bound may rise before
    what is given of T is no longer true, and is looked at everywhere then.
    """
    is_sum = isinstance(claim.bound, Expression) and any(map(_adds_up, claim.bound.within()))
    largest = LONGEST.bit_length() if is_sum else _LARGEST_POWER
    powers = np.concatenate([[0.0], 2.0 ** np.arange(largest)])
    bound = at(powers)
    if np.isnan(bound[1:]).all():
        return math.nan
    (reached,) = np.nonzero(bound <= epsilon)
    if not reached.size:
        return math.nan if is_sum and np.isfinite(bound[1:]).any() else math.inf
    low, high = int(powers[max(reached[0] - 1, 0)]), int(powers[reached[0]])
    while high - low > 1:
        parts = min(high - low, _PARTS)
        between = [low + (high - low) * i // parts for i in range(parts + 1)]
        inside = at(np.array(between[1:-1], dtype=np.float64)) <= epsilon
        first = int(np.argmax([*inside, True]))
        low, high = between[first], between[first + 1]
    if at(np.array([float(high)])) > -math.inf:
        return high
    (reached,) = np.nonzero(at(np.arange(float(high if is_sum else 0))) <= epsilon)
    return int(reached[0]) if reached.size else math.inf


def _adds_up(expression: Expression) -> bool:
    """Whether it is a sum over t < T."""
    return isinstance(expression, Total) and T in symbols_of(expression.steps)
