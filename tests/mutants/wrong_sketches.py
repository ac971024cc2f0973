"""Sketches that are wrong in one thing; the docstring of each says in what."""

from fractions import Fraction

import numpy as np

from rac_theory.sketches import Coordinate, CoordinateWithReplacement, Gaussian, Haar, WeightedCoordinate

from .mutant import wrong


def nothing(self, *of):
    """What is claimed where nothing is."""


class ClaimsNothing:
    """Beside a sketch: its draws, and none of its claims."""

    rotation_invariant = orthonormal = False
    expected_projection = support = invariants = second_moment = nothing


class RankOverDim(ClaimsNothing, CoordinateWithReplacement):
    """E[H] is said to be r/d I where rank is lost."""

    def expected_projection(self):
        return np.eye(self.dim) * self.rank / self.dim


class Modest(ClaimsNothing, Haar):
    """E[H] is said to be smaller than it is by a tenth."""

    def expected_projection(self):
        return 0.9 * np.eye(self.dim) * self.rank / self.dim


class MissingValue:
    """A support that forgets a value."""

    dim, rank = 3, 1

    def sample(self, rng, size):
        return np.eye(3)[rng.integers(3, size=size)][..., None]

    def support(self):
        return np.eye(3)[:2, :, None], np.full(2, Fraction(1, 2))


class Remembers(Coordinate):
    """Never draws the coordinate of the call before."""

    _last = [0]  # noqa: RUF012 (that is the fault)

    def sample(self, rng, size):
        S = np.roll(np.eye(self.dim), self._last[0], axis=0)[rng.integers(self.dim - 1, size=size)][..., None]
        self._last[0] += 1
        return S


def after(what, change, base=Gaussian):
    """A class that makes something else of right draws."""
    return wrong(base, what, sample=lambda self, rng, size: change(base.sample(self, rng, size)))


Boastful = wrong(
    object,
    "E[H] is said to be r/d I where coordinates are drawn unevenly",
    dim=4,
    rank=1,
    sample=lambda self, rng, size: WeightedCoordinate(4, 1, [1, 2, 3, 4]).sample(rng, size),
    expected_projection=lambda self: np.eye(4) / 4,
)
DiagonalOnly = wrong(
    Coordinate,
    "E[H M H] without what two coordinates share",
    second_moment=lambda self, M: self.rank / self.dim * np.eye(self.dim) * M,
    support=nothing,
)
Independent = wrong(
    Coordinate,
    "E[H M H] as if coordinates were drawn independently",
    second_moment=lambda self, M: (p := self.rank / self.dim) ** 2 * M + (p - p**2) * np.eye(self.dim) * M,
    support=nothing,
)
MTransposed = wrong(
    object,
    "M taken for its transpose in E[H M H]",
    dim=4,
    rank=2,
    sample=lambda self, rng, size: Coordinate(4, 2).sample(rng, size),
    expected_projection=lambda self: np.eye(4) / 2,
    second_moment=lambda self, M: Coordinate(4, 2).second_moment(np.swapaxes(M, -1, -2)),
)
OfAnotherRank = wrong(
    Haar,
    "The invariants of rank 2 for draws of rank 1",
    invariants=lambda self: Haar(self.dim, 2).invariants(),
    expected_projection=lambda self: np.eye(self.dim) / self.dim,
)
WrongProbabilities = wrong(
    MissingValue,
    "A support with equal probabilities where draws have others",
    sample=lambda self, rng, size: np.eye(3)[rng.choice(3, size=size, p=[0.2, 0.3, 0.5])][..., None],
    support=lambda self: (np.eye(3)[..., None], np.full(3, Fraction(1, 3))),
)
NotOne = wrong(
    MissingValue, "Probabilities that do not sum to one", support=lambda self: (np.eye(3)[..., None], np.full(3, 0.3))
)
InPairs = wrong(
    Haar,
    "Every draw is given twice",
    sample=lambda self, rng, size: np.repeat(Haar.sample(self, rng, -(-size // 2)), 2, axis=0)[:size],
)
InTurns = wrong(
    Coordinate,
    "A batch goes through the coordinates in turns from a random one",
    sample=lambda self, rng, size: np.eye(self.dim)[(rng.integers(self.dim) + np.arange(size)) % self.dim][..., None],
)
OneABatch = wrong(
    Gaussian,
    "One draw, given size times",
    sample=lambda self, rng, size: np.repeat(Gaussian.sample(self, rng, 1), size, axis=0),
)
Cached = wrong(
    Gaussian,
    "The first draw, kept for ever",
    sample=lambda self, rng, size: np.random.default_rng(0).standard_normal((size, self.dim, self.rank)),
)
GlobalGenerator = wrong(
    Gaussian,
    "Draws from NumPy's global generator",
    sample=lambda self, rng, size: np.random.standard_normal((size, self.dim, self.rank)),  # noqa: NPY002
)
EqualColumns = after(
    "Columns are copies of one, so that the rank is 1", lambda S: np.repeat(S[..., :1], S.shape[2], axis=2)
)
Transposed = after("Draws are r x d", lambda S: np.swapaxes(S, 1, 2))
Positive = after("Absolute values of normal entries, with the closed form of normal ones", np.abs)
