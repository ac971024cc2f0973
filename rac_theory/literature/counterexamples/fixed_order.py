r"""C23 and C27: steps along single coordinates, on :math:`f = \frac12 \langle w, Q w \rangle` with :math:`Q = \mu I + c
\mathbf 1 \mathbf 1^\top`: one curvature is steep, and coordinates are all alike.

C23: blocks that take turns in a fixed order are ahead of fresh draws in three dimensions, and far behind in ten. There
:math:`\mu = \frac1{10}`, :math:`c = \frac9{10}`, and steps are exact, :math:`\gamma = 1 / L_H = 1`. Draws are followed
by their second moments, in fractions; a fixed order from one start, which is enough to refute a bound for all.

C27: the exact minimum over the range of each draw is no best link: one longer step in it does more in the end. There
are four dimensions, :math:`\mu = 1/100`, :math:`c = 99/400`: one curvature of 1, three of 1/100. A step of
:math:`t / Q_{11}` along one coordinate moves the means of :math:`\|w\|^2` and of the squared sum among each other, by a
matrix of 2 x 2 in fractions, whose larger eigenvalue is the factor a step in the end.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import CyclicRACLoRA, InverseOnRange, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Exact, Lines, Witness, exact
from rac_theory.problems import Quadratic
from rac_theory.runs import exact_rate
from rac_theory.sketches import Coordinate

DIM, MU = 10, Fraction(1, 10)
CYCLES = 8
START = [Fraction(x) for x in (-100, -81, -32, 29, 79, 99, 82, 35, -26, -76)]
"""Near the slowest direction of a cycle in the order of the coordinates."""

Vector = list[Fraction]


def curvature(d: int) -> Array:
    """Return Q, with ones on its diagonal and 0.9 elsewhere."""
    return float(MU) * np.eye(d) + float(1 - MU)


def loss(w: Vector) -> Fraction:
    """Return f(w): ``(mu |w|^2 + (1 - mu) (sum w)^2) / 2``."""
    return (MU * sum(x * x for x in w) + (1 - MU) * sum(w) ** 2) / 2


def cycle(w: Vector) -> Vector:
    """Return w after a turn of each coordinate in their order; each turn is a minimum along its coordinate."""
    w = list(w)
    for i in range(len(w)):
        w[i] -= MU * w[i] + (1 - MU) * sum(w)
    return w


def draw_of_coordinate(mu: Fraction, c: Fraction, d: int, length: Fraction) -> Exact:
    r"""Return what a step along one of d coordinates makes of the means of :math:`\|w\|^2` and :math:`s^2`, (2, 2).

    s is the sum of the entries, and :math:`Q = \mu I + c \mathbf 1 \mathbf 1^\top`. Of the derivative :math:`g_i = \mu
    w_i + c s` w loses length times g_i at i, and so does s. By row the means of g_i^2, of g_i w_i, and of g_i s:
    """
    slope_square, along_w, along_s = exact([[mu**2, 2 * mu * c + d * c**2], [mu, c], [0, mu + d * c]]) / d
    moved = exact([[1, 0], [0, 1]]) + length**2 * slope_square - 2 * length * np.stack([along_w, along_s])
    return np.asarray(moved)


def expected_losses(w: Vector, draws: int) -> list[Fraction]:
    r"""Return E f(w^t) for t up to some draws of one coordinate: f is known from :math:`\|w\|^2` and :math:`s^2`."""
    draw, moments = draw_of_coordinate(MU, 1 - MU, len(w), Fraction(1)), exact([sum(x * x for x in w), sum(w) ** 2])
    losses = []
    for _ in range(draws + 1):
        losses.append((MU * moments[0] + (1 - MU) * moments[1]) / 2)
        moments = draw @ moments
    return losses


def gather(example: Counterexample) -> Witness:
    """Compare, from one start in fractions; and the rates that the library has in three and in ten dimensions."""
    w = START
    losses = [loss(w)]
    for _ in range(CYCLES):
        w = cycle(w)
        losses.append(loss(w))
    fresh = expected_losses(START, CYCLES * DIM)
    promised = (1 - MU / DIM) ** DIM
    left, of_fresh = losses[-1] / losses[0], fresh[-1] / fresh[0]
    checks = (
        Check.exact(
            f"in ten dimensions there is a start of which {CYCLES} cycles in a fixed order leave {float(left):.4f}, "
            f"and {CYCLES * DIM} fresh draws {float(of_fresh):.4f} on average",
            of_fresh < left,
        ),
        Check.exact(
            f"T13_pl promises {float(promised):.4f} for ten fresh draws, {float(promised**CYCLES):.4f} for these: "
            "fresh draws keep that, and a fixed order does not",
            of_fresh <= promised**CYCLES < left,
        ),
        *_rates(example),
    )
    numbers = range(CYCLES + 1)
    curves = {
        "in a fixed order": [x / losses[0] for x in losses],
        "fresh draws, mean": [x / fresh[0] for x in fresh[::DIM]],
        "T13_pl, for fresh draws": [promised**t for t in numbers],
    }
    return Witness(checks, Lines.over(numbers, curves, {}, "cycles, of ten steps each", r"$f / f(w^0)$"))


def _rates(example: Counterexample) -> tuple[Check, Check]:
    """Of a cycle, for the worst start, by the library."""
    rates = {}
    for d in (3, DIM):
        problem = example.problem if d == DIM else Quadratic.left(curvature(d), np.zeros((d, 1)))
        fresh = exact_rate(Case(RACLoRA(Coordinate(d, 1), 1.0), problem)) ** d
        fixed, random = (
            exact_rate(Case(CyclicRACLoRA(Coordinate(d, 1), 1.0, order=order), problem))
            for order in ("cyclic", "shuffled")
        )
        rates[d] = fixed, random, fresh
    (fixed, random, fresh), (slow, shuffled, drawn) = rates[3], rates[DIM]
    return (
        Check.bounded(
            f"in three dimensions a cycle leaves {fixed:.3f} in a fixed order, {random:.3f} in a random one, and "
            f"{fresh:.3f} by fresh draws: the fixed one is the best",
            fixed < random < fresh,
        ),
        Check.bounded(
            f"in ten {slow:.3f}, {shuffled:.3f} and {drawn:.3f}: it is the worst, and a random order the best",
            shuffled < drawn < slow,
        ),
    )


C23 = Counterexample(
    id="C23",
    name="a fixed order",
    statement="On 0.1 I + 0.9 11' single coordinates in a fixed order are ahead of fresh draws in three dimensions and "
    "far behind in ten, where a fixed order does not keep the rate that T13_pl proves for fresh draws; a random order "
    "is ahead of fresh draws in both.",
    source="derived; that a fixed order can be slow is known from Sun & Ye, arXiv:1604.07130, that random orders mend "
    "it from Lee & Wright, arXiv:1607.08320",
    cause="draws that are not independent",
    problem=Quadratic.left(curvature(DIM), np.zeros((DIM, 1))),
    method=CyclicRACLoRA(Coordinate(DIM, 1), 1.0, order="cyclic"),
    start=np.array([[float(x)] for x in START]),
    gather=gather,
    condition="steps of 1/L_H; at 1/L all three are about as fast",
)


SIDE, LOW, C = 4, Fraction(1, 100), Fraction(99, 400)
LONGER = Fraction(17, 10)
BETWEEN, LESS = Fraction(49, 50), Fraction(39, 40)


def step(t: Fraction) -> Exact:
    """Return what a step of t times that to the minimum makes of E||w||^2 and E(sum w)^2."""
    return draw_of_coordinate(LOW, C, SIDE, t / (LOW + C))


def characteristic(A: Exact, r: Fraction) -> Fraction:
    """Return det(r I - A); below zero only between the two eigenvalues, if they are real."""
    return Fraction((r - A[0, 0]) * (r - A[1, 1]) - A[0, 1] * A[1, 0])


def is_above(A: Exact, r: Fraction) -> bool:
    """Whether r is above both eigenvalues, if these are real: where the discriminant is not negative."""
    discriminant = (A[0, 0] - A[1, 1]) ** 2 + 4 * A[0, 1] * A[1, 0]
    return bool(characteristic(A, r) > 0 and 2 * r > A[0, 0] + A[1, 1] and discriminant >= 0)


def gather_link(example: Counterexample) -> Witness:
    """Compare the step to the minimum with one that is 1.7 times as long."""
    minimum, longer = step(Fraction(1)), step(LONGER)
    checks = (
        Check.exact(
            f"the exact minimum leaves more than {BETWEEN} of the gap a step in the end",
            characteristic(minimum, BETWEEN) < 0,
        ),
        Check.exact(f"a step {LONGER} times as long leaves less than {LESS}", is_above(longer, LESS)),
        _from_a_start(minimum, longer),
        _by_the_library(example),
    )
    scales = np.linspace(0.6, 1.95, 28)
    lines, levels = {"factor of the gap": [*map(rate_at, scales.tolist())]}, {"exact minimum": rate_at(1.0)}
    label = "length of a step, over that to the minimum"
    return Witness(checks, Lines.over(scales, lines, levels, label, "factor a step", yscale="linear"))


def rate_at(t: float) -> float:
    """Return the factor a step in the end, in floating point."""
    return float(max(abs(np.linalg.eigvals(step(Fraction(t)).astype(float)))))


def _from_a_start(minimum: Exact, longer: Exact, steps: int = 400) -> Check:
    """From w = (1, 0, 0, 0)."""
    ends = [np.linalg.matrix_power(A, steps) @ exact([1, 1]) for A in (minimum, longer)]
    left = [(LOW * square + C * squared_sum) / (LOW + C) for square, squared_sum in ends]
    sentence = f"from (1, 0, 0, 0) {steps} steps leave {float(left[0]):.1e} of the gap and {float(left[1]):.1e}"
    return Check.exact(sentence, left[1] < left[0])


def _by_the_library(example: Counterexample) -> Check:
    sketch = Coordinate(SIDE, 1)
    minimum = exact_rate(Case(example.method, example.problem))
    longer = exact_rate(Case(RACLoRA(sketch, float(LONGER / (LOW + C))), example.problem))
    right = (abs(minimum - rate_at(1.0)) < 1e-10, abs(longer - rate_at(float(LONGER))) < 1e-10)
    return Check.bounded(f"the library's exact rates are {minimum:.5f} and {longer:.5f}", *right, longer < minimum)


C27 = Counterexample(
    id="C27",
    name="the exact minimum is no best link",
    statement="The exact minimum over the range of each draw, below which no step in it takes f, need not have the "
    "best rate: with one of four coordinates and curvatures 1, 1/100, 1/100, 1/100, turned, it leaves 0.98114 of the "
    "gap a step in the end, and a step 1.7 times as long 0.97186.",
    source="derived; that over-relaxation may be faster is known from linear systems (Young, 1954)",
    cause="greedy in each draw",
    problem=Quadratic.left(float(LOW) * np.eye(SIDE) + float(C), np.zeros((SIDE, 1))),
    method=InverseOnRange(Coordinate(SIDE, 1)),
    start=np.eye(SIDE)[:, :1],
    gather=gather_link,
    condition="one step a draw, the same in each; how a link should adapt is not decided",
)
