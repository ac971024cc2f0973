"""A sketch, which is a distribution over d x r matrices and never draws on its own, and its optional powers."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import wraps
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, Value, checks, having
from rac_theory.numerics import Randomness, generator, seed_sequence


@dataclass(frozen=True, eq=False)
class Shape(Value):
    """``dim`` x ``rank`` with ``1 <= rank <= dim``. A convenience: a user's sketch need not inherit it."""

    dim: int
    rank: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "dim", checks.count("dim", self.dim))
        object.__setattr__(self, "rank", checks.integer("rank", self.rank, 1, self.dim, "dim"))


MEMBERS = ("dim", "rank", "sample")


class Sketch(Protocol):
    """A distribution over matrices of shape (dim, rank), of which only the range matters.

    On the left, ``dim`` is m and a draw is B; on the right, ``dim`` is n and a draw is the transpose of A. Nothing
    needs to be inherited: a frozen dataclass with two fields and one method is a sketch. The protocols
    whose names begin with ``Has`` are optional: each one that a sketch has replaces sampling by an exact value.

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

    @property
    def rank(self) -> int:
        """Number r of columns; the rank of a draw may be lower."""

    def sample(self, rng: np.random.Generator, size: int, /) -> Array:
        """Draw ``size`` independent matrices, (size, dim, rank), with no randomness but that of ``rng``."""


def check_members(name: str, sketch: object) -> None:
    """Raise a ``ValueError`` for what lacks a member of a sketch; it is called by its name."""
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


@runtime_checkable
class HasExpectedProjection(Protocol):
    """A sketch that knows its expected projection in closed form.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> class Normal:
    ...     dim, rank = 4, 1
    ...
    ...     def sample(self, rng, size):
    ...         return rng.standard_normal((size, 4, 1))
    ...
    ...     def expected_projection(self):
    ...         return np.eye(4) / 4
    >>> spectrum(Normal()).how
    'closed form'
    """

    def expected_projection(self) -> Array | None:
        """E[H], (dim, dim), symmetric, with eigenvalues in [0, 1]; None where these parameters allow no closed form."""


@runtime_checkable
class HasSupport(Protocol):
    """A sketch with finitely many values.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import spectrum
    >>> class Coin:  # one of two directions that are not orthogonal
    ...     dim, rank = 2, 1
    ...
    ...     def support(self):
    ...         return np.array([[[1.0], [0.0]], [[3.0], [4.0]]]), np.array([0.5, 0.5])
    ...
    ...     def sample(self, rng, size):
    ...         return self.support()[0][rng.integers(2, size=size)]
    >>> spectrum(Coin(), exact=True).lambda_min
    Fraction(1, 5)
    """

    def support(self) -> tuple[Array, NDArray[Any]] | None:
        """Return the values, (k, dim, rank), and their probabilities, (k,), which sum to one; None if there are many.

        Probabilities may be floats or Fractions; floats count as exact when the spectrum is asked for exactly.
        """


@runtime_checkable
class HasSecondMoment(Protocol):
    """A sketch that knows the second moment of its projection in closed form.

    Examples
    --------
    >>> from rac_theory.sketches import Coordinate, HasSecondMoment
    >>> sketch = Coordinate(dim=3, rank=1)
    >>> isinstance(sketch, HasSecondMoment)
    True
    >>> sketch.second_moment([[3.0, 1.0, 1.0], [1.0, 6.0, 1.0], [1.0, 1.0, 9.0]]).round(6).tolist()
    [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0]]
    """

    def second_moment(self, M: Array, /) -> Array | None:
        """E[H M H] for any square matrices M, (..., dim, dim) to (..., dim, dim), in closed form.

        None where these parameters allow none, whatever M is.
        """


@runtime_checkable
class HasInvariants(Protocol):
    """A sketch whose second moment is that of a rotation invariant one, so that two numbers say all of it.

    Examples
    --------
    >>> from rac_theory.sketches import Gaussian, HasInvariants
    >>> isinstance(Gaussian(3, 1), HasInvariants), Gaussian(3, 1).invariants()
    (True, (Fraction(1, 15), Fraction(1, 15)))
    """

    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """(a, b) with ``E[H M H] = a M + b (M' + trace(M) I)`` for all M; None where these parameters have none."""
