r"""C31: what carries APOLLO's scales over to Adam's is the number of entries of a column, not that of columns.

A column :math:`g` of m entries is projected, :math:`R = P g` with :math:`P_{ij} \sim N(0, 1/r)`, r x m. In the first
step every entry of Adam's step is :math:`\pm c`, so that norms are :math:`c \sqrt m` and :math:`c \sqrt r`. The scales,
norm of the step over norm of the gradient, have the ratio :math:`\sqrt{r/m}\, \|g\| / \|R\|`, where :math:`r \|R\|^2 /
\|g\|^2 \sim \chi^2_r`. The proof of Theorem A.4 replaces second moments by their mean, and comes to the same; its sum
over the entries of a column runs to n.
"""

import math

import numpy as np
from scipy.stats import chi2

from rac_theory.algorithms import RACLoRA
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Quadratic
from rac_theory.sketches import Gaussian

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
    return float(chi2.cdf(rank * (factor / high) ** 2, rank) + chi2.sf(rank * (factor / low) ** 2, rank))


def gather(example: Counterexample) -> Witness:
    """Compare the factor that is printed with that of the entries of a column."""
    (m, n), r = example.problem.shape, SMALL_RANK
    wrong = outside(math.sqrt(n / m), r, 0.5)
    (rows, columns), ends = LAYER, printed_ends(RANK, DELTA)
    draws = np.random.default_rng(example.seed).standard_normal((_DRAWS, r))
    ratios = math.sqrt(n / m) * math.sqrt(r) / np.linalg.norm(draws, axis=1)
    own = outside(1.0, RANK, DELTA)
    checks = (
        Check.bounded(
            f"times sqrt(m/r) the ratio is inside of the interval at {rows} x {columns}, r = {RANK}, but with "
            f"probability {own:.1e} <= {DELTA}",
            own <= DELTA,
        ),
        Check.bounded(
            "at rank 1 the scale of the first step has no finite mean, and at rank r > 2 its square has the mean "
            "r^2 / (r - 2) c^2 / ||g||^2",
            all(abs(float(chi2.expect(lambda x: 1 / x, (r,))) * (r - 2) - 1) < 1e-6 for r in (3, 8, 64)),
        ),
        Check.simulated(
            f"of {_DRAWS} columns at {m} x {n}, r = {r}, none has a ratio, times sqrt(n/r), below {ratios.min():.2f}",
            bool(ratios.min() > printed_ends(r, 0.5)[1]),
        ),
    )
    against = (
        Check.bounded(
            f"at {m} x {n}, r = {r}, times sqrt(n/r) the ratio is outside of {_interval(printed_ends(r, 0.5))} with "
            f"probability at least 1 - 1e-6, where at most 1/2 is claimed",
            wrong > 1 - 1e-6,
        ),
        Check.bounded(
            f"at {rows} x {columns}, r = {RANK}, delta = {DELTA} it is {math.sqrt(columns / rows):.2f} in the middle, "
            f"and outside of {_interval(ends)} with probability at least 1 - 1e-12",
            outside(math.sqrt(columns / rows), RANK, DELTA) > 1 - 1e-12,
        ),
    )
    ranks = np.unique(np.geomspace(64, 2048, 24).astype(int))
    lows, highs = zip(*(printed_ends(int(rank), DELTA) for rank in ranks), strict=True)
    lines = {
        "sqrt(n/r), in the middle": (ranks, np.full(len(ranks), math.sqrt(columns / rows))),
        "sqrt(m/r), in the middle": (ranks, np.ones(len(ranks))),
        "printed, upper end": (ranks, np.array(highs)),
        "printed, lower end": (ranks, np.array(lows)),
    }
    return Witness(checks, Lines(lines, {}, "rank", "ratio to Adam's scale", yscale="linear"), against)


def _interval(ends: tuple[float, float]) -> str:
    return f"[{ends[0]:.3f}, {ends[1]:.3f}]"


C31 = Counterexample(
    id="C31",
    name="the scale of a channel",
    statement="APOLLO's channel-wise scale is, in the first step, sqrt(r/m) ||g||/||Pg|| times that of Adam, with m "
    "the entries of a column: times sqrt(m/r) it is in the interval of Theorem A.4, and times sqrt(n/r), n the number "
    "of columns, it is not where n is much larger than m.",
    source="arXiv:2412.05270, Theorem A.4 and equation (9); the factor is derived",
    mark="derived",
    cause="a dimension for another one",
    problem=Quadratic.left(np.eye(SMALL[0]), np.zeros(SMALL)),
    method=RACLoRA(Gaussian(SMALL[0], SMALL_RANK), gamma=1.0),
    start=np.ones(SMALL),
    gather=gather,
    condition="the first step, without zeros in the gradient, and the epsilon of Adam is left out, as there; of the "
    "case only the shapes and the law of the sketch are used; at m = n both factors are the same",
    in_circulation='"For any channel j, with probability ≥ 1 − δ: √(1 − ϵ)/(1 + ϵ) ≤ √(n/r) s^R_j/s_j ≤ '
    '√(1 + ϵ)/(1 − ϵ)."',
)
