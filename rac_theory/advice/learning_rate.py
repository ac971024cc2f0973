r"""Which learning rate for which rank, and which rule for lora_alpha carries one from rank to rank.

For Gaussian entries the best learning rate of the plain step is
:math:`r^2 / (\mathrm{lora\_alpha}^2 L (r + 1 + \rho))`, with the effective dimension rho of the sketched side. So it
is proportional to :math:`r^2 / (r + 1 + \rho)` where lora_alpha is fixed, to :math:`r / (r + 1 + \rho)` where it grows
as the root of r, and to :math:`1 / (r + 1 + \rho)` where it grows as r. None of these is the same for all ranks.

Of one layer ``rates_of_layer`` has both sides, with what is known of its curvature, as tables and words.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, get_args

import numpy as np
from rich.table import Table

from rac_theory.advice.curvature import Curvature
from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.algorithms import Side
from rac_theory.base import checks, having, matrix_shape, table_of
from rac_theory.gains import LearningRate, learning_rate
from rac_theory.numerics import Randomness, identity
from rac_theory.problems import Problem, Smoothness, known_smoothness
from rac_theory.sketches import Gaussian, Moments, Sketch, sketch_factory

RULES = {"fixed": 0.0, "~ sqrt(r)": 0.5, "~ r": 1.0}
"""How lora_alpha grows with the rank: as which power of it."""


class Carried(NamedTuple):
    """A rule at one rank, and what becomes of the learning rate that is best at the first rank.

    Attributes
    ----------
    rule : str
    lora_alpha : float
        What the rule says at this rank.
    rate : LearningRate
        The best and the longest one at this rank.
    ratio : float
        That of the first rank over the best one here: above one it is too long, above two it may be that nothing is
        gained.
    share : float
        The share of the gain that is left with it, at most one; what is negative may go uphill.

    Examples
    --------
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.advice.learning_rate import learning_rates
    >>> fixed, *_ = learning_rates(Smoothness.isotropic(1.0, (5, 3)), [1, 4], lora_alpha=2.0)[1].rules
    >>> fixed.rule, fixed.lora_alpha, f"{fixed.ratio:.3f}", f"{fixed.share:.3f}"  # (1/7) / (16/10), and x (2 - x)
    ('fixed', 2.0, '0.089', '0.171')
    """

    rule: str
    lora_alpha: float
    rate: LearningRate
    ratio: float
    share: float


class AtRank(NamedTuple):
    """What each rule gives at one rank.

    Attributes
    ----------
    rank : int
    rules : list of Carried
    carrying : float
        The lora_alpha with which the best learning rate of the first rank is the best one here, too.

    Examples
    --------
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.advice.learning_rate import learning_rates
    >>> first, other = learning_rates(Smoothness.isotropic(1.0, (5, 3)), [1, 4], lora_alpha=2.0)
    >>> other.rank, [one.rule for one in other.rules], f"{other.carrying:.3f}"  # 2 * 4 * sqrt(7/10)
    (4, ['fixed', '~ sqrt(r)', '~ r'], '6.693')
    """

    rank: int
    rules: list[Carried]
    carrying: float


def learning_rates(
    problem: Problem | Smoothness,
    ranks: Sequence[int],
    *,
    lora_alpha: float,
    sketch: Callable[[int, int], Sketch] = Gaussian,
    side: Side = "left",
    rng: Randomness = None,
) -> list[AtRank]:
    """Return the best learning rates at each rank by each rule, and what is left of that of the first rank.

    Parameters
    ----------
    problem : Problem or Smoothness
    ranks : sequence of int
        The first one is where a learning rate is known to be good.
    lora_alpha : float
        At the first rank, > 0; at others the rules say what it is.
    sketch : callable
        The length of a side and a rank to a sketch.
    side : Side
        Which side the sketch is on.
    rng : seed, SeedSequence or Generator
        Unused where nothing is sampled.

    Returns
    -------
    list of AtRank
        In the order of the ranks.

    Raises
    ------
    ValueError
        For a rank, a side or a lora_alpha that is none, or without a rank.

    Examples
    --------
    A learning rate that is best at rank 4 is used at rank 32. With lora_alpha ~ r it is too long to gain anything, with
    other rules it is short, as the effective dimension is between these ranks; with lora_alpha = 20.6 it is the best.

    >>> import numpy as np
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.advice.learning_rate import learning_rates
    >>> Q = Smoothness([(np.diag(1 / np.arange(1.0, 257) ** 0.7), np.eye(16))])
    >>> first, other = learning_rates(Q, [4, 32], lora_alpha=4.0)
    >>> for one in other.rules:
    ...     print(f"{one.rule:9} {one.ratio:.3f} of the best one, {one.share:.3f} of the gain")
    fixed     0.038 of the best one, 0.074 of the gain
    ~ sqrt(r) 0.302 of the best one, 0.512 of the gain
    ~ r       2.412 of the best one, -0.995 of the gain
    >>> print(f"rho = {other.rules[0].rate.rho:.1f}, carrying = {other.carrying:.1f}")
    rho = 14.8, carrying = 20.6
    """
    checks.one_of("side", side, ("left", "right"))
    lora_alpha, ranks = checks.positive("lora_alpha", lora_alpha), checks.several("ranks", ranks)
    if not ranks:
        raise ValueError("ranks must have at least one rank, got none")
    having("problem", problem, "a problem, or its smoothness", ("shape",))
    shape = matrix_shape(problem.shape)
    sketches = [sketch(shape[0 if side == "left" else 1], checks.integer("rank", rank, 1)) for rank in ranks]
    rates: dict[str, list[tuple[float, LearningRate]]] = {rule: [] for rule in RULES}
    for rule, power in RULES.items():
        for S in sketches:
            a = lora_alpha * (S.rank / sketches[0].rank) ** power
            rates[rule].append((a, learning_rate(problem, S, lora_alpha=a, side=side, rng=rng)))
    rows = []
    for i, rank in enumerate(ranks):
        rules = [_carried(rule, *of_rule[i], of_rule[0][1].best) for rule, of_rule in rates.items()]
        a, rate = rates["fixed"][i]
        rows.append(AtRank(rank, rules, a * math.sqrt(rate.best / rates["fixed"][0][1].best)))
    return rows


def nearest(row: AtRank) -> Carried:
    """Return the rule by which the learning rate of the first rank is nearest to the best one, as a ratio.

    For Gaussian entries, from rank r to another s, that is ``~ r`` if ``1 + rho > sqrt(r s)``, else ``~ sqrt(r)``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.advice.learning_rate import learning_rates, nearest
    >>> Q = Smoothness([(np.diag([1.0] + [0.1] * 9), np.eye(2))])  # rho = 1.9
    >>> [nearest(row).rule for row in learning_rates(Q, [1, 2, 4, 9], lora_alpha=2.0)[1:]]
    ['~ r', '~ r', '~ sqrt(r)']
    """
    return min(row.rules, key=lambda carried: abs(math.log(carried.ratio)))


def keeping(row: AtRank) -> Carried:
    """Return the rule that keeps most of the gain: too long costs more than too short by the same factor.

    For Gaussian entries, from rank r to another s, that is ``~ r`` if ``1 + rho > s``, else ``~ sqrt(r)``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.advice.learning_rate import keeping, learning_rates
    >>> Q = Smoothness([(np.diag([1.0] + [0.1] * 9), np.eye(2))])  # rho = 1.9
    >>> [keeping(row).rule for row in learning_rates(Q, [1, 2, 4, 9], lora_alpha=2.0)[1:]]
    ['~ r', '~ sqrt(r)', '~ sqrt(r)']
    """
    return max(row.rules, key=lambda carried: carried.share)


def _carried(rule: str, lora_alpha: float, rate: LearningRate, first: float) -> Carried:
    share = rate.gain(first).nu / rate.nu if math.isfinite(first) and rate.nu > 0 else math.nan
    return Carried(rule, lora_alpha, rate, first / rate.best, share)


EXPLANATION = (
    "lora_alpha: how it grows from what it is at the first rank, fixed, ~ sqrt(r) or ~ r; best: the learning rate eta "
    "of the plain step W - eta (lora_alpha/r)^2 BB' grad f with the largest gain nu, one step a sketch; longest: below "
    "it there is a gain; kept: the share of nu that is left with the best learning rate of the first rank, below "
    "zero where it may go uphill; carrying: the lora_alpha with which that one is the best here; steps: 1/nu, "
    "relative to gradient descent at 1/L. All are guarantees for exact gradients, no measurements, and say nothing "
    "of Adam."
)
"""What the columns are."""


def learning_rate_table(rows: Sequence[AtRank], *, gradient_descent: float) -> Table:
    """Return a line for each rank and rule; ``gradient_descent`` is the gain of gradient descent, 1/L."""
    of_rank, of_rule = ("rank", "steps", "carrying"), ("best", "longest", "kept")
    table = table_of((*of_rank, "lora_alpha", *of_rule), right=of_rank + of_rule)
    for row in rows:
        nu = row.rules[0].rate.nu
        left = [str(row.rank), *map(_number, (gradient_descent / nu if nu != 0 else math.inf, row.carrying))]
        for carried in row.rules:
            table.add_row(*left, carried.rule, *map(_number, (carried.rate.best, carried.rate.longest, carried.share)))
            left = [""] * len(left)
    return table


def in_words(rows: Sequence[AtRank]) -> Iterator[str]:
    """Yield rho, and a sentence for each rank after the first: which rule carries its learning rate there.

    Examples
    --------
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory.advice.learning_rate import learning_rates
    >>> from rac_theory.advice.learning_rate import in_words
    >>> rho, words = in_words(learning_rates(Smoothness.isotropic(1.0, (5, 3)), [1, 4], lora_alpha=2.0))
    >>> rho
    'effective dimension rho = 5; the gain is known by: moments of Gaussian matrices'
    >>> print(*words.split("; "), sep=chr(10))
    from rank 1 to 4: lora_alpha ~ r comes nearest, 1.43 times the best learning rate
    ~ r keeps most of the gain, 0.816
    lora_alpha = 6.693 keeps all of it
    """
    first = rows[0]
    rate = first.rules[0].rate
    yield f"effective dimension rho = {_number(rate.rho)}; the gain is known by: {rate.provenance}"
    for row in rows[1:]:
        if math.isnan(row.carrying):
            continue
        near, keeps = nearest(row), keeping(row)
        yield (
            f"from rank {first.rank} to {row.rank}: lora_alpha {near.rule} comes nearest, {near.ratio:.3g} times the "
            f"best learning rate; {keeps.rule} keeps most of the gain, {keeps.share:.3g}; lora_alpha = "
            f"{row.carrying:.4g} keeps all of it"
        )


def _number(value: float) -> str:
    return "unknown" if math.isnan(value) else "never" if value == math.inf else f"{value:.4g}"


def rates_of_layer(
    shape: MatrixShape,
    curvature: Curvature | None,
    *,
    ranks: Sequence[int],
    sketches: Sequence[str],
    lora_alpha: float,
    rng: Randomness = None,
) -> Iterator[Table | str]:
    """Yield a heading, a table and its words for each side and sketch; ``EXPLANATION`` says what the columns are.

    Parameters
    ----------
    shape : MatrixShape
    curvature : Curvature or None
        None is L I. Where its L is unknown, learning rates are in units of 1/L.
    ranks : sequence of int
        The first one that fits a side is where a learning rate is known to be good; those above its length are left
        out.
    sketches : sequence of str
        By name, as the command line takes them.
    lora_alpha : float
        At the first rank, > 0.
    rng : seed, SeedSequence or Generator
        Unused where nothing is sampled.

    Raises
    ------
    ValueError
        If the curvature is not that of such a matrix, or lora_alpha is not positive.

    Examples
    --------
    >>> from rac_theory.advice import Curvature
    >>> from rac_theory.advice.learning_rate import rates_of_layer
    >>> steep = Curvature.of_rho(4.0)
    >>> told = rates_of_layer((64, 256), steep, ranks=[1, 16], sketches=["gaussian"], lora_alpha=16.0)
    >>> for words in told:
    ...     if isinstance(words, str):
    ...         print(words.partition(";")[0])
    64x256, left, gaussian, learning rates in units of 1/L
    effective dimension rho = 64
    from rank 1 to 16: lora_alpha ~ r comes nearest, 1.23 times the best learning rate
    64x256, right, gaussian, learning rates in units of 1/L
    effective dimension rho = 4
    from rank 1 to 16: lora_alpha ~ r comes nearest, 3.5 times the best learning rate
    """
    checks.positive("lora_alpha", lora_alpha)
    if curvature is not None:
        curvature.check(shape)
    units = "" if curvature is not None and math.isfinite(curvature.L) else ", learning rates in units of 1/L"
    for side in get_args(Side):
        for name in sketches if min(ranks) <= _length(shape, side) else ():
            Q, rows = rates_of_side(shape, curvature, side, ranks, name, lora_alpha, rng)
            yield f"{shape[0]}x{shape[1]}, {side}, {name}{units}"
            yield learning_rate_table(rows, gradient_descent=learning_rate(Q, None).nu)
            yield from in_words(rows)


def rates_of_side(
    shape: MatrixShape,
    curvature: Curvature | None,
    side: Side,
    ranks: Sequence[int],
    sketch: str,
    lora_alpha: float,
    rng: Randomness = None,
) -> tuple[Smoothness, list[AtRank]]:
    """Return Q with one side of a layer as rows, and the learning rates at each rank that fits there."""
    length, make = _length(shape, side), sketch_factory(sketch)
    fitting = [rank for rank in ranks if rank <= length]
    of_side = curvature if curvature is not None and curvature.side == side else None
    L = 1.0 if curvature is None or math.isnan(curvature.L) else curvature.L
    Q = _visible(make(length, fitting[0]), of_side, L)
    return Q, learning_rates(Q, fitting, lora_alpha=lora_alpha, sketch=make, rng=rng)


def _length(shape: MatrixShape, side: Side) -> int:
    return shape[0] if side == "left" else shape[1]


def _visible(sketch: Sketch, curvature: Curvature | None, L: float) -> Smoothness:
    """Return Q with the side of the sketch as rows: as it is, as far as the sketch can tell, or else ``L I``."""
    d = sketch.dim
    if curvature is None:
        return Smoothness.isotropic(L, (d, 1))
    moments = Moments(sketch)
    turned = moments.products == "gaussian" or (moments.products == "orthonormal" and moments.invariants is not None)
    if not turned and curvature.problem is not None:
        ((S, R),) = known_smoothness(curvature.problem).terms
        return Smoothness.of_terms([(S * curvature.scale, R)])
    if not turned or d == 1:
        return Smoothness.isotropic(L, (d, 1))
    # Rotations leave the law alone, so that the largest eigenvalue and the trace are all that it sees.
    others = max(0.0, (curvature.rho - 1) * L / (d - 1) * (1 + 1e-15 * d))
    return Smoothness.of_terms([(np.append(L, np.full(d - 1, min(L, others))), identity(1))])
