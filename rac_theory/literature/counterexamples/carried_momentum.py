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
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Exact, Lines, Witness, exact
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Haar

DIM, RANK, LINKS = 32, 2, 160
BETA, STEP = Fraction(15, 16), Fraction(1, 2)
"""The step of theory; SGD of PyTorch has (1 - beta) times as much."""

GROWS = Fraction(11, 10)
SHRINKS = {(12, False): Fraction(19, 20), (1, True): Fraction(97, 100)}
"""By the steps of a link, and whether momentum is carried: what is left of a quadratic form, at most."""


START = exact([[1, 0], [0, 0]])
"""The second moments of W = 1, M = 0."""


def determinant(A: Exact) -> Fraction:
    """Return that of a matrix of 2 x 2."""
    return Fraction(A[0, 0] * A[1, 1] - A[0, 1] * A[1, 0])


def is_semidefinite(A: Exact) -> bool:
    """Whether a symmetric matrix of 2 x 2 is positive semidefinite."""
    return bool(min(A[0, 0], A[1, 1], determinant(A)) >= 0)


def links(steps: int, *, carried: bool) -> tuple[Exact, Exact]:
    """Return what a link makes of (W, M) along H, and elsewhere."""
    gamma, begin = (1 - BETA) * STEP, exact([[1, 0], [0, carried]])
    moved, left = (exact([[1 - gamma * h, -gamma * BETA], [h, BETA]]) for h in (1, 0))
    return np.linalg.matrix_power(moved, steps) @ begin, np.linalg.matrix_power(left, steps) @ begin


def moved(T: tuple[Exact, Exact], X: Exact) -> Exact:
    """Return the second moments one link later."""
    p = Fraction(RANK, DIM)
    return np.asarray(p * T[0] @ X @ T[0].T + (1 - p) * T[1] @ X @ T[1].T)


def form(T: tuple[Exact, Exact]) -> Exact:
    """Return a semidefinite matrix near the fastest one of the map, in fractions; where it is from does not matter."""
    X, p = np.eye(2), RANK / DIM
    visible, elsewhere = (np.array(A, dtype=float) for A in T)
    for _ in range(200):
        X = p * visible @ X @ visible.T + (1 - p) * elsewhere @ X @ elsewhere.T
        X /= np.trace(X)
    return exact([[Fraction(x).limit_denominator(10**6) for x in row] for row in X.tolist()])


def grows(T: tuple[Exact, Exact], factor: Fraction) -> bool:
    """Whether there is X with ``moved(X) >= factor X``, and two links from a certain start there is some of it."""
    X, after = form(T), moved(T, moved(T, START))
    definite = after[0, 0] > 0 and determinant(after) > 0
    return is_semidefinite(X) and definite and is_semidefinite(moved(T, X) - factor * X)


def shrinks(T: tuple[Exact, Exact], factor: Fraction) -> bool:
    """Whether there is Y, not below that of ``||W||^2``, of which a link leaves at most the factor."""
    adjoint = T[0].T, T[1].T
    Y = np.add(form(adjoint), exact([[1, 0], [0, 1]]) / 1000)
    definite = determinant(Y) > 0 and Y[1, 1] > 0  # some multiple of Y is above that of ||W||^2
    return definite and is_semidefinite(factor * Y - moved(adjoint, Y))


def squares(steps: int, *, carried: bool, count: int = LINKS) -> list[float]:
    """Return E||W||^2 after each link, from a start of length one, in fractions of 200 bits."""
    T, X, curve = links(steps, carried=carried), START, [1.0]
    for _ in range(count):
        X = np.asarray(np.frompyfunc(_short, 1, 1)(moved(T, X)))
        curve.append(float(X[0, 0]))
    return curve


def _short(x: Fraction) -> Fraction:
    """The fraction rounded to 200 bits, so that fractions do not grow: an error of 1e-60 of it."""
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
            carried > 1e6,
            reset < 1e-4,
            single < 1e-2,
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
    return Witness(checks, Lines.over_steps(curves, {}, r"$E \|W\|^2$"))


def _by_the_library(example: Counterexample, rate: float) -> Check:
    curve = expected(example.case(LINKS)).squared_distance
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
