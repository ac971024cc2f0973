r"""C30 and C31: two theorems on projected gradients as they are printed, GaLore's of a fixed projection and APOLLO's of
the scale of a channel.

C30. Let :math:`G = A - BWC`, minus the gradient of a quadratic, with constant A, B and C, and :math:`W \leftarrow W +
\eta P P^\top G`. Then :math:`R = P^\top G` obeys :math:`R_t = R_{t-1} - \eta\, P^\top B P\, R_{t-1} C`, so that it
shrinks by :math:`\max |1 - \eta \lambda|` over the products of eigenvalues of :math:`P^\top B P` and C, and not by
:math:`1 - \eta \kappa`, kappa the smallest of them, unless :math:`\eta \lambda_{\max} \le 1` or the smallest is the
worst. What P does not see of G stays. Where B moves with W, G changes by up to :math:`L_B \|W\| \|C\|` times the step
as well, and the theorem has :math:`L_C \|W\|` for :math:`\|C\|`, which is 0 for a constant C.

C31. A column :math:`g` of m entries is projected, :math:`R = P g` with :math:`P_{ij} \sim N(0, 1/r)`, r x m. In the
first step every entry of Adam's step is :math:`\pm c`, so that norms are :math:`c \sqrt m` and :math:`c \sqrt r`. The
scales, norm of the step over norm of the gradient, have the ratio :math:`\sqrt{r/m}\, \|g\| / \|R\|`, where
:math:`r \|R\|^2 / \|g\|^2 \sim \chi^2_r`. The proof of Theorem A.4 replaces second moments by their mean, and comes to
the same; its sum over the entries of a column runs to n.
"""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
import scipy  # whose parts are loaded when they are first used: stats takes longer than all else here

from rac_theory.algorithms import RACLoRA
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness
from rac_theory.problems import Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Frozen, Gaussian

TOO_LONG, AT_THE_EDGE, SHORT = Fraction(3), Fraction(2), Fraction(1, 2)
STEPS = 12


def projected(rate: Fraction, curvatures: tuple[int, ...], steps: int) -> Iterator[Fraction]:
    """Yield ``||R_t||^2``, from a gradient of 1 along each of the directions that P sees, with these curvatures."""
    R = [Fraction(1)] * len(curvatures)
    for _ in range(steps + 1):
        yield sum((r**2 for r in R), Fraction(0))
        R = [r - rate * q * r for r, q in zip(R, curvatures, strict=True)]


def gather_projections(example: Counterexample) -> Witness:
    """Take steps that are too long, and steps that are not, along one of two directions."""
    long, edge, short = ([*projected(rate, (1,), STEPS)] for rate in (TOO_LONG, AT_THE_EDGE, SHORT))
    doubles = [after == 4 * before for before, after in pairwise(long)]
    halves = [after == before / 4 for before, after in pairwise(short)]
    kappa = Fraction(1)
    first, second = projected(Fraction(1, 2), (1, 4), 1)
    within, after = projected(Fraction(1, 4), (1, 4), 1)
    promised, kept = (1 - kappa / 2) ** 2 * first, (1 - kappa / 4) ** 2 * within
    claimed_too_long, claimed_at_the_edge = 1 - TOO_LONG * kappa, 1 - AT_THE_EDGE * kappa
    W, eta = Fraction(3, 2), Fraction(1, 10)
    R, B = 2 - (Fraction(5, 2) - W) * W, Fraction(5, 2) - W
    moved = 2 - (Fraction(5, 2) - W - eta * R) * (W + eta * R)
    checks = (
        Check.exact(f"at eta = {SHORT} the projected gradient halves in each step, as 1 - eta kappa says", *halves),
        Check.exact(
            f"and yet {STEPS} steps leave more than half of the gap: what P does not see of the gradient stays",
            short[-1] == SHORT ** (2 * STEPS),
        ),
        Check.exact(
            "with curvatures 1 and 4 in the range eta = 1/2 is no bound of 1 - eta kappa either: ||R||^2 goes from "
            f"{first} to {second}, where {promised} is claimed, and eta lambda_max <= 1 is enough: from {within} to "
            f"{after}, where {kept} is",
            second > promised,
            after <= kept,
        ),
        Check.exact(
            f"a short step is not enough where B moves: of numbers, with A = 2, B = 5/2 - W and C = 1, L_A = L_C = 0, "
            f"from W = {W} at eta = {eta} R goes from {R} to {moved}, where {1 - eta * B} times is claimed; "
            "1 - eta (kappa - L_B D ||C||) times is kept",
            R < moved == (1 - eta * (B - W - eta * R)) * R,
        ),
        _by_the_library(example, short),
    )
    against = (
        Check.exact(
            f"with A = (1, 1), B = C = I, P = (1, 0): kappa = {kappa} > 0 = L_A + L_B L_C D^2, and at eta = "
            f"{TOO_LONG} ||R_t|| doubles in each step, where at most {claimed_too_long} times is claimed",
            *doubles,
            claimed_too_long == -2,
        ),
        Check.exact(
            f"at eta = {AT_THE_EDGE} ||R_t|| is 1 for ever and W_t stays within {AT_THE_EDGE}, so that a bound D of "
            f"||W_t|| is no help, where at most {claimed_at_the_edge} times is claimed",
            {*edge} == {1},
            claimed_at_the_edge == -1,
        ),
    )
    curves = {
        f"eta = {TOO_LONG}, projected": [square**0.5 for square in long],
        f"eta = {SHORT}, projected": [square**0.5 for square in short],
        f"eta = {SHORT}, whole gradient": [(1 + square) ** 0.5 for square in short],
    }
    return Witness(checks, Lines.over_steps(curves, {}, "norm of the gradient"), against)


def _by_the_library(example: Counterexample, squares: list[Fraction]) -> Check:
    gap = expected(example.case(STEPS)).gap
    gaps = [(1 + square) / 2 for square in squares]
    right = [abs(value - float(exact)) < 1e-12 for value, exact in zip(gap, gaps, strict=True)]
    return Check.bounded(f"the library's gap after {STEPS} steps is {gap[-1]:.6f}", *right)


C30 = Counterexample(
    id="C30",
    name="fixed projections",
    statement="With fixed projections and constant curvature GaLore's projected gradient shrinks by 1 - eta kappa "
    "where eta times the largest curvature in the range is at most 1, and may grow where it is above 2, whatever kappa "
    "is; and where it goes to zero the gradient need not.",
    source="arXiv:2403.03507, Theorem 3.8; the condition is derived",
    cause="step-size instability",
    problem=Quadratic.left(np.eye(2), np.ones((2, 1))),
    method=RACLoRA(Frozen(np.array([[1.0], [0.0]])), gamma=float(SHORT)),
    gather=gather_projections,
    condition="without an entrywise regulariser, as in the theorem; its proof ends with 2 L_B L_C D^2, with L_B D and "
    "L_C D for the norms of B and C, and the statement has L_B L_C D^2",
    in_circulation='"As a result, if min_t κ_t > L_A + L_B L_C D², R_t → 0 and thus GaLore converges with fixed P_t '
    'and Q_t."',
)

LAYER, RANK = (4096, 11008), 1024
"""A layer of a model with 7 billion parameters, and a quarter of its rows."""

SMALL, SMALL_RANK = (64, 1024), 48
"""One that is drawn."""

DELTA = 0.01
_DRAWS = 4096


def printed_ends(rank: int, delta: float) -> tuple[float, float]:
    """Return the ends of the interval of Theorem A.4 after one step, with the smallest epsilon that it allows."""
    epsilon = math.sqrt(8 * math.log(2 / delta) / rank)
    return math.sqrt(1 - epsilon) / (1 + epsilon), math.sqrt(1 + epsilon) / (1 - epsilon)


def outside(factor: float, rank: int, delta: float) -> float:
    """Return the probability that ``factor sqrt(r) / chi_r`` is outside of the printed interval."""
    low, high = printed_ends(rank, delta)
    below, above = (rank * (factor / end) ** 2 for end in (high, low))
    return float(scipy.special.chdtr(rank, below) + scipy.special.chdtrc(rank, above))


def gather_channel(example: Counterexample) -> Witness:
    """Compare the factor that is printed with that of the entries of a column."""
    (m, n), r, delta = example.problem.shape, SMALL_RANK, 0.5
    factor, small_ends = math.sqrt(n / m), printed_ends(r, delta)
    wrong = outside(factor, r, delta)
    (rows, columns), ends, rare = LAYER, printed_ends(RANK, DELTA), 1e-12
    middle = math.sqrt(columns / rows)
    draws = np.random.default_rng(example.seed).standard_normal((_DRAWS, r))
    least = factor * math.sqrt(r) / float(np.linalg.norm(draws, axis=1).max())
    chance = outside(1.0, RANK, DELTA)
    checks = (
        Check.bounded(
            f"times sqrt(m/r) the ratio is inside of the interval at {rows} x {columns}, r = {RANK}, but with "
            f"probability {chance:.1e} <= {DELTA}",
            chance <= DELTA,
        ),
        Check.bounded(
            "at rank 1 the scale of the first step has no finite mean, and at rank r > 2 its square has the mean "
            "r^2 / (r - 2) c^2 / ||g||^2",
            *(abs(float(scipy.stats.chi2.expect(lambda x: 1 / x, (r,))) * (r - 2) - 1) < 1e-6 for r in (3, 8, 64)),
        ),
        Check.simulated(
            f"of {_DRAWS} columns at {m} x {n}, r = {r}, none has a ratio, times sqrt(n/r), below {least:.2f}",
            least > small_ends[1],
        ),
    )
    against = (
        Check.bounded(
            f"at {m} x {n}, r = {r}, times sqrt(n/r) the ratio is outside of {_interval(small_ends)} with "
            f"probability 1 - {1 - wrong:.1e}, where at most {delta} is claimed",
            wrong > delta,
        ),
        Check.bounded(
            f"at {rows} x {columns}, r = {RANK}, delta = {DELTA} it is {middle:.2f} in the middle, and outside of "
            f"{_interval(ends)} with probability at least 1 - {rare}",
            outside(middle, RANK, DELTA) > 1 - rare,
        ),
    )
    ranks = np.unique(np.geomspace(64, 2048, 24).astype(int)).tolist()
    lows, highs = zip(*(printed_ends(rank, DELTA) for rank in ranks), strict=True)
    lines = {
        "sqrt(n/r), in the middle": [middle] * len(ranks),
        "sqrt(m/r), in the middle": [1.0] * len(ranks),
        "printed, upper end": highs,
        "printed, lower end": lows,
    }
    return Witness(checks, Lines.over(ranks, lines, {}, "rank", "ratio to Adam's scale", yscale="linear"), against)


def _interval(ends: tuple[float, float]) -> str:
    return f"[{ends[0]:.3f}, {ends[1]:.3f}]"


C31 = Counterexample(
    id="C31",
    name="the scale of a channel",
    statement="APOLLO's channel-wise scale is, in the first step, sqrt(r/m) ||g||/||Pg|| times that of Adam, with m "
    "the entries of a column: times sqrt(m/r) it is in the interval of Theorem A.4, and times sqrt(n/r), n the number "
    "of columns, it is not where n is much larger than m.",
    source="arXiv:2412.05270, Theorem A.4 and equation (9); the factor is derived",
    cause="a dimension for another one",
    problem=Quadratic.left(np.eye(SMALL[0]), np.zeros(SMALL)),
    method=RACLoRA(Gaussian(SMALL[0], SMALL_RANK), gamma=1.0),
    start=np.ones(SMALL),
    gather=gather_channel,
    condition="the first step, without zeros in the gradient, and the epsilon of Adam is left out, as there; of the "
    "case only the shapes and the law of the sketch are used; at m = n both factors are the same",
    in_circulation='"For any channel j, with probability ≥ 1 − δ: √(1 − ϵ)/(1 + ϵ) ≤ √(n/r) s^R_j/s_j ≤ '
    '√(1 + ϵ)/(1 − ϵ)."',
)
