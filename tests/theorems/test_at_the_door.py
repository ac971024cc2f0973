"""Problems whose word for their constants cannot be taken are refused before anything runs."""

import numpy as np
import pytest

from rac_theory import GD, Case, Constants
from rac_theory.problems import FromFunctions


def test_declared_constants_that_contradict_are_refused():
    def square(**constants):
        return FromFunctions((2, 1), value=lambda W: np.sum(W**2), gradient=lambda W: 2 * W, **constants)

    with pytest.raises(ValueError, match=r"f_star must be the infimum of f, got 5, but f\(W0\) = 2 is lower"):
        Constants.of(Case(GD(0.1), square(f_star=5.0), np.ones((2, 1)), steps=1))
    for f_star, message in ((2.003, "f_star must be the infimum"), (2.0009, "W0 must not be"), (2.0, "W0 must not be")):
        with pytest.raises(ValueError, match=message):  # an infimum is known up to f_star_error
            Constants.of(Case(GD(0.1), square(f_star=f_star, f_star_error=1e-3), np.ones((2, 1)), steps=1))


class Plugged:
    """A user's problem with a value or a gradient that is broken."""

    shape, L, mu, strong_convexity, convex, f_star, f_lower = (2, 2), 2.0, 2.0, 2.0, True, 0.0, 0.0

    def __init__(self, value=lambda W: (W**2).sum(axis=(-2, -1)), gradient=lambda W: 2 * W):
        self.value, self.gradient = value, gradient


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"gradient": lambda W: None}, r"Plugged\.gradient\(W\) must be an array, got None \(a missing return"),
        ({"gradient": lambda W: W.sum(axis=-1)}, r"must have shape \(1, 2, 2\), got \(1, 2\)"),
        ({"gradient": lambda W: W}, "must be the gradient of"),
        ({"value": lambda W: None}, r"Plugged\.value\(W\) must be an array, got None"),
        ({"value": lambda W: (W**2).sum()}, r"must have shape \(1,\), got \(\)"),
        ({"gradient": lambda W: W * np.nan}, "must be finite, got 4 nan"),
    ],
)
def test_a_broken_problem_is_caught_at_the_door(broken, message):
    assert Case(GD(0.1), Plugged(), np.ones((2, 2)), steps=1).steps == 1
    with pytest.raises(ValueError, match=message):
        Case(GD(0.1), Plugged(**broken), np.ones((2, 2)), steps=1)
