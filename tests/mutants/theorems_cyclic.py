"""Wrong theorems about blocks that take turns: T18."""

import numpy as np

from rac_theory import CyclicRACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L_H, T, ell, gap0_upper, mu

from .theorems import ROUND, TWICE_T, mutants

T18, T18_pl = theorems.T18, theorems.T18_pl
ALIKE = Quadratic.left(0.1 * np.eye(10) + 0.9, np.ones((10, 1)))  # where ten coordinates in a fixed order are slow
IN_TURNS = CyclicRACLoRA(sketches.Coordinate(10, 1), 1.0, order="cyclic"), ALIKE
WHOLE = CyclicRACLoRA(sketches.BlockPartition(4, 4), 1 / ROUND.L), ROUND
SHORT = CyclicRACLoRA(sketches.BlockPartition(4, 4), 0.2 / ROUND.L), ROUND
AWAY = 1 + np.linspace(-1, 1, 10)[:, None]  # from the minimiser, where the steep direction is at rest

BANK = [
    *mutants(
        T18,
        WHOLE,
        ("the factor 2 is missing", "half of a square is gained", {gap0_upper: gap0_upper / 2}),
        ("T^2 for T", "sums are bounded, not means", {T: T**2}),
    ),
    *mutants(
        T18_pl,
        IN_TURNS,
        ("turns cost nothing", "what a block sees is not the gradient at the start of the cycle", {ell: 0 * ell}),
        steps=60,
        W0=AWAY,
    ),
    *mutants(
        T18_pl,
        SHORT,
        ("2 mu for mu", "PL has a half in it", {mu: 2 * mu}),
        ("gamma without its second-order term", "a step that is long for a block gains less", {L_H: 0 * L_H}),
        TWICE_T,
    ),
]
