"""Directed rounding: the float next to an exact number, on the side that keeps a bound a bound."""

import math
from fractions import Fraction


def rounded(exact: Fraction, towards: float) -> float:
    """Return ``exact`` as a float: itself if it is one, otherwise its neighbour in the direction of an infinity."""
    try:
        nearest = float(exact)
    except OverflowError:
        nearest = math.inf if exact > 0 else -math.inf
    wrong_side = nearest > exact if towards < 0 else nearest < exact  # compared exactly
    return math.nextafter(nearest, towards) if wrong_side else nearest
