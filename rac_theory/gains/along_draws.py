r"""Smoothness along a sketch of which nothing is known but its draws: a bound of L_H at a level, for every law.

Let :math:`l I \le S \le (l + w) I`, and let the unit vector v have
:math:`v^\top E[H (S - l I) H] v = c\, v^\top E[H] v` with the largest c, which is :math:`L_H - l`. Along v a draw has
:math:`x = v^\top H v \in [0, 1]` and :math:`y = v^\top H (S - l I) H v \in [0, w x]`. For any b > 0 let
:math:`e^{-a} = 1 - \frac cw (1 - e^{-b w})`. Then

.. math:: E\, e^{a x - b y} \le 1 ,

as a convex function on the triangle of all (x, y) is at most the mean of its corners. So :math:`\sum (a x_i - b y_i)`
over n draws is above :math:`\log (1/\alpha)` with probability at most alpha, and else, whatever v is, a is at most

.. math:: \lambda_{\max} \big( \hat K^{-1/2} (b \hat T + \tfrac1n \log \tfrac1\alpha\, I) \hat K^{-1/2} \big),

:math:`\hat K` and :math:`\hat T` the means of H and of H (S - l I) H: a bound of a, and as c rises with a, of L_H. No
factor of the dimension is lost, and nothing need be known of E[H]. The first of the draws choose b, for the others.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from rac_theory.base import Array, one_blas_thread
from rac_theory.gains.one_side import OFF
from rac_theory.gains.ratio import largest_ratio
from rac_theory.numerics import EPS, child, extreme_eigenvalues, generator, orthonormal_range, rounded
from rac_theory.sketches import Sketch, check_draws, draw

_BLOCK_NUMBERS = 5 << 13  # numbers drawn at once: a block should stay in the cache, but not have fewer rows than K
_WORK = 1 << 35  # products of numbers: some seconds
_PILOT = 8  # an eighth of the draws chooses b
_TILTS = np.geomspace(2.0**-12, 2.0**4, 25)  # b w: off by a quarter at most, which costs 3% of the margin


class Means(NamedTuple):
    """Means over draws of H, (d, d), and of H S H for some S, each (d, d), and how far off they may be.

    ``off`` is relative to 1 and to the Frobenius norm of S, in the spectral norm.
    """

    K: Array
    T: Sequence[Array]
    off: float
    draws: int


class Sampling(NamedTuple):
    """How unknown moments may be sampled: at which level, from at most how many draws, of which random stream."""

    alpha: float
    draws: int
    root: np.random.SeedSequence

    def shared(self, parts: int) -> list["Sampling"]:
        """Return independent samplings that share alpha; for one part it is this sampling itself."""
        if parts == 1:
            return [self]
        return [Sampling(self.alpha / parts, self.draws, child(self.root, key)) for key in range(parts)]


class Sample(NamedTuple):
    """Bounds of L_H, one for each matrix, which all hold with probability ``1 - alpha``, and how they are known."""

    bounds: Sequence[float]
    how: str


def along_draws(sketch: Sketch, matrices: Sequence[Array], sampling: Sampling) -> Sample | None:
    """Return bounds of L_H for some symmetric S, (d, d): at worst their largest eigenvalues.

    None, and nothing is drawn, where as many draws as can be afforded would say nothing.
    """
    d, level = sketch.dim, sampling.alpha / len(matrices)
    draws = min(sampling.draws, _WORK // (d * d * sketch.rank * (1 + 2 * len(matrices))))
    if draws * sketch.rank < 2 * d * math.log(1 / level):  # a is at least half then, whatever comes
        return None
    check_draws(sketch)
    rng = generator(sampling.root)
    with one_blas_thread():  # at these sizes more threads wait for each other, and the bits depend on their number
        first = means(sketch, matrices, draws // _PILOT, rng)
        rest = means(sketch, matrices, draws - first.draws, rng)
        bounds = [_bound(S, j, first, rest, level) for j, S in enumerate(matrices)]
    return Sample(bounds, f"a bound at level {sampling.alpha:g} from {draws} draws")


def means(sketch: Sketch, matrices: Sequence[Array], draws: int, rng: np.random.Generator) -> Means:
    """Draw, and return the means; memory does not grow with the number of draws. Those of no draws are zero."""
    d, k = sketch.dim, sketch.rank
    block = max(_BLOCK_NUMBERS // (d * k), -(-d // k))
    K, T = np.zeros((d, d)), [np.zeros((d, d)) for _ in matrices]
    for start in range(0, draws, block):
        Q = orthonormal_range(draw(sketch, rng, min(block, draws - start)))
        rows = Q.mT.reshape(-1, d)
        K += rows.T @ rows
        for total, S in zip(T, matrices, strict=True):
            inner = (rows @ S).reshape(len(Q), -1, d) @ Q
            total += rows.T @ (inner @ Q.mT).reshape(-1, d)
    # Sums of up to so many products after each other, of a draw's k columns of length one, and S between two of them.
    depth = min(block, draws) * k + -(-draws // block) + 2 * d + k + 8
    count = max(draws, 1)
    return Means(K / count, [(total_T + total_T.T) / (2 * count) for total_T in T], OFF + 1.01 * depth * k * EPS, draws)


def _bound(S: Array, j: int, first: Means, rest: Means, level: float) -> float:
    low, high = extreme_eigenvalues(S)
    width = (high - low) * (1 + EPS)
    if width == 0:
        return high
    cost = math.log(1 / level) * (1 + 4 * EPS) / rest.draws
    b = _tilt(first.K, first.T[j] - low * first.K, first.draws, width, cost)
    if (np.diagonal(rest.K) == 0).any():  # what was never seen may be as steep as anything
        return high
    size = float(np.linalg.norm(S)) + abs(low)
    a = largest_ratio(
        b * (rest.T[j] - low * rest.K) + cost * np.eye(len(S)), rest.K, off_T=2 * b * rest.off * size, off_K=rest.off
    )
    share = math.expm1(-a) / math.expm1(-b * width) * (1 + 16 * EPS)
    return min(rounded(Fraction(low) + Fraction(width) * Fraction(share), math.inf), high)


def _tilt(K: Array, T: Array, draws: int, width: float, cost: float) -> float:
    """Return the b that gives the least bound for means like these and one more draw, which sees all directions.

    Any b is valid that does not depend on the draws that it is for.
    """
    d, weight = len(K), 1 / (draws + 1)
    lengths, V = np.linalg.eigh((1 - weight) * K + weight * np.eye(d))
    W = V / np.sqrt(np.maximum(lengths, weight))
    curvatures, U = np.linalg.eigh((1 - weight) * (W.T @ T @ W) / width)
    unseen = ((W @ U) ** 2).sum(axis=0) * cost
    tops = (_TILTS[:, None] * curvatures + unseen).max(axis=1)  # without what is off the diagonal, for one eigenproblem
    return float(_TILTS[np.argmin(np.expm1(-tops) / np.expm1(-_TILTS))] / width)
