r"""C23: blocks that take turns in a fixed order are ahead of fresh draws in three dimensions, and far behind in ten.

On :math:`f = \frac12 \langle w, Q w \rangle`, :math:`Q = \frac1{10} I + \frac9{10} \mathbf 1 \mathbf 1^\top`, with
exact steps along single coordinates, :math:`\gamma = 1 / L_H = 1`. Draws are followed by their second moments, in
fractions; a fixed order from one start, which is enough to refute a bound for all.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import CyclicRACLoRA, RACLoRA
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
            fixed < 0.99 * random < 0.99 * fresh,
        ),
        Check.bounded(
            f"in ten {slow:.3f}, {shuffled:.3f} and {drawn:.3f}: it is the worst, and a random order the best",
            shuffled < 0.99 * drawn < 0.99 * slow,
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
