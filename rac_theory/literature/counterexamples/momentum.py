r"""C26, C28 and C29: what is said too much of momentum with a fresh sketch in each step.

C26. On :math:`f = \frac12 \|W\|^2` with H all or nothing along each coordinate, :math:`X^+ = X - \gamma (1 - \beta)
M^+`, :math:`M^+ = \beta M + H X`, the second moments of a coordinate are three numbers. T1's right side for the step
:math:`\gamma` is :math:`2 \Delta_0 / (\gamma p T)`, and the point that is judged the shifted one, :math:`X - \gamma
\beta M`.

C28, on :math:`f = \frac12 W_1^2` with Haar's sketch of rank one, of which :math:`\mathrm{E} u_1^2 = \frac1d` and
:math:`\mathrm{E} u_1^4 = \frac{3}{d(d+2)}`, so that :math:`L_H = \frac{3}{d+2}`: with L_H for *every* L what
T22 asks is met at :math:`\gamma L_H = \frac12` and :math:`1 - b = \frac1d`. The gradient at X is not where the sketch
looks, and its Lipschitz constant is L. C29, on :math:`\frac12 W^2` with H = 1: the point X itself comes above T22's
bound of the mean, and above T22_pl's of the gap, while the shifted point stays below both.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, islice

import numpy as np

from rac_theory.algorithms import MOMENTUM, state
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Coordinate, Haar

DIM, GAMMA, STEPS = 16, Fraction(1, 2), 150
SHARE = Fraction(1, DIM)

Moments = tuple[Fraction, Fraction, Fraction]


def moments(gamma: Fraction, beta: Fraction, p: Fraction, q: Fraction) -> Iterator[Moments]:
    """Yield E X^2, E X M and E M^2 from X = 1, where the curvature is 1 and H leaves h, with p = E h and q = E h^2."""
    xx, xm, mm = Fraction(1), Fraction(0), Fraction(0)
    c = gamma * (1 - beta)
    a, b = 1 - c * p, -c * beta  # X+ = (1 - c h) X + b M
    while True:
        yield xx, xm, mm
        xx, xm, mm = (
            (1 - 2 * c * p + c * c * q) * xx + 2 * a * b * xm + b * b * mm,
            (p - c * q) * xx + (a * beta + b * p) * xm + b * beta * mm,
            q * xx + 2 * p * beta * xm + beta * beta * mm,
        )


def at_W(gamma: Fraction, beta: Fraction, state: Moments) -> Fraction:
    """Return E W^2 at the shifted point W = X - gamma beta M."""
    xx, xm, mm = state
    return xx - 2 * gamma * beta * xm + (gamma * beta) ** 2 * mm


def ratios(
    beta: Fraction, steps: int, gamma: Fraction = GAMMA, p: Fraction = SHARE, q: Fraction = SHARE
) -> list[Fraction]:
    """Return the sum of E||grad f||^2 at the shifted point over its bound, by T1 or T22, after 1, 2, ... steps."""
    squares = (at_W(gamma, beta, state) for state in islice(moments(gamma, beta, p, q), steps))
    return [total * gamma * p for total in accumulate(squares)]  # 2 Delta_0 is 1


def gather_beyond(example: Counterexample) -> Witness:
    """Take 1 - beta as r/d, as half of it, and as a quarter."""
    curves = {f"1 - beta = p/{k}": ratios(1 - SHARE / k, STEPS) for k in (1, 2, 4)}
    whole_share, half, quarter = curves.values()
    first = next(t for t, ratio in enumerate(half, 1) if ratio > 1)
    checks = (
        Check.exact(
            f"with 1 - beta = r/d {STEPS} steps have {float(whole_share[-1]):.3f} of T1's bound", max(whole_share) <= 1
        ),
        Check.exact(
            f"with half of that they have {float(half[-1]):.3f} of it, more than all from step {first} on", half[-1] > 1
        ),
        Check.exact(f"with a quarter they have {float(quarter[-1]):.3f} of it", quarter[-1] > 2),
        _by_the_library(example, "for the case", GAMMA * SHARE, half[-1], STEPS),
    )
    label = r"sum of $E \|\nabla f\|^2$ over T1's bound"
    picture = Lines.over(range(1, STEPS + 1), curves, {"T1's bound": 1.0}, "steps", label, yscale="linear")
    return Witness(checks, picture)


def _by_the_library(example: Counterexample, words: str, scale: Fraction, ratio: Fraction, steps: int) -> Check:
    """The sum of expected squared gradients, in units of the first, over the bound."""
    squares = expected(example.case(steps - 1)).squared_gradient
    total = float(squares.sum() / squares[0] * float(scale))
    return Check.bounded(f"the library's own sum {words} is {total:.6f} of it", abs(total / ratio - 1) < 1e-9)


C26 = Counterexample(
    id="C26",
    name="momentum beyond its condition",
    statement="On ||W||^2/2 with one of 16 coordinates a step, momentum with steps of (1 - beta)/(2L) has squared "
    "gradients at its shifted point within T1's bound for the step 1/(2L) where 1 - beta is r/d, and beyond it where "
    "it is half of r/d or a quarter.",
    cause="momentum that outlives the draws that it came from",
    problem=Quadratic.left(np.eye(DIM), np.zeros((DIM, 1))),
    method=MOMENTUM(Coordinate(DIM, 1), gamma=float(GAMMA), b=float(1 - SHARE / 2)),
    start=np.ones((DIM, 1)),
    gather=gather_beyond,
    condition="gamma L = 1/2; a smaller step admits more momentum",
)

WIDE, LONG_RUN = 64, 200
WIDE_SHARE, FOURTH, L_H = Fraction(1, WIDE), Fraction(3, WIDE * (WIDE + 2)), Fraction(3, WIDE + 2)
LONG, KEPT = 1 / (2 * L_H), 1 - WIDE_SHARE
EDGE = Fraction(207, 250), Fraction(1, 3)
EDGE_PL = Fraction(8, 125), Fraction(9, 10)
"""gamma and b just within what T22 and T22_pl ask for on the line, without noise."""


def slack(gamma_L: Fraction, Lipschitz: Fraction, b: Fraction) -> Fraction:
    """Return theta of T22 where 1 - b is lambda_max, for gamma times what bounds a step's curvature and gamma times the
    Lipschitz constant."""
    return 1 - gamma_L - (Lipschitz * b) ** 2 * (1 + b)


def ratios_at_W() -> list[Fraction]:
    """Return the sum of E||grad f(W)||^2 over T22's bound of it, without noise."""
    return ratios(KEPT, LONG_RUN, LONG, WIDE_SHARE, FOURTH)


def on_the_line(gamma: Fraction, b: Fraction, steps: int) -> tuple[list[Fraction], list[Fraction]]:
    """Return E X^2 and E W^2 at t = 0, 1, ..., without a sketch."""
    walk = [*islice(moments(gamma, b, Fraction(1), Fraction(1)), steps)]
    return [state[0] for state in walk], [at_W(gamma, b, state) for state in walk]


def sums(steps: int = 100) -> tuple[Fraction, Fraction]:
    """Return the sum of squares over T22's bound of it, at X and at W, on the line."""
    at_X, shifted = (EDGE[0] * sum(squares, Fraction(0)) for squares in on_the_line(*EDGE, steps))
    return at_X, shifted


def gaps(steps: int = 20) -> tuple[list[Fraction], list[Fraction]]:
    """Return gaps over T22_pl's bound, at X and at W, on the line, where mu is L."""
    left = 1 - EDGE_PL[0]
    at_X, shifted = ([x / left**t for t, x in enumerate(squares)] for squares in on_the_line(*EDGE_PL, steps))
    return at_X, shifted


def gather_smoothness(example: Counterexample) -> Witness:
    """Take L_H where T22 has L."""
    curve = ratios_at_W()
    last = curve[-1]
    first = next(t for t, ratio in enumerate(curve, 1) if ratio > 1)
    theta = slack(Fraction(1, 2), Fraction(1, 2), KEPT)
    theta_with_L = slack(LONG * L_H, LONG, KEPT)
    checks = (
        Check.exact(f"with L_H for every L what is assumed is met: theta is {float(theta):.4f}", theta > 0),
        Check.exact(f"with L where it belongs it is not: theta is {float(theta_with_L):.1f}", theta_with_L < 0),
        Check.exact(
            f"from step {first} on there is more than the bound, in {LONG_RUN} steps {float(last):.2f} of it", last > 60
        ),
        _by_the_library(example, "for the case", LONG * WIDE_SHARE, last, LONG_RUN),
    )
    lines, label = {"with L_H for every L": curve}, r"sum of $E \|\nabla f\|^2$ over the bound"
    picture = Lines.over(range(1, LONG_RUN + 1), lines, {"the bound": 1.0}, "steps", label, yscale="linear")
    return Witness(checks, picture)


def gather_point(example: Counterexample) -> Witness:
    """Judge X, and the shifted point W, by what is proved of W."""
    (X, W), (gaps_X, gaps_W) = sums(), gaps()
    T = max(range(len(gaps_X)), key=gaps_X.__getitem__)
    checks = (
        Check.exact(f"squared gradients at X have {float(X):.3f} of T22's bound in 100 steps", Fraction(51, 50) < X),
        Check.exact(f"at the shifted point they have {float(W):.3f} of it", W < 1),
        Check.exact(
            f"the gap at X is {float(gaps_X[T]):.3f} of T22_pl's bound at T = {T}", gaps_X[T] > Fraction(23, 20)
        ),
        Check.exact(f"at the shifted point it is {float(max(gaps_W)):.3f} of it at most", max(gaps_W) <= 1),
        _by_the_library(example, "at X", EDGE[0], X, 100),
    )
    levels, label = {"T22_pl's bound": 1.0}, "gap over T22_pl's bound"
    picture = Lines.over(range(len(gaps_X)), {"X": gaps_X, "W": gaps_W}, levels, "steps", label, yscale="linear")
    return Witness(checks, picture)


C28 = Counterexample(
    id="C28",
    name="the smoothness along the sketch for every smoothness",
    statement="On W_1^2/2 with Haar's sketch of rank 1 of 64, momentum with 1 - b = r/d and gamma L_H = 1/2 meets what "
    "T22 assumes with L_H in every place of L, and has 63 times the squared gradients of its bound in 200 steps.",
    cause="a gradient that is taken where the sketch does not look changes by L, not by L_H",
    problem=Quadratic.left(np.diag([1.0, *[0.0] * (WIDE - 1)]), np.zeros((WIDE, 1))),
    method=MOMENTUM(Haar(WIDE, 1), gamma=float(LONG), b=float(KEPT)),
    start=np.eye(WIDE)[:, :1],
    gather=gather_smoothness,
    condition="T22_H, with L where gradients are compared and L_H elsewhere, is proved",
)
C29 = Counterexample(
    id="C29",
    name="momentum judged where it takes gradients",
    statement="On W^2/2 without a sketch, just within what T22 and T22_pl assume, the point X at which gradients are "
    "taken has more squared gradients than T22's bound, and a larger gap than T22_pl's; the shifted point has not.",
    cause="what is proved of the shifted point is not true of the point that is ahead of it",
    problem=Quadratic.left(np.eye(1), np.zeros((1, 1))),
    method=MOMENTUM.reporting(state("X"))(None, gamma=float(EDGE[0]), b=float(EDGE[1])),
    start=np.ones((1, 1)),
    gather=gather_point,
    condition="T22 bounds the squared gradients at X times theta, which is nearly 0 there",
)
