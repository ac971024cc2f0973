"""Wrong theorems about finite differences: T20. On a multiple of the identity at 1/L T20_pl is an equality."""

from fractions import Fraction

from rac_theory import FiniteDifferences, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import bias_squared, gamma, lambda_max, lambda_min

from .theorems import RARE, ROUND, changed, doubled, mutant

T20, T20_pl = theorems.T20, theorems.T20_pl
STEEP = Quadratic.left(4 * ROUND.S, ROUND.W_star)  # where gamma, which a floor contains, is far from one


def by_differences(problem, sketch, h=1.0, gamma_L=1.0):
    return RACLoRA(sketch, gamma_L / problem.L, gradients=FiniteDifferences(h)), problem


AT_ONE, ON_STEEP = (by_differences(problem, sketches.Coordinate(4, 1)) for problem in (ROUND, STEEP))
RARELY = by_differences(RARE, sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.01)
WHOLE = by_differences(ROUND, None, 2.0)

BANK = [
    mutant("no floor", "differences are biased", changed(T20, {bias_squared: 0}), T20, WHOLE, 200),
    mutant(
        "half of b^2",
        "of gradients the whole of it is kept",
        changed(T20, {bias_squared: bias_squared / 2}),
        T20,
        WHOLE,
        400,
    ),
    mutant(
        "lambda_max for lambda_min",
        "the worst direction decides, not the best",
        changed(T20, {lambda_min: lambda_max}),
        T20,
        RARELY,
        200,
    ),
    mutant("no floor", "differences are biased", changed(T20_pl, {bias_squared: 0}), T20_pl, AT_ONE, 100),
    mutant(
        "b for b^2",
        "errors count by their squares",
        changed(T20_pl, {bias_squared: bias_squared ** Fraction(1, 2)}),
        T20_pl,
        by_differences(ROUND, sketches.Coordinate(4, 1), 4.0),
        100,
    ),
    mutant(
        "b^2 smaller by 2%",
        "where f is a multiple of a square there is no slack",
        changed(T20_pl, {bias_squared: Fraction(98, 100) * bias_squared}),
        T20_pl,
        AT_ONE,
        100,
    ),
    mutant(
        "gamma^2 for gamma in the floor",
        "the floor is that of a bias, and not of noise",
        changed(T20_pl, {bias_squared: gamma * bias_squared}),
        T20_pl,
        ON_STEEP,
        100,
    ),
    doubled(T20_pl, AT_ONE),
]
