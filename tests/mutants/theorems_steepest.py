"""Wrong theorems about steps of one size: T24. Around the minimum of a line its floor is all there is."""

from rac_theory import GD, RACLoRA, sketches, theorems
from rac_theory.algorithms import NormalisedStep, SignStep
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import L, T, gamma, gap0_upper, norm_share, span

from .theorems import ROUND, SQUARED_T, mutants

T24 = theorems.T24
LINE = Quadratic.left([[1.0]], W_star=[[0.25]])  # from zero, to and fro with steps of a half
TO_AND_FRO = NormalisedStep(GD(0.5)), LINE
SLOWLY = NormalisedStep(GD(0.01)), ROUND
FROM_A_SKETCH = NormalisedStep(RACLoRA(sketches.Haar(4, 1), 0.05)), ROUND
SIGNS = SignStep(RACLoRA(sketches.Haar(4, 4), 0.5)), ROUND
FIRST, FLOOR = gap0_upper / (gamma * norm_share * T), L * gamma * span / (2 * norm_share)

BANK = [
    *mutants(T24, TO_AND_FRO, ("no floor", "a step of one size does not come to rest", FIRST), steps=100),
    *mutants(
        T24, TO_AND_FRO, ("half of the floor", "around a minimum all of it is there", FIRST + FLOOR / 2), steps=100
    ),
    *mutants(T24, SLOWLY, SQUARED_T, steps=60),
    *mutants(T24, FROM_A_SKETCH, ("c is missing", "a sketch sees a part of a norm", {norm_share: 1}), steps=60),
    *mutants(T24, SIGNS, ("R is missing", "signs on a factor are as long as there are many", {span: 1}), steps=200),
]
