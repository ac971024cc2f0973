r"""C28 and C29: two ways to say too much of momentum. What T22 says is about the shifted point, and about L beside L_H.

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
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.momentum_beyond_its_condition import Moments, moved
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Haar

DIM, STEPS = 64, 200
SHARE, FOURTH, L_H = Fraction(1, DIM), Fraction(3, DIM * (DIM + 2)), Fraction(3, DIM + 2)
LONG, KEPT = 1 / (2 * L_H), 1 - SHARE
EDGE = Fraction(207, 250), Fraction(1, 3)
EDGE_PL = Fraction(8, 125), Fraction(9, 10)
"""gamma and b just within what T22 and T22_pl ask for on the line, without noise."""


def moments(gamma: Fraction, b: Fraction, p: Fraction, q: Fraction) -> Iterator[Moments]:
    """Yield E X^2, E X M and E M^2 from X = 1, where the curvature is 1 and H leaves h, with p = E h and q = E h^2."""
    one = Fraction(1), Fraction(0), Fraction(0)
    while True:
        yield one
        one = moved(b, one, gamma, p, q)


def at_W(gamma: Fraction, b: Fraction, one: Moments) -> Fraction:
    """Return E W^2 at the shifted point W = X - gamma b M."""
    xx, xm, mm = one
    return xx - 2 * gamma * b * xm + (gamma * b) ** 2 * mm


def slack(gamma_L: Fraction, Lipschitz: Fraction, b: Fraction, Lambda: Fraction) -> Fraction:
    """Return theta of T22, for gamma times what bounds a step's curvature and gamma times the Lipschitz constant."""
    return 1 - gamma_L - (Lipschitz * b) ** 2 * Lambda * (1 + b * Lambda)


def ratios() -> list[Fraction]:
    """Return the sum of E||grad f(W)||^2 over T22's bound of it, without noise: 2 Delta_0 is 1."""
    walk = islice(moments(LONG, KEPT, SHARE, FOURTH), STEPS)
    return [total * LONG * SHARE for total in accumulate(at_W(LONG, KEPT, one) for one in walk)]


def sums(steps: int = 100) -> tuple[Fraction, Fraction]:
    """Return the sum of squares over T22's bound of it, at X and at W, on the line."""
    gamma, b = EDGE
    walk = [*islice(moments(gamma, b, Fraction(1), Fraction(1)), steps)]
    return gamma * sum(one[0] for one in walk), gamma * sum(at_W(gamma, b, one) for one in walk)


def gaps(steps: int = 20) -> tuple[list[Fraction], list[Fraction]]:
    """Return gaps over T22_pl's bound, at X and at W, on the line, where mu is L."""
    gamma, b = EDGE_PL
    walk = [*islice(moments(gamma, b, Fraction(1), Fraction(1)), steps)]
    return (
        [one[0] / (1 - gamma) ** t for t, one in enumerate(walk)],
        [at_W(gamma, b, one) / (1 - gamma) ** t for t, one in enumerate(walk)],
    )


def gather_smoothness(example: Counterexample) -> Witness:
    """Take L_H where T22 has L."""
    curve = ratios()
    first = next(t for t, ratio in enumerate(curve, 1) if ratio > 1)
    told, asked = slack(Fraction(1, 2), Fraction(1, 2), KEPT, Fraction(1)), slack(LONG * L_H, LONG, KEPT, Fraction(1))
    case = Case(example.method, example.problem, example.start, steps=STEPS - 1)
    own = float(expected(case).squared_gradient.sum()) * float(LONG * SHARE)
    checks = (
        Check.exact(f"with L_H for every L what is assumed is met: theta is {float(told):.4f}", told > 0),
        Check.exact(f"with L where it belongs it is not: theta is {float(asked):.1f}", asked < 0),
        Check.exact(
            f"from step {first} on there is more than the bound, in {STEPS} steps {float(curve[-1]):.2f} of it",
            curve[-1] > 60,
        ),
        Check.bounded(f"the library's own sum for the case is {own:.4f} of it", abs(own / curve[-1] - 1) < 1e-9),
    )
    lines = {"with L_H for every L": (np.arange(1, STEPS + 1), np.array([*map(float, curve)]))}
    label = r"sum of $E \|\nabla f\|^2$ over the bound"
    return Witness(checks, Lines(lines, {"the bound": 1.0}, "steps", label, yscale="linear"))


def gather_point(example: Counterexample) -> Witness:
    """Judge X, and the shifted point W, by what is proved of W."""
    (X, W), (gaps_X, gaps_W) = sums(), gaps()
    T = max(range(len(gaps_X)), key=gaps_X.__getitem__)
    case = Case(example.method, example.problem, example.start, steps=99)
    own = float(expected(case).squared_gradient.sum()) * float(EDGE[0])
    checks = (
        Check.exact(f"squared gradients at X have {float(X):.3f} of T22's bound in 100 steps", Fraction(51, 50) < X),
        Check.exact(f"at the shifted point they have {float(W):.3f} of it", W < 1),
        Check.exact(
            f"the gap at X is {float(gaps_X[T]):.3f} of T22_pl's bound at T = {T}", gaps_X[T] > Fraction(23, 20)
        ),
        Check.exact(f"at the shifted point it is {float(max(gaps_W)):.3f} of it at most", max(gaps_W) <= 1),
        Check.bounded(f"the library's own sum at X is {own:.6f} of it", abs(own / X - 1) < 1e-9),
    )
    steps = np.arange(len(gaps_X))
    lines = {"X": (steps, np.array([*map(float, gaps_X)])), "W": (steps, np.array([*map(float, gaps_W)]))}
    return Witness(checks, Lines(lines, {"T22_pl's bound": 1.0}, "steps", "gap over T22_pl's bound", yscale="linear"))


C28 = Counterexample(
    id="C28",
    name="the smoothness along the sketch for every smoothness",
    statement="On W_1^2/2 with Haar's sketch of rank 1 of 64, momentum with 1 - b = r/d and gamma L_H = 1/2 meets what "
    "T22 assumes with L_H in every place of L, and has 63 times the squared gradients of its bound in 200 steps.",
    source="derived",
    mark="derived",
    cause="a gradient that is taken where the sketch does not look changes by L, not by L_H",
    problem=Quadratic.left(np.diag([1.0, *[0.0] * (DIM - 1)]), np.zeros((DIM, 1))),
    method=MOMENTUM(Haar(DIM, 1), gamma=float(LONG), b=float(KEPT)),
    start=np.eye(DIM)[:, :1],
    gather=gather_smoothness,
    condition="T22_H, with L where gradients are compared and L_H elsewhere, is proved",
)
C29 = Counterexample(
    id="C29",
    name="momentum judged where it takes gradients",
    statement="On W^2/2 without a sketch, just within what T22 and T22_pl assume, the point X at which gradients are "
    "taken has more squared gradients than T22's bound, and a larger gap than T22_pl's; the shifted point has not.",
    source="derived",
    mark="derived",
    cause="what is proved of the shifted point is not true of the point that is ahead of it",
    problem=Quadratic.left(np.eye(1), np.zeros((1, 1))),
    method=MOMENTUM.reporting(state("X"))(None, gamma=float(EDGE[0]), b=float(EDGE[1])),
    start=np.ones((1, 1)),
    gather=gather_point,
    condition="T22 bounds the squared gradients at X times theta, which is nearly 0 there",
)
