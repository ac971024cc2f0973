"""Wrong theorems about error feedback and EF21: T25, T27. Where H = I, at 1/L, they are equalities at every T."""

from fractions import Fraction

from rac_theory import Noisy, sketches, theorems
from rac_theory.algorithms import EF21, FEEDBACK
from rac_theory.statements.symbols import C, L, gamma, gap0_upper

from .theorems import DOUBLED, ROUND, SQUARED_T, mutants

T25, T27, T27_pl = theorems.T25, theorems.T27, theorems.T27_pl


def with_feedback(problem, sketch, gamma_L, sigma=None):
    more = {} if sigma is None else {"gradients": Noisy(sigma)}
    return FEEDBACK(sketch, gamma=gamma_L / problem.L, **more), problem


FED_BACK = with_feedback(ROUND, sketches.Coordinate(4, 1), 0.1)
NOISY = with_feedback(ROUND, sketches.Coordinate(4, 1), 0.1, 1.0)
AT_ONE = with_feedback(ROUND, None, 1.0)
LOUD = with_feedback(ROUND, None, 1.0, 1.0)
WHOLE, SHORT = ((EF21(None, gamma=gamma_L / ROUND.L), ROUND) for gamma_L in (1.0, 0.4))
FOLLOWS = EF21(sketches.Coordinate(4, 1), gamma=0.06 / ROUND.L), ROUND

BANK = [
    *mutants(T25, FED_BACK, SQUARED_T, steps=100),
    *mutants(T25, NOISY, ("no floor", "noise does not go away", {C: 0}), steps=2000),
    *mutants(T25, LOUD, ("C smaller by 2%", "there is no slack there", {C: Fraction(98, 100) * C}), steps=2000),
    *mutants(
        T25, AT_ONE, ("gamma longer by 2%", "promises a longer step", {gamma: Fraction(102, 100) * gamma}), steps=100
    ),
    *mutants(T27, WHOLE, SQUARED_T, steps=100),
    *mutants(T27, WHOLE, ("1.96 for 2", "there is no slack there", {gap0_upper: Fraction(98, 100) * gap0_upper})),
    *mutants(T27_pl, SHORT, DOUBLED),
    *mutants(T27_pl, FOLLOWS, ("nothing is behind", "V is zero at first, and no gradient", {L: 0})),
]
