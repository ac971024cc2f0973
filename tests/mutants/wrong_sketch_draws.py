"""Sketches whose draws are not what ``sample`` promises: rare ones, copies, places in a batch, sizes, memory."""

import itertools
import random
import time

import numpy as np

from rac_theory.sketches import Coordinate, Gaussian, Haar

from .wrong_sketches import ClaimsNothing


class Silent(ClaimsNothing, Haar):
    """Uniform ranges of which nothing is claimed."""


def drawing(what, sample, base=Silent, **members):
    """A class, called by what is wrong, with other draws."""
    return type(what, (base,), {"__doc__": what, "sample": sample} | members)


def after(what, change, base=Silent, **members):
    """The same, where it makes something else of right draws."""
    return drawing(what, lambda self, rng, size: change(base.sample(self, rng, size), rng), base, **members)


def coordinates(self, rng, size):
    return Coordinate(self.dim, self.rank).sample(rng, size)


def halves(self, rng, size):
    """So many uniform ranges, and the complement of each."""
    Q = np.linalg.qr(rng.standard_normal((size, self.dim, 2 * self.rank)))[0]
    return Q[..., : self.rank], Q[..., self.rank :]


def seldom(share, S, rng):
    """Which draws are others, as one in so many."""
    return (rng.random(len(S)) < share)[:, None, None]


RareZero = after(
    "One draw in three thousand is zero, though E[H] is r/d I",
    lambda S, rng: np.where(seldom(1 / 3000, S, rng), 0, S),
    Gaussian,
)
LongByAMillionth = after(
    "Columns are longer than one by a millionth, though they are orthonormal", lambda S, rng: S * (1 + 1e-6), Haar
)
RarelyLong = after(
    "One draw in five hundred has columns of length two, though they are orthonormal",
    lambda S, rng: S * np.where(seldom(2e-3, S, rng), 2.0, 1.0),
    Haar,
)
RarelyParallel = after(
    "One draw in two hundred has two parallel columns, though E[H] is r/d I",
    lambda S, rng: np.where(seldom(5e-3, S, rng), S[..., :1], S),
    Gaussian,
)
RareZeroOfOrthonormal = after(
    "One draw in five hundred is zero, though columns are orthonormal",
    lambda S, rng: np.where(seldom(2e-3, S, rng), 0, S),
    orthonormal=True,
)
FirstIsACoordinate = after(
    "The first draw of a batch has coordinates where others are uniform: E[H] is the same",
    lambda S, rng: np.concatenate([Coordinate(*S.shape[1:]).sample(rng, min(len(S), 1)), S[1:]]),
)
SortedBatch = after(
    "A batch is sorted by what it keeps of the first coordinate",
    lambda S, rng: S[np.argsort(np.square(S[:, 0]).sum(axis=1))],
)
PythonRandom = after("Signs come from Python's global generator", lambda S, rng: S * random.choice([-1.0, 1.0]))
Palindrome = drawing(
    "A batch reads the same backwards",
    lambda self, rng, size: np.concatenate([S := Silent.sample(self, rng, size - size // 2), S[::-1]])[:size],
)
Tiled = drawing(
    "The second half of a batch is the first",
    lambda self, rng, size: np.concatenate([S := Silent.sample(self, rng, size - size // 2), S])[:size],
)
OfLargeSize = drawing(
    "A batch above a thousand has coordinates where smaller ones are uniform",
    lambda self, rng, size: (coordinates if size > 1000 else Silent.sample)(self, rng, size),
)
SeedOfTheGenerator = drawing(
    "Draws from a generator with the seed of the one that is given",
    lambda self, rng, size: Silent.sample(self, np.random.default_rng(rng.bit_generator.seed_seq), size),
)
Clock = drawing(
    "The time decides", lambda self, rng, size: Silent.sample(self, np.random.default_rng(time.perf_counter_ns()), size)
)
Antithetic = drawing(
    "Every other draw is the complement of the one before",
    lambda self, rng, size: np.stack(halves(self, rng, size), axis=1).reshape(-1, self.dim, self.rank)[:size],
)
AntitheticHalves = drawing(
    "The second half of a batch has the complements of the first",
    lambda self, rng, size: np.concatenate(halves(self, rng, size - size // 2))[:size],
)
CachedBySize = drawing(
    "The draws of the first call of a size, for ever",
    lambda self, rng, size: self._kept.setdefault(size, Silent.sample(self, rng, size)),
    _kept={},
)
OwnGenerator = drawing(
    "Keeps a generator of its own",
    lambda self, rng, size: self._rng.standard_normal((size, self.dim, self.rank)),
    _rng=np.random.default_rng(0),
)
Weakens = drawing(
    "After two hundred calls draws are coordinates",
    lambda self, rng, size: (Silent.sample if next(self._calls) < 200 else coordinates)(self, rng, size),
    _calls=itertools.count(1),
)


class RareNan(Gaussian):
    """One draw in a thousand is nan."""

    def sample(self, rng, size):
        S = super().sample(rng, size)
        return np.where(seldom(1e-3, S, rng), np.nan, S)


class InfinityInLargeBatches(Gaussian):
    """The last draw of a large batch is infinite."""

    def sample(self, rng, size):
        S = super().sample(rng, size).copy()
        if size > 1000:
            S[-1, 0, 0] = np.inf
        return S


class FirstOfABatch(Silent):
    """The first draw of a batch always has the first coordinates."""

    place = 0

    def sample(self, rng, size):
        S = super().sample(rng, size).copy()
        if size:
            S[self.place] = np.eye(self.dim)[:, : self.rank]
        return S


class LastOfABatch(FirstOfABatch):
    """The last draw of a batch always has the first coordinates."""

    place = -1


class OfSizeOne(Silent):
    """A batch of one has coordinates where larger ones are uniform."""

    def sample(self, rng, size):
        return coordinates(self, rng, size) if size == 1 else super().sample(rng, size)


class PoolOfACall(Silent):
    """A call draws from a pool of its own, half as large as the batch."""

    def sample(self, rng, size):
        pool = super().sample(rng, max(size // 2, 1))
        return pool[rng.integers(len(pool), size=size)]


class PoolOfALargeCall(PoolOfACall):
    """A call above a thousand draws from a pool of its own."""

    def sample(self, rng, size):
        return super().sample(rng, size) if size > 1000 else Silent.sample(self, rng, size)


class RandomWalk(Silent):
    """A draw is near the one before."""

    def sample(self, rng, size):
        S = rng.standard_normal((size, self.dim, self.rank))
        for before, now in itertools.pairwise(S):
            now[...] = 0.9 * before + np.sqrt(0.19) * now
        return S


class NearAtADistance(Silent):
    """In a large batch a draw is near the one sixteen places before."""

    def sample(self, rng, size):
        S = rng.standard_normal((size, self.dim, self.rank))
        if size > 1000:
            S[16:] = 0.8 * S[:-16] + 0.6 * S[16:]
        return S


class Stratified(Coordinate):
    """A batch has every coordinate equally often, in a random order."""

    def sample(self, rng, size):
        return np.eye(self.dim)[rng.permutation(np.arange(size) % self.dim)][..., None]


class Estimated(ClaimsNothing, Gaussian):
    """E[H] is an estimate, another one each time."""

    _rng = np.random.default_rng(5)

    def expected_projection(self):
        Q = np.linalg.qr(self._rng.standard_normal((10_000, self.dim, self.rank)))[0]
        H = np.einsum("kdr,ker->de", Q, Q) / 10_000
        return (H + H.T) / 2


class KeepsHalf(Silent):
    """Half of a batch is that of the call before."""

    _kept = {}  # noqa: RUF012 (that is the fault)

    def sample(self, rng, size):
        S = super().sample(rng, size).copy()
        S[: size // 2] = self._kept.get(size, S)[: size // 2]
        self._kept[size] = S.copy()
        return S


class CachedByGenerator(Silent):
    """The first draw of a generator, again and again."""

    _kept = {}  # noqa: RUF012 (that is the fault)

    def sample(self, rng, size):
        kept, S = self._kept.get(size, (None, None))
        if kept is not rng:
            S = super().sample(rng, size)
            self._kept[size] = rng, S
        return S


class CountsDraws(Silent):
    """Every thousandth draw is a coordinate."""

    _count = [0]  # noqa: RUF012 (that is the fault)

    def sample(self, rng, size):
        S = super().sample(rng, size).copy()
        number = self._count[0] + np.arange(size)
        self._count[0] += size
        S[number % 1000 == 999] = np.eye(self.dim)[:, : self.rank]
        return S


class GlobalForOne(Silent):
    """A batch of one is drawn from NumPy's global generator."""

    def sample(self, rng, size):
        return np.random.standard_normal((1, self.dim, self.rank)) if size == 1 else super().sample(rng, size)  # noqa: NPY002


class OneBuffer(Silent):
    """All calls write to one array."""

    _buffer = np.empty((1 << 16, 1))

    def sample(self, rng, size):
        if size * self.dim * self.rank > len(self._buffer):
            return super().sample(rng, size)
        S = self._buffer[: size * self.dim * self.rank].reshape(size, self.dim, self.rank)
        S[...] = super().sample(rng, size)
        return S


class OddAndEven(ClaimsNothing, Coordinate):
    """Even places draw from the first half of the coordinates, odd ones from the second: no claim."""

    def sample(self, rng, size):
        half = self.dim // 2
        return np.eye(self.dim)[rng.integers(half, size=size) + half * (np.arange(size) % 2)][..., None]


class FailsOnNothing(Silent):
    """A call of size 0 raises an error."""

    def sample(self, rng, size):
        return np.stack([super(FailsOnNothing, self).sample(rng, 1)[0] for _ in range(size)])
