r"""The kernel for quadratics that are not small: k steps at once, exactly, as a few products of matrices.

Sketches do not depend on the state, so those of k steps are drawn before the first of these steps is made. Write
:math:`\Lambda` for the curvatures, :math:`Q_t` for the r orthonormal rows of step t, and
:math:`C_t = Q_t \Lambda E_t` for what step t sees of the gradient. Substituting
:math:`E_t = E_0 - \gamma \sum_{s<t} Q_s^\top C_s`, which is t steps in one sum, gives

.. math:: C_t + \gamma \sum_{s<t} (Q_t \Lambda Q_s^\top)\, C_s = Q_t \Lambda E_0,

one unit lower triangular system for all k steps, and then :math:`E_k = E_0 - \gamma \sum_s Q_s^\top C_s`. What is
recorded is :math:`\langle E_t, D E_t \rangle` for a diagonal D: half the curvatures for f, their squares for the
squared gradient, ones for the squared distance. By the square of :math:`E_{t+1} = E_t - \gamma Q_t^\top C_t` it
grows by

.. math:: \gamma^2 \langle C_t, (Q_t D Q_t^\top)\, C_t \rangle - 2 \gamma \langle C_t, Z_t \rangle, \qquad
    Z_t = Q_t D E_t = Q_t D E_0 - \gamma \sum_{s<t} (Q_t D Q_s^\top)\, C_s,

with :math:`Z_t = C_t / 2` for f, and no :math:`E_t` between the first and the last is ever formed.

Where the curvatures lie along the other axis, as they do for a sketch on the right, each column moves on its own. With
:math:`C_t = Q_t E_t`, column j obeys the same system with :math:`\lambda_j Q_t Q_s^\top` in place of
:math:`Q_t \Lambda Q_s^\top`. As :math:`Q_t Q_t^\top` is the identity, or where a sketch lost rank a part of it that
leaves :math:`C_t` as it is, the squared length of the column falls by
:math:`(2 \gamma \lambda_j - \gamma^2 \lambda_j^2)\, \|C_{tj}\|^2`.

So E, which is large, is read a few times in k steps and not a few times in each. The price are the small matrices,
about :math:`r^2 k (4 d + 3 q)` operations a step. Differences lose digits as f falls, so what is recorded is computed
afresh from E after each k steps: rounding errors are relative to the value at the last of these, and none makes a sum
of squares negative.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from rac_theory.base import Array
from rac_theory.runs.simulation.kernels.diagonal import DiagonalKernel
from rac_theory.runs.simulation.kernels.kernel import Visit

_WORTHWHILE = 8  # fewer steps at once save less than their small matrices cost
_LARGE = 1 << 12  # numbers of E from which a call of BLAS for each run, with its fixed cost, saves more than it costs
_WIDE = 32  # rows of E shorter than this are not worth a dot product each


@dataclass(frozen=True, eq=False)
class ThinProducts(DiagonalKernel):
    """Steps ``E <- E - Q' (gamma Q curvatures E)`` for all runs of a block, on arrays (runs, d, q), several at once."""

    @cached_property
    def steps_at_once(self) -> int:
        """The most steps whose small matrices cost no more than the four passes over E that each takes, or else one.

        An operation counts as much as a number that is read. They are fewer where fewer sketches are drawn together.
        """
        (d, q), r = self.case.start.shape, self.case.sketch.rank
        k = 4 * d * q // (r**2 * (4 * d + 3 * q))
        return k if 1 in self.case.curvatures.shape and k >= _WORTHWHILE else 1

    def path(self, rngs: list[np.random.Generator], steps: int) -> Iterator[Visit]:
        """Yield what a block visits."""
        (rng,) = rngs
        E = np.repeat(self.case.start[None], self.block, axis=0)
        for rows in self._sketches(rng, steps):
            k, runs, r, d = rows.shape
            Q = rows.swapaxes(0, 1).reshape(runs, k * r, d)
            measured = self._measure(E)
            if k == 1:
                C = self._projected_gradients(Q, E)
            else:
                C, growth = (
                    self._curved_along_columns if self.case.curvatures.shape[1] == 1 else self._curved_across_columns
                )(Q, E, k)
                grown = np.maximum(measured + np.cumsum(growth[:, :-1], axis=1), self.case.floors[:, None])
                measured = np.concatenate([measured, grown], axis=1)
            yield Visit(partial(self._moved, E, Q, C, r), measured)
            _subtract(self.case.gamma, Q, C, E)
        yield Visit(lambda _: E, self._measure(E))

    def _sketches(self, rng: np.random.Generator, steps: int) -> Iterator[Array]:
        """Yield the rows of so many steps, (k, runs, r, d); those that are drawn together are cut into equal parts."""
        for rows in self.case.rows(rng, self.block):
            n = min(steps, len(rows))
            k = -(-n // -(-n // self.steps_at_once))
            yield from (rows[t : min(t + k, n)] for t in range(0, n, k))
            steps -= n
            if steps == 0:
                return

    def _projected_gradients(self, Q: Array, E: Array) -> Array:
        """Return ``Q curvatures E``, (runs, r, q), with the curvatures where they are the fewest products."""
        curvatures = self.case.curvatures
        if curvatures.shape[1] == 1:
            return np.asarray((Q * curvatures[:, 0]) @ E)
        if curvatures.shape[0] == 1:
            return np.asarray((Q @ E) * curvatures)
        return np.asarray(Q @ (E * curvatures))

    def _curved_along_columns(self, Q: Array, E: Array, k: int) -> tuple[Array, Array]:
        """Return C, and what each step adds to what is measured, (kinds, k, runs)."""
        gamma, l = self.case.gamma, self.case.curvatures[:, 0]
        kinds, (runs, p, d), q = len(self.case.weights), Q.shape, E.shape[2]
        scaled = (Q[:, None] * np.stack([l, l**2, np.ones_like(l)][:kinds])[:, None]).reshape(runs, -1, d)
        Z = (scaled @ E).reshape(runs, kinds, p, q)
        M = (scaled @ Q.mT).reshape(runs, kinds, p, p)
        squares_of_Q = np.einsum("uwaiaj->uwaij", M.reshape(runs, kinds, *2 * (k, p // k))).copy()
        M *= gamma * _earlier(k, p // k).astype(M.dtype)
        C = Z[:, 0]
        solve = _blas("trsm", C.dtype)
        for A, right_side in zip(M[:, 0], C, strict=True):  # BLAS counts by columns: to it all is transposed
            solve(1.0, A.T, right_side.T, side=1, diag=1, overwrite_b=1)
        Z[:, 1:] -= M[:, 1:] @ C[:, None]
        by_step = C.reshape(runs, k, -1, q)
        squares = np.vecdot(by_step[:, :, :, None], by_step[:, :, None])
        crossed = np.vecdot(C[:, None], Z).reshape(runs, kinds, k, -1).sum(axis=3)
        growth = gamma**2 * np.sum(squares[:, None] * squares_of_Q, axis=(3, 4)) - 2 * gamma * crossed
        growth[:, 0] /= 2  # f has half the curvatures
        return C, np.moveaxis(growth, 0, 2)

    def _curved_across_columns(self, Q: Array, E: Array, k: int) -> tuple[Array, Array]:
        """Return the same where the curvatures lie along the other axis."""
        gamma, l = self.case.gamma, self.case.curvatures[0]
        C = Q @ E
        _solve_by_halves(gamma * (Q @ Q.mT), C, Q.shape[1] // k, l)
        lost = np.square(C).reshape(len(C), k, -1, len(l)).sum(axis=2) * (2 * gamma * l - (gamma * l) ** 2)
        return l * C, -(lost @ self.case.weights[:, 0].T).T

    def _moved(self, E: Array, Q: Array, C: Array, r: int, t: int) -> Array:
        """Return where the runs are after the first t of the steps from E."""
        return np.asarray(E - Q[:, : t * r].mT @ (self.case.gamma * C[:, : t * r]))

    def _measure(self, E: Array) -> Array:
        """Return what is measured at E, (kinds, 1, runs)."""
        if self.case.curvatures.shape[1] == 1 and E.shape[2] > _WIDE:
            measured = self.case.weights[:, :, 0] @ np.vecdot(E, E).T
        else:
            measured = self._weights @ np.square(E).reshape(len(E), -1).T
        return np.asarray(measured + self.case.floors)[:, None]

    @cached_property
    def _weights(self) -> Array:
        weights = self.case.weights
        return np.broadcast_to(weights, (len(weights), *self.case.start.shape)).reshape(len(weights), -1)


@cache
def _blas(name: str, dtype: np.dtype[Any]) -> Any:
    return get_blas_funcs(name, dtype=dtype)


@cache
def _earlier(k: int, r: int) -> Array:
    """Return ones where a step meets an earlier one, below the diagonal by blocks, and zeros: (k r, k r)."""
    return np.tri(k, k, -1).repeat(r, axis=0).repeat(r, axis=1)


def _solve_by_halves(A: Array, C: Array, r: int, l: Array) -> None:
    """Solve ``C + (blocks of A below the diagonal) (l C) = right side`` in place, the right side being in C.

    The later half of the steps waits for the earlier half, and is then a system of its own: only products of matrices.
    """
    size = C.shape[1]
    if size == r:
        return
    half = size // r // 2 * r
    earlier, later = C[:, :half], C[:, half:]
    _solve_by_halves(A[:, :half, :half], earlier, r, l)
    later -= A[:, half:, :half] @ (l * earlier)
    _solve_by_halves(A[:, half:, half:], later, r, l)


def _subtract(gamma: float, Q: Array, C: Array, E: Array) -> None:
    """Subtract ``gamma Q' C`` from E in place; all contiguous.

    For a large E, BLAS adds the product to it as it goes, where NumPy would write the product to memory first, and that
    of a single row several times more slowly.
    """
    if E[0].size < _LARGE:
        E -= Q.mT @ (gamma * C)
        return
    add_product = _blas("gemm", E.dtype)
    for rows, products, errors in zip(Q, C, E, strict=True):  # BLAS counts by columns: to it all is transposed
        add_product(-gamma, products.T, rows.T, beta=1.0, c=errors.T, trans_b=1, overwrite_c=1)
