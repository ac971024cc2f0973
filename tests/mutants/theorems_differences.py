"""Wrong theorems about finite differences: T20. On a multiple of the identity at 1/L T20_pl is an equality."""

from fractions import Fraction

from rac_theory import FiniteDifferences, RACLoRA, sketches, theorems
from rac_theory.problems import Quadratic
from rac_theory.statements.symbols import bias_squared, gamma

from .theorems import DOUBLED, RARE, ROUND, SWAPPED, mutants

T20, T20_pl = theorems.T20, theorems.T20_pl
STEEP = Quadratic.left(4 * ROUND.S, ROUND.W_star)  # where gamma, which a floor contains, is far from one


def by_differences(problem, sketch, h=1.0, gamma_L=1.0):
    return RACLoRA(sketch, gamma_L / problem.L, gradients=FiniteDifferences(h)), problem


AT_ONE, ON_STEEP = (by_differences(problem, sketches.Coordinate(4, 1)) for problem in (ROUND, STEEP))
RARELY = by_differences(RARE, sketches.WeightedCoordinate(2, 1, [0.05, 0.95]), 0.01)
WHOLE = by_differences(ROUND, None, 2.0)

BANK = [
    *mutants(T20, WHOLE, ("no floor", "differences are biased", {bias_squared: 0}), steps=200),
    *mutants(
        T20, WHOLE, ("half of b^2", "of gradients the whole of it is kept", {bias_squared: bias_squared / 2}), steps=400
    ),
    *mutants(T20, RARELY, SWAPPED, steps=200),
    *mutants(
        T20_pl,
        AT_ONE,
        ("no floor", "differences are biased", {bias_squared: 0}),
        (
            "b^2 smaller by 2%",
            "where f is a multiple of a square there is no slack",
            {bias_squared: Fraction(98, 100) * bias_squared},
        ),
        steps=100,
    ),
    *mutants(
        T20_pl,
        by_differences(ROUND, sketches.Coordinate(4, 1), 4.0),
        ("b for b^2", "errors count by their squares", {bias_squared: bias_squared ** Fraction(1, 2)}),
        steps=100,
    ),
    *mutants(
        T20_pl,
        ON_STEEP,
        (
            "gamma^2 for gamma in the floor",
            "the floor is that of a bias, and not of noise",
            {bias_squared: gamma * bias_squared},
        ),
        steps=100,
    ),
    *mutants(T20_pl, AT_ONE, DOUBLED),
]
