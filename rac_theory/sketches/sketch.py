"""A sketch: a distribution over d x r matrices. It holds parameters and never draws on its own."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol

import numpy as np

from rac_theory.base import having
from rac_theory.base.checks import Array
from rac_theory.numerics import Randomness, generator, seed_sequence

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


def check_members(name: str, sketch: object) -> None:
    """Raise a ``ValueError`` if something is asked of a sketch that this has not, as its name has."""
    hint = f"; write named_sketch({sketch!r}, dim, rank), of rac_theory.sketches" if isinstance(sketch, str) else ""
    having(name, sketch, "a sketch", MEMBERS, hint)


def taking_seeds(cls: Any) -> None:
    """Have ``sample`` of a class take a seed where it takes a generator."""
    drawn: Callable[..., Array] = cls.sample

    @wraps(drawn)
    def sample(self: Any, rng: Randomness, size: int = 1) -> Array:
        return drawn(self, rng if isinstance(rng, np.random.Generator) else generator(seed_sequence(rng)), size)

    cls.sample = sample


class BrokenSketch(ValueError):
    """A sketch, perhaps a user's, that does not keep its promises; the sentence names its member."""
