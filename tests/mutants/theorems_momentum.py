"""Wrong theorems about momentum and acceleration: T22, T23, T21. At b = 0 and 1/L T22_pl is an equality, and T22
in the long run. On the line without a sketch T21 has 5% to spare at T = 1 and alpha = 0.9, and its distance is needed
where one starts along a flat direction.
"""

from fractions import Fraction

import numpy as np

from rac_theory import Noisy, sketches, theorems
from rac_theory.algorithms import ACCELERATED, SHIFTED_MOMENTUM, MomentumInLinks
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import C, T, alpha, distance0, lambda_0, mu, s_0
from rac_theory.statements.symbols import momentum as b

from .theorems import DOUBLED, RARE, ROUND, SQUARED_T, SWAPPED, TWICE_T, mutants

T21, T21_H = theorems.T21, theorems.T21_H
T22, T22_pl, T22_H = theorems.T22, theorems.T22_pl, theorems.T22_H
T23, T23_pl = theorems.T23, theorems.T23_pl


def with_momentum(problem, sketch, b, gamma_L, sigma=None):
    more = {} if sigma is None else {"gradients": Noisy(sigma)}
    return SHIFTED_MOMENTUM(sketch, gamma=gamma_L / problem.L, b=b, **more), problem


CARRIED = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.5, 0.5)
NOISY = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.5, 0.5, 1.0)
AT_ONE = with_momentum(ROUND, sketches.Coordinate(4, 1), 0.0, 1.0, 1.0)
RARELY = with_momentum(RARE, sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.05, 0.4)
NO_FLOOR = ("no floor", "noise does not go away", {C: 0})

LINE, STEEP = Quadratic.left([[1.0]], [[2.0]]), Quadratic.left(np.diag([1.0, 0.02]), np.array([[0.0], [1.0]]))
QUICK = ACCELERATED(None, gamma=1 - 0.18999**0.5, alpha=0.9, s=1.0, lambda_min=1.0), LINE
FLAT = ACCELERATED(None, gamma=1.0, alpha=0.1414, s=0.02, lambda_min=1.0), STEEP
SEEN = ACCELERATED(sketches.Coordinate(2, 1), gamma=1.0, alpha=0.0707, s=0.02, lambda_min=0.5), STEEP
NO_DISTANCE = ("no distance", "Z starts at rest, and is slow along a flat direction", {distance0: 0})
ALPHA = ("alpha larger by a tenth", "at T = 1 there are 5% to spare", {alpha: Fraction(11, 10) * alpha})
OF_NO_SKETCH = ("the rate without a sketch", "a sketch sees half of a direction", {alpha: alpha / lambda_0})

IN_LINKS = MomentumInLinks(sketches.Coordinate(4, 1), 0.2 / ROUND.L, 0.0, 1, carried=False), ROUND
RARE_LINKS = MomentumInLinks(sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.4, 0.05, 2, carried=False), RARE
ONE_STEP = MomentumInLinks(sketches.Coordinate(4, 1), 0.5 / ROUND.L, 0.5, 1, carried=False), ROUND
ADDED = ("b is added", "momentum that is lost at the end of a link is no gain", {b: -b})

BANK = [
    *(
        mutant
        for theorem in (T21, T21_H)
        for mutant in (
            *mutants(theorem, QUICK, TWICE_T, ALPHA, steps=2),
            *mutants(theorem, FLAT, NO_DISTANCE, ("s_0^2 for s_0", "wrong units", {s_0: s_0**2}), steps=100),
            *mutants(theorem, SEEN, OF_NO_SKETCH, steps=400),
        )
    ),
    *mutants(T22_H, RARELY, SWAPPED, steps=200),
    *mutants(T22_H, CARRIED, SQUARED_T, steps=100),
    *mutants(T22_H, NOISY, NO_FLOOR, steps=1000),
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
