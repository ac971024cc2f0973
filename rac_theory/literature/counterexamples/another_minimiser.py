r"""C14: where many W fit equally well, RAC-LoRA reaches the loss of full fine-tuning, and not its solution.

On :math:`f = \frac12 \|\mathbf 1' W - y\|^2`, one sample of two features, each draw of a coordinate at
:math:`\gamma = 1/L = \frac12` halves the residual, whichever it is: the row that was drawn gains the other half. So
after T draws the binary digits of a row say which of them were its own, and in the limit it is uniform on an interval.
"""

from fractions import Fraction
from functools import reduce
from itertools import product as sequences

import numpy as np

from rac_theory.algorithms import RACLoRA
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import (
    Check,
    Counterexample,
    Curves,
    Exact,
    Lines,
    Witness,
    exact,
)
from rac_theory.problems import LeastSquares
from rac_theory.runs import simulate
from rac_theory.sketches import Coordinate

GAMMA = Fraction(1, 2)
TARGET, ZERO = exact([2, 2]), exact([[0, 0], [0, 0]])
FULL = exact([[1, 1], [1, 1]])
"""What gradient descent reaches from zero, in one step: the solution nearest to it."""
DRAWS = 8


def residual(W: Exact) -> Exact:
    """Return the sums of the columns less the target: each row of the gradient."""
    return np.asarray(W.sum(axis=0) - TARGET)


def step(W: Exact, row: int) -> Exact:
    """Return ``W - gamma H G``, where H keeps one row."""
    moved = W.copy()
    moved[row] -= GAMMA * residual(W)
    return moved


def step_from_the_right(W: Exact, column: int) -> Exact:
    """Return ``W - gamma G H``, where H keeps one column."""
    moved = W.copy()
    moved[:, column] -= GAMMA * residual(W)[column]
    return moved


def loss(W: Exact) -> Fraction:
    """Return half the squared residual."""
    return Fraction((residual(W) ** 2).sum()) / 2


def ends(draws: int) -> list[Exact]:
    """Return where each sequence of draws leads from zero."""
    return [reduce(step, sequence, ZERO) for sequence in sequences((0, 1), repeat=draws)]


def mean_square(draws: int) -> Fraction:
    """Return the mean squared distance to FULL after some draws: of both columns ``2/3 + 4/3 4^-T``."""
    return 2 * (Fraction(2, 3) + Fraction(4, 3) * Fraction(1, 4) ** draws)


def gather(example: Counterexample) -> Witness:
    """Follow every sequence of eight draws in fractions; and runs of the library, on both sides."""
    limits = ends(DRAWS)
    far = sum(((W - FULL) ** 2).sum() for W in limits)
    descended = ZERO - GAMMA * residual(ZERO)
    columns = [reduce(step_from_the_right, order, ZERO) for order in ((0, 1), (1, 0))]
    checks = (
        Check.exact(
            f"gradient descent reaches {FULL[0, 0]} everywhere in one step: f = {loss(FULL)}",
            np.array_equal(descended, FULL),
            loss(FULL) == 0,
        ),
        Check.exact(
            f"each of the {len(limits)} sequences of {DRAWS} draws leaves (1/4)^{DRAWS} of f = 4: the loss is the same "
            "whatever is drawn, and goes to zero",
            {loss(W) for W in limits} == {4 * Fraction(1, 4) ** DRAWS},
        ),
        Check.exact(
            "the mean squared distance to the solution of gradient descent is 4/3 + 8/3 (1/4)^T, and tends to a "
            "third of its squared norm",
            far == len(limits) * mean_square(DRAWS),
        ),
        Check.exact(
            "from the right each draw of a column makes it that of gradient descent",
            *(np.array_equal(W, FULL) for W in columns),
        ),
        *_in_runs(example),
    )
    against = (
        Check.exact(
            f"after {DRAWS} draws W takes {len({W[0, 0] for W in limits})} values, evenly spaced: in the limit the "
            "first row is uniform between 0 and 2, and the solution of full fine-tuning has the probability zero",
            sorted(W[0, 0] for W in limits) == [Fraction(k, 2 ** (DRAWS - 1)) for k in range(2**DRAWS)],
        ),
    )
    numbers = range(DRAWS + 1)
    curves: Curves = {"squared distance, mean": [*map(mean_square, numbers)], "f": [4 * 0.25**t for t in numbers]}
    label = r"$f$ and $\mathrm{E} \|W^t - W^{GD}\|^2$"
    return Witness(checks, Lines.over(numbers, curves, {}, "draws $t$", label), against)


def _in_runs(example: Counterexample) -> tuple[Check, Check]:
    """The library on both sides, against the fractions; 40 draws miss a column with a probability of 2^-39."""
    runs = simulate(example.case(DRAWS), runs=64, rng=example.seed)
    allowed = np.array([float(W[0, 0]) for W in ends(DRAWS)])
    off = float(np.abs(runs.W[:, :1, :1] - allowed).min(axis=2).max())
    gaps = float(np.abs(runs.values - 4.0 * 0.25 ** np.arange(DRAWS + 1)).max())
    right = RACLoRA(Coordinate(2, 1), float(GAMMA), side="right")
    columns = simulate(Case(right, example.problem, example.start, steps=40), runs=64, rng=example.seed)
    apart = float(np.abs(columns.W - np.ones((2, 2))).max())
    return (
        Check.bounded(f"64 runs of RAC-LoRA end where a sequence does, within {off:.0e}", max(off, gaps) < 1e-12),
        Check.bounded(f"from the right 64 runs end at that solution, within {apart:.0e}", apart < 1e-12),
    )


C14 = Counterexample(
    id="C14",
    name="another minimiser",
    statement="Where there are fewer samples than features RAC-LoRA from the left reaches the loss of full fine-tuning "
    "no slower than T2 says, at a solution that depends on the draws; from the right it reaches the same solution.",
    source="derived; the sentence is in the abstract of arXiv:2410.08305, where FPFT is full-parameter fine-tuning",
    cause="many minimisers",
    problem=LeastSquares(np.ones((1, 2)), np.array([[2.0, 2.0]])),
    method=RACLoRA(Coordinate(2, 1), float(GAMMA)),
    gather=gather,
    condition="there are many minimisers; of a strongly convex f there is one, and it is reached "
    "(T2, or T4 where its rho < 1)",
    in_circulation='"We provide provable guarantees of convergence to the same solution as FPFT"',
)
