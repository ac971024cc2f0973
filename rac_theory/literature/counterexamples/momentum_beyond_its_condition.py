r"""C26: momentum keeps the word of plain descent while r/d is at most 1 - beta, and not much beyond.

On :math:`f = \frac12 \|W\|^2` with H all or nothing along each coordinate, :math:`X^+ = X - \gamma (1 - \beta) M^+`,
:math:`M^+ = \beta M + H X`, the second moments of a coordinate are three numbers. T1's right side for the step
:math:`\gamma` is :math:`2 \Delta_0 / (\gamma p T)`, and the point that is judged the shifted one, :math:`X - \gamma
\beta M`.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import MOMENTUM
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Coordinate

DIM, GAMMA, STEPS = 16, Fraction(1, 2), 150
SHARE = Fraction(1, DIM)

Moments = tuple[Fraction, Fraction, Fraction]


def moved(
    beta: Fraction, moments: Moments, gamma: Fraction = GAMMA, p: Fraction = SHARE, q: Fraction = SHARE
) -> Moments:
    """Return E X^2, E X M and E M^2 of a coordinate one step later, of which H leaves h, with p = E h and q = E h^2."""
    (xx, xm, mm), c = moments, gamma * (1 - beta)
    a, b = 1 - c * p, -c * beta  # X+ = (1 - c h) X + b M
    return (
        (1 - 2 * c * p + c * c * q) * xx + 2 * a * b * xm + b * b * mm,
        (p - c * q) * xx + (a * beta + b * p) * xm + b * beta * mm,
        q * xx + 2 * p * beta * xm + beta * beta * mm,
    )


def ratios(beta: Fraction, steps: int = STEPS) -> list[Fraction]:
    """Return the sum of E||grad f||^2 at the shifted point over T1's bound of it, after 1, 2, ... steps."""
    moments, total, found = (Fraction(1), Fraction(0), Fraction(0)), Fraction(0), []
    for _ in range(steps):
        xx, xm, mm = moments
        total += xx - 2 * GAMMA * beta * xm + (GAMMA * beta) ** 2 * mm
        found.append(total * GAMMA * SHARE)  # 2 Delta_0 is 1
        moments = moved(beta, moments)
    return found


def gather(example: Counterexample) -> Witness:
    """Take 1 - beta as r/d, as half of it, and as a quarter."""
    curves = {f"1 - beta = p/{k}": ratios(1 - SHARE / k) for k in (1, 2, 4)}
    kept, half, quarter = curves.values()
    first = next(t for t, ratio in enumerate(half, 1) if ratio > 1)
    checks = (
        Check.exact(f"with 1 - beta = r/d {STEPS} steps have {float(kept[-1]):.3f} of T1's bound", max(kept) <= 1),
        Check.exact(
            f"with half of that they have {float(half[-1]):.3f} of it, more than all from step {first} on", half[-1] > 1
        ),
        Check.exact(f"with a quarter they have {float(quarter[-1]):.3f} of it", quarter[-1] > 2),
        _by_the_library(example, half),
    )
    steps = np.arange(1, STEPS + 1)
    lines = {name: (steps, np.array([*map(float, curve)])) for name, curve in curves.items()}
    label = r"sum of $E \|\nabla f\|^2$ over T1's bound"
    return Witness(checks, Lines(lines, {"T1's bound": 1.0}, "steps", label, yscale="linear"))


def _by_the_library(example: Counterexample, told: list[Fraction]) -> Check:
    case = Case(example.method, example.problem, example.start, steps=STEPS - 1)
    total = float(expected(case).squared_gradient.sum() / expected(case).squared_gradient[0])
    found = total * float(GAMMA * SHARE)
    return Check.bounded(f"the library's own sum for the case is {found:.6f} of it", abs(found / told[-1] - 1) < 1e-9)


C26 = Counterexample(
    id="C26",
    name="momentum beyond its condition",
    statement="On ||W||^2/2 with one of 16 coordinates a step, momentum with steps of (1 - beta)/(2L) has squared "
    "gradients at its shifted point within T1's bound for the step 1/(2L) where 1 - beta is r/d, and beyond it where "
    "it is half of r/d or a quarter.",
    source="derived",
    mark="derived",
    cause="momentum that outlives the draws that it came from",
    problem=Quadratic.left(np.eye(DIM), np.zeros((DIM, 1))),
    method=MOMENTUM(Coordinate(DIM, 1), gamma=float(GAMMA), b=float(1 - SHARE / 2)),
    start=np.ones((DIM, 1)),
    gather=gather,
    condition="gamma L = 1/2; a smaller step admits more momentum",
)
