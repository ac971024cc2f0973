"""Matrix smoothness: how far a function curves up along each direction, where L says one number for all of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from problems.checks import Array, array, finite
from problems.eigenvalues import extreme_eigenvalues
from problems.rounding import rounded
from problems.value import Value


@dataclass(frozen=True, eq=False)
class Smoothness(Value):
    r"""A bound of curvature: :math:`f(W + D) \le f(W) + \langle G, D \rangle + \frac12 \langle D, QD \rangle`.

    Parameters
    ----------
    terms : sequence of pairs (S, R)
        ``Q D = sum S D R``, with S (m, m) and R (n, n), symmetric and positive semidefinite.

    Examples
    --------
    >>> import numpy as np
    >>> from problems.smoothness import Smoothness
    >>> Smoothness([(np.diag([4.0, 1.0]), np.eye(3))]).largest
    4.0
    """

    terms: Sequence[tuple[Array, Array]]

    def __post_init__(self) -> None:
        pairs = ((array("S", S, ndim=2), array("R", R, ndim=2)) for S, R in self.terms)
        object.__setattr__(self, "terms", tuple(pairs))

    @classmethod
    def isotropic(cls, L: float, shape: tuple[int, int]) -> "Smoothness":
        """``L I``, which says no more than L."""
        m, n = shape
        return cls([(finite("L", L, at_least=0) * np.eye(m), np.eye(n))])

    def times(self, D: Array) -> Array:
        """``Q D`` for each matrix of a batch: (..., m, n) to (..., m, n)."""
        return np.asarray(sum(S @ D @ R for S, R in self.terms))

    @cached_property
    def largest(self) -> float:
        """An upper bound of the largest eigenvalue of Q, rounded up."""
        parts = (Fraction(extreme_eigenvalues(S)[1]) * Fraction(extreme_eigenvalues(R)[1]) for S, R in self.terms)
        return rounded(sum(parts, Fraction(0)), math.inf)
