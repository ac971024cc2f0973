"""Wrong theorems about one stochastic or biased gradient a sketch: T5, T6, plain steps of T12, T19 and T20.

On a line without a sketch T19_pl is an equality; so is T20_pl on a multiple of the identity at 1/L.
"""

from fractions import Fraction

import numpy as np

from rac_theory import SGD, Decreasing, FiniteDifferences, Local, Minibatch, Noisy, RACLoRA, sketches
from rac_theory.problems import LeastSquares, Quadratic
from rac_theory.statements import symbols
from rac_theory.statements.symbols import A, C, K, L, T, beta, gamma, gap0, lambda_max, lambda_min, mu, nu
from rac_theory.statements.symbols import bias_squared as b2

from .theorems import AT_RARE, DOUBLED, NO_TWO, ROUND, SELDOM, SWAPPED, mutants, off_by

LINE = Quadratic.left(np.eye(1), np.ones((1, 1)))
SQUARE = Quadratic.left(np.eye(4), np.full((4, 4), 2.0))
PARABOLAS = LeastSquares(np.ones((20, 1)), np.arange(20.0) ** 1.5)  # of one curvature: T6 is an equality
RARE = Quadratic.left(np.eye(2), np.array([[30.0], [0.0]]))


def on_line(gamma=1.0):
    return SGD(gamma, Noisy(1.0)), LINE


def on_square(gamma=0.7):
    return RACLoRA(sketches.Haar(4, 1), gamma, gradients=Noisy(3.0)), SQUARE


def on_parabolas(size=2):
    return SGD(0.4, Minibatch(size, replace=True)), PARABOLAS


def plain(sketch, gamma=0.7, problem=SQUARE, **more):
    """lora_alpha = r: the plain step without a scale."""
    return RACLoRA(sketch, gamma, lora_alpha=float(sketch.rank), **more), problem


def by_differences(problem, sketch, h=1.0, gamma_L=1.0):
    return RACLoRA(sketch, gamma_L / problem.L, gradients=FiniteDifferences(h)), problem


def decreasing(algorithm, problem, offset, **more):
    return Decreasing(algorithm, offset=offset, **more), problem


ON_RARE = RACLoRA(SELDOM, 0.5, gradients=Noisy(0.01)), RARE
HAAR, GAUSSIAN = plain(sketches.Haar(4, 1)), plain(sketches.Gaussian(dim=4, rank=2), 1 / 7)
STEEP = Quadratic.left(4 * ROUND.S, ROUND.W_star)  # where gamma, which a floor contains, is far from one
AT_ONE, ON_STEEP = (by_differences(problem, sketches.Coordinate(4, 1)) for problem in (ROUND, STEEP))
WHOLE = by_differences(ROUND, None, 2.0)

TWICE_NU = ("nu doubled", "twice the progress of a step", {nu: 2 * nu})
NO_FLOOR = ("no floor", "differences are biased", {b2: 0})
NO_NOISE = ("a missing noise term", "noise does not vanish at the minimum", {C: 0})
HALF_NOISE = ("half of the noise", "at gamma = 1 the floor is attained", {C: C / 2})
RATE = 1 - 2 * gamma * mu * lambda_min * (1 - L * gamma * beta / 2)
LAST_ALONE = RATE**T * gap0 + L * gamma**2 * lambda_max * C / 2


BANK = [
    *mutants(
        "T5",
        on_line(),
        NO_NOISE,
        HALF_NOISE,
        (
            "1 - L gamma beta / 2 is missing",
            "the noise-free part of the second-order term is dropped",
            lambda bound: bound * (1 - L * gamma * beta / 2),
        ),
        steps=200,
    ),
    *mutants(
        "T5", on_line(0.5), ("gamma^2 in the noise", "a floor of the gap, not of gradients", {C: C * gamma}), steps=400
    ),
    *mutants("T5", ON_RARE, SWAPPED, steps=60),
    *mutants("T5_step", on_line(), NO_NOISE, HALF_NOISE, steps=200),
    *mutants(
        "T6",
        on_square(),
        NO_NOISE,
        ("half of the noise", "the second-order term has L/2, and sums over steps", {C: C / 2}),
        ("gamma^3 in the noise", "of descent, gamma^2 remains", {C: C * gamma}),
        ("beta is missing", "the signal has a second-order term too", {beta: 0}),
        ("lambda_max smaller by 5%", "noise enters with lambda_max", off_by(-5, lambda_max)),
        ("noise of the last step alone", "earlier noise decays by rho a step, not at once", LAST_ALONE),
    ),
    *mutants(
        "T6", on_square(0.3), ("gamma doubled in the rate", "twice the progress of a step", {mu: 2 * mu}), DOUBLED
    ),
    *mutants(
        "T6",
        on_parabolas(),
        ("A is missing", "minibatches stray more far from the minimum", {A: 0}),
        ("b^2 for b", "the variance of a mean of b falls like 1/b", {A: A / 2, C: C / 2}),
    ),
    *mutants(
        "T6", on_parabolas(10), ("without replacement for with", "N - b over N - 1 of the noise", {C: C * 10 / 19})
    ),
    *mutants("T6", ON_RARE, SWAPPED, steps=60),
    *mutants("T12_pl", HAAR, TWICE_NU, ("nu without its second-order term", "2 tau E[BB'] alone", {nu: 2 * gamma / 4})),
    *mutants(
        "T12_pl",
        plain(sketches.Haar(4, 1), 1.0, gradients=Local(3)),
        ("K times nu", "after the first of K inner steps nothing may be left to gain", {nu: nu * K}),
    ),
    *mutants("T12_nonconvex", HAAR, TWICE_NU, NO_TWO),
    *mutants(
        "T12_gaussian",
        GAUSSIAN,
        ("d for d + r + 1", "E[(BB')^2] = r (d + r + 1) I", {nu: 4 * gamma - 8 * gamma**2}),
        ("r/L for r/(L (d + r + 1))", "as if normalisation bought nothing", {nu: Fraction(2, 4)}),
    ),
    *mutants(
        "T19_pl",
        decreasing(SGD(0.5, Noisy(1.0)), LINE, 2.0),
        ("half the noise", "each step adds L gamma_t^2 C / 2", {C: C / 2}),
        (
            "the start is forgotten like 1/T^3",
            "two of a gap go in a step of 1/t, times 1/t",
            {gap0: gap0 * symbols.t_0 / (T + symbols.t_0)},
        ),
        ("one step too many", "the sum ends before T", {T: T + 1}),
    ),
    *mutants("T19", decreasing(SGD(1.0, Noisy(0.1)), LINE, 1.0, power=0.5), NO_TWO),
    *mutants("T19", decreasing(*ON_RARE, 50.0, power=0.5), SWAPPED, steps=200),
    *mutants("T20", WHOLE, NO_FLOOR, steps=200),
    *mutants("T20", WHOLE, ("half of b^2", "of gradients the whole of it is kept", {b2: b2 / 2}), steps=400),
    *mutants("T20", by_differences(AT_RARE[1], SELDOM, 0.01), SWAPPED, steps=200),
    *mutants(
        "T20_pl",
        AT_ONE,
        NO_FLOOR,
        ("b^2 smaller by 2%", "where f is a multiple of a square there is no slack", off_by(-2, b2)),
        steps=100,
    ),
    *mutants(
        "T20_pl",
        by_differences(ROUND, sketches.Coordinate(4, 1), 4.0),
        ("b for b^2", "errors count by their squares", {b2: b2 ** Fraction(1, 2)}),
        steps=100,
    ),
    *mutants(
        "T20_pl",
        ON_STEEP,
        ("gamma^2 for gamma in the floor", "the floor is that of a bias, and not of noise", {b2: gamma * b2}),
        steps=100,
    ),
    *mutants("T20_pl", AT_ONE, DOUBLED),
]
