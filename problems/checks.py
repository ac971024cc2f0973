"""Argument checks: each error says which argument, which rule, what came, and the likely fix.

Every check returns the value it accepted, converted, so that a constructor reads as a list of its rules. Arrays come
back as read-only copies: a value that was checked cannot change afterwards.
"""

import difflib
import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
"""A float64 array; the docstring of each function says which shape."""


def finite(
    name: str, value: float, *, above: float = -math.inf, at_least: float = -math.inf, below: float = math.inf
) -> float:
    """Accept a finite number that is ``> above``, ``>= at_least`` and ``< below``."""
    limits = [f"> {above:g}"] * (above > -math.inf)
    limits += [f">= {at_least:g}"] * (at_least > -math.inf) + [f"< {below:g}"] * (below < math.inf)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number > above and number >= at_least and number < below):
        raise ValueError(f"{name} must be {' '.join(['a finite number', ' and '.join(limits)]).strip()}, got {value!r}")
    return number


def integer(name: str, value: int, low: int, high: int | None = None, high_name: str = "") -> int:
    """Accept an integer in ``low..high``; ``high_name`` says what the upper end is, as in ``1..dim=6``."""
    try:
        number = operator.index(value)
    except TypeError:
        raise ValueError(f"{name} must be an integer, got {value!r}") from None
    if number < low or (high is not None and number > high):
        upper = "" if high is None else f"{high_name}={high}" if high_name else f"{high}"
        rule = f"in {low}..{upper}" if upper else f">= {low}"
        raise ValueError(f"{name} must be {rule}, got {number}")
    return number


def array(name: str, value: Any, ndim: int | None = None, shape: Sequence[int] | None = None) -> Array:
    """Accept finite real numbers with ``ndim`` axes, or of exactly ``shape``, as a read-only float64 copy."""
    if value is None:
        raise ValueError(f"{name} must be an array, got None (a missing return statement?)")
    if np.iscomplexobj(value):
        raise ValueError(f"{name} must be real, got complex numbers")
    try:
        result = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of numbers, got {type(value).__name__}") from None
    if shape is not None and result.shape != tuple(shape):
        raise ValueError(f"{name} must have shape {tuple(shape)}, got {result.shape}")
    if ndim is not None and result.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} axes, got shape {result.shape}")
    if 0 in result.shape:
        raise ValueError(f"{name} must not be empty, got shape {result.shape}")
    if not np.isfinite(result).all():
        bad = int(np.count_nonzero(~np.isfinite(result)))
        raise ValueError(f"{name} must be finite, got {bad} nan or infinite entries out of {result.size}")
    result.flags.writeable = False
    return result


def moderate(name: str, values: Array) -> Array:
    """Accept numbers the largest of which is zero or 1e-100..1e100 in size: squares and products of two stay floats."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest and not 1e-100 <= largest <= 1e100:
        raise ValueError(f"{name} must have a largest entry of size 1e-100..1e100, got {largest:.3g} (other units?)")
    return values


def one_of(name: str, value: str, choices: Iterable[str]) -> str:
    """Accept one of ``choices``; an unknown name is answered with the nearest match."""
    known = sorted(choices)
    if value in known:
        return value
    lowered = {choice.lower(): choice for choice in known}
    near = difflib.get_close_matches(str(value).lower(), lowered, n=1, cutoff=0.5)
    hint = f" (did you mean {lowered[near[0]]!r}?)" if near else ""
    raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}{hint}")
