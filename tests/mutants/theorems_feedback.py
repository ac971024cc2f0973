"""Wrong theorems about error feedback: T25. Where H = I, at 1/L, it is an equality, and with noise in the long run."""

from fractions import Fraction

from rac_theory import Noisy, sketches, theorems
from rac_theory.algorithms import FEEDBACK
from rac_theory.statements.symbols import C, gamma

from .theorems import ROUND, SQUARED_T, mutants

T25 = theorems.T25


def with_feedback(problem, sketch, gamma_L, sigma=None):
    more = {} if sigma is None else {"gradients": Noisy(sigma)}
    return FEEDBACK(sketch, gamma=gamma_L / problem.L, **more), problem


FED_BACK = with_feedback(ROUND, sketches.Coordinate(4, 1), 0.1)
NOISY = with_feedback(ROUND, sketches.Coordinate(4, 1), 0.1, 1.0)
AT_ONE = with_feedback(ROUND, None, 1.0)
LOUD = with_feedback(ROUND, None, 1.0, 1.0)

BANK = [
    *mutants(T25, FED_BACK, SQUARED_T, steps=100),
    *mutants(T25, NOISY, ("no floor", "noise does not go away", {C: 0}), steps=2000),
    *mutants(T25, LOUD, ("C smaller by 2%", "there is no slack there", {C: Fraction(98, 100) * C}), steps=2000),
    *mutants(
        T25, AT_ONE, ("gamma longer by 2%", "promises a longer step", {gamma: Fraction(102, 100) * gamma}), steps=100
    ),
]
