"""The second moment of a projection, E[H M H], by the first route that a sketch offers: closed form, enumeration."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from problems.checks import Array
from rac_theory.numerics.linalg import projection
from rac_theory.sketches.declarations import checked_support, claimed_second_moment
from rac_theory.sketches.sketch import BrokenSketch, Sketch

SecondMoment: TypeAlias = Callable[[Array], Array]
"""M to E[H M H], (..., d, d) to (..., d, d); at M = I it is E[H], as H is a projection."""

LARGEST_ENUMERATED = 32
"""The largest dim at which a finite support is summed: the sum has dim^4 entries, 8 MB at 32."""


def second_moment_of(sketch: Sketch) -> SecondMoment | None:
    """Return the function M -> E[H M H] of a sketch, or None where it has neither a closed form nor a small support."""
    if claimed_second_moment(sketch, np.eye(sketch.dim)) is not None:
        return partial(closed_form, sketch)
    support = checked_support(sketch)
    if support is None or sketch.dim > LARGEST_ENUMERATED:
        return None
    matrices, probabilities = support
    return summed(projection(matrices), probabilities.astype(np.float64))


def summed(H: NDArray[Any], probabilities: NDArray[Any]) -> SecondMoment:
    """M -> E[H M H] for projections H, (k, d, d), with probabilities (k,): floats, or Fractions in object arrays."""
    return partial(_apply, _matrix(H, probabilities))


def _matrix(H: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[Any]:
    """The matrix of vec(M) -> vec(E[H M H]), row by row, (d^2, d^2)."""
    d = H.shape[-1]
    flat = H.reshape(-1, d * d)
    products = (flat.T * probabilities) @ flat  # E[H_ij H_kl] at (ij, kl)
    return np.asarray(products.reshape(d, d, d, d).transpose(0, 3, 1, 2).reshape(d * d, d * d))


def _apply(matrix: NDArray[Any], M: NDArray[Any]) -> NDArray[Any]:
    return np.asarray((M.reshape(*M.shape[:-2], -1) @ matrix.T).reshape(M.shape))


def closed_form(sketch: Sketch, M: Array) -> Array:
    """E[H M H] as the sketch has it, which must not be None."""
    closed = claimed_second_moment(sketch, M)
    if closed is None:
        raise BrokenSketch(f"{type(sketch).__name__}.second_moment(M) must be None for every M or for none")
    return closed
