r"""Statistical evidence about means of non-negative variables, by bets, and the account that its levels come from.

Everything rests on one fact. If :math:`Z_i \ge -m` has mean at most 0 given the past and the bet
:math:`l_i \in [0, 1/m)` is predictable, fixed before :math:`Z_i` is seen, then the wealth :math:`\prod_i (1 + l_i Z_i)`
is a non-negative supermartingale that starts at 1, and exceeds :math:`1/\alpha` at any time with probability at most
alpha (Ville's inequality). Large wealth is evidence against the claim (I. Waudby-Smith & A. Ramdas, *Estimating means
of bounded random variables by betting*, JRSS B 2024, arXiv:2010.09686).
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, checks

CAP = 0.9
"""No bet exceeds this share of the wealth that could be lost."""

_PRIOR = 0.25  # pseudo second moment, in units of the largest loss, that keeps the first bets small
_WIDE = 128  # numbers of a run that are worth an operation each
_HALVINGS = 12  # of the interval from 1e-4 to 1e3, on a logarithmic scale: a delta is found to 0.4%
_LARGEST_RATIO = 1e6  # larger observations are cut to this: a smaller X only weakens the evidence, and bits stay finite


class Past(NamedTuple):
    """What bets are made from: sums over earlier runs of Z and of its square, in units of the largest loss."""

    first: Array | float = 0.0
    second: Array | float = 0.0

    def then(self, Z: Array, worst: Array | float = 1.0) -> "Past":
        """Return the past after the runs Z, (runs, ...)."""
        share = Z / worst
        return Past(self.first + share.sum(axis=0), self.second + (share**2).sum(axis=0))


_BEGINNING = Past()


def log_wealth(Z: Array, worst: Array | float = 1.0, cap: float = CAP, past: Past = _BEGINNING) -> Array:
    r"""Return the log wealth after each run, (runs, ...), of bets that E[Z] is positive, for variables ``Z >= -worst``.

    The bet on run i is the growth-optimal one for the first two moments of the runs before it,
    :math:`\sum Z / \sum Z^2`, never negative and at most ``cap / worst``.

    Parameters
    ----------
    Z : (runs, ...)
        Independent over the first axis.
    worst : (...)
        The largest possible loss, > 0.
    cap : float
        In (0, 1).
    past : Past
        Runs before these, which the bets know of; the wealth starts at one all the same.

    Returns
    -------
    (runs, ...)

    Examples
    --------
    >>> from rac_theory.numerics.evidence import log_wealth
    >>> [f"{wealth:.2f}" for wealth in log_wealth([0.5, 0.5, 0.5, -1.0])]  # nothing is bet before something is seen
    ['0.00', '0.37', '0.74', '-1.56']
    """
    share = np.divide(Z, worst, order="C")  # run after run in memory, as it is read
    bets, second = np.empty_like(share), np.empty_like(share)
    bets[0], second[0] = past.first, past.second + _PRIOR
    bets[1:] = share[:-1]
    np.square(share[:-1], out=second[1:])
    bets = running_sums(bets)
    bets /= running_sums(second)
    np.clip(bets, 0.0, cap, out=bets)
    bets *= share
    return running_sums(np.log1p(bets, out=bets))


def running_sums(A: Array) -> Array:
    """Return what ``cumsum`` over the runs does, which is slow where columns are many; a wide array is overwritten."""
    if A[0].size < _WIDE:
        return np.cumsum(A, axis=0)
    for before, now in pairwise(A):
        now += before
    return A


def excess(X: Array, bound: Array) -> Array:
    """Return ``X / bound - 1``, what is bet on against a claim: at most ``_LARGEST_RATIO - 1``.

    What is no finite number has left the range of floating point, which says nothing where the data are near its edge:
    it counts as zero, never more than the truth. A run that diverges has been far above its bound before.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = np.where(np.isfinite(X), X, 0.0) / bound
    np.minimum(ratio, _LARGEST_RATIO, out=ratio)
    ratio -= 1
    return ratio


def shortfall(X: Array, bound: Array, ceiling: Array | float) -> tuple[Array, Array]:
    """Return ``1 - X / bound``, what is bet on for a claim, (runs, T), and the largest loss, (T,), for X <= ceiling.

    Where there is nothing to bet on it is zero: where the bound is no lower than the ceiling, or not positive, and
    where no ceiling is known.
    """
    unsettled = (bound > 0) & (bound < ceiling) & np.isfinite(ceiling)
    safe = np.where(unsettled, bound, 1.0)
    worst = np.where(unsettled, ceiling / safe - 1, 1.0)
    return np.where(unsettled, 1 - np.minimum(X, ceiling) / safe, 0.0), worst


def either_side(Z: Array, low: Array | float = 1.0, high: Array | float = 1.0) -> Array:
    """Return the largest log wealth after any run, (...), of bets that E[Z] is not 0, for ``-low <= Z <= high``.

    Two bets, one for each sign: under the claim the result passes ``log(2 / alpha)`` with probability at most alpha.

    Parameters
    ----------
    Z : (runs, ...)
        At least one run.
    low, high : float, (...) or (runs, ...)
        How far Z may be from zero on either side, > 0.

    Returns
    -------
    (...)

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.evidence import either_side
    >>> [f"{either_side(np.array(Z)):.2f}" for Z in ([0.5] * 3, [-0.5] * 3, [0.5, -0.5, 0.5])]
    ['0.74', '0.74', '0.00']
    """
    return np.asarray(np.maximum(log_wealth(Z, low).max(axis=0), log_wealth(np.negative(Z), high).max(axis=0)))


def shares(T: int) -> Array:
    r"""Return what part of the wealth is put on each of T steps: (T,), summing to one.

    Half of it is the same for all, half goes as 1/t: the same for every octave of t, which is a geometric grid that
    leaves no step out. A sample sees most at early steps, and there the union over T steps then costs little, while no
    step has less than half of an equal share.

    Examples
    --------
    >>> from rac_theory.numerics.evidence import shares
    >>> [f"{share:.3f}" for share in shares(4)]
    ['0.365', '0.245', '0.205', '0.185']
    """
    harmonic = 1 / np.arange(1, T + 1)
    return np.asarray((1 / T + harmonic / harmonic.sum()) / 2)


def log_average(wealth: Array) -> float:
    """Return the largest log e-value that log wealths, (runs, T), averaged by ``shares``, come to after any run.

    An average of e-processes is one, and it passes ``1/alpha`` whenever that of some t passes ``1/(alpha share_t)``.
    """
    weighted = wealth + np.log(shares(wealth.shape[1]))
    largest = np.max(weighted, axis=1)
    sums = np.exp(weighted - largest[:, None]).sum(axis=1)
    return max(float(np.max(largest + np.log(sums))), 0.0)


def log_evidence_against(X: Array, bound: Array) -> float:
    """Return the largest log e-value of runs X >= 0, (runs, T), against ``E X_t <= bound_t`` at all t, bound > 0, (T,).

    One e-process for each t, averaged over t by ``shares``. The claim is refuted at level alpha when the result is at
    least ``log(1/alpha)``.

    Examples
    --------
    >>> from rac_theory.numerics.evidence import log_evidence_against
    >>> [f"{log_evidence_against([[1.5]] * 40, [bound]):.1f}" for bound in (1.0, 2.0)]
    ['14.5', '0.0']
    """
    return log_average(log_wealth(excess(X, bound)))


def confirmed(X: Array, bound: Array, ceiling: float, alpha: float) -> Array:
    """Say for which t, (T,), runs X, (runs, T), confirm ``E X_t <= bound_t`` at level alpha, for ``0 <= X <= ceiling``.

    For *all* t to be confirmed no correction for their number is due: if the claim is false it is false at one t, and
    that one is confirmed with probability at most alpha.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.evidence import confirmed
    >>> confirmed(np.full((40, 2), 0.5), np.array([0.4, 0.9]), ceiling=1.0, alpha=1e-3).tolist()
    [False, True]
    """
    done = bound >= ceiling
    unsettled = ~done
    if unsettled.any():
        wealth = log_wealth(*shortfall(X[:, unsettled], bound[unsettled], ceiling))
        done[unsettled] = wealth.max(axis=0) >= math.log(1 / alpha)
    return np.asarray(done)


def detectable(X: Array, alpha: float) -> Array:
    """Return, for each t, (T,), the smallest violation that runs of this shape, X >= 0, (runs, T), would have detected.

    It is a delta, relative to the bound, at which the test at level ``alpha share_t`` begins to reject the runs
    rescaled to mean ``(1 + delta) bound``, by bisection to half a per cent; inf if even delta = 1000 is not rejected,
    or if all runs are zero: they say nothing about the rare ones that are not. An estimate of what the test can see,
    no bound: now and then a test that rejects at one delta does not at a slightly larger one, as its bets are others.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.evidence import detectable
    >>> [f"{detectable(np.ones((runs, 1)), alpha=1e-3).item():.2f}" for runs in (50, 500)]  # without variance
    ['0.17', '0.02']
    """
    rejects = _rejects(X, alpha)
    low, high = (np.full(X.shape[1], end) for end in (1e-4, 1e3))
    _, smallest = bisected(lambda delta: ~rejects(delta), low, high, _HALVINGS)
    return np.where(rejects(high), smallest, np.inf)


def detects(X: Array, delta: float, alpha: float) -> NDArray[np.bool_]:
    """Say for which t runs of this shape would detect a violation by delta, at level ``alpha share_t``: (T,).

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.evidence import detects
    >>> [detects(np.ones((runs, 1)), delta=0.5, alpha=1e-3).item() for runs in (10, 50)]
    [False, True]
    """
    return _rejects(X, alpha)(np.full(X.shape[1], delta))


def _rejects(X: Array, alpha: float) -> Callable[[Array], NDArray[np.bool_]]:
    """Return what tells whether the test rejects the runs rescaled to mean ``1 + delta``, (T,) to (T,)."""
    X = np.ascontiguousarray(X)
    mean = X.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = np.where(np.isfinite(mean) & (mean > 0), X / mean, 0.0)  # rescaled to mean one
    with np.errstate(divide="ignore"):  # of a level that no float holds: nothing is rejected then
        threshold = -np.log(alpha * shares(X.shape[1]))

    def rejects(delta: Array) -> NDArray[np.bool_]:
        Z = (1 + delta) * shape
        np.minimum(Z, _LARGEST_RATIO, out=Z)
        Z -= 1
        return np.asarray(log_wealth(Z).max(axis=0) >= threshold)

    return rejects


def runs_to_detect(X: Array, delta: float, threshold: float) -> int | None:
    """Estimate how many runs would take the log evidence against a violation by ``delta`` past ``threshold``.

    From the growth rate of the best constant bet on the runs X, (runs,), rescaled to mean ``1 + delta``. A sample that
    misses the rare large values underestimates the number: it is an order of magnitude, no promise. None if the runs
    are all zero or have diverged.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.numerics.evidence import runs_to_detect
    >>> runs_to_detect(np.ones(10), delta=0.5, threshold=np.log(1000))
    19
    """
    mean = float(X.mean())
    if not 0 < mean < math.inf:
        return None
    Z = (1 + delta) * X / mean - 1
    bets = np.linspace(0.01, CAP, 90)
    growth = float(np.log1p(bets[:, None] * Z).mean(axis=1).max())
    return math.ceil(threshold / max(growth, 1e-9))


def bisected(holds: Callable[[Array], NDArray[Any]], low: Array, high: Array, halvings: int) -> tuple[Array, Array]:
    """Bisect on a logarithmic scale between ``low``, where a relation holds, and ``high``, where it does not."""
    a, b = np.log(low), np.log(high)
    for _ in range(halvings):
        middle = (a + b) / 2
        yes = holds(np.exp(middle))
        a, b = np.where(yes, middle, a), np.where(yes, b, middle)
    return np.exp(a), np.exp(b)


_ROUNDING = 1e-12  # relative to alpha: parts of it, added up in floating point, may come to a hair more


class Account:
    """The probability ``alpha`` with which one answer may be wrong, and what it was spent on.

    Whatever may err by chance draws its level here: by the union bound the answer is wrong with probability at most the
    sum, and the sum is at most alpha, or a draw is refused.

    Parameters
    ----------
    alpha : float
        In (0, 1).

    Examples
    --------
    >>> from rac_theory.numerics.evidence import Account
    >>> account = Account(1e-3)
    >>> account.draw("lambda_min", 2.5e-4)
    0.00025
    >>> account.rest("runs")
    0.00075
    >>> account.draw("another look", 1e-4)
    Traceback (most recent call last):
        ...
    ValueError: levels must add up to at most alpha=0.001, got 0.0001 for another look on top of lambda_min: 0.00025, \
runs: 0.00075
    """

    def __init__(self, alpha: float) -> None:
        self.alpha = checks.finite("alpha", alpha, above=0, below=1)
        self._spent: dict[str, float] = {}

    @property
    def spent(self) -> Mapping[str, float]:
        """What was drawn so far, by purpose."""
        return MappingProxyType(dict(self._spent))

    @property
    def left(self) -> float:
        """What may still be drawn."""
        return max(self.alpha - math.fsum(self._spent.values()), 0.0)

    def draw(self, purpose: str, level: float) -> float:
        """Spend ``level`` on a purpose, and return it.

        Raises
        ------
        ValueError
            If the level is negative or nan, or if there is not so much left.
        """
        if not 0 <= level <= self.left + _ROUNDING * self.alpha:
            before = ", ".join(f"{name}: {spent:g}" for name, spent in self._spent.items()) or "nothing"
            raise ValueError(
                f"levels must add up to at most alpha={self.alpha:g}, got {level:g} for {purpose} on top of {before}"
            )
        self._spent[purpose] = self._spent.get(purpose, 0.0) + level
        return level

    def rest(self, purpose: str) -> float:
        """Spend all that is left on a purpose, and return it.

        Raises
        ------
        ValueError
            If nothing is left.
        """
        if not self.left > _ROUNDING * self.alpha:
            raise ValueError(f"alpha={self.alpha:g} must leave something for {purpose}, all of it was spent")
        return self.draw(purpose, self.left)


def for_constants(alpha: float, rows: int) -> float:
    """Return what each of some rows may spend on sampled constants: half of alpha, shared, as any may be wrong."""
    return alpha / 2 / max(rows, 1)
