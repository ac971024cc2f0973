r"""The kernel for quadratics under thin sketches: k steps at once, exactly, as products of matrices.

Sketches do not depend on the state, so those of k steps are there before the first step is made. Write
:math:`\Lambda` for the curvatures, :math:`Q_t` for the r orthonormal rows of step t, and
:math:`C_t = Q_t \Lambda E_t` for what step t sees of the gradient. From
:math:`E_t = E_0 - \gamma \sum_{s<t} Q_s^\top C_s` follows

.. math:: C_t + \gamma \sum_{s<t} (Q_t \Lambda Q_s^\top)\, C_s = Q_t \Lambda E_0,

one unit lower triangular system for all k steps; then :math:`E_k = E_0 - \gamma \sum_s Q_s^\top C_s`. The recorded
numbers follow without E, from :math:`M_t = Q_t \Lambda Q_t^\top`, :math:`N_t = Q_t \Lambda^2 Q_t^\top` and
:math:`Z_t = Q_t \Lambda^2 E_t`:

.. math::
    f_{t+1} = f_t - \gamma \|C_t\|^2 + \tfrac{\gamma^2}{2} \langle C_t, M_t C_t \rangle, \qquad
    \|G_{t+1}\|^2 = \|G_t\|^2 - 2 \gamma \langle C_t, Z_t \rangle + \gamma^2 \langle C_t, N_t C_t \rangle.

Where the curvatures lie along the other axis, as from the right, columns move apart: with :math:`C_t = Q_t E_t`, column
j obeys the same system with :math:`\lambda_j Q_t Q_s^\top`, and its squared length loses
:math:`(2 \gamma \lambda_j - \gamma^2 \lambda_j^2) \|C_{tj}\|^2`.

So E, which is large, is read twice in k steps instead of four times in each. The price is about
:math:`k r^2 (4 d + 3 q)` operations a step for the small matrices. Differences lose digits as f falls, so both numbers
are computed afresh from E after k steps: the rounding error is relative to f at the last such refresh.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg.blas import get_blas_funcs

from problems.checks import Array
from rac_theory.simulation.kernels.diagonal_kernel import DiagonalKernel
from rac_theory.simulation.kernels.kernel import Record
from rac_theory.simulation.kernels.subtraction import subtract_products


@dataclass(frozen=True, eq=False)
class SeveralSteps(DiagonalKernel):
    """Makes ``steps_at_once`` steps between two passes over the errors."""

    def run(self, rngs: list[np.random.Generator], steps: int) -> Record:
        """Run one block to its end."""
        (rng,) = rngs
        case = self.case
        d, q = case.start.shape
        k = steps_at_once(d, q, case.sketch.rank)
        advance = self._along if case.curvatures.shape[1] == 1 else self._across
        E = np.repeat(case.start[None], self.block, axis=0)
        measured = np.empty((2, steps + 1, self.block), E.dtype)
        for t, rows in zip(range(0, steps, k), case.rows(rng, self.block, ahead=k), strict=False):
            measured[:, t] = self._measure(E)
            taken = min(k, steps - t)
            rows[taken:] = 0.0  # a step without a range stays where it is
            Q = np.ascontiguousarray(np.swapaxes(rows, 0, 1)).reshape(self.block, -1, d)  # as products want it
            C, gains = advance(Q, E, (k, case.sketch.rank))
            subtract_products(case.gamma, Q, C, E)
            gained = np.cumsum(np.swapaxes(gains, 1, 2)[:, :taken], axis=1)
            measured[:, t + 1 : t + taken + 1] = measured[:, t, None] + gained
        measured[:, steps] = self._measure(E)
        return case.record(measured, E)

    def _along(self, Q: Array, E: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Curvatures along the sketched axis: return C, (runs, k r, q), and the gains, (2, runs, k)."""
        gamma, l = self.case.gamma, self.case.curvatures[:, 0]
        scaled = np.concatenate([Q, Q], axis=1)
        half = Q.shape[1]
        scaled *= l
        scaled[:, half:] *= l
        C, Z = np.split(scaled @ E, 2, axis=1)
        shared = scaled @ np.swapaxes(Q, 1, 2)
        own = [_own(A, shape) for A in np.split(shared, 2, axis=1)]
        shared *= self._earlier
        M, N = np.split(shared, 2, axis=1)
        solve = get_blas_funcs("trsm", (C,))
        for A, right_side in zip(M, C, strict=True):  # in place; to BLAS, which counts by columns, all is transposed
            solve(1.0, A.T, right_side.T, side=1, diag=1, overwrite_b=1)
        Z -= N @ C
        by_step = C.reshape(len(E), *shape, -1)
        squares = np.vecdot(by_step[:, :, :, None], by_step[:, :, None])
        of_value = np.sum(squares * (gamma**2 / 2 * own[0] - gamma * np.eye(shape[1])), axis=(2, 3))
        crossed = np.vecdot(C, Z).reshape(squares.shape[:3]).sum(axis=2)
        of_gradient = gamma**2 * np.sum(squares * own[1], axis=(2, 3)) - 2 * gamma * crossed
        return C, np.stack([of_value, of_gradient])

    def _across(self, Q: Array, E: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Curvatures along the other axis: return C times the curvatures, (runs, k r, q), and the gains."""
        gamma, l = self.case.gamma, self.case.curvatures[0]
        C = Q @ E
        _solve_by_halves(gamma * (Q @ np.swapaxes(Q, 1, 2)), C, shape[1], l)
        lost = (C**2).reshape(len(C), *shape, -1).sum(axis=2) * (2 * gamma * l - (gamma * l) ** 2)
        return l * C, -np.stack([lost @ (l / 2), lost @ l**2])

    @cached_property
    def _earlier(self) -> Array:
        """Gamma where a step meets an earlier one, below the diagonal by blocks, else zero: twice, (2 k r, k r)."""
        case = self.case
        (d, q), r = case.start.shape, case.sketch.rank
        k = steps_at_once(d, q, r)
        below = np.tri(k, k, -1, dtype=case.start.dtype).repeat(r, axis=0).repeat(r, axis=1)
        return np.asarray(case.gamma * np.tile(below, (2, 1)))

    def _measure(self, E: Array) -> Array:
        """Return f and the squared gradient norm, (2, runs)."""
        squares = np.vecdot(E, E) if self.case.curvatures.shape[1] == 1 else np.einsum("uij,uij->uj", E, E)
        return np.asarray(self.case.weights.reshape(2, -1) @ squares.T)


def steps_at_once(d: int, q: int, rank: int) -> int:
    """Return the largest power of two up to 64 whose small matrices cost less than what the passes over E do."""
    affordable = 4 * d * q // (rank**2 * (4 * d + 3 * q))
    return 1 << min(6, max(0, affordable.bit_length() - 1))


def _own(A: Array, shape: tuple[int, int]) -> Array:
    """Return what steps share with themselves: copies of the blocks on the diagonal, (runs, k, r, r)."""
    return np.array(np.einsum("uiaib->uiab", A.reshape(len(A), *shape, *shape)))


def _solve_by_halves(A: Array, C: Array, r: int, scale: Array | float = 1.0) -> None:
    """Solve ``C + (blocks of A below the diagonal) (scale C) = right side`` in place, the right side being in C.

    The later half of the steps waits for the earlier half, and is then a system of its own: only products of matrices.
    """
    size = C.shape[1]
    if size == r:
        return
    half = size // 2
    earlier, later = C[:, :half], C[:, half:]
    _solve_by_halves(A[:, :half, :half], earlier, r, scale)
    later -= A[:, half:, :half] @ (earlier * scale)
    _solve_by_halves(A[:, half:, half:], later, r, scale)
