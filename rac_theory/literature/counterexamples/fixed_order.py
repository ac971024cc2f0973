r"""C23: blocks that take turns in a fixed order are ahead of fresh draws in three dimensions, and far behind in ten.

On :math:`f = \frac12 \langle w, Q w \rangle`, :math:`Q = \frac1{10} I + \frac9{10} \mathbf 1 \mathbf 1^\top`, with
exact steps along single coordinates, :math:`\gamma = 1 / L_H = 1`. Draws are followed by their second moments, in
fractions; a fixed order from one start, which is enough to refute a bound for all.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import CyclicRACLoRA, RACLoRA
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Quadratic
from rac_theory.runs import exact_rate
from rac_theory.sketches import Coordinate

DIM, MU = 10, Fraction(1, 10)
CYCLES = 8
START = [Fraction(x) for x in (-100, -81, -32, 29, 79, 99, 82, 35, -26, -76)]
"""Near the slowest direction of a cycle in the order of the coordinates."""

Vector = list[Fraction]


def curvature(d: int) -> list[Vector]:
    """Return Q, with ones on its diagonal and 0.9 elsewhere."""
    return [[Fraction(1) if i == j else 1 - MU for j in range(d)] for i in range(d)]


def loss(w: Vector) -> Fraction:
    """Return f(w): ``(mu |w|^2 + (1 - mu) (sum w)^2) / 2``."""
    return (MU * sum(x * x for x in w) + (1 - MU) * sum(w) ** 2) / 2


def cycle(w: Vector) -> Vector:
    """Return w after a turn of each coordinate in their order; each turn is a minimum along its coordinate."""
    w = list(w)
    for i in range(len(w)):
        w[i] -= MU * w[i] + (1 - MU) * sum(w)
    return w


def expected_losses(w: Vector, draws: int) -> list[Fraction]:
    r"""Return E f(w^t) for t up to some draws of one coordinate.

    f is known from :math:`\|w\|^2` and the square of the sum s, and a draw moves these two among each other: of
    :math:`g_i = \mu w_i + (1 - \mu) s`, the derivative, w loses g_i at i, and so does s.
    """
    d, rest = len(w), 1 - MU
    square, total = sum((x * x for x in w), Fraction(0)), sum(w, Fraction(0)) ** 2
    losses = [(MU * square + rest * total) / 2]
    for _ in range(draws):
        slope_square = (MU**2 * square + (2 * MU * rest + d * rest**2) * total) / d  # the mean of g_i^2
        mixed = (MU * square + rest * total) / d  # of g_i w_i
        with_sum = (MU + d * rest) * total / d  # of g_i s
        square, total = square - 2 * mixed + slope_square, total - 2 * with_sum + slope_square
        losses.append((MU * square + rest * total) / 2)
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
    numbers = np.arange(CYCLES + 1)
    curves = {
        "in a fixed order": (numbers, np.array([float(x / losses[0]) for x in losses])),
        "fresh draws, mean": (numbers, np.array([float(x / fresh[0]) for x in fresh[::DIM]])),
        "T13_pl, for fresh draws": (numbers, np.array([float(promised) ** t for t in numbers.tolist()])),
    }
    return Witness(checks, Lines(curves, {}, "cycles, of ten steps each", r"$f / f(w^0)$"))


def _rates(example: Counterexample) -> tuple[Check, Check]:
    """Of a cycle, for the worst start, by the library."""
    rates = {}
    for d in (3, DIM):
        problem = example.problem if d == DIM else Quadratic.left(np.array(curvature(d), dtype=float), np.zeros((d, 1)))
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
    problem=Quadratic.left(np.array(curvature(DIM), dtype=float), np.zeros((DIM, 1))),
    method=CyclicRACLoRA(Coordinate(DIM, 1), 1.0, order="cyclic"),
    start=np.array([[float(x)] for x in START]),
    gather=gather,
    condition="steps of 1/L_H; at 1/L all three are about as fast",
)
