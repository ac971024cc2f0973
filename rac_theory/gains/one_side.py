r"""Smoothness along a sketch for one symmetric matrix S: the smallest number with :math:`E[H S H] \le L_H E[H]`.

It is at most :math:`\lambda_{\max}(S)`, as :math:`H S H \le \lambda_{\max}(S) H`, and rises with S. Outside the range
of E[H] both sides are zero: :math:`E[H] v = 0` gives :math:`E \|H v\|^2 = v^\top E[H] v = 0`, so that Hv = 0 in every
draw that can come. :math:`L_H(S + l I) = L_H(S) + l`.
"""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from rac_theory.base import Array
from rac_theory.gains.ratio import largest_ratio
from rac_theory.numerics import (
    EPS,
    LARGE,
    diagonal_of,
    entries,
    extreme_eigenvalues,
    largest_eigenvalue,
    matrix,
    multiple_of_identity,
    orthonormal_range,
    proved_bound,
    rounded,
)
from rac_theory.sketches import Moments, Sketch
from rac_theory.sketches.laws import CurvatureBound, EntryMoments

OFF = 4e-12
"""How far entries of E[H] and E[HSH] may be off, relative to 1 and to the norm of S, where they are no quotients."""

_REGULAR = 1e-6
"""The smallest eigenvalue of E[H] that is no rounding, and leaves digits to what is divided by it."""

LOOSE = Fraction(1, 5)
"""Relative: by how much a bound may be too large where no draws are asked."""

LARGEST_STACK = 1 << 24
"""The most numbers of a support, and of products with one, that are summed over."""


class Pair(NamedTuple):
    """E[H], (k, k), and S to E[H S H], in coordinates of the range of E[H]: ``basis`` (d, k), None for all of it."""

    mean: Array
    second: Callable[[Array], Array]
    basis: Array | None
    off: float
    how: str
    listed: bool = False


class SideBound(NamedTuple):
    """L_H, rounded up, how it is known, and whether that is only a bound which may be far above the smallest."""

    L_H: float
    how: str
    loose: bool = False


def along_one_side(sketch: Sketch, S: Array) -> SideBound | None:
    """Return L_H of one matrix; None where nothing is better than the largest eigenvalue of S."""
    scalar = multiple_of_identity(S)
    if scalar is not None:
        return SideBound(scalar, "H (l I) H = l H")
    moments = Moments(sketch)
    trust = ", on trust" if moments.on_trust else ""
    if moments.entries is not None and len(moments.entries) == 1:
        return SideBound(rounded(_of_entries(moments.entries[0], S), math.inf), f"moments of entries of H{trust}")
    S = matrix(S)
    bounds = [] if moments.entries is None else [_between(moments.entries, S)]
    if moments.curvature_bound is not None:
        bounds += _above(moments.curvature_bound, S)
    pair = moments_of(moments)
    if pair is not None:
        off = pair.off * float(np.linalg.norm(S))
        ratio = largest_ratio(pair.second(S), pair.mean, off_T=off, off_K=pair.off)
        bounds.append(SideBound(ratio, pair.how))
        if pair.listed:
            draws = _largest_of_draws(moments, S)
            at_most = f"at most: the largest over the support{trust}"
            bounds.append(SideBound(draws, at_most if draws < (1 - 1e-6) * ratio else pair.how))
    return min((bound for bound in bounds if math.isfinite(bound.L_H)), default=None)


def _between(corners: tuple[EntryMoments, ...], S: Array) -> SideBound:
    r"""A bound for all means of some moments from the largest eigenvalue for one of them.

    With differences marked by d, E[HSH] differs by :math:`(dp + dy)(S - D) + dx D + dy (\mathrm{tr}(S) I - D)`, D the
    diagonal of S, and where dp + dy is not positive the first is at most :math:`|dp + dy| D`.
    """
    base = max(corners, key=lambda corner: corner.pair + corner.across)
    diagonal, trace, more = np.diagonal(S), exact_trace(S), Fraction(0)
    ends = {Fraction(float(diagonal.min())), Fraction(float(diagonal.max()))}
    for corner in corners:
        x, y, p = (moment - reference for moment, reference in zip(corner, base, strict=True))
        more = max(more, *((x - p - y) * end + y * (trace - end) for end in ends))
    least, more = _of_entries(base, S), more / base.share(len(S)) * (1 + Fraction(1, 10**9))
    how = "at most: moments of entries of H, between bounds"
    return SideBound(rounded(least + more, math.inf), how, loose=more > LOOSE * least)


def _above(curvature_bound: Callable[[Array], CurvatureBound | None], S: Array) -> Iterator[SideBound]:
    """Yield a bound for S less its smallest eigenvalue, by which L_H is only moved."""
    low, moved = _smallest_eigenvalue(S), S.copy()
    moved[np.diag_indices(len(S))] -= low
    bound = curvature_bound(moved)
    del moved  # a large matrix less
    if bound is not None:
        above = largest_eigenvalue(bound.matrix) + bound.off
        total = low + above + 1e-9 * abs(above) + OFF * float(np.linalg.norm(S))
        how = "at most: moments of entries of H, between bounds"
        yield SideBound(total, how, loose=bound.slack > LOOSE * (total - low))


def _smallest_eigenvalue(S: Array) -> float:
    """Bound the smallest eigenvalue from below, at the price of a Cholesky factor where a large S is semidefinite."""
    if len(S) > LARGE and diagonal_of(S) is None:
        bound = proved_bound(-S, 1e-12 * float(np.linalg.norm(S)))
        if bound is not None:
            return -bound
    return extreme_eigenvalues(S)[0]


def exact_trace(S: Array) -> Fraction:
    """Return the trace, without rounding."""
    return sum(map(Fraction, entries(S).tolist()), Fraction(0))


def _of_entries(moments: EntryMoments, S: Array) -> Fraction:
    """``lambda_max((p + y) S + (x - p - 2y) diag(S) + y tr(S) I) / E[H_11]``, in Fractions up to an eigenvalue."""
    d, diagonal = len(S), entries(S)
    share, factor, alone = moments.share(d), moments.pair + moments.across, moments.alone
    if share == 0:
        return Fraction(0)
    if diagonal_of(S) is not None:
        factor, alone = Fraction(0), factor + alone
    if factor == 0:
        top = alone * Fraction(float(diagonal.max() if alone > 0 else diagonal.min()))
    elif alone == 0 and factor > 0:
        top = factor * Fraction(largest_eigenvalue(S))
    else:
        M = float(factor) * S
        M[np.diag_indices(d)] += float(alone) * diagonal
        sizes = abs(float(factor)) * float(np.linalg.norm(S)) + abs(float(alone)) * float(np.linalg.norm(diagonal))
        top = Fraction(largest_eigenvalue(M)) + Fraction(4 * EPS * sizes)
    return (top + moments.across * exact_trace(S)) / share


def moments_of(moments: Moments) -> Pair | None:
    """Return E[H] and E[HSH] of a sketch on the range of E[H], by closed forms or over its support, if there are any.

    The range is that of the support where there is one: the singular vectors of all draws beside each other, with the
    tolerance that decides about the rank of a draw. Otherwise E[H] must be diagonal or regular.
    """
    if moments.second_moment is None or moments.mean is None or moments.mean.how == "enumerated":
        return None if moments.support is None else _listed(moments)
    K, trust = moments.mean.matrix, ", on trust" if moments.on_trust else ""
    diagonal = np.count_nonzero(K) == np.count_nonzero(np.diagonal(K))
    if not diagonal and moments.support is not None and np.linalg.eigvalsh(K)[0] < _REGULAR:
        return _listed(moments)
    return Pair(K, moments.second_moment, None, OFF, f"{moments.mean.how} of E[HSH] and E[H]{trust}")


def _listed(moments: Moments) -> Pair | None:
    assert moments.support is not None
    B, probabilities = moments.support
    if B.size > LARGEST_STACK:
        return None
    Q, weights = orthonormal_range(B), probabilities.astype(np.float64)
    Q, weights = Q[weights > 0], weights[weights > 0]
    rows = Q.mT.reshape(-1, Q.shape[1])
    lengths, V = np.linalg.svd(rows, full_matrices=False)[1:]
    positive = lengths > max(rows.shape) * EPS * lengths[0]
    basis = None if positive.sum() == Q.shape[1] else V[positive].T
    if basis is not None:
        Q = basis.T @ Q
    off = OFF if basis is None or not basis.size else OFF * len(Q) / float(lengths[positive][-1]) ** 2
    mean = np.einsum("k,kir,kjr->ij", weights, Q, Q, optimize=True)
    how = "enumerated over the support" + (", on trust" if moments.on_trust else "")

    def second(S: Array) -> Array:
        inner = Q.mT @ (S if basis is None else basis.T @ S @ basis) @ Q
        T = np.einsum("kir,kjr->ij", Q @ inner * weights[:, None, None], Q, optimize=True)
        return np.asarray((T + T.T) / 2)

    return Pair((mean + mean.T) / 2, second, basis, off, how, True)


def _largest_of_draws(moments: Moments, S: Array) -> float:
    """The largest eigenvalue of HSH over all draws, which no ratio exceeds, whatever the probabilities."""
    assert moments.support is not None
    B, probabilities = moments.support
    Q = orthonormal_range(B[probabilities > 0])
    inner = Q.mT @ S @ Q
    rounding = (OFF + 8 * len(S) * EPS) * float(np.linalg.norm(S))
    return max(extreme_eigenvalues((compressed + compressed.T) / 2)[1] for compressed in inner) + rounding
