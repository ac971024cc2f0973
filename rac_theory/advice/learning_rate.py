r"""Which learning rate for which rank, and which rule for lora_alpha carries one from rank to rank.

For Gaussian entries the best learning rate of the plain step is
:math:`r^2 / (\mathrm{lora\_alpha}^2 L (r + 1 + \rho))`, with the effective dimension rho of the sketched side. So it
is proportional to :math:`r^2 / (r + 1 + \rho)` where lora_alpha is fixed, to :math:`r / (r + 1 + \rho)` where it grows
as the root of r, and to :math:`1 / (r + 1 + \rho)` where it grows as r. None of these is the same for all ranks.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from rac_theory.algorithms import Side
from rac_theory.base import checks, having, matrix_shape
from rac_theory.gains import LearningRate, learning_rate
from rac_theory.numerics import Randomness
from rac_theory.problems import Problem, Smoothness
from rac_theory.sketches import Gaussian, Sketch

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
    rates = {
        rule: [
            (a, learning_rate(problem, S, lora_alpha=a, side=side, rng=rng))
            for S in sketches
            if (a := lora_alpha * (S.rank / sketches[0].rank) ** power)
        ]
        for rule, power in RULES.items()
    }
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
