"""Wrong theorems about preconditioned steps: T26. Where all weights are one T26_pl is an equality."""

from rac_theory import sketches, theorems
from rac_theory.algorithms import Preconditioned
from rac_theory.statements.symbols import L, gamma, largest_weight, least_weight

from .theorems import ROUND, SQUARED_T, TWICE_T, mutants

T26, T26_pl = theorems.T26, theorems.T26_pl
UNEQUAL = Preconditioned(sketches.Coordinate(4, 4), 1 / ROUND.L, [0.1, 1.0, 1.0, 1.0]), ROUND
EQUAL = Preconditioned(sketches.Haar(4, 2), 0.5 / ROUND.L, [1.0, 1.0]), ROUND

BANK = [
    *mutants(T26, EQUAL, SQUARED_T, steps=100),
    *mutants(T26_pl, UNEQUAL, ("A for a", "the smallest weight decides", {least_weight: largest_weight}), steps=100),
    *mutants(T26_pl, EQUAL, TWICE_T, ("gamma doubled", "promises twice the progress", {gamma: 2 * gamma, L: L / 2})),
]
