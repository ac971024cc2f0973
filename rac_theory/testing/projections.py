"""What a map of matrices must be to be an orthogonal projection of a rank, times a scale: by how much it is not."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rac_theory.base.checks import Array


@dataclass(frozen=True, eq=False)
class Mapped:
    """Two matrices, or batches of them, and what a map H makes of them: by how much H is no projection.

    Attributes
    ----------
    H : callable
        (..., m, n) to (..., m, n).
    A, B : (..., m, n)
    """

    H: Callable[[Array], Array]
    A: Array
    B: Array

    @cached_property
    def HA(self) -> Array:
        """``H A``."""
        return self.H(self.A)

    @cached_property
    def HB(self) -> Array:
        """``H B``."""
        return self.H(self.B)

    @cached_property
    def HHA(self) -> Array:
        """``H H A``, which is ``HA`` times the scale."""
        return self.H(self.HA)

    @cached_property
    def bend(self) -> Array:
        """What is not linear: ``H(2A - 3B)`` less ``2 HA - 3 HB``, (..., m, n)."""
        return np.asarray(self.H(2 * self.A - 3 * self.B) - 2 * self.HA + 3 * self.HB)

    @cached_property
    def skew(self) -> Array:
        """What is not symmetric: ``<HA, B> - <A, HB>``, (...)."""
        return np.asarray(np.sum(self.HA * self.B - self.A * self.HB, axis=(-2, -1)))


def beyond(M: Array, rank: int, small: Array | float, part: float = 0.0) -> Array:
    """Return the singular value after the first ``rank``, 0 where it is no larger than rounding: (..., m, n) to (...).

    Rounding is ``small``, (...), and a part of the largest singular value.
    """
    values = np.linalg.svd(M, compute_uv=False)
    if rank >= values.shape[-1]:
        return np.zeros(values.shape[:-1])
    return np.asarray(np.where(values[..., rank] > small + part * values[..., 0], values[..., rank], 0.0))
