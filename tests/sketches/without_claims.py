"""Any sketch, seen as a user's plug-in that knows nothing of itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WithoutClaims:
    """The draws of a sketch, and nothing else of it."""

    inner: object
    dim = property(lambda self: self.inner.dim)
    rank = property(lambda self: self.inner.rank)

    def sample(self, rng, size):
        return self.inner.sample(rng, size)
