"""A sketch: a distribution over d x r matrices. It holds parameters and never draws on its own."""

from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from problems import checks
from problems.checks import Array
from problems.members import having


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

    def second_moment(self, M: Array, /) -> Array | None:
        """E[H M H] for any square matrices M, (..., dim, dim) to (..., dim, dim), in closed form.

        None where these parameters allow none, whatever M is.
        """
        ...


@runtime_checkable
class HasInvariants(Protocol):
    """A sketch whose second moment is that of a rotation invariant one, so that two numbers say all of it."""

    def invariants(self) -> tuple[Fraction, Fraction] | None:
        """(a, b) with ``E[H M H] = a M + b (M' + trace(M) I)`` for all M; None where these parameters have none."""
        ...


def draw(sketch: Sketch, rng: np.random.Generator, size: int) -> Array:
    """Draw from a sketch that may be a user's, and check what comes: a wrong axis would broadcast in silence."""
    name = f"{type(sketch).__name__}.sample"
    try:
        sample = sketch.sample(rng, size)
    except ValueError:
        raise
    except Exception as error:
        raise ValueError(f"{name}(rng, {size}) must not fail, got {type(error).__name__}: {error}") from error
    expected = (size, sketch.dim, sketch.rank)
    got = getattr(sample, "shape", None)
    if got != expected:
        came = "None (a missing return statement?)" if sample is None else f"{got or type(sample).__name__}"
        raise ValueError(f"{name} must return an array of shape (size, dim, rank) = {expected}, got {came}")
    result = np.asarray(sample, dtype=np.float64)
    # The sum of squares is finite only if every entry is, and cheap; where huge entries make it infinite, look at each.
    entries = result.ravel("K")  # in the order of memory, without a copy
    if size and not np.isfinite(np.vdot(entries, entries)):
        checks.array(f"{name}(rng, {size})", result)
    return result


def checked_support(sketch: Sketch) -> tuple[Array, NDArray[Any]] | None:
    """Return the support of a sketch, checked, or None if it has none or does not list it."""
    support = sketch.support() if isinstance(sketch, HasSupport) else None
    if support is None:
        return None
    name = f"{type(sketch).__name__}.support()"
    matrices = checks.array(f"{name}[0]", support[0], ndim=3)
    checks.array(f"{name}[0]", matrices, shape=(len(matrices), sketch.dim, sketch.rank))
    probabilities = np.asarray(support[1])
    weights = checks.array(f"{name}[1]", probabilities, shape=(len(matrices),))
    if weights.min() < 0 or abs(weights.sum() - 1) > 1e-9:
        raise ValueError(f"{name} must give probabilities >= 0 that sum to one, got {weights} with sum {weights.sum()}")
    return matrices, probabilities


def check_draws(sketch: Sketch) -> None:
    """Draw a little and raise a ``ValueError`` if this is no sketch, or one that does not keep its promises.

    It is called once, at the door.
    """
    having("sketch", sketch, "a sketch", ("dim", "rank", "sample"))
    name = type(sketch).__name__
    checks.integer("rank", sketch.rank, 1, checks.integer("dim", sketch.dim, 1), "dim")
    sample = draw(sketch, np.random.default_rng(0), 64)
    equal = bool((sample == sample[0]).all())
    if is_deterministic(sketch) and not equal:
        raise ValueError(f"{name}.support() must list every value of the sketch, got one value for draws that differ")
    explained = isinstance(sketch, HasSupport | HasExpectedProjection) or sketch.dim == 1
    if equal and not explained:
        raise ValueError(
            f"{name}.sample must draw each of the size matrices independently, got 64 copies of one; "
            "a sketch that always, or nearly always, gives the same matrix must say so with support()"
        )
    if not has_claimed_columns(sketch, sample):
        raise ValueError(f"{name}.sample must draw orthonormal columns, as {name}.orthonormal says, got others")


def is_deterministic(sketch: Sketch) -> bool:
    """Whether every draw is the same matrix, so that one run decides everything."""
    support = checked_support(sketch)
    return support is not None and len(support[1]) == 1


def is_orthonormal(sketch: Sketch) -> bool:
    """Whether the sketch says that every draw has orthonormal columns, so that B B' is the projection itself."""
    return bool(getattr(sketch, "orthonormal", False))


def has_claimed_columns(sketch: Sketch, sample: Array) -> bool:
    """Whether some draws, (size, dim, rank), have orthonormal columns up to rounding, if the sketch says so."""
    if not is_orthonormal(sketch):
        return True
    return bool(np.allclose(np.swapaxes(sample, 1, 2) @ sample, np.eye(sketch.rank), rtol=0, atol=1e-12))


def is_rotation_invariant(sketch: Sketch) -> bool:
    """Whether the sketch says that its range, turned by any fixed rotation, has the law of its range."""
    return bool(getattr(sketch, "rotation_invariant", False))
