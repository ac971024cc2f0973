"""E[H M H] of a law with finitely many values, summed: one matrix on the entries of M."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rac_theory.problems.checks import Array

SecondMoment: TypeAlias = Callable[[Array], Array]
"""M to E[H M H], (..., d, d) to (..., d, d); at M = I it is E[H], as H is a projection."""


def summed(H: NDArray[Any], probabilities: NDArray[Any]) -> SecondMoment:
    """M -> E[H M H] for H, (k, d, d), with probabilities (k,): floats, or Fractions in object arrays."""
    return partial(_apply, _matrix(H, probabilities))


def _matrix(H: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[Any]:
    """The matrix of vec(M) -> vec(E[H M H]), row by row, (d^2, d^2)."""
    d = H.shape[-1]
    flat = H.reshape(-1, d * d)
    products = (flat.T * probabilities) @ flat  # E[H_ij H_kl] at (ij, kl)
    return np.asarray(products.reshape(d, d, d, d).transpose(0, 3, 1, 2).reshape(d * d, d * d))


def _apply(matrix: NDArray[Any], M: NDArray[Any]) -> NDArray[Any]:
    return np.asarray((M.reshape(*M.shape[:-2], len(matrix)) @ matrix.T).reshape(M.shape))
