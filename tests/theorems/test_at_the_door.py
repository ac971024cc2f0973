"""Problems whose word for their constants cannot be taken are refused before anything runs."""

from dataclasses import dataclass, field

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
    with pytest.raises(ValueError, match="mu must be <= L=2, got 3"):
        Constants.of(Case(GD(0.1), square(L=2.0, mu=3.0, f_star=0.0), np.ones((2, 1)), steps=1))


@dataclass(frozen=True)
class Plugged:
    """A user's problem with a value and a gradient to be broken."""

    value_of: object = field(default=lambda W: (W**2).sum(axis=(-2, -1)))
    gradient_of: object = field(default=lambda W: 2 * W)
    shape: tuple = (2, 2)
    L: float = 2.0
    mu: float = 2.0
    strong_convexity: float = 2.0
    convex: bool = True
    f_star: float = 0.0
    f_lower: float = 0.0

    def value(self, W):
        return self.value_of(W)

    def gradient(self, W):
        return self.gradient_of(W)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"gradient_of": lambda W: None}, r"Plugged\.gradient\(W\) must be an array, got None \(a missing return"),
        ({"gradient_of": lambda W: W.sum(axis=-1)}, r"must have shape \(1, 2, 2\), got \(1, 2\)"),
        ({"gradient_of": lambda W: W}, "must be the gradient of"),
        ({"gradient_of": lambda W: -2 * W}, "must be the gradient of"),
        ({"value_of": lambda W: None}, r"Plugged\.value\(W\) must be an array, got None"),
        ({"value_of": lambda W: (W**2).sum()}, r"must have shape \(1,\), got \(\)"),
        ({"gradient_of": lambda W: W * np.nan}, "must be finite, got 4 nan"),
    ],
)
def test_a_broken_problem_is_caught_at_the_door(broken, message):
    assert Case(GD(0.1), Plugged(), np.ones((2, 2)), steps=1).steps == 1
    with pytest.raises(ValueError, match=message):
        Case(GD(0.1), Plugged(**broken), np.ones((2, 2)), steps=1)
