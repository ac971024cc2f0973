"""Minors of moves: whether a move has lost rank, and a number that tells the spaces apart in which moves lie."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.numerics import repeats
from rac_theory.testing.algorithms.claimed import View

GROUP = 64
"""Runs among which moves that repeat each other are looked for: every pair of them, not neighbours alone."""

_LOST = math.log(1e-9)  # of a minor, relative to the lengths of its columns
_SAME = 1e-9  # as far apart may numbers of one space be


class Minors(NamedTuple):
    r"""What two minors say of each move, (...).

    For moves :math:`D = U C` with an orthonormal U of r columns a minor :math:`\det(A^\top D K)` is :math:`\det(A^\top
    U) \det(C K)`. It vanishes where the rank is below r; and the ratio of two, for A and B, depends on the space alone,
    whatever the gradient is.

    Attributes
    ----------
    lost : (...) of bool
        Whether the rank is below r.
    angle : (...)
        The angle of the point that the two minors are, nan where both vanish.
    """

    lost: NDArray[np.bool_]
    angle: Array


def of_spaces(views: tuple[View, ...], D: Array) -> Minors | None:
    """Read moves, (..., m, n), by the spaces in which they lie; None where these do not say what was drawn."""
    if len(views) != 1 or views[0].side == "entries" or views[0].rank > min(D.shape[-2:]):
        return None
    r, M = int(views[0].rank), views[0].turned(D.reshape(-1, *D.shape[-2:]))
    rng = np.random.default_rng([r, *M.shape[1:]])
    A, K = rng.standard_normal((2, M.shape[1], r)), rng.standard_normal((M.shape[2], r))
    products = np.einsum("kmi,nj->mnkij", A, K).reshape(-1, 2 * r * r)  # so that one product of matrices has all minors
    inner = np.moveaxis((M.reshape(len(M), -1) @ products).reshape(-1, 2, r, r), 1, 0)
    with np.errstate(all="ignore"):
        sign, size = (
            (np.sign(inner[..., 0, 0]), np.log(np.abs(inner[..., 0, 0]))) if r == 1 else np.linalg.slogdet(inner)
        )
        ratio = size - np.log(np.square(inner).sum(axis=2)).sum(axis=-1) / 2  # at most 0, by Hadamard's inequality
        lost = ~(ratio > _LOST - r).any(axis=0)
        points = sign * np.exp(size - size.max(axis=0))
    angle = np.where(lost, np.nan, np.mod(np.arctan2(points[0], points[1]), math.pi))
    return Minors(lost.reshape(D.shape[:-2]), angle.reshape(D.shape[:-2]))


def of_moves(D: Array) -> Minors:
    """Read moves, (..., m, n), as they are: each as one column of entries."""
    (minors,) = [of_spaces((View("left", 1),), D.reshape(*D.shape[:-2], -1, 1))]
    assert minors is not None
    return minors


def again(angles: Array) -> Array:
    """Return how many runs of each group have the angle of another one, (runs,) to (groups,)."""
    return repeats(angles, GROUP, _SAME)


def among_earlier(own: Array, angle: Array) -> Array:
    """Return which angles are those of an earlier move of the same run: (steps, runs) each, as zeros and ones."""
    return np.stack(
        [(np.abs(own[:t] - angle[t]) <= _SAME).any(axis=0) if t else np.zeros(own.shape[1]) for t in range(len(own))]
    ).astype(np.float64)
