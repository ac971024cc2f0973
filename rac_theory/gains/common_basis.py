r"""A sum of Kronecker products as few matrices of one side, where the matrices of the other have a basis in common.

A left sketch leaves the right side alone, so that :math:`E[HQH] = \sum E[H S H] \otimes R`. With
:math:`V^\top R V \le D + e I` for every R, D diagonal, and :math:`V^\top V \ge (1 - g) I`, congruence by V gives

.. math:: \sum E[H S H] \otimes R \le L_H E[H] \otimes I \quad\text{if}\quad
    E[H S_j H] \le (1 - g)\, L_H E[H], \quad S_j = \sum (D_{jj} + e)\, S,

for every j. For R that commute e and g are rounding, and the bound is the smallest. As L_H rises with :math:`S_j`,
only those j count whose numbers :math:`D_{jj}` are not all below another's: where all R but one are multiples of the
identity, one j is left.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms import Side
from rac_theory.base import Array
from rac_theory.numerics import (
    EPS,
    alike,
    diagonal_of,
    lapack_rounding,
    largest_eigenvalue,
    matrix,
    mixed_basis,
    multiple_of_identity,
)
from rac_theory.problems import Smoothness

_ROUNDING = 1e-9
"""Relative to R: what is above it off the diagonal of V'RV is no rounding."""

LARGEST = 1024
"""The largest matrices for which a common basis is looked for."""

MOST = 64
"""The most matrices that a sum is broken into."""

Terms = Sequence[tuple[Array, Array]]
"""Pairs (S, R): S on the side of the sketch, R on the other; a diagonal one may be its diagonal."""


def terms_of_side(Q: Smoothness, side: Side) -> Terms:
    """The terms of Q, with the side that is sketched first."""
    return Q.terms if side == "left" else [(R, S) for S, R in Q.terms]


class Part(NamedTuple):
    """S_j, (d, d) or the diagonal (d,) of it, and how far it may be below what it stands for, in the spectral norm."""

    S: Array
    off: float


class Parts(NamedTuple):
    """Matrices of one side which together are at least the sum, times ``stretch``."""

    parts: Sequence[Part]
    stretch: float = 1.0
    exact: bool = True


class Split(NamedTuple):
    """Matrices of the sketched side, and how bounds of L_H for each of them combine to one.

    ``how`` says why that is only a bound; it is empty where it is the smallest if each of them is.
    """

    matrices: Sequence[Array]
    combine: Callable[[Sequence[float]], Fraction]
    how: str


def splits_of(terms: Terms) -> list[Split]:
    """Split a sum: in a common basis of the other side, and by its terms where no common basis is exact."""
    splits, parts = [], in_common_basis(terms)
    if parts is not None:
        off, stretch = [Fraction(part.off) for part in parts.parts], Fraction(parts.stretch)
        splits.append(
            Split(
                [part.S for part in parts.parts],
                lambda bounds: max(Fraction(bound) + more for bound, more in zip(bounds, off, strict=True)) * stretch,
                "" if parts.exact else "at most: in a basis that they nearly have in common",
            )
        )
    if parts is None or not parts.exact:
        tops = [max(Fraction(0), Fraction(largest_eigenvalue(R))) for _, R in terms]
        splits.append(
            Split(
                [S for S, _ in terms],
                lambda bounds: sum(
                    (max(Fraction(0), Fraction(bound)) * top for bound, top in zip(bounds, tops, strict=True)),
                    Fraction(0),
                ),
                "at most: the sum of those of all terms",
            )
        )
    return splits


def in_common_basis(terms: Terms) -> Parts | None:
    """Split a sum into matrices of the side of the sketch; None where the other has no common basis, or is large."""
    scales = [multiple_of_identity(R) for _, R in terms]
    others = [i for i, scale in enumerate(scales) if scale is None]
    if not others:
        return Parts([_sum(terms, np.array(scales, dtype=np.float64), 0.0)])
    if len(others) == 1:  # the largest eigenvalue is the only one that counts
        tops = [largest_eigenvalue(R) if scale is None else scale for (_, R), scale in zip(terms, scales, strict=True)]
        return Parts([_sum(terms, np.array(tops), _below_zero(terms, np.array(tops)))])
    n = len(terms[0][1])
    if n > LARGEST:
        return None
    numbers, added, lost = _basis([R for _, R in terms])
    vectors = _highest(numbers)
    if len(vectors) > MOST or lost >= 0.5:
        return None
    slack = _below_zero(terms, numbers.max(axis=0))
    exact = all(e <= _ROUNDING * float(np.linalg.norm(R)) for e, (_, R) in zip(added, terms, strict=True))
    return Parts([_sum(terms, vector, slack) for vector in vectors], 1 / (1 - lost) * (1 + 2 * EPS), exact)


def _basis(matrices: Sequence[Array]) -> tuple[Array, Sequence[float], float]:
    """Return the numbers ``D_jj + e`` of each matrix, (n, matrices), e for each, and g."""
    n = len(matrices[0])
    diagonals = [on for R in matrices if (on := diagonal_of(R)) is not None]
    if len(diagonals) == len(matrices):
        return np.stack(diagonals, axis=1), [0.0] * len(matrices), 0.0
    matrices = [matrix(R) for R in matrices]
    V = mixed_basis(matrices)
    product = 4 * (n + 2) * EPS * float(np.linalg.norm(V)) ** 2
    columns, added = [], []
    for R in matrices:
        turned = V.T @ R @ V
        diagonal = np.diagonal(turned).copy()
        added.append(float(np.linalg.norm(turned - np.diag(diagonal))) + product * float(np.linalg.norm(R)))
        columns.append(diagonal + added[-1])
    return np.stack(columns, axis=1), added, float(np.linalg.norm(V.T @ V - np.eye(n))) + product


def _highest(vectors: Array) -> Array:
    """Return the rows that are not everywhere at most another row."""
    maximal: list[Array] = []
    for vector in vectors[np.argsort(-vectors.sum(axis=1), kind="stable")]:
        if len(maximal) > MOST:
            break
        if not any((vector <= larger).all() for larger in maximal):
            maximal.append(vector)
    return np.array(maximal)


def _sum(terms: Terms, weights: Array, slack: float) -> Part:
    """``sum w S`` as it is computed, with its own rounding; one term with the weight 1 is not touched."""
    matrices = alike([S for S, _ in terms])
    if len(terms) == 1 and weights[0] == 1:
        return Part(matrices[0], slack)
    S = sum(weight * matrix for weight, matrix in zip(weights.tolist(), matrices, strict=True))
    sizes = sum(abs(w) * float(np.linalg.norm(M)) for w, M in zip(weights.tolist(), matrices, strict=True))
    return Part(np.asarray(S), slack + (len(terms) + 1) * EPS * sizes)


def _below_zero(terms: Terms, weights: Array) -> float:
    """What is left out where matrices are semidefinite only up to rounding."""
    pairs = zip(np.abs(weights).tolist(), terms, strict=True)
    return math.fsum(2 * w * lapack_rounding(len(S)) * float(np.linalg.norm(S)) for w, (S, _) in pairs)
