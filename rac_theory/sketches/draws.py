"""What a sketch declares and draws, checked before it is used: closed forms, support, flags, ranges."""

import numbers
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from fractions import Fraction
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, checks, shown
from rac_theory.numerics import orthonormal_range
from rac_theory.sketches.sketch import BrokenSketch, HasExpectedProjection, HasSupport, Sketch, check_members

_LARGE = 1024  # dim beyond which a claimed E[H] is not looked at entry by entry each time


def claimed_projection(sketch: Sketch) -> Array | None:
    """E[H] as the sketch has it, (dim, dim), or None if it has none; a large one is not looked at entry by entry."""
    closed = returned(sketch, "expected_projection")
    if closed is None:
        return None
    d = sketch.dim
    return _matrices(sketch, "expected_projection()", closed, (d, d), finite=d <= _LARGE)


def claimed_second_moment(sketch: Sketch, M: Array) -> Array | None:
    """E[H M H] as the sketch has it, in the shape of M, or None if it has none."""
    closed = returned(sketch, "second_moment", M)
    if closed is None:
        return None
    return _matrices(sketch, "second_moment(M)", closed, M.shape, finite=bool(np.isfinite(M).all()))


def claimed_invariants(sketch: Sketch) -> tuple[Fraction, Fraction] | None:
    """The two numbers of a rotation invariant second moment as the sketch has them, or None if it has none."""
    invariants = returned(sketch, "invariants")
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
    support = returned(sketch, "support")
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


def is_deterministic(sketch: Sketch) -> bool:
    """Whether every draw is the same matrix, so that one run decides everything."""
    support = checked_support(sketch)
    return support is not None and len(support[1]) == 1


def is_orthonormal(sketch: Sketch) -> bool:
    """Whether the sketch says that every draw has orthonormal columns, so that B B' is the projection itself."""
    return _flag(sketch, "orthonormal")


def is_rotation_invariant(sketch: Sketch) -> bool:
    """Whether the sketch says that its range, turned by any fixed rotation, has the law of its range."""
    return _flag(sketch, "rotation_invariant")


def returned(sketch: Sketch, member: str, *arguments: Any) -> Any:
    """Call a method of a sketch; None if the sketch has no such method."""
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


def attribute(sketch: Sketch, member: str, default: Any) -> Any:
    """What an attribute is; the default if the sketch has no such one."""
    try:
        return getattr(sketch, member, default)
    except Exception as error:
        name = f"{type(sketch).__name__}.{member}"
        raise BrokenSketch(f"{name} must not fail, got {type(error).__name__}: {error}") from error


def _flag(sketch: Sketch, member: str) -> bool:
    value = attribute(sketch, member, False)
    if not isinstance(value, bool | np.bool_):
        raise BrokenSketch(f"{type(sketch).__name__}.{member} must be True or False, got {shown(value)}")
    return bool(value)


def _matrices(sketch: Sketch, call: str, returned: Any, shape: tuple[int, ...], finite: bool) -> Array:
    """Accept an array of real numbers, without a copy: a view may show few numbers at many places."""
    name = f"{type(sketch).__name__}.{call}"
    plain = isinstance(returned, np.ndarray) and not isinstance(returned, np.ma.MaskedArray)
    if not plain or returned.dtype.kind not in "fiu":
        received = f"{returned.dtype} numbers" if plain else type(returned).__name__
        raise BrokenSketch(f"{name} must return an array of floats of shape {shape}, or None, got {received}")
    if returned.shape != shape:
        raise BrokenSketch(f"{name} must return an array of shape {shape}, or None, got shape {returned.shape}")
    if finite and not np.isfinite(returned).all():
        raise BrokenSketch(f"{name} must be finite, got nan or infinity")
    matrices: Array = returned
    return matrices


def _probabilities(name: str, given: Any) -> NDArray[Any]:
    """Accept floats, integers and Fractions, as they are."""
    if not isinstance(given, np.ma.MaskedArray):
        with suppress(ValueError):  # of lists of several lengths
            probabilities = np.asarray(given)
            real = all(isinstance(p, numbers.Real) for p in probabilities.ravel().tolist())
            if probabilities.size and real and probabilities.dtype != bool:
                return probabilities
    raise BrokenSketch(f"{name}[1] must be an array of probabilities, floats or Fractions, got {shown(given)}")


_NUMBERS = 1 << 22  # of all draws at the door, where matrices are large: 32 MB

_passed: WeakKeyDictionary[Sketch, list[bool]] = WeakKeyDictionary()


def draw(sketch: Sketch, rng: np.random.Generator, size: int) -> Array:
    """Draw from a sketch that may be a user's, and check what comes: a wrong axis would broadcast in silence."""
    call, expected = f"{type(sketch).__name__}.sample", (size, sketch.dim, sketch.rank)
    sample = returned(sketch, "sample", rng, size)
    got = getattr(sample, "shape", None)
    if got != expected or not isinstance(sample, np.ndarray) or isinstance(sample, np.ma.MaskedArray):
        received = "None (a missing return statement?)" if sample is None else type(sample).__name__
        received = f"{got}" if got is not None and got != expected else received
        raise BrokenSketch(f"{call} must return an array of shape (size, dim, rank) = {expected}, got {received}")
    if sample.dtype.kind not in "fiu":
        raise BrokenSketch(f"{call} must return floats, got {sample.dtype}")
    result = np.asarray(sample, dtype=np.float64)
    # The sum of squares is finite only if every entry is, and cheap; where huge entries make it infinite, look at each.
    entries = result.ravel("K")  # in the order of memory, without a copy
    if size and not np.isfinite(np.vdot(entries, entries)):
        checks.array(f"{call}(rng, {size})", result)
    return result


def check_draws(sketch: Sketch) -> None:
    """Draw a little and raise a ``ValueError`` if this is no sketch, or one that does not keep its promises.

    It is called at the door. While a sketch lives that passed, those that equal it by content are not drawn from again:
    where an optimiser is made anew for each of a thousand runs, that would take as long as its steps.
    """
    check_members("sketch", sketch)
    check_size(sketch)  # each time, as rank=True equals rank=1
    passed = _memory_of(sketch)
    if not passed:
        size = min(64, max(4, _NUMBERS // (sketch.dim * sketch.rank)))
        _check_sample(sketch, draw(sketch, np.random.default_rng(0), size))
        is_rotation_invariant(sketch)
        passed.append(True)


def _check_sample(sketch: Sketch, sample: Array) -> None:
    """Raise a ``ValueError`` if these draws, (size, dim, rank), are not what the sketch promises."""
    name = type(sketch).__name__
    equal = bool((sample == sample[0]).all())
    if is_deterministic(sketch) and not equal:
        raise BrokenSketch(f"{name}.support() must list every value of the sketch, got one value for draws that differ")
    if equal and not claims_a_law(sketch) and sketch.dim > 1:
        raise BrokenSketch(
            f"{name}.sample must draw each of the size matrices independently, got {len(sample)} copies of one; "
            "a sketch that always, or nearly always, gives the same matrix must say so with support()"
        )
    if not has_claimed_columns(sketch, sample):
        raise BrokenSketch(f"{name}.sample must draw orthonormal columns, as {name}.orthonormal says, got others")


def _memory_of(sketch: Any) -> list[bool]:
    """Return what is remembered of a sketch and of all that equal it; a new list for one that may change or differ."""
    declared = vars(type(sketch)).get("__dataclass_params__")  # not of a base, whose fields may not be all
    if declared is not None and declared.frozen and all(field.compare for field in fields(sketch)):
        try:
            return _passed.setdefault(sketch, [])
        except Exception:  # of a user's class: without a hash, or unable to compare its arrays
            return []
    return []


def claims_a_law(sketch: Sketch) -> bool:
    """Whether the sketch has a member that says what its law is, so that equal draws need not be a cached one."""
    return isinstance(sketch, HasSupport | HasExpectedProjection)


def check_size(sketch: Sketch) -> None:
    """Raise a ``ValueError`` unless dim and rank are integers with ``1 <= rank <= dim``."""
    dim, rank = (attribute(sketch, member, None) for member in ("dim", "rank"))
    checks.integer("rank", rank, 1, checks.integer("dim", dim, 1), "dim")


def has_claimed_columns(sketch: Sketch, sample: Array) -> bool:
    """Whether some draws, (size, dim, rank), have orthonormal columns up to rounding, if the sketch says so."""
    if not is_orthonormal(sketch):
        return True
    return bool(np.allclose(sample.mT @ sample, np.eye(sketch.rank), rtol=0, atol=1e-12))


_NUMBERS_AT_ONCE = 1 << 17  # in one draw: enough that its fixed cost does not matter; twice as many gain nothing
_STEPS = (1, 2, 5, 10, 25, 50)  # divisors of a hundred: people ask for round numbers, and what is left over is in vain


def steps_ahead(dim: int, rank: int, runs: int) -> int:
    """Return for how many steps sketches are drawn at once, by their size alone."""
    return max(steps for steps in _STEPS if steps == 1 or steps * runs * dim * rank <= _NUMBERS_AT_ONCE)


def draws_ahead(sketch: Sketch, rng: np.random.Generator, runs: int, dtype: type = np.float64) -> Iterator[Array]:
    """Yield fresh draws, (runs, dim, rank), without end.

    Drawing ahead changes no law, as no draw depends on a state; and how far ahead depends on sizes alone, so that fewer
    steps are the first of more.
    """
    ahead = steps_ahead(sketch.dim, sketch.rank, runs)
    while True:
        S: Array = draw(sketch, rng, ahead * runs)
        yield from S.astype(dtype, copy=False).reshape(ahead, runs, *S.shape[1:])


def draw_ranges(sketch: Sketch, rng: np.random.Generator, size: int) -> Array:
    """Draw orthonormal bases of ranges, (size, dim, min(dim, rank)).

    Where the sketch says that its columns are orthonormal they are taken as they come: some were looked at when the
    algorithm was made.
    """
    S: Array = draw(sketch, rng, size)
    return S if is_orthonormal(sketch) else orthonormal_range(S)


def ranges(sketch: Sketch, rng: np.random.Generator, runs: int, dtype: type = np.float64) -> Iterator[Array]:
    """Yield orthonormal bases of the ranges of fresh draws, (runs, dim, min(dim, rank)), without end."""
    ahead = steps_ahead(sketch.dim, sketch.rank, runs)
    while True:
        Q: Array = draw_ranges(sketch, rng, ahead * runs).astype(dtype, copy=False)
        yield from Q.reshape(ahead, runs, *Q.shape[1:])
