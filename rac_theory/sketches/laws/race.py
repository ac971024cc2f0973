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

from rac_theory.problems.checks import Array
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
    step = STEP
    while True:
        t = np.exp(np.arange(-_EARLY - math.log(rates.sum()), math.log(_LATE / rates.min()), step))
        alive, weights = np.exp(-t[:, None] * rates), step * t
        later = np.zeros((len(rates), len(rates)))
        for k, rate in enumerate(rates.tolist()):
            others = np.arange(len(rates)) != k
            density = rates[others] * alive[:, others] * _at_most(rank - 2, alive[:, others])
            later[k, others] = (weights * -np.expm1(-rate * t)) @ density
        P = later + later.T
        P[np.diag_indices(len(p))] = p
        if (np.abs(P.sum(axis=1) - rank * p) <= _ENOUGH * rank * p).all() or step < 0.03:
            return P
        step /= 2


def _at_most(most: int, alive: Array) -> Array:
    """P(at most that many of the *other* clocks rang), for each clock, by P(it has not): (points, k) to the same."""
    before, after = _numbers_rung(alive, most), _numbers_rung(alive[:, ::-1], most)[::-1]
    up_to = np.cumsum(after, axis=-1)  # where a clocks before this one rang, most - a of those after it may
    return np.asarray((before * up_to[..., ::-1]).sum(axis=-1).T)


def _numbers_rung(alive: Array, most: int) -> Array:
    """P(exactly 0, ..., most of the clocks before each one rang): (points, k) to (k, points, most + 1)."""
    points, k = alive.shape
    counts = np.zeros((k, points, most + 1))
    counts[0, :, 0] = 1.0
    for j in range(k - 1):
        stays = alive[:, j, None]
        counts[j + 1] = counts[j] * stays
        counts[j + 1, :, 1:] += counts[j, :, :-1] * (1 - stays)
    return counts
