"""Wrong theorems about momentum: T22. Without momentum, at 1/L, T22_pl is an equality, and T22 in the long run."""

from fractions import Fraction

from rac_theory import Noisy, sketches, theorems
from rac_theory.algorithms import SHIFTED_MOMENTUM
from rac_theory.statements.symbols import C, mu

from .theorems import DOUBLED, RARE, ROUND, SQUARED_T, SWAPPED, TWICE_T, mutants

T22, T22_pl = theorems.T22, theorems.T22_pl


def with_momentum(problem, sketch, b, gamma_L, sigma=None):
    more = {} if sigma is None else {"gradients": Noisy(sigma)}
    return SHIFTED_MOMENTUM(sketch, gamma=gamma_L / problem.L, b=b, **more), problem


CARRIED = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.5, 0.5)
NOISY = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.5, 0.5, 1.0)
AT_ONE = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.0, 1.0, 1.0)
RARELY = with_momentum(RARE, sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.05, 0.4)
NO_FLOOR = ("no floor", "noise does not go away", {C: 0})

BANK = [
    *mutants(T22, RARELY, SWAPPED, steps=200),
    *mutants(T22, CARRIED, SQUARED_T, steps=100),
    *mutants(T22, NOISY, NO_FLOOR, steps=1000),
    *mutants(T22, AT_ONE, ("half of the noise", "at 1/L all of it stays", {C: C / 2}), steps=1000),
    *mutants(T22_pl, RARELY, SWAPPED, steps=200),
    *mutants(T22_pl, NOISY, NO_FLOOR, steps=1000),
    *mutants(T22_pl, AT_ONE, ("C smaller by 2%", "there is no slack there", {C: Fraction(98, 100) * C}), steps=200),
    *mutants(T22_pl, CARRIED, DOUBLED, TWICE_T, ("2 mu for mu", "PL has a half in it", {mu: 2 * mu}), steps=100),
]
