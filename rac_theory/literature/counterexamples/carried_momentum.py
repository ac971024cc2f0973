r"""C24: momentum that is carried into the next subspace diverges after several steps in each, where one step is safe.

On :math:`f = \frac12 \|W\|^2` the range of H and the rest of space move apart, for K steps by :math:`T_1` and
:math:`T_0`, and the sums X of squares and products of (W, M) go by :math:`p\, T_1 X T_1^\top + (1 - p)\, T_0 X
T_0^\top`, in fractions. This map takes semidefinite matrices to such. So it grows for ever if it makes of one of them
at least c times as much, c > 1, and shrinks if its adjoint makes of a positive definite one at most c times as much,
c < 1.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import MomentumInLinks
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.numerics import Matrix
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Haar

DIM, RANK, LINKS = 32, 2, 160
BETA, STEP = Fraction(15, 16), Fraction(1, 2)
"""The step of theory; SGD of PyTorch has (1 - beta) times as much."""

GROWS = Fraction(11, 10)
SHRINKS = {(12, False): Fraction(19, 20), (1, True): Fraction(97, 100)}
"""By the steps of a link, and whether momentum is carried: what is left of a quadratic form, at most."""


def product(A: Matrix, B: Matrix) -> Matrix:
    """Return A B."""
    return [
        [sum((a * b for a, b in zip(row, column, strict=True)), Fraction(0)) for column in zip(*B, strict=True)]
        for row in A
    ]


def transposed(A: Matrix) -> Matrix:
    """Return A'."""
    return [list(column) for column in zip(*A, strict=True)]


def combined(a: Fraction, A: Matrix, b: Fraction, B: Matrix) -> Matrix:
    """Return a A + b B."""
    return [[a * x + b * y for x, y in zip(*rows, strict=True)] for rows in zip(A, B, strict=True)]


def is_semidefinite(A: Matrix) -> bool:
    """Whether a symmetric matrix of 2 x 2 is positive semidefinite."""
    return min(A[0][0], A[1][1], A[0][0] * A[1][1] - A[0][1] * A[1][0]) >= 0


def links(steps: int, *, carried: bool) -> tuple[Matrix, Matrix]:
    """Return what a link makes of (W, M) along H, and elsewhere."""
    gamma, unit, zero = (1 - BETA) * STEP, Fraction(1), Fraction(0)
    products = []
    for projection in (unit, zero):
        step, T = (
            [[unit - gamma * projection, -gamma * BETA], [projection, BETA]],
            [[unit, zero], [zero, unit if carried else zero]],
        )
        for _ in range(steps):
            T = product(step, T)
        products.append(T)
    return products[0], products[1]


def moved(T: tuple[Matrix, Matrix], X: Matrix) -> Matrix:
    """Return the second moments one link later."""
    p = Fraction(RANK, DIM)
    return combined(p, product(product(T[0], X), transposed(T[0])), 1 - p, product(product(T[1], X), transposed(T[1])))


def form(T: tuple[Matrix, Matrix]) -> Matrix:
    """Return a semidefinite matrix near the fastest one of the map, in fractions; where it is from does not matter."""
    X, p = np.eye(2), RANK / DIM
    visible, elsewhere = (np.array(A, dtype=float) for A in T)
    for _ in range(200):
        X = p * visible @ X @ visible.T + (1 - p) * elsewhere @ X @ elsewhere.T
        X /= np.trace(X)
    return [[Fraction(x).limit_denominator(10**6) for x in row] for row in X.tolist()]


def grows(T: tuple[Matrix, Matrix], factor: Fraction) -> bool:
    """Whether there is X with ``moved(X) >= factor X``, and two links from a certain start there is some of it."""
    X, start = form(T), [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(0)]]
    after = moved(T, moved(T, start))
    definite = after[0][0] > 0 and after[0][0] * after[1][1] > after[0][1] ** 2
    return is_semidefinite(X) and definite and is_semidefinite(combined(Fraction(1), moved(T, X), -factor, X))


def shrinks(T: tuple[Matrix, Matrix], factor: Fraction) -> bool:
    """Whether there is Y, not below that of ``||W||^2``, of which a link leaves at most the factor."""
    adjoint = transposed(T[0]), transposed(T[1])
    Y = combined(
        Fraction(1), form(adjoint), Fraction(1, 1000), [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(1)]]
    )
    definite = Y[0][0] * Y[1][1] > Y[0][1] ** 2 and Y[1][1] > 0  # some multiple of Y is above that of ||W||^2
    return definite and is_semidefinite(combined(factor, Y, Fraction(-1), moved(adjoint, Y)))


def squares(steps: int, *, carried: bool, count: int = LINKS) -> list[float]:
    """Return E||W||^2 after each link, from a start of length one, in fractions of 200 bits."""
    T, X, curve = links(steps, carried=carried), [[Fraction(1), Fraction(0)], [Fraction(0), Fraction(0)]], [1.0]
    for _ in range(count):
        X = [[_short(x) for x in row] for row in moved(T, X)]
        curve.append(float(X[0][0]))
    return curve


def _short(x: Fraction) -> Fraction:
    """The fraction rounded to 200 bits, so that fractions do not grow: an error of 1e-60 of it."""
    if not x:
        return x
    shift = 200 - x.numerator.bit_length() + x.denominator.bit_length()
    scale = Fraction(2) ** shift
    return round(x * scale) / scale


def gather(example: Counterexample) -> Witness:
    """Follow the second moments, and certify what becomes of them in the end."""
    curves = {
        "12 steps a link, carried": squares(12, carried=True),
        "12 steps a link, reset": squares(12, carried=False),
        "a redraw at every step, carried": squares(1, carried=True),
    }
    carried, reset, single = (curve[-1] for curve in curves.values())
    checks = (
        Check.bounded(
            f"after {LINKS} links of 12 steps the mean of ||W||^2 is {carried:.3g} with momentum carried and "
            f"{reset:.2g} with a reset, from 1; with a redraw at every step it is {single:.2g} after {LINKS} steps",
            carried > 1e6 and reset < 1e-4 and single < 1e-2,
        ),
        Check.exact(
            f"carried, a link makes of one form of (W, M) at least {GROWS} times as much: it diverges",
            grows(links(12, carried=True), GROWS),
        ),
        *(
            Check.exact(
                f"{'carried' if keeps else 'reset'}, a link of {steps} leaves at most {factor} of another form",
                shrinks(links(steps, carried=keeps), factor),
            )
            for (steps, keeps), factor in SHRINKS.items()
        ),
        _by_the_library(example, carried),
    )
    return Witness(checks, Lines.over_steps({name: np.array(c) for name, c in curves.items()}, {}, r"$E \|W\|^2$"))


def _by_the_library(example: Counterexample, rate: float) -> Check:
    curve: Array = expected(Case(example.method, example.problem, example.start, steps=LINKS)).squared_distance
    sentence = f"the library's own expectation of the case after {LINKS} links is {curve[-1]:.6g}"
    return Check.bounded(sentence, abs(curve[-1] / rate - 1) < 1e-9)


C24 = Counterexample(
    id="C24",
    name="carried momentum",
    statement="On ||W||^2/2 with 2 random directions of 32, momentum 15/16 and steps of (1 - 15/16)/(2L), heavy ball "
    "with a redraw every 12 steps and M carried over diverges in mean square; reset at each redraw, or redrawn at "
    "every step, it converges.",
    cause="momentum outside of the subspace that is trained",
    problem=Quadratic.left(np.eye(DIM), np.zeros((DIM, 1))),
    method=MomentumInLinks(Haar(DIM, RANK), float((1 - BETA) * STEP), float(BETA), 12),
    start=np.full((DIM, 1), DIM**-0.5),
    gather=gather,
    condition="momentum is kept at full size and the subspace held for several steps; Adam, whose steps are bounded, "
    "is another matter",
)
