"""Sketches that are wrong in one thing; the docstring of each says in what."""

from fractions import Fraction

import numpy as np

from rac_theory.sketches import Coordinate, CoordinateWithReplacement, Gaussian, Haar, WeightedCoordinate


class ClaimsNothing:
    """Beside a sketch: its draws, and none of its claims."""

    rotation_invariant = False
    orthonormal = False

    def expected_projection(self):
        return None

    def support(self):
        return None

    def invariants(self):
        return None

    def second_moment(self, M):
        return None


class RankOverDim(ClaimsNothing, CoordinateWithReplacement):
    """E[H] is said to be r/d I where rank is lost."""

    def expected_projection(self):
        return np.eye(self.dim) * self.rank / self.dim


class Boastful:
    """E[H] is said to be r/d I where coordinates are drawn unevenly."""

    dim, rank = 4, 1

    def sample(self, rng, size):
        return WeightedCoordinate(4, 1, [1, 2, 3, 4]).sample(rng, size)

    def expected_projection(self):
        return np.eye(4) / 4


class Modest(ClaimsNothing, Haar):
    """E[H] is said to be smaller than it is by a tenth."""

    def expected_projection(self):
        return 0.9 * np.eye(self.dim) * self.rank / self.dim


class DiagonalOnly(Coordinate):
    """E[H M H] without what two coordinates share."""

    def second_moment(self, M):
        return self.rank / self.dim * np.eye(self.dim) * M

    def support(self):
        return None


class Independent(Coordinate):
    """E[H M H] as if coordinates were drawn independently."""

    def second_moment(self, M):
        p = self.rank / self.dim
        return p**2 * M + (p - p**2) * np.eye(self.dim) * M

    def support(self):
        return None


class MTransposed:
    """M taken for its transpose in E[H M H]."""

    dim, rank = 4, 2

    def sample(self, rng, size):
        return Coordinate(4, 2).sample(rng, size)

    def expected_projection(self):
        return np.eye(4) / 2

    def second_moment(self, M):
        return Coordinate(4, 2).second_moment(np.swapaxes(M, -1, -2))


class OfAnotherRank(Haar):
    """The invariants of rank 2 for draws of rank 1."""

    def invariants(self):
        return Haar(self.dim, 2).invariants()

    def expected_projection(self):
        return np.eye(self.dim) / self.dim


class WrongProbabilities:
    """A support with equal probabilities where draws have others."""

    dim, rank = 3, 1

    def sample(self, rng, size):
        return np.eye(3)[rng.choice(3, size=size, p=[0.2, 0.3, 0.5])][..., None]

    def support(self):
        return np.eye(3)[..., None], np.full(3, Fraction(1, 3))


class MissingValue:
    """A support that forgets a value."""

    dim, rank = 3, 1

    def sample(self, rng, size):
        return np.eye(3)[rng.integers(3, size=size)][..., None]

    def support(self):
        return np.eye(3)[:2, :, None], np.full(2, Fraction(1, 2))


class NotOne(MissingValue):
    """Probabilities that do not sum to one."""

    def support(self):
        return np.eye(3)[..., None], np.full(3, 0.3)


class InPairs(Haar):
    """Every draw is given twice."""

    def sample(self, rng, size):
        return np.repeat(super().sample(rng, -(-size // 2)), 2, axis=0)[:size]


class InTurns(Coordinate):
    """A batch goes through the coordinates in turns from a random one."""

    def sample(self, rng, size):
        first = (rng.integers(self.dim) + np.arange(size)) % self.dim
        return np.eye(self.dim)[first][..., None]


class OneABatch(Gaussian):
    """One draw, given size times."""

    def sample(self, rng, size):
        return np.repeat(super().sample(rng, 1), size, axis=0)


class Cached(Gaussian):
    """The first draw, kept for ever."""

    def sample(self, rng, size):
        return np.random.default_rng(0).standard_normal((size, self.dim, self.rank))


class GlobalGenerator(Gaussian):
    """Draws from NumPy's global generator."""

    def sample(self, rng, size):
        return np.random.standard_normal((size, self.dim, self.rank))  # noqa: NPY002


class Remembers(Coordinate):
    """Never draws the coordinate of the call before."""

    _last = [0]  # noqa: RUF012 (that is the fault)

    def sample(self, rng, size):
        S = np.roll(np.eye(self.dim), self._last[0], axis=0)[rng.integers(self.dim - 1, size=size)][..., None]
        self._last[0] += 1
        return S


class EqualColumns(Gaussian):
    """Columns are copies of one, so that the rank is 1."""

    def sample(self, rng, size):
        return np.repeat(super().sample(rng, size)[..., :1], self.rank, axis=2)


class Transposed(Gaussian):
    """Draws are r x d."""

    def sample(self, rng, size):
        return np.swapaxes(super().sample(rng, size), 1, 2)


class Positive(Gaussian):
    """Absolute values of normal entries, with the closed form of normal ones."""

    def sample(self, rng, size):
        return np.abs(super().sample(rng, size))
