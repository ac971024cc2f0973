"""A sketch: a distribution over d x r matrices. It holds parameters and never draws on its own."""

from typing import Protocol

import numpy as np

from rac_theory.base.checks import Array

MEMBERS = ("dim", "rank", "sample")


class Sketch(Protocol):
    """A distribution over matrices of shape (dim, rank), of which only the range matters.

    On the left, ``dim`` is m and a draw is B; on the right, ``dim`` is n and a draw is the transpose of A. Nothing
    needs to be inherited: a frozen dataclass with two fields and one method is a sketch. The protocols of
    ``powers`` are optional: each one that a sketch has replaces sampling by an exact value.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> @dataclass(frozen=True)
    ... class Exponential:
    ...     dim: int
    ...     rank: int
    ...
    ...     def sample(self, rng, size):
    ...         return rng.standard_exponential((size, self.dim, self.rank))
    >>> known = spectrum(Exponential(3, 1), draws=1000, rng=0)
    >>> known.how, bool(known.lambda_min < 1 / 3 < known.lambda_max)  # not centred: (1, 1, 1) is favoured
    ('sampled', True)
    """

    @property
    def dim(self) -> int:
        """Length d of a column."""
        ...

    @property
    def rank(self) -> int:
        """Number r of columns; the rank of a draw may be lower."""
        ...

    def sample(self, rng: np.random.Generator, size: int, /) -> Array:
        """Draw ``size`` independent matrices, (size, dim, rank), with no randomness but that of ``rng``."""
        ...


class BrokenSketch(ValueError):
    """A sketch, perhaps a user's, that does not keep its promises; the sentence names its member."""
