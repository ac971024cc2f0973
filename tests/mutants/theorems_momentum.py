"""Wrong theorems about momentum: T22 and T23. At b = 0 and 1/L T22_pl is an equality, and T22 in the long run."""

from fractions import Fraction

from rac_theory import Noisy, sketches, theorems
from rac_theory.algorithms import MomentumInLinks
from rac_theory.statements import MOMENTUM
from rac_theory.statements.symbols import C, T, mu
from rac_theory.statements.symbols import momentum as b

from .theorems import DOUBLED, RARE, ROUND, SQUARED_T, SWAPPED, TWICE_T, mutants

T22, T22_pl = theorems.T22, theorems.T22_pl
T23, T23_pl = theorems.T23, theorems.T23_pl


def with_momentum(problem, sketch, b, gamma_L, sigma=None):
    more = {} if sigma is None else {"gradients": Noisy(sigma)}
    return MOMENTUM[0](sketch, gamma=gamma_L / problem.L, b=b, **more), problem


CARRIED = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.5, 0.5)
NOISY = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.5, 0.5, 1.0)
AT_ONE = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.0, 1.0, 1.0)
RARELY = with_momentum(RARE, sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.05, 0.4)
NO_FLOOR = ("no floor", "noise does not go away", {C: 0})

IN_LINKS = MomentumInLinks(sketches.Coordinate(4, 1), 0.2 / ROUND.L, 0.0, 1, carried=False), ROUND
RARE_LINKS = MomentumInLinks(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.4, 0.05, 2, carried=False), RARE
ONE_STEP = MomentumInLinks(sketches.Coordinate(4, 1), 0.5 / ROUND.L, 0.5, 1, carried=False), ROUND
ADDED = ("b is added", "momentum that is lost at the end of a link is no gain", {b: -b})

BANK = [
    *mutants(T23, RARE_LINKS, SWAPPED, steps=200),
    *mutants(T23, IN_LINKS, SQUARED_T, DOUBLED, steps=200),
    *mutants(T23_pl, IN_LINKS, DOUBLED, TWICE_T, ("K T for T", "steps of a link are not counted", {T: 3 * T})),
    *mutants(T23_pl, ONE_STEP, ADDED, steps=20),
    *mutants(T22, RARELY, SWAPPED, steps=200),
    *mutants(T22, CARRIED, SQUARED_T, steps=100),
    *mutants(T22, NOISY, NO_FLOOR, steps=1000),
    *mutants(T22, AT_ONE, ("half of the noise", "at 1/L all of it stays", {C: C / 2}), steps=1000),
    *mutants(T22_pl, RARELY, SWAPPED, steps=200),
    *mutants(T22_pl, NOISY, NO_FLOOR, steps=1000),
    *mutants(T22_pl, AT_ONE, ("C smaller by 2%", "there is no slack there", {C: Fraction(98, 100) * C}), steps=200),
    *mutants(T22_pl, CARRIED, DOUBLED, TWICE_T, ("2 mu for mu", "PL has a half in it", {mu: 2 * mu}), steps=100),
]
