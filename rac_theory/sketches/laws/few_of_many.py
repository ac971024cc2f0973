r"""Which coordinates are among the first few of many to ring: probabilities of one and of two, in closed form.

Clocks ring at independent exponential times with rates w. By time t coordinate i rang with the odds
:math:`u_i = e^{w_i t} - 1`, and :math:`C_m` is the probability that at most m of all clocks have rung. To leave a clock
out is to divide a polynomial by :math:`1 + u_i z`, up to a factor, so that the probabilities that i, or i and k, are
among the first r are

.. math:: p_i = \int w_i \sum_{a \ge 0} (-u_i)^a C_{r-1-a}\, dt, \qquad
    P_{ik} = \int (w_i u_k + w_k u_i) \sum_{a, b \ge 0} (-u_i)^a (-u_k)^b C_{r-2-a-b}\, dt .

The second is a sum of products of something of i and something of k: one product of matrices. While all odds are at
most 1/2 the terms of a sum are at most four times the sum in all, so that no digit is lost; afterwards nothing may be
left to happen, which is so where r clocks are few of all.
"""

import math

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.sketches.laws.half_line import STEP

_NOTHING = 1e-22  # as a probability, beside those of two coordinates out of some thousands
_AT_ONCE = 12  # points of time
_FAINT = math.log(1e-20)  # a power of odds below it is left out, as it is no more than a few times that of a sum


class FewOfMany:
    """The race of ``rates``, (d,), positive, for the first ``rank``; ``exact`` says whether the formulas are."""

    def __init__(self, rates: Array, rank: int) -> None:
        self.rates, self.rank = rates, rank
        self.last = math.log(1.5) / float(rates.max())
        self.exact = float(self._at_most(np.array([self.last]))[0, rank]) < _NOTHING

    def one(self) -> tuple[Array, float]:
        """Return p, (d,), and the step in log t that it takes; p sums to the rank, which tells."""
        step = STEP
        while True:
            t, C = self._points(-42.0, step)
            odds, p = np.expm1(t[:, None] * self.rates), np.zeros(len(self.rates))
            powers = np.ones_like(odds)
            for a in range(self.rank):
                p += (step * t * C[:, self.rank - 1 - a]) @ powers * self.rates
                powers *= -odds
            if abs(p.sum() - self.rank) <= 1e-12 * self.rank or step < 0.03:
                return p, step
            step /= 2

    def two(self) -> Array:
        """Return P, (d, d), with p on its diagonal."""
        p, step = self.one()
        t, C = self._points(-21.0, step)
        left, right = [], []
        for first in range(0, len(t), _AT_ONCE):
            here = slice(first, first + _AT_ONCE)
            odds = np.expm1(t[here, None] * self.rates)
            count = np.arange(min(self.rank - 1, 1 + math.ceil(_FAINT / math.log(odds.max()))))
            below = self.rank - 2 - count[:, None] - count
            powers = np.ones((len(odds), len(count), len(p)))
            for a in count[1:].tolist():
                np.multiply(powers[:, a - 1], -odds, out=powers[:, a])
            joint = np.where(below >= 0, C[here][:, np.maximum(below, 0)], 0.0) * (step * t[here])[:, None, None]
            left.append((powers * self.rates).reshape(-1, len(p)))
            right.append((joint @ (powers * odds[:, None])).reshape(-1, len(p)))
        P = np.concatenate(left).T @ np.concatenate(right)
        P += P.T.copy()
        P[np.diag_indices(len(p))] = p
        return P

    def _points(self, lowest: float, step: float) -> tuple[Array, Array]:
        """Times from ``exp(lowest)`` mean waits to where nothing is left to happen, and C there, (points, rank + 1)."""
        t = np.exp(np.arange(lowest - math.log(self.rates.sum()), math.log(self.last), step))
        C = self._at_most(t)
        left = C[:, self.rank] >= _NOTHING
        return t[left], C[left]

    def _at_most(self, t: Array) -> Array:
        """P(at most 0, ..., rank clocks rang by t): (points,) to (points, rank + 1)."""
        counts = np.zeros((len(t), self.rank + 1))
        counts[:, 0] = 1.0
        for rate in self.rates.tolist():
            stays = np.exp(-rate * t)[:, None]
            rang = counts[:, :-1] * (1 - stays)
            counts *= stays
            counts[:, 1:] += rang
        return np.cumsum(counts, axis=1)
