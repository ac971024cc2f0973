r"""C25: decay beside a projected gradient acts d/r times too strongly, and leads to another point.

Of :math:`W^+ = (1 - \gamma \omega) W - \gamma H \nabla f(W)` with :math:`\mathrm{E} H = p I` the mean on a quadratic
moves by :math:`-\gamma p (\nabla f + \frac{\omega}{p} W)`, as if the decay were :math:`\omega / p`. Here is one
coordinate of :math:`\frac12 \|W - \mathbf 1\|^2` under one of four coordinates: all paths, in fractions.
"""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import DECAY
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Coordinate

DIM, OMEGA, GAMMA = 4, Fraction(1, 8), Fraction(1, 2)
SHARE = Fraction(1, DIM)


def means(start: Fraction, steps: int, decay: Fraction, *, inside: bool = False) -> list[Fraction]:
    """Return E x along the steps, over all paths of one coordinate; ``inside`` has decay only where H looks."""
    law, curve = {start: Fraction(1)}, []
    for _ in range(steps + 1):
        curve.append(sum((x * chance for x, chance in law.items()), Fraction(0)))
        after: dict[Fraction, Fraction] = {}
        for x, chance in law.items():
            for looks, probability in ((1, SHARE), (0, 1 - SHARE)):
                factor = 1 - GAMMA * decay * (looks if inside else 1)
                to = factor * x - GAMMA * looks * (x - 1)
                after[to] = after.get(to, Fraction(0)) + chance * probability
        law = after
    return curve


def approach(start: Fraction, end: Fraction, steps: int) -> list[Fraction]:
    """Return what goes to an end, and leaves ``1 - gamma (omega + p)`` of the way to it in each step."""
    left = 1 - GAMMA * (OMEGA + SHARE)
    return [end + (start - end) * left**t for t in range(steps + 1)]


def minimiser(decay: Fraction) -> Fraction:
    """Return that of ``(x - 1)^2/2 + decay x^2/2``."""
    return 1 / (1 + decay)


def gather(example: Counterexample) -> Witness:
    """Stay where the mean stays, and come there from elsewhere."""
    wrong, right = minimiser(OMEGA / SHARE), minimiser(OMEGA)
    stays, leaves = {*means(wrong, 8, OMEGA)} == {wrong}, means(right, 8, OMEGA)
    mended, inside = means(right, 8, OMEGA * SHARE), means(right, 8, OMEGA, inside=True)
    tenth = [minimiser(Fraction(1, 10) / share) for share in (SHARE, 1)]
    checks = (
        Check.exact(
            f"one of {DIM} coordinates a step, decay {OMEGA}: the mean stays at {wrong}, and leaves {right}, the "
            "minimiser of the loss with its decay",
            stays,
            leaves == approach(right, wrong, 8),
        ),
        Check.exact(f"with a decay of {SHARE} of that it stays at {right}", {*mended} == {right}),
        Check.exact(f"with decay inside of the range it stays at {right}", {*inside} == {right}),
        Check.exact(
            f"at decay 1/10 the two are {tenth[0]} and {tenth[1]}", tenth == [Fraction(5, 7), Fraction(10, 11)]
        ),
        _in_the_end(example, wrong),
    )
    curves = {
        "decay beside the projection": means(right, 12, OMEGA),
        "decay inside of the range": means(right, 12, OMEGA, inside=True),
    }
    levels = {"minimiser with this decay": float(right), "with d/r times as much": float(wrong)}
    return Witness(checks, Lines.over_steps(curves, levels, r"$\mathrm{E}\, W_{11}$", yscale="linear"))


def _in_the_end(example: Counterexample, wrong: Fraction) -> Check:
    """The library's gap: half of 4 (mean - 1)^2 and four variances, which one coordinate has in closed form."""
    gamma, decay, p = GAMMA, OMEGA, SHARE
    unseen_factor, seen_factor = 1 - gamma * decay, 1 - gamma * decay - gamma  # x -> kept x, or seen x + gamma
    second = (p * gamma**2 + 2 * p * seen_factor * gamma * wrong) / (
        1 - p * seen_factor**2 - (1 - p) * unseen_factor**2
    )
    limit = DIM * (second - 2 * wrong + 1) / 2
    gap = float(expected(example.case(400)).gap[-1])
    return Check.bounded(
        f"the mean gap of the case ends at {gap:.6f}, around this mean {limit}", abs(gap / limit - 1) < 1e-9
    )


C25 = Counterexample(
    id="C25",
    name="decay beside a projection",
    statement="Where decay acts on all of W in every step and gradients through a projection with E[H] = p I, the mean "
    "on quadratics goes to the minimiser of f + (omega/(2p)) ||W||^2, as if the decay were omega/p; a decay of "
    "p omega, or inside of the range, mends it.",
    cause="decay and gradient in different proportions",
    problem=Quadratic.left(np.eye(DIM), np.ones((DIM, 1))),
    method=DECAY(Coordinate(DIM, 1), gamma=float(GAMMA), omega=float(OMEGA)),
    start=np.ones((DIM, 1)),
    gather=gather,
    condition="plain steps and E[H] = p I; AdamW divides gradients by their sizes, and is not decided",
)
