r"""The weighted coordinate sketch: coordinates drawn one after the other with given weights, without replacement.

**The first few of many.** Clocks ring at independent exponential times with rates w. By time t coordinate i rang with
the odds :math:`u_i = e^{w_i t} - 1`, and :math:`C_m` is the probability that at most m of all clocks have rung. To
leave a clock out is to divide a polynomial by :math:`1 + u_i z`, up to a factor, so that the probabilities that i, or i
and k, are among the first r are

.. math:: p_i = \int w_i \sum_{a \ge 0} (-u_i)^a C_{r-1-a}\, dt, \qquad
    P_{ik} = \int (w_i u_k + w_k u_i) \sum_{a, b \ge 0} (-u_i)^a (-u_k)^b C_{r-2-a-b}\, dt .

The second is a sum of products of something of i and something of k: one product of matrices. While all odds are at
most 1/2 the terms of a sum are at most four times the sum in all, so that no digit is lost; afterwards nothing may be
left to happen, which is so where r clocks are few of all.

**However many.** Coordinate i is among the first r where at most r - 1 others ring before it does; i and k both are
where the later one, say i, has at most r - 2 of the others before it:

.. math:: p_i = \int w_i e^{-w_i t}\, P(N_{-i}(t) \le r - 1)\, dt, \qquad
    P_{ik} = A_{ik} + A_{ki}, \quad A_{ik} = \int w_i e^{-w_i t} (1 - e^{-w_k t})\, P(N_{-ik}(t) \le r - 2)\, dt ,

N the numbers of the clocks left that rang by t: Poisson-binomial. Clocks are left out by what stands before and after
them, so that no term is negative and no digit is lost. The first way is faster where r are few of very many.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import ClassVar

import numpy as np

from rac_theory.base import Array, checks, digest, shown
from rac_theory.sketches.distributions.coordinate import unit_vectors
from rac_theory.sketches.laws.finite import LIMIT, Support
from rac_theory.sketches.laws.half_line import STEP, integrate
from rac_theory.sketches.sketch import Shape

_NOTHING = 1e-22  # as a probability, beside those of two coordinates out of some thousands
_AT_ONCE = 12  # points of time
_FAINT = math.log(1e-20)  # a power of odds below it is left out, as it is no more than a few times that of a sum


class FewOfMany:
    """The race of ``rates``, (d,), positive, for the first ``rank``; ``exact`` says whether the formulas are."""

    def __init__(self, rates: Array, rank: int) -> None:
        self.rates, self.rank = rates, rank
        self.last = math.log(1.5) / float(rates.max())
        self.exact = float(self._at_most(np.array([self.last]))[0, rank]) < _NOTHING

    def inclusion_probabilities(self) -> tuple[Array, float]:
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

    def joint_probabilities(self) -> Array:
        """Return P, (d, d), with p on its diagonal."""
        p, step = self.inclusion_probabilities()
        t, C = self._points(-21.0, step)
        left, right = [], []
        for first in range(0, len(t), _AT_ONCE):
            block = slice(first, first + _AT_ONCE)
            odds = np.expm1(t[block, None] * self.rates)
            count = np.arange(min(self.rank - 1, 1 + math.ceil(_FAINT / math.log(odds.max()))))
            below = self.rank - 2 - count[:, None] - count
            powers = np.ones((len(odds), len(count), len(p)))
            for a in count[1:].tolist():
                np.multiply(powers[:, a - 1], -odds, out=powers[:, a])
            joint = np.where(below >= 0, C[block][:, np.maximum(below, 0)], 0.0) * (step * t[block])[:, None, None]
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


@dataclass(frozen=True, eq=False)
class WeightedCoordinate(Shape):
    r"""Columns are r different unit vectors; each next one is drawn with probability proportional to its weight.

    At rank one :math:`E[H] = \mathrm{diag}(w)`, ``w`` the normalised weights. At higher ranks the probability that a
    coordinate is among the first r is *not* r times its weight.

    Parameters
    ----------
    weights : (dim,)
        Non-negative, at any scale, at least ``rank`` of them positive, none of these below 1e-250 times the largest.

    References
    ----------
    Efraimidis and Spirakis, Weighted random sampling with a reservoir, 2006: the race by which it is drawn.

    Examples
    --------
    >>> from rac_theory import spectrum
    >>> from rac_theory.sketches import WeightedCoordinate
    >>> for rank in (1, 2):
    ...     known = spectrum(WeightedCoordinate(3, rank, weights=[1, 1, 2]))
    ...     print([f"{p:.4f}" for p in known.matrix.diagonal()])  # that a coordinate is drawn
    ['0.2500', '0.2500', '0.5000']
    ['0.5833', '0.5833', '0.8333']
    """

    weights: Array

    orthonormal: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = checks.array("weights", self.weights, shape=(self.dim,))
        if weights.min() < 0 or np.count_nonzero(weights) < self.rank:
            raise ValueError(
                f"weights must be >= 0 and at least rank={self.rank} of them positive, got {shown(weights)}"
            )
        faint = weights[(weights > 0) & (weights / weights.max() < _FAINTEST)]
        if faint.size:
            raise ValueError(
                f"weights must be zero or at least {_FAINTEST:g} times the largest, {weights.max():g}, got "
                f"{faint.min():g}; make it larger, or zero if it need not be drawn"
            )
        object.__setattr__(self, "weights", weights)

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank) by a race: the r first of independent exponential clocks with the weights as rates.

        Clocks have no memory, so the order in which they ring is the order of draws without replacement.
        """
        with np.errstate(divide="ignore"):  # a coordinate of weight zero rings at infinity
            return unit_vectors(rng.standard_exponential((size, self.dim)) / self._rates, self.rank)

    def expected_projection(self) -> Array | None:
        r"""Return diag(p), p the probabilities that a coordinate is among the first r to ring.

        By the second formula it is a Poisson-binomial tail under an integral, to about 1e-12. Where ``d r`` is above
        5,000 it would take more than a hundred megabytes: p is then found by the first, and None where r are not few.
        """
        p = self._inclusion_probabilities
        return None if p is None else np.diag(p)

    def second_moment(self, M: Array) -> Array | None:
        """Entry (i, k) of M times the probability that i and k are both drawn.

        At rank one it is ``diag(w_i M_ii)``, as no two are drawn together. At higher ranks the probabilities are those
        of the first formula, or where r are not few those of the second; there None where ``d^2 r`` is above
        131,072, as it would take more than some seconds.
        """
        if self.rank == 1:
            return np.asarray(self._rates / self._rates.sum() * np.eye(self.dim) * M)
        pairs = self._both_drawn
        return None if pairs is None else pairs * M

    @cached_property
    def _both_drawn(self) -> Array | None:
        positive = np.flatnonzero(self._rates)
        pairs = np.zeros((self.dim, self.dim))
        if self.rank == len(positive):
            pairs[np.ix_(positive, positive)] = 1.0
            return pairs
        rates = self._rates[positive]
        first_few = FewOfMany(rates, self.rank)
        if first_few.exact:
            two = first_few.joint_probabilities()
        elif len(positive) ** 2 * self.rank <= _LARGEST_OF_TWO:
            two = _two_of_a_race(tuple(rates.tolist()), self.rank)
        else:
            return None
        if len(positive) == self.dim:
            return two
        pairs[np.ix_(positive, positive)] = two
        return pairs

    @cached_property
    def _rates(self) -> Array:
        return np.asarray(self.weights / self.weights.max())

    @cached_property
    def _inclusion_probabilities(self) -> Array | None:
        rates = self._rates
        positive = np.flatnonzero(rates)
        p = np.zeros(self.dim)
        if self.rank == 1:
            p[:] = rates / rates.sum()
        elif self.rank == len(positive):
            p[positive] = 1.0
        elif len(positive) * self.rank > _LARGEST:
            race = FewOfMany(rates[positive], self.rank)
            if not race.exact:
                return None
            p[positive] = race.inclusion_probabilities()[0]
        else:
            p[positive] = one_of_a_race(rates[positive], self.rank)
        return p

    def support(self) -> Support | None:
        """Return the unit vectors at rank one, with the exact ratios of weights; None above the limit, or rank one."""
        positive = np.flatnonzero(self.weights)
        if self.rank > 1 or len(positive) > LIMIT:
            return None
        weights = np.array([Fraction(weight) for weight in self.weights[positive].tolist()], dtype=object)
        return np.eye(self.dim)[positive, :, None], weights / weights.sum()

    def __repr__(self) -> str:
        weights = f"weights {self.weights.min():g}..{self.weights.max():g} {digest(self.weights)}"
        return f"{type(self).__name__}({self.dim}x{self.rank}, {weights})"


_FAINTEST = 1e-250  # beside 1, so that times to ring stay finite
_LARGEST = 5_000  # numbers at each of some 400 points
_LARGEST_OF_TWO = 1 << 17  # numbers at each of some 250 points


@lru_cache(maxsize=64)  # a ledger makes the same sketch for every problem and step size
def _two_of_a_race(rates: tuple[float, ...], rank: int) -> Array:
    clocks = np.array(rates)
    return two_of_a_race(clocks, rank, one_of_a_race(clocks, rank))
