"""Wrong theorems about momentum and acceleration (T21 to T23), steps of one size (T24), feedback and EF21 (T25, T27).

At b = 0 and 1/L T22_pl is an equality, and T22 in the long run. On the line without a sketch T21 has 5% to spare at
T = 1 and alpha = 0.9, and its distance is needed where one starts along a flat direction. Around the minimum of a line
the floor of T24 is all there is. Where H = I, at 1/L, T25 and T27 are equalities at every T.
"""

import numpy as np

from rac_theory import GD, Noisy, RACLoRA, algorithms, sketches
from rac_theory.algorithms import EF21, FEEDBACK, SHIFTED_MOMENTUM, MomentumInLinks, NormalisedStep, SignStep
from rac_theory.problems import Quadratic
from rac_theory.statements import symbols
from rac_theory.statements.symbols import C, L, T, alpha, gamma, gap0_upper, mu, norm_share, s_0, span
from rac_theory.statements.symbols import momentum as b

from .theorems import DOUBLED, RARE, ROUND, SELDOM, SQUARED_T, SWAPPED, TWICE_T, mutants, off_by

FOUR = sketches.Coordinate(4, 1)


def method(of, problem, sketch, gamma_L, sigma=None, **letters):
    more = {} if sigma is None else {"gradients": Noisy(sigma)}
    return of(sketch, gamma=gamma_L / problem.L, **letters, **more), problem


CARRIED = method(SHIFTED_MOMENTUM, ROUND, FOUR, 0.5, b=0.5)
NOISY = method(SHIFTED_MOMENTUM, ROUND, FOUR, 0.5, 1.0, b=0.5)
AT_ONE = method(SHIFTED_MOMENTUM, ROUND, FOUR, 1.0, 1.0, b=0.0)
RARELY = method(SHIFTED_MOMENTUM, RARE, SELDOM, 0.4, b=0.05)
NO_FLOOR = ("no floor", "noise does not go away", {C: 0})
LESS_NOISE = ("C smaller by 2%", "there is no slack there", off_by(-2, C))

LINE, STEEP = Quadratic.left([[1.0]], [[2.0]]), Quadratic.left(np.diag([1.0, 0.02]), np.array([[0.0], [1.0]]))
QUICK = algorithms.ACCELERATED(None, gamma=1 - 0.18999**0.5, alpha=0.9, s=1.0, lambda_min=1.0), LINE
FLAT = algorithms.ACCELERATED(None, gamma=1.0, alpha=0.1414, s=0.02, lambda_min=1.0), STEEP
SEEN = algorithms.ACCELERATED(sketches.Coordinate(2, 1), gamma=1.0, alpha=0.0707, s=0.02, lambda_min=0.5), STEEP
NO_DISTANCE = ("no distance", "Z starts at rest, and is slow along a flat direction", {symbols.distance0: 0})
ALPHA = ("alpha larger by a tenth", "at T = 1 there are 5% to spare", off_by(10, alpha))
OF_NO_SKETCH = ("the rate without a sketch", "a sketch sees half of a direction", {alpha: alpha / symbols.lambda_0})

IN_LINKS = MomentumInLinks(FOUR, 0.2 / ROUND.L, 0.0, 1, carried=False), ROUND
RARE_LINKS = MomentumInLinks(SELDOM, 0.4, 0.05, 2, carried=False), RARE
ONE_STEP = MomentumInLinks(FOUR, 0.5 / ROUND.L, 0.5, 1, carried=False), ROUND
ADDED = ("b is added", "momentum that is lost at the end of a link is no gain", {b: -b})

TO_AND_FRO = NormalisedStep(GD(0.5)), Quadratic.left([[1.0]], W_star=[[0.25]])  # from zero, with steps of a half
SLOWLY = NormalisedStep(GD(0.01)), ROUND
FROM_A_SKETCH = NormalisedStep(RACLoRA(sketches.Haar(4, 1), 0.05)), ROUND
SIGNS = SignStep(RACLoRA(sketches.Haar(4, 4), 0.5)), ROUND
FIRST, FLOOR = gap0_upper / (gamma * norm_share * T), L * gamma * span / (2 * norm_share)

FED_BACK, LOUDLY = (method(FEEDBACK, ROUND, FOUR, 0.1, sigma) for sigma in (None, 1.0))
FED_ALL, LOUD = (method(FEEDBACK, ROUND, None, 1.0, sigma) for sigma in (None, 1.0))
WHOLE, SHORT = (method(EF21, ROUND, None, gamma_L) for gamma_L in (1.0, 0.4))
FOLLOWS = method(EF21, ROUND, FOUR, 0.06)

BANK = [
    *(
        mutant
        for theorem in ("T21", "T21_H")
        for mutant in (
            *mutants(theorem, QUICK, TWICE_T, ALPHA, steps=2),
            *mutants(theorem, FLAT, NO_DISTANCE, ("s_0^2 for s_0", "wrong units", {s_0: s_0**2}), steps=100),
            *mutants(theorem, SEEN, OF_NO_SKETCH, steps=400),
        )
    ),
    *mutants("T22_H", RARELY, SWAPPED, steps=200),
    *mutants("T22_H", CARRIED, SQUARED_T, steps=100),
    *mutants("T22_H", NOISY, NO_FLOOR, steps=1000),
    *mutants("T23", RARE_LINKS, SWAPPED, steps=200),
    *mutants("T23", IN_LINKS, SQUARED_T, DOUBLED, steps=200),
    *mutants("T23_pl", IN_LINKS, DOUBLED, TWICE_T, ("K T for T", "steps of a link are not counted", {T: 3 * T})),
    *mutants("T23_pl", ONE_STEP, ADDED, steps=20),
    *mutants("T22", RARELY, SWAPPED, steps=200),
    *mutants("T22", CARRIED, SQUARED_T, steps=100),
    *mutants("T22", NOISY, NO_FLOOR, steps=1000),
    *mutants("T22", AT_ONE, ("half of the noise", "at 1/L all of it stays", {C: C / 2}), steps=1000),
    *mutants("T22_pl", RARELY, SWAPPED, steps=200),
    *mutants("T22_pl", NOISY, NO_FLOOR, steps=1000),
    *mutants("T22_pl", AT_ONE, LESS_NOISE, steps=200),
    *mutants("T22_pl", CARRIED, DOUBLED, TWICE_T, ("2 mu for mu", "PL has a half in it", {mu: 2 * mu}), steps=100),
    *mutants("T24", TO_AND_FRO, ("no floor", "a step of one size does not come to rest", FIRST), steps=100),
    *mutants(
        "T24", TO_AND_FRO, ("half of the floor", "around a minimum all of it is there", FIRST + FLOOR / 2), steps=100
    ),
    *mutants("T24", SLOWLY, SQUARED_T, steps=60),
    *mutants("T24", FROM_A_SKETCH, ("c is missing", "a sketch sees a part of a norm", {norm_share: 1}), steps=60),
    *mutants("T24", SIGNS, ("R is missing", "signs on a factor are as long as there are many", {span: 1}), steps=200),
    *mutants("T25", FED_BACK, SQUARED_T, steps=100),
    *mutants("T25", LOUDLY, NO_FLOOR, steps=2000),
    *mutants("T25", LOUD, LESS_NOISE, steps=2000),
    *mutants("T25", FED_ALL, ("gamma longer by 2%", "promises a longer step", off_by(2, gamma)), steps=100),
    *mutants("T27", WHOLE, SQUARED_T, steps=100),
    *mutants("T27", WHOLE, ("1.96 for 2", "there is no slack there", off_by(-2, gap0_upper))),
    *mutants("T27_pl", SHORT, DOUBLED),
    *mutants("T27_pl", FOLLOWS, ("nothing is behind", "V is zero at first, and no gradient", {L: 0})),
]
