"""A sketch: a distribution over d x r matrices. It holds parameters and never draws on its own."""

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from problems import checks
from problems.checks import Array


class Sketch(Protocol):
    """A distribution over matrices of shape (dim, rank), of which only the range matters.

    On the left, ``dim`` is m and a draw is B; on the right, ``dim`` is n and a draw is the transpose of A. Nothing
    needs to be inherited: a frozen dataclass with two fields and one method is a sketch. The small protocols below are
    optional powers: each one that a sketch has replaces sampling by an exact value.
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


@runtime_checkable
class HasExpectedProjection(Protocol):
    """A sketch that knows its expected projection in closed form."""

    def expected_projection(self) -> Array | None:
        """E[H], (dim, dim), symmetric, with eigenvalues in [0, 1]; None where these parameters allow no closed form."""
        ...


@runtime_checkable
class HasSupport(Protocol):
    """A sketch with finitely many values."""

    def support(self) -> tuple[Array, NDArray[Any]] | None:
        """Return the values, (k, dim, rank), and their probabilities, (k,), which sum to one; None if there are many.

        Probabilities may be floats or Fractions; floats count as exact when the spectrum is asked for exactly.
        """
        ...


@runtime_checkable
class HasSecondMoment(Protocol):
    """A sketch that knows the second moment of its projection in closed form."""

    def second_moment(self, M: Array, /) -> Array:
        """E[H M H] for any square matrices M, (..., dim, dim) to (..., dim, dim)."""
        ...


def draw(sketch: Sketch, rng: np.random.Generator, size: int) -> Array:
    """Draw from a sketch that may be a user's, and check what comes: a wrong axis would broadcast in silence."""
    sample = sketch.sample(rng, size)
    expected = (size, sketch.dim, sketch.rank)
    got = getattr(sample, "shape", None)
    if got != expected:
        came = "None (a missing return statement?)" if sample is None else f"{got or type(sample).__name__}"
        raise ValueError(
            f"{type(sketch).__name__}.sample must return an array of shape (size, dim, rank) = {expected}, got {came}"
        )
    result = np.asarray(sample, dtype=np.float64)
    # The sum of squares is finite only if every entry is, and cheap; where huge entries make it infinite, look at each.
    if size and not np.isfinite(np.vdot(result, result)):
        checks.array(f"{type(sketch).__name__}.sample(rng, {size})", result)
    return result


def check_draws(sketch: Sketch) -> None:
    """Draw a little and raise a ``ValueError`` if the sketch does not keep its promises: called once, at the door."""
    checks.integer("rank", sketch.rank, 1, checks.integer("dim", sketch.dim, 1), "dim")
    sample = draw(sketch, np.random.default_rng(0), 64)
    if (sample == sample[0]).all() and not is_deterministic(sketch):
        raise ValueError(
            f"{type(sketch).__name__}.sample must draw each of the size matrices independently, got 64 copies of one; "
            "a sketch that always gives the same matrix must say so with support()"
        )


def is_deterministic(sketch: Sketch) -> bool:
    """Whether every draw is the same matrix, so that one run decides everything."""
    support = sketch.support() if isinstance(sketch, HasSupport) else None
    return support is not None and len(support[1]) == 1
