r"""C30: with fixed projections the projected gradient alone shrinks, and under a condition on the learning rate.

Let :math:`G = A - BWC`, minus the gradient of a quadratic, with constant A, B and C, and :math:`W \leftarrow W + \eta P
P^\top G`. Then :math:`R = P^\top G` obeys :math:`R_t = R_{t-1} - \eta\, P^\top B P\, R_{t-1} C`, so that it shrinks by
:math:`\max |1 - \eta \lambda|` over the products of eigenvalues of :math:`P^\top B P` and C, and not by
:math:`1 - \eta \kappa`, kappa the smallest of them, unless :math:`\eta \lambda_{\max} \le 1` or the smallest is the
worst. What P does not see of G stays.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np

from rac_theory.algorithms import RACLoRA
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Frozen

TOO_LONG, AT_THE_EDGE, SHORT = Fraction(3), Fraction(2), Fraction(1, 2)
STEPS = 12


def projected(rate: Fraction, curvatures: tuple[int, ...], steps: int) -> Iterator[Fraction]:
    """Yield ``||R_t||^2``, from a gradient of 1 along each of the directions that P sees, with these curvatures."""
    R = [Fraction(1)] * len(curvatures)
    for _ in range(steps + 1):
        yield sum((r**2 for r in R), Fraction(0))
        R = [r - rate * q * r for r, q in zip(R, curvatures, strict=True)]


def gather(example: Counterexample) -> Witness:
    """Take steps that are too long, and steps that are not, along one of two directions."""
    long, edge, short = ([*projected(rate, (1,), STEPS)] for rate in (TOO_LONG, AT_THE_EDGE, SHORT))
    doubles = all(after == 4 * before for before, after in pairwise(long))
    halves = all(after == before / 4 for before, after in pairwise(short))
    kappa = Fraction(1)
    first, second = projected(Fraction(1, 2), (1, 4), 1)
    within, after = projected(Fraction(1, 4), (1, 4), 1)
    checks = (
        Check.exact(f"at eta = {SHORT} the projected gradient halves in each step, as 1 - eta kappa says", halves),
        Check.exact(
            f"and yet {STEPS} steps leave more than half of the gap: what P does not see of the gradient stays",
            Fraction(1, 2) < (1 + short[-1]) / 2,
        ),
        Check.exact(
            "with curvatures 1 and 4 in the range eta = 1/2 is no bound of 1 - eta kappa either: ||R||^2 goes from "
            f"{first} to {second}, and eta lambda_max <= 1 is enough: from {within} to {after}",
            second > (1 - kappa / 2) ** 2 * first and after <= (1 - kappa / 4) ** 2 * within,
        ),
        _by_the_library(example, short),
    )
    against = (
        Check.exact(
            f"with A = (1, 1), B = C = I, P = (1, 0): kappa = {kappa} > 0 = L_A + L_B L_C D^2, and at eta = "
            f"{TOO_LONG} ||R_t|| doubles in each step, where at most {1 - TOO_LONG * kappa} times is claimed",
            doubles and 1 - TOO_LONG * kappa < 0,
        ),
        Check.exact(
            f"at eta = {AT_THE_EDGE} ||R_t|| is 1 for ever and W_t stays within {AT_THE_EDGE}, so that a bound D of "
            f"||W_t|| is no help, where at most {1 - AT_THE_EDGE * kappa} times is claimed",
            {*edge} == {1} and 1 - AT_THE_EDGE * kappa < 0,
        ),
    )
    curves = {
        f"eta = {TOO_LONG}, projected": np.sqrt([*map(float, long)]),
        f"eta = {SHORT}, projected": np.sqrt([*map(float, short)]),
        f"eta = {SHORT}, whole gradient": np.sqrt([1 + float(square) for square in short]),
    }
    return Witness(checks, Lines.over_steps(curves, {}, "norm of the gradient"), against)


def _by_the_library(example: Counterexample, squares: list[Fraction]) -> Check:
    gap = expected(Case(example.method, example.problem, example.start, steps=STEPS)).gap
    own = [(1 + square) / 2 for square in squares]
    right = all(abs(value - float(exact)) < 1e-12 for value, exact in zip(gap, own, strict=True))
    return Check.bounded(f"the library's gap after {STEPS} steps is {gap[-1]:.6f}", right)


C30 = Counterexample(
    id="C30",
    name="fixed projections",
    statement="With fixed projections and constant curvature GaLore's projected gradient shrinks by 1 - eta kappa "
    "where eta times the largest curvature in the range is at most 1, and may grow where it is above 2, whatever kappa "
    "is; and where it goes to zero the gradient need not.",
    source="arXiv:2403.03507, Theorem 3.8; the condition is derived",
    mark="derived",
    cause="step-size instability",
    problem=Quadratic.left(np.eye(2), np.ones((2, 1))),
    method=RACLoRA(Frozen(np.array([[1.0], [0.0]])), gamma=float(SHORT)),
    start=np.zeros((2, 1)),
    gather=gather,
    condition="without an entrywise regulariser, as in the theorem; its proof ends with 2 L_B L_C D^2, and the "
    "statement has L_B L_C D^2",
    in_circulation='"As a result, if min_t κ_t > L_A + L_B L_C D², R_t → 0 and thus GaLore converges with fixed P_t '
    'and Q_t."',
)
