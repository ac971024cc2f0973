"""What a sketch declares besides its draws, checked before it is used: closed forms, support, flags."""

import numbers
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array, checks, shown
from rac_theory.sketches.sketch import BrokenSketch, Sketch

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
        try:
            probabilities = np.asarray(given)
        except ValueError:  # lists of several lengths
            probabilities = np.empty(0, dtype=str)
        real = all(isinstance(p, numbers.Real) for p in probabilities.ravel().tolist())
        if probabilities.size and real and probabilities.dtype != bool:
            return probabilities
    raise BrokenSketch(f"{name}[1] must be an array of probabilities, floats or Fractions, got {shown(given)}")
