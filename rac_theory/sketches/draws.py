"""Draws of a sketch: a few to see at the door what it is, checked ones ever after, and ranges, one batch a step."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from rac_theory.base import Array, checks
from rac_theory.numerics import orthonormal_range
from rac_theory.sketches.declarations import (
    attribute,
    is_deterministic,
    is_orthonormal,
    is_rotation_invariant,
    returned,
)
from rac_theory.sketches.sketch import BrokenSketch, HasExpectedProjection, HasSupport, Sketch, check_members

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
    return bool(np.allclose(np.swapaxes(sample, 1, 2) @ sample, np.eye(sketch.rank), rtol=0, atol=1e-12))


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
