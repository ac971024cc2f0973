"""Draws of a sketch that may be a user's: a few to see at the door what it is, and checked ones ever after."""

import numpy as np

from rac_theory.problems import checks
from rac_theory.problems.checks import Array
from rac_theory.problems.members import having
from rac_theory.sketches.declarations import (
    attribute,
    is_deterministic,
    is_orthonormal,
    is_rotation_invariant,
    returned,
)
from rac_theory.sketches.powers import HasExpectedProjection, HasSupport
from rac_theory.sketches.sketch import MEMBERS, BrokenSketch, Sketch


def draw(sketch: Sketch, rng: np.random.Generator, size: int) -> Array:
    """Draw from a sketch that may be a user's, and check what comes: a wrong axis would broadcast in silence."""
    call, expected = f"{type(sketch).__name__}.sample", (size, sketch.dim, sketch.rank)
    sample = returned(sketch, "sample", rng, size)
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
    if equal and not claims_a_law(sketch) and sketch.dim > 1:
        raise BrokenSketch(
            f"{name}.sample must draw each of the size matrices independently, got 64 copies of one; "
            "a sketch that always, or nearly always, gives the same matrix must say so with support()"
        )
    if not has_claimed_columns(sketch, sample):
        raise BrokenSketch(f"{name}.sample must draw orthonormal columns, as {name}.orthonormal says, got others")
    is_rotation_invariant(sketch)


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
