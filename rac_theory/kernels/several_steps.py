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

import numpy as np

from problems.checks import Array
from rac_theory.kernel import Record
from rac_theory.kernels.diagonal_kernel import DiagonalKernel


@dataclass(frozen=True, eq=False)
class SeveralSteps(DiagonalKernel):
    """Makes ``steps_at_once`` steps between two passes over the errors."""

    def run(self, rngs: list[np.random.Generator], steps: int) -> Record:
        """Run one block to its end."""
        (rng,) = rngs
        case = self.case
        d, q = case.start.shape
        k = steps_at_once(d, q, case.sketch.rank)
        E = np.repeat(case.start[None], self.block, axis=0)
        record = np.empty((2, steps + 1, self.block), E.dtype)
        for t, rows in zip(range(0, steps, k), case.rows(rng, self.block, ahead=k), strict=False):
            record[:, t] = self._measure(E)
            taken = min(k, steps - t)
            rows[taken:] = 0.0  # a step without a range stays where it is
            Q = np.ascontiguousarray(np.swapaxes(rows, 0, 1))  # one run after the other, as products want it
            record[:, t + 1 : t + taken + 1] = (record[:, t, None] + self._advance(Q, E))[:, :taken]
        record[:, steps] = self._measure(E)
        return case.record(record, E)

    def _advance(self, Q: Array, E: Array) -> Array:
        """Make the steps of the rows Q, (runs, k, r, d), in place; return what f and ||G||^2 gain, (2, k, runs)."""
        runs, k, r, d = Q.shape
        rows = Q.reshape(runs, k * r, d)
        if self.case.curvatures.shape[1] == 1:
            C, gains = self._along(rows, E, (k, r))
        else:
            C, gains = self._across(rows, E, (k, r))
        E -= np.swapaxes(rows, 1, 2) @ C
        return np.cumsum(np.swapaxes(gains, 1, 2), axis=1)

    def _along(self, rows: Array, E: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Curvatures along the sketched axis: return gamma C, (runs, k r, q), and the gains, (2, runs, k)."""
        gamma, l = self.case.gamma, self.case.curvatures[:, 0]
        scaled = np.concatenate([rows, rows], axis=1)
        half = rows.shape[1]
        scaled *= l
        scaled[:, half:] *= l
        M, N = np.split(scaled @ np.swapaxes(rows, 1, 2), 2, axis=1)
        C, Z = np.split(scaled @ E, 2, axis=1)
        _solve(gamma * M, C, shape[1])
        Z -= _earlier(gamma * N, shape) @ C
        own = [_own(A, shape) @ _by_step(C, shape) for A in (M, N)]
        C, Z = _by_step(C, shape), _by_step(Z, shape)
        of_value = -gamma * _inner(C, C) + gamma**2 / 2 * _inner(C, own[0])
        of_gradient = -2 * gamma * _inner(C, Z) + gamma**2 * _inner(C, own[1])
        return gamma * C.reshape(len(E), -1, E.shape[2]), np.stack([of_value, of_gradient])

    def _across(self, rows: Array, E: Array, shape: tuple[int, int]) -> tuple[Array, Array]:
        """Curvatures along the other axis: return gamma C times the curvatures, (runs, k r, q), and the gains."""
        gamma, l = self.case.gamma, self.case.curvatures[0]
        C = rows @ E
        _solve(gamma * (rows @ np.swapaxes(rows, 1, 2)), C, shape[1], l)
        lost = (C**2).reshape(len(C), *shape, -1).sum(axis=2) * (2 * gamma * l - (gamma * l) ** 2)
        return gamma * l * C, -np.stack([lost @ (l / 2), lost @ l**2])

    def _measure(self, E: Array) -> Array:
        """Return f and the squared gradient norm, (2, runs)."""
        along = self.case.curvatures.shape[1] == 1
        squares = np.vecdot(E, E) if along else np.einsum("uij,uij->uj", E, E)
        return np.asarray((self.case.weights[:, :, 0] if along else self.case.weights[:, 0]) @ squares.T)


def steps_at_once(d: int, q: int, rank: int) -> int:
    """Return the largest power of two up to 64 whose small matrices cost less than what the passes over E do."""
    affordable = 4 * d * q // (rank**2 * (4 * d + 3 * q))
    return 1 << min(6, max(0, affordable.bit_length() - 1))


def _inner(A: Array, B: Array) -> Array:
    """Sum products over the last two axes: (runs, k, r, q) to (runs, k)."""
    runs, k, r, q = A.shape
    return np.asarray(np.vecdot(A.reshape(runs, k, r * q), B.reshape(runs, k, r * q)))


def _by_step(C: Array, shape: tuple[int, int]) -> Array:
    return C.reshape(len(C), *shape, -1)


def _own(A: Array, shape: tuple[int, int]) -> Array:
    """Return what steps share with themselves: the blocks on the diagonal, (runs, k, r, r)."""
    return np.asarray(np.einsum("uiaib->uiab", A.reshape(len(A), *shape, *shape)))


def _earlier(A: Array, shape: tuple[int, int]) -> Array:
    """Return what steps share with earlier ones: the blocks below the diagonal, (runs, k r, k r)."""
    k, r = shape
    return np.asarray(A * np.tri(k, k, -1, dtype=A.dtype).repeat(r, axis=0).repeat(r, axis=1))


def _solve(A: Array, C: Array, r: int, scale: Array | float = 1.0) -> None:
    """Solve ``C + (blocks of A below the diagonal) (scale C) = right side`` in place, the right side being in C.

    The later half of the steps waits for the earlier half, and is then a system of its own: only products of matrices.
    """
    size = C.shape[1]
    if size == r:
        return
    half = size // 2
    earlier, later = C[:, :half], C[:, half:]
    _solve(A[:, :half, :half], earlier, r, scale)
    later -= A[:, half:, :half] @ (earlier * scale)
    _solve(A[:, half:, half:], later, r, scale)
