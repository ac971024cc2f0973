"""The rank of a matrix as a fact, which the singular values that LAPACK computes cannot tell.

A computed singular value below the error of LAPACK may stand for zero or for a tiny number. Those above it bound the
rank from below; what is here bounds it from above. Where the two meet, the rank is known, and so is which singular
value is the smallest positive one.
"""

from itertools import pairwise

from scipy.sparse import csr_array

from rac_theory.base import Array
from rac_theory.problems.features import Features

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
