"""Whether draws are independent and have one law, wherever they stand in a batch and whatever its size is."""

import math
from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import either_side, exchanged, repeats
from rac_theory.problems import Indices
from rac_theory.testing.failures import Refuted
from rac_theory.testing.sketches.moments import coordinates, ranks, window

BATCH = 8  # draws of a small call, of which there are many
_BLOCKS = 8  # after each of which bets are made anew
_FEATURES = 6  # directions between which laws are compared

_Calls = tuple[Array, Array]  # projections on ranges, and their prints: (calls, draws, ...)
_PARTNERS = {
    "neighbours": ((0, 1), (2, 3), (4, 5), (6, 7)),
    "draws at a distance of half a batch": ((0, 4), (1, 5), (2, 6), (3, 7)),
    "draws at mirrored places": ((0, 7), (1, 6), (2, 5), (3, 4)),
    "draws at a distance of two": ((0, 2), (1, 3), (4, 6), (5, 7)),
}
_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 20, 32, 50, 64, 100, 128, 256)  # in large calls
_WAYS = 4 * (len(_PARTNERS) + 2 + len(_LAGS) + 1)  # kinds of partners, two variables, from both sides
_SMALL = 8  # dim up to which projections are kept as vectors
_COPY, _COPIES = 1e-14, 3  # how near to each other are numbers of one range, and how many pairs are no chance
_TOGETHER = 64  # single calls among which repetitions are counted
_PLACES = {"first": (0, 4), "last": (7, 3), "second": (1, 6), "even": (2, 5)}


@dataclass(frozen=True, eq=False)
class Prints:
    """What tells the ranges of draws apart: two quadratic forms, in units of 2^-30."""

    z: Array

    @classmethod
    def of(cls, d: int, seed: int) -> "Prints":
        """Two random directions."""
        z = np.random.default_rng([seed, 8]).standard_normal((2, d))
        return cls(z / np.linalg.norm(z, axis=1, keepdims=True))

    def __call__(self, Q: Array) -> Array:
        """One number a range, different for different ones: (..., d, r) to (...)."""
        first, second = np.moveaxis(np.rint(np.square(self.z @ Q).sum(axis=-1) * 2**30), -1, 0)
        return np.asarray(first * 2.0**22 + np.floor(second / 2**9))


def check_independence(name: str, Q: Array, prints: Array, alpha: float) -> None:
    """Partners in one call change places with partners in another, far away: that must not change the law.

    With c(H, K) = trace(H K) / r, the variable ``c(H, K) + c(H', K') - c(H, K') - c(H', K)`` of partners H, K in one
    call and H', K' in another changes its sign when K and K' are exchanged. So does the same with ``H == K`` for c. Q
    holds the calls in the order in which they were made, (calls, 8, d, r).
    """
    half, H = len(Q) // 2, _projections(Q)
    for called, pairs in _PARTNERS.items():
        i, j = np.array(pairs).T
        early, late = (H[:half], prints[:half]), (H[half : 2 * half], prints[half : 2 * half])
        _exchange(f"{called} in a batch", name, [early, late, early, late], (i, j), alpha)
    quarter = half // 2
    calls = [slice(start + odd, start + 2 * quarter, 2) for odd in (0, 1) for start in (0, half)]
    everywhere, first, last = np.arange(BATCH), np.array([0]), np.array([BATCH - 1])
    for called, i, j in (("at the same place", everywhere, everywhere), ("of last and first", last, first)):
        four = [(H[call], prints[call]) for call in calls]
        _exchange(f"draws {called} in two calls, one after the other", name, four, (i, j), alpha)


def check_lags(name: str, calls: list[tuple[Array, Array]], alpha: float) -> None:
    """Raise ``Refuted`` if draws of one large call depend on each other at some distance: ranges and prints, by call.

    Each call changes partners with the next one, the first with the second, the third with the fourth.
    """
    projections = [(_projections(Q), prints) for Q, prints in calls[: len(calls) // 2 * 2]]
    n = min(len(H) for H, _ in projections)
    stacked = [np.stack([call[k][:n] for call in projections]) for k in (0, 1)]
    early, late = ((stacked[0][i::2], stacked[1][i::2]) for i in (0, 1))
    for lag in (*(lag for lag in _LAGS if 8 * lag <= n), n // 2):
        i = np.arange(n - lag)
        i = i[i // lag % 2 == 0]  # no draw in two pairs
        called = f"draws at a distance of {lag} in a large batch"
        _exchange(called, name, [early, late, early, late], (i, i + lag), alpha)


def check_single(name: str, single: Array, large: Array, alpha: float) -> None:
    """Draws of single calls repeat each other no more often than as many of one call do: prints of each.

    A call that seeds a generator by one of a few numbers repeats another call, and never itself.
    """
    n = min(len(single), len(large)) // _TOGETHER * _TOGETHER
    repetitions, among = (repeats(prints[:n], _TOGETHER) for prints in (single, large))
    Z = np.sign(repetitions - among)
    Z = Z[Z != 0]
    if len(Z) and either_side(Z) >= math.log(2 / alpha):
        raise Refuted(
            f"{name}.sample must draw afresh in each call: of {n} single calls {repetitions.sum():.0f} gave the "
            f"range of another, of as many draws in one call {among.sum():.0f}; is a generator seeded by one of a few "
            "numbers?"
        )


def check_different(name: str, Q: list[Array], seed: int) -> None:
    """Raise ``Refuted`` if a uniform range is drawn twice, which has probability zero: bases of draws, (k, d, r) each.

    Of n draws so many pairs are as near to each other by chance as ``3e-4 (n / 65536)^2``, if their ranges have one
    degree of freedom, else far fewer. Three pairs decide, and of many draws a hundred times what chance makes.
    """
    z = np.random.default_rng([seed, 11]).standard_normal((1, Q[0].shape[1]))
    z /= np.linalg.norm(z)
    numbers = np.sort(np.concatenate([np.square(z @ ranges).sum(axis=(1, 2)) for ranges in Q]))
    by_chance = 3e-4 * (len(numbers) / (1 << 16)) ** 2
    if (twice := int(np.count_nonzero(np.diff(numbers) <= _COPY))) >= max(_COPIES, 100 * by_chance):
        raise Refuted(
            f"{name}.rotation_invariant must be False, or each range another one: {twice} of {len(numbers)} draws have "
            "the range of another; is there a pool of them, or a generator that is seeded by a small number?"
        )


def _exchange(called: str, name: str, calls: list[_Calls], places: tuple[Indices, Indices], alpha: float) -> None:
    """Bet on overlaps and on equality of H, H', K, K', which stand at two places of four lists of calls."""
    i, j = places
    (H, p), (H_, p_), (K, q), (K_, q_) = (
        (M[:, at], prints[:, at]) for (M, prints), at in zip(calls, (i, i, j, j), strict=True)
    )
    overlaps = exchanged(H, H_, K, K_, _overlap).ravel()
    equal = exchanged(p, p_, q, q_, lambda a, b: np.asarray(a == b, dtype=np.float64)).ravel()
    for Z, worst, what in ((overlaps, 2.0, "overlap"), (np.sign(equal[equal != 0]), 1.0, "are equal")):
        if len(Z) and either_side(Z, worst, worst) >= math.log(_WAYS / alpha):
            more = f"{'more' if Z.mean() > 0 else 'less'} than those that are far apart (by {Z.mean() / 2:+.3g} a pair)"
            raise Refuted(f"{name}.sample must draw its size matrices independently: ranges of {called} {what} {more}")


def _projections(Q: Array) -> Array:
    """H of each range as a vector whose products are overlaps, (..., d, r) to (..., q); ranges where that is large."""
    d, r = Q.shape[-2:]
    return coordinates(Q @ np.swapaxes(Q, -1, -2)) / math.sqrt(r) if d <= _SMALL else Q


def _overlap(Q: Array, K: Array) -> Array:
    if Q.ndim == 3:  # calls, pairs and coordinates
        return np.asarray(np.sum(Q * K, axis=-1))
    return np.asarray(np.square(np.swapaxes(Q, -1, -2) @ K).sum(axis=(-2, -1)) / Q.shape[-1])


def check_places(name: str, Q: Array, alpha: float, seed: int) -> None:
    """The first, the last and other places of a batch against another place in its middle: (calls, 8, d, r)."""
    F = features(Q.reshape(-1, *Q.shape[2:]), seed).reshape(len(Q), BATCH, -1)
    for position, (i, j) in _PLACES.items():
        _compare(f"the {position} draw of a batch", "the others", name, F[:, i], F[:, j], alpha / len(_PLACES))


def check_sizes(name: str, samples: dict[int, Array], large: Array, alpha: float, seed: int) -> None:
    """Draws of calls of several sizes against those of a large one: ranges, (k, d, r), by size."""
    for size, Q in samples.items():
        k = min(len(Q), len(large))
        called = (f"a draw of a call of size {size}", f"one of size {len(large)}")
        _compare(*called, name, features(Q[:k], seed), features(large[-k:], seed), alpha / len(samples))


def features(Q: Array, seed: int) -> Array:
    """What laws of ranges are compared by: first and second moments between a few directions, and the rank."""
    part = window(Q.shape[1], seed)[:, :_FEATURES].T @ Q
    vectors = coordinates(part @ np.swapaxes(part, 1, 2))
    return np.hstack([vectors, np.square(vectors), ranks(Q)[:, None] / Q.shape[2]])


def _compare(first: str, second: str, name: str, A: Array, B: Array, alpha: float) -> None:
    """Bet that a sum of features which was larger in A so far stays so: pairs that change places change its sign."""
    D = A - B
    bets = []
    blocks = np.array_split(D, _BLOCKS)
    for i, block in enumerate(blocks):
        before = np.concatenate([D[:0], *blocks[:i]])
        if len(before) < 2:
            continue
        weights = before.mean(axis=0) / (before.var(axis=0) + 1e-3)
        spread = 4 * float((before @ weights).std()) + 1e-12
        bets.append(np.clip(block @ weights / spread, -1, 1))
    if bets and either_side(np.concatenate(bets)) >= math.log(2 / alpha):
        worst = int(np.abs(D.mean(axis=0) / (D.std(axis=0) + 1e-3)).argmax())
        raise Refuted(
            f"{name}.sample must draw from one law: {first} has another than {second}; a moment of the range is "
            f"{A[:, worst].mean():.4g} in the ones and {B[:, worst].mean():.4g} in the others"
        )


def check_copies(name: str, calls: list[Array], alpha: float) -> None:
    """Raise ``Refuted`` if ranges that were drawn twice are of one call more often, or less, than by chance."""
    if len(calls) < 2:
        return
    prints, where = np.concatenate(calls), np.repeat(np.arange(len(calls)), [len(call) for call in calls])
    shuffled = np.random.default_rng(0).permutation(len(prints))
    order = shuffled[np.argsort(prints[shuffled], kind="stable")]
    first = np.flatnonzero(np.diff(prints[order], prepend=np.nan) != 0)
    pairs = first[np.diff(first, append=len(order)) > 1]
    together = where[order[pairs]] == where[order[pairs + 1]]
    share = float(sum(len(call) * (len(call) - 1) for call in calls)) / (len(prints) * (len(prints) - 1))
    if len(together) and either_side(together - share, share, 1 - share) >= math.log(2 / alpha):
        raise Refuted(
            f"{name}.sample must draw afresh: {len(pairs)} ranges were drawn more than once, {together.sum()} of them "
            f"within one call, where chance has {share * len(pairs):.1f}; is there a pool or a cache?"
        )
