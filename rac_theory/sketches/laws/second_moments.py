"""E[H M H] of a law with finitely many values; on one side, on several blocks, and where only bounds are known."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import Array


class CurvatureBound(NamedTuple):
    r"""For a positive semidefinite S: :math:`L_H \le \lambda_{\max}(M) + o`, the smallest with E[HSH] <= L_H E[H].

    Attributes
    ----------
    matrix : (d, d)
        M, symmetric, which stands for :math:`E[H]^{-1/2} E[HSH] E[H]^{-1/2}` in some orthonormal basis.
    off : float
        o, in the units of S.
    slack : float
        By how much the bound may be above :math:`L_H`, at most; in the units of S.
    """

    matrix: Array
    off: float
    slack: float


SecondMoment: TypeAlias = Callable[[Array], Array]
"""M to E[H M H], (..., d, d) to (..., d, d); at M = I it is E[H], as H is a projection."""


def summed(H: NDArray[Any], probabilities: NDArray[Any]) -> SecondMoment:
    """M -> E[H M H] for H, (k, d, d), with probabilities (k,): floats, or Fractions in object arrays."""
    return partial(_apply, _matrix(H, probabilities))


def lifted(second_moment: SecondMoment, shape: tuple[int, int], side: Literal["left", "right"]) -> SecondMoment:
    """Return M -> E[P M P] with ``P = H x I`` for the left and ``I x H`` for the right, vec row by row.

    Each block of M that belongs to two columns of W (to two rows, on the right) goes through H alone.
    """
    m, n = shape
    order = (1, 3, 0, 2) if side == "left" else (0, 2, 1, 3)  # (i, j, k, l): the axes that H acts on go last
    back = tuple(int(axis) for axis in np.argsort(order))

    def blockwise(M: Array) -> Array:
        lead = M.ndim - 2
        front = tuple(range(lead))
        blocks = M.reshape(*M.shape[:lead], m, n, m, n).transpose(*front, *(lead + axis for axis in order))
        moved = second_moment(blocks).transpose(*front, *(lead + axis for axis in back))
        return moved.reshape(M.shape)

    return blockwise


def on_blocks(moments: Sequence[SecondMoment], sizes: Sequence[int], unit: Any = 1.0) -> SecondMoment:
    """M -> E[P M P] for a block diagonal P of independent projections, from those of its blocks of these sizes.

    Block (i, j) of it is ``E[P_i] M_ij E[P_j]`` off the diagonal. ``unit`` is the number one of the arithmetic: a
    float, or a Fraction for object arrays.
    """
    parts = [slice(last - size, last) for size, last in zip(sizes, np.cumsum(sizes).tolist(), strict=True)]
    means = [second(_identity(size, unit)) for second, size in zip(moments, sizes, strict=True)]

    def moment(M: NDArray[Any]) -> NDArray[Any]:
        moved = np.empty_like(M)
        for (i, rows), (j, columns) in product(enumerate(parts), repeat=2):
            block = M[..., rows, columns]
            moved[..., rows, columns] = moments[i](block) if i == j else means[i] @ block @ means[j]
        return moved

    return moment


def _identity(size: int, unit: Any) -> NDArray[Any]:
    diagonal: NDArray[Any] = np.full((size, size), unit - unit)
    np.fill_diagonal(diagonal, unit)
    return diagonal


def _matrix(H: NDArray[Any], probabilities: NDArray[Any]) -> NDArray[Any]:
    """The matrix of vec(M) -> vec(E[H M H]), row by row, (d^2, d^2)."""
    _, d, _ = H.shape
    flat = H.reshape(-1, d * d)
    products = (flat.T * probabilities) @ flat  # E[H_ij H_kl] at (ij, kl)
    return np.asarray(products.reshape(d, d, d, d).transpose(0, 3, 1, 2).reshape(d * d, d * d))


def _apply(matrix: NDArray[Any], M: NDArray[Any]) -> NDArray[Any]:
    return np.asarray((M.reshape(*M.shape[:-2], len(matrix)) @ matrix.T).reshape(M.shape))
