"""The equiangular sketch: r of the d + 1 directions from the centre of a regular simplex to its vertices."""

import math
from dataclasses import dataclass

import numpy as np

from rac_theory.base import Array
from rac_theory.sketches.distributions.coordinate import random_subsets
from rac_theory.sketches.laws.finite import Support, all_subsets, equally_likely
from rac_theory.sketches.laws.isotropy import Isotropic


@dataclass(frozen=True)
class EquiangularFrame(Isotropic):
    """Columns are r of d + 1 unit vectors with products -1/d, drawn without replacement.

    E[H] is r/d of the identity by the symmetries of the simplex. The rank is r: the Gram matrix of r vertices,
    ``(1 + 1/d) I - 11'/d``, has smallest eigenvalue ``(d + 1 - r)/d > 0``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.sketches import EquiangularFrame
    >>> (S,) = EquiangularFrame(dim=4, rank=3).sample(np.random.default_rng(0), 1)
    >>> print((S.T @ S).round(4).tolist())  # products -1/dim
    [[1.0, -0.25, -0.25], [-0.25, 1.0, -0.25], [-0.25, -0.25, 1.0]]
    """

    def sample(self, rng: np.random.Generator, size: int) -> Array:
        """Draw (size, dim, rank)."""
        return simplex(self.dim)[random_subsets(rng, size, self.dim + 1, self.rank)].mT

    def second_moment(self, M: Array) -> Array:
        r"""By the probabilities that 1, 2, 3 and 4 different vertices are drawn together.

        With U, (d + 1, d), orthonormal columns along the vertices, c the indicator of those drawn, D its diagonal and
        :math:`t = d + 1 - r`, the inverse of the Gram matrix gives :math:`H = U^\top (D + c c^\top / t)\, U`. Rows and
        columns of :math:`N = U M U^\top` sum to zero, as the vertices do, so that off the diagonal the mean of
        :math:`(D + c c^\top / t) N (D + c c^\top / t)` is a sum of N, of its transpose, and of matrices with equal rows
        or columns. :math:`U^\top N U = M`, and equal rows or columns vanish between U' and U: what is left is
        :math:`U^\top \delta U` for what the diagonal has besides.
        """
        d, r = self.dim, self.rank
        single, two, three, four = (_together(d + 1, r, k) for k in (1, 2, 3, 4))
        n, t = _of_vertices(M), d + 1 - r
        trace = n.sum(axis=-1, keepdims=True)
        joined, around, apart = (two - three) / t, (two - 2 * three + four) / t**2, (three - four) / t**2
        more = (
            single * n
            + 2 / t * (single - two) * n
            + ((single - 3 * two + 2 * three) * n + (two - three) * trace) / t**2
        )
        more -= (two + 4 * joined + 4 * around - 2 * apart) * n + apart * trace
        result = (two + 2 * joined + around) * M
        result += around * M.mT
        return _add_vertices(more, result)

    def support(self) -> Support | None:
        """Return all subsets of vertices, equally likely, as floats: most are irrational. None above the limit."""
        subsets = all_subsets(self.dim + 1, self.rank)
        return None if subsets is None else equally_likely(simplex(self.dim)[subsets].mT)


def simplex(dim: int) -> Array:
    """Return the vertices of a regular simplex on the unit sphere, one a row: (dim + 1, dim)."""
    towards_axes = math.sqrt(1 + 1 / dim) * np.eye(dim) - (math.sqrt(dim + 1) + 1) / dim**1.5
    return np.vstack([towards_axes, np.full(dim, 1 / math.sqrt(dim))])


def _together(vertices: int, drawn: int, count: int) -> float:
    """The probability that ``count`` given vertices are all drawn."""
    return math.prod(max(drawn - k, 0) / max(vertices - k, 1) for k in range(count))


def _of_vertices(M: Array) -> Array:
    """The diagonal of ``U M U'``: (..., d, d) to (..., d + 1), without a product of matrices."""
    d = M.shape[-1]
    edges = M.sum(axis=-1) + M.sum(axis=-2)
    total, shift = edges.sum(axis=-1, keepdims=True) / 2, _shift(d)
    first = np.diagonal(M, axis1=-2, axis2=-1) - shift * edges + shift**2 * total
    return np.concatenate([first, total / (d + 1)], axis=-1)


def _add_vertices(more: Array, result: Array) -> Array:
    """Add ``U' diag(more) U``, more (..., d + 1), to the result, (..., d, d), in place."""
    d = result.shape[-1]
    first, last, index, shift = more[..., :d], more[..., d:], np.arange(d), _shift(d)
    result += (shift**2 * first.sum(axis=-1, keepdims=True) + last / (d + 1))[..., None]
    result -= shift * first[..., None, :]
    result -= shift * first[..., :, None]
    result[..., index, index] += first
    return result


def _shift(dim: int) -> float:
    """k, where ``U`` is ``I - k 11'`` above ``1' / sqrt(d + 1)``."""
    return (1 + 1 / math.sqrt(dim + 1)) / dim
