"""A sketch: a distribution over d x r matrices. It holds parameters and never draws on its own."""

import numbers
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from problems import checks
from problems.checks import Array
from problems.members import having
from problems.naming import shown
from rac_theory.powers import HasExpectedProjection, HasSupport

MEMBERS = ("dim", "rank", "sample")
_LARGE = 1024  # dim beyond which a claimed E[H] is not looked at entry by entry each time


class Sketch(Protocol):
    """A distribution over matrices of shape (dim, rank), of which only the range matters.

    On the left, ``dim`` is m and a draw is B; on the right, ``dim`` is n and a draw is the transpose of A. Nothing
    needs to be inherited: a frozen dataclass with two fields and one method is a sketch. The protocols of
    ``powers`` are optional: each one that a sketch has replaces sampling by an exact value.
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


def draw(sketch: Sketch, rng: np.random.Generator, size: int) -> Array:
    """Draw from a sketch that may be a user's, and check what comes: a wrong axis would broadcast in silence."""
    call, expected = f"{type(sketch).__name__}.sample", (size, sketch.dim, sketch.rank)
    sample = _returned(sketch, "sample", rng, size)
    got = getattr(sample, "shape", None)
    if got != expected or not isinstance(sample, np.ndarray) or isinstance(sample, np.ma.MaskedArray):
        came = "None (a missing return statement?)" if sample is None else type(sample).__name__
        came = f"{got}" if got is not None and got != expected else came
        raise BrokenSketch(f"{call} must return an array of shape (size, dim, rank) = {expected}, got {came}")
    if sample.dtype.kind not in "fiu":
        raise BrokenSketch(f"{call} must return floats, got {sample.dtype}")
    result = np.asarray(sample, dtype=np.float64)
    # The sum of squares is finite only if every entry is, and cheap; where huge entries make it infinite, look at each.
    entries = result.ravel("K")  # in the order of memory, without a copy
    if size and not np.isfinite(np.vdot(entries, entries)):
        checks.array(f"{call}(rng, {size})", result)
    return result


def claimed_projection(sketch: Sketch) -> Array | None:
    """E[H] as the sketch has it, (dim, dim), or None if it has none; a large one is not looked at entry by entry."""
    closed = _returned(sketch, "expected_projection")
    if closed is None:
        return None
    d = sketch.dim
    return _matrices(sketch, "expected_projection()", closed, (d, d), finite=d <= _LARGE)


def claimed_second_moment(sketch: Sketch, M: Array) -> Array | None:
    """E[H M H] as the sketch has it, in the shape of M, or None if it has none."""
    closed = _returned(sketch, "second_moment", M)
    if closed is None:
        return None
    return _matrices(sketch, "second_moment(M)", closed, M.shape, finite=bool(np.isfinite(M).all()))


def claimed_invariants(sketch: Sketch) -> tuple[Fraction, Fraction] | None:
    """The two numbers of a rotation invariant second moment as the sketch has them, or None if it has none."""
    invariants = _returned(sketch, "invariants")
    if invariants is None:
        return None
    try:
        a, b = (Fraction(x) if isinstance(x, numbers.Rational) else Fraction(float(x)) for x in invariants)
    except (TypeError, ValueError, OverflowError):
        name = f"{type(sketch).__name__}.invariants()"
        raise BrokenSketch(f"{name} must return two finite numbers (a, b), or None, got {shown(invariants)}") from None
    return a, b


def checked_support(sketch: Sketch) -> tuple[Array, NDArray[Any]] | None:
    """Return the support of a sketch, checked, or None if it has none or does not list it."""
    support = _returned(sketch, "support")
    if support is None:
        return None
    name = f"{type(sketch).__name__}.support()"
    if not isinstance(support, tuple | list) or len(support) != 2:
        raise BrokenSketch(f"{name} must return a pair (values, probabilities), or None, got {type(support).__name__}")
    matrices = checks.array(f"{name}[0]", support[0], ndim=3)
    checks.array(f"{name}[0]", matrices, shape=(len(matrices), sketch.dim, sketch.rank))
    probabilities = _probabilities(name, support[1])
    weights = checks.array(f"{name}[1]", probabilities, shape=(len(matrices),))
    if weights.min() < 0 or abs(weights.sum() - 1) > 1e-9:
        raise BrokenSketch(
            f"{name} must give probabilities >= 0 that sum to one, got {weights} with sum {weights.sum()}"
        )
    return matrices, probabilities


def _returned(sketch: Sketch, member: str, *arguments: Any) -> Any:
    """What a method returns; None if the sketch has no such method."""
    name = f"{type(sketch).__name__}.{member}"
    try:
        method = getattr(sketch, member, None)
        if method is None and member != "sample":
            return None
        if callable(method):
            return method(*arguments)
    except BrokenSketch:
        raise
    except Exception as error:
        raise BrokenSketch(f"{name} must not fail, got {type(error).__name__}: {error}") from error
    raise BrokenSketch(f"{name} must be a method, got {shown(method)}")


def _matrices(sketch: Sketch, call: str, returned: Any, shape: tuple[int, ...], finite: bool) -> Array:
    """Accept an array of real numbers, without a copy: a view may show few numbers at many places."""
    name = f"{type(sketch).__name__}.{call}"
    plain = isinstance(returned, np.ndarray) and not isinstance(returned, np.ma.MaskedArray)
    if not plain or returned.dtype.kind not in "fiu":
        came = f"{returned.dtype} numbers" if plain else type(returned).__name__
        raise BrokenSketch(f"{name} must return an array of floats of shape {shape}, or None, got {came}")
    if returned.shape != shape:
        raise BrokenSketch(f"{name} must return an array of shape {shape}, or None, got shape {returned.shape}")
    if finite and not np.isfinite(returned).all():
        raise BrokenSketch(f"{name} must be finite, got nan or infinity")
    matrices: Array = returned
    return matrices


def _probabilities(name: str, given: Any) -> NDArray[Any]:
    """Accept floats, integers and Fractions, as they are."""
    if not isinstance(given, np.ma.MaskedArray):
        try:
            probabilities = np.asarray(given)
        except ValueError:  # lists of several lengths
            probabilities = np.empty(0, dtype=str)
        real = all(isinstance(p, numbers.Real) for p in probabilities.ravel().tolist())
        if probabilities.size and real and probabilities.dtype != bool:
            return probabilities
    raise BrokenSketch(f"{name}[1] must be an array of probabilities, floats or Fractions, got {shown(given)}")


def check_size(sketch: Sketch) -> None:
    """Raise a ``ValueError`` unless dim and rank are integers with ``1 <= rank <= dim``."""
    dim, rank = (_attribute(sketch, member, None) for member in ("dim", "rank"))
    checks.integer("rank", rank, 1, checks.integer("dim", dim, 1), "dim")


def check_draws(sketch: Sketch) -> None:
    """Draw a little and raise a ``ValueError`` if this is no sketch, or one that does not keep its promises.

    It is called once, at the door.
    """
    having("sketch", sketch, "a sketch", MEMBERS)
    name = type(sketch).__name__
    check_size(sketch)
    sample = draw(sketch, np.random.default_rng(0), 64)
    equal = bool((sample == sample[0]).all())
    if is_deterministic(sketch) and not equal:
        raise BrokenSketch(f"{name}.support() must list every value of the sketch, got one value for draws that differ")
    explained = isinstance(sketch, HasSupport | HasExpectedProjection) or sketch.dim == 1
    if equal and not explained:
        raise BrokenSketch(
            f"{name}.sample must draw each of the size matrices independently, got 64 copies of one; "
            "a sketch that always, or nearly always, gives the same matrix must say so with support()"
        )
    if not has_claimed_columns(sketch, sample):
        raise BrokenSketch(f"{name}.sample must draw orthonormal columns, as {name}.orthonormal says, got others")
    is_rotation_invariant(sketch)


def is_deterministic(sketch: Sketch) -> bool:
    """Whether every draw is the same matrix, so that one run decides everything."""
    support = checked_support(sketch)
    return support is not None and len(support[1]) == 1


def is_orthonormal(sketch: Sketch) -> bool:
    """Whether the sketch says that every draw has orthonormal columns, so that B B' is the projection itself."""
    return _flag(sketch, "orthonormal")


def has_claimed_columns(sketch: Sketch, sample: Array) -> bool:
    """Whether some draws, (size, dim, rank), have orthonormal columns up to rounding, if the sketch says so."""
    if not is_orthonormal(sketch):
        return True
    return bool(np.allclose(np.swapaxes(sample, 1, 2) @ sample, np.eye(sketch.rank), rtol=0, atol=1e-12))


def is_rotation_invariant(sketch: Sketch) -> bool:
    """Whether the sketch says that its range, turned by any fixed rotation, has the law of its range."""
    return _flag(sketch, "rotation_invariant")


def _flag(sketch: Sketch, member: str) -> bool:
    value = _attribute(sketch, member, False)
    if not isinstance(value, bool | np.bool_):
        raise BrokenSketch(f"{type(sketch).__name__}.{member} must be True or False, got {shown(value)}")
    return bool(value)


def _attribute(sketch: Sketch, member: str, default: Any) -> Any:
    try:
        return getattr(sketch, member, default)
    except Exception as error:
        name = f"{type(sketch).__name__}.{member}"
        raise BrokenSketch(f"{name} must not fail, got {type(error).__name__}: {error}") from error
