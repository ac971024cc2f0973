"""Quadratics as weighted sums of squares, and the rank of a matrix as a fact, which says how many weights are positive.

A computed singular value below the error of LAPACK may stand for zero or for a tiny number. Those above it bound the
rank from below; what is here bounds it from above. Where the two meet, the rank is known, and so is which singular
value is the smallest positive one.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.sparse import csr_array

from rac_theory.base import Array, Value
from rac_theory.problems.features import Features


@dataclass(frozen=True, eq=False, repr=False)
class Eigenbasis(Value):
    r"""Coordinates E, ``W = centre + left E right'``, in which f is ``floor + 1/2 sum curvatures E^2``.

    The gradient is then ``curvatures E``, with no product by a Hessian. A problem that has one offers it as
    ``eigenbasis``. Eigenvalues come from LAPACK: they are accurate to a few eps times the largest, and not below 0.

    Attributes
    ----------
    curvatures : (m, n), (m, 1) or (1, n)
        Eigenvalues of the Hessian; equal along an axis of length 1.
    centre : (m, n)
        A minimiser.
    left : (m, m), optional
        Orthogonal; None is the identity.
    right : (n, n), optional
        Orthogonal; None is the identity.
    floor : float
        The minimum.
    """

    curvatures: Array
    centre: Array
    left: Array | None = None
    right: Array | None = None
    floor: float = 0.0
    shape: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        m, n = self.centre.shape
        vars(self).update(curvatures=np.maximum(self.curvatures, 0.0), shape=(m, n))
        super().__post_init__()

    def coordinates(self, W: Array) -> Array:
        """E at each matrix of a batch: (..., m, n) to (..., m, n)."""
        E = W - self.centre
        E = E if self.left is None else self.left.T @ E
        return E if self.right is None else E @ self.right

    def gradient(self, E: Array) -> Array:
        """The gradient of f at each E of a batch, in the coordinates of W: (..., m, n) to (..., m, n)."""
        return self._turned_back(self.curvatures * E)

    def matrices(self, E: Array) -> Array:
        """W at each E of a batch: (..., m, n) to (..., m, n)."""
        return self.centre + self._turned_back(E)

    def _turned_back(self, E: Array) -> Array:
        V = E if self.left is None else self.left @ E
        return V if self.right is None else V @ self.right.T


ELIMINATION_LIMIT = 200_000
"""The largest ``N d min(N, d)`` for which elimination is tried; it then takes half a second at most."""


def rank_bound(X: Features) -> int:
    """An upper bound of the rank: the rank of a small matrix, otherwise its count of distinct, non-zero lines."""
    core = csr_array(X, copy=True)
    core.eliminate_zeros()
    core = core[_distinct_rows(core)]
    core = core[:, _distinct_rows(csr_array(core.T))]
    N, d = core.shape
    return _exact_rank(core.toarray()) if N * d * min(N, d) <= ELIMINATION_LIMIT else min(N, d)


def _distinct_rows(X: csr_array) -> list[int]:
    """The first of each set of equal rows, without zero rows."""
    first: dict[tuple[bytes, bytes], int] = {}
    for row, (start, stop) in enumerate(pairwise(X.indptr)):
        if start < stop:
            first.setdefault((X.indices[start:stop].tobytes(), X.data[start:stop].tobytes()), row)
    return list(first.values())


def _exact_rank(X: Array) -> int:
    """The rank by fraction-free elimination (Bareiss 1968): each quotient is a minor of X, hence an integer."""
    tall = X if X.shape[0] >= X.shape[1] else X.T
    rows = [_integers(row) for row in tall.tolist()]
    rank, divisor = 0, 1
    for column in range(tall.shape[1]):
        pivot = next((row for row in rows if row[column]), None)
        if pivot is None:
            continue
        rows.remove(pivot)
        top = pivot[column]
        rows = [[(top * x - row[column] * p) // divisor for x, p in zip(row, pivot, strict=True)] for row in rows]
        rank, divisor = rank + 1, top
    return rank


def _integers(row: list[float]) -> list[int]:
    """A multiple of a row of floats: their denominators are powers of two, so the largest is a common one."""
    ratios = [x.as_integer_ratio() for x in row]
    common = max(denominator for _, denominator in ratios)
    return [numerator * (common // denominator) for numerator, denominator in ratios]
