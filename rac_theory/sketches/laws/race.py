r"""Which coordinates are among the first to ring, however many: probabilities of one and of two, by an integral.

Clocks ring at independent exponential times with rates w. Coordinate i is among the first r where at most r - 1 others
ring before it does; i and k both are where the later one, say i, has at most r - 2 of the others before it:

.. math:: p_i = \int w_i e^{-w_i t}\, P(N_{-i}(t) \le r - 1)\, dt, \qquad
    P_{ik} = A_{ik} + A_{ki}, \quad A_{ik} = \int w_i e^{-w_i t} (1 - e^{-w_k t})\, P(N_{-ik}(t) \le r - 2)\, dt ,

N the numbers of the clocks left that rang by t: Poisson-binomial. Clocks are left out by what stands before and after
them, so that no term is negative and no digit is lost. ``few_of_many`` is faster where r are few of very many.
"""

import math

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.half_line import STEP, integrate

_ENOUGH = 1e-12
"""Relative: how far sums may be off that are known before a step is halved."""

_EARLY, _LATE = 21.0, 50.0  # two rang by exp(-early) mean waits, or a clock has not by so many of its own: exp(-40)


def one_of_a_race(rates: Array, rank: int) -> Array:
    """Return the probabilities, (k,), that each of k clocks is among the first ``rank``; exactly that many ring first.

    So the probabilities sum to ``rank``, which tells when the step of the integral is small enough.
    """
    step = STEP
    while True:
        p = integrate(
            lambda t: rates * np.exp(-t[:, None] * rates) * _at_most(rank - 1, np.exp(-t[:, None] * rates)),
            shortest=1 / rates.sum(),
            longest=1 / rates.min(),
            step=step,
        )
        if abs(p.sum() - rank) <= _ENOUGH * rank or step < 0.03:
            return p
        step /= 2


def two_of_a_race(rates: Array, rank: int, p: Array) -> Array:
    """Return the probabilities, (k, k), that two clocks are both among the first ``rank``, with ``p`` on the diagonal.

    As ``rank - 1`` others are drawn with each, a row sums to ``rank`` times its p, which tells as above.
    """
    k, step = len(rates), STEP
    while True:
        t = np.exp(np.arange(-_EARLY - math.log(rates.sum()), math.log(_LATE / rates.min()), step))
        alive, rang = np.exp(-t[:, None] * rates), -np.expm1(-t[:, None] * rates)
        before, up_to = _tables(alive, rank - 2)
        P = np.diag(p)
        for i in range(k):
            counts = before[i]  # of those that rang before the j-th, the i-th left out
            for j in range(i + 1, k):
                later = rates[j] * alive[:, j] * rang[:, i] + rates[i] * alive[:, i] * rang[:, j]
                P[i, j] = P[j, i] = (step * t * later) @ (counts * up_to[j]).sum(axis=-1)
                counts = _with_one_more(counts, alive[:, j])
        if (np.abs(P.sum(axis=1) - rank * p) <= _ENOUGH * rank * p).all() or step < 0.03:
            return P
        step /= 2


def _at_most(most: int, alive: Array) -> Array:
    """P(at most that many of the *other* clocks rang), for each clock, by P(it has not): (points, k) to the same."""
    before, up_to = _tables(alive, most)
    return np.asarray((before * up_to).sum(axis=-1).T)


def _tables(alive: Array, most: int) -> tuple[Array, Array]:
    """For each clock and a = 0, ..., most: P(a of those before it rang), P(at most ``most - a`` of those after it did).

    Each is (k, points, most + 1).
    """
    before, after = _numbers_rung(alive, most), _numbers_rung(alive[:, ::-1], most)[::-1]
    return before, np.cumsum(after, axis=-1)[..., ::-1]


def _numbers_rung(alive: Array, most: int) -> Array:
    """P(exactly 0, ..., most of the clocks before each one rang): (points, k) to (k, points, most + 1)."""
    points, k = alive.shape
    counts = np.zeros((k, points, most + 1))
    counts[0, :, 0] = 1.0
    for j in range(k - 1):
        counts[j + 1] = _with_one_more(counts[j], alive[:, j])
    return counts


def _with_one_more(counts: Array, alive: Array) -> Array:
    """Add a clock to those that are counted, (points, most + 1), by P(it has not rung), (points,)."""
    more = counts * alive[:, None]
    more[:, 1:] += counts[:, :-1] * (1 - alive[:, None])
    return more
