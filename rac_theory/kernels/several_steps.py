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

So E, which is large, is read twice in k steps instead of four times in each. The price is about
:math:`k r^2 (4 d + 3 q)` operations a step for the small matrices. Differences lose digits as f falls, so both numbers
are computed afresh from E after k steps: the rounding error is relative to f at the last such refresh.
"""

from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.kernel import Record
from rac_theory.kernels.diagonal import Diagonal
from rac_theory.kernels.thin_products import block_size


@dataclass(frozen=True, eq=False)
class SeveralSteps:
    """Makes ``steps_at_once`` steps between two passes over the errors."""

    case: Diagonal

    streams = 1

    @property
    def block(self) -> int:
        """A power of two in 1..256."""
        return block_size(self.case.start.size)

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

    def matrices(self, last: Array) -> Array:
        """Turn coordinates back."""
        return self.case.matrices(last)

    def norms(self, last: Array) -> Array:
        """Bound the norms of the iterates."""
        return self.case.norms(last)

    def _advance(self, Q: Array, E: Array) -> Array:
        """Make the steps of the rows Q, (runs, k, r, d), in place; return what f and ||G||^2 lose, (2, k, runs)."""
        gamma, l = self.case.gamma, self.case.curvatures[:, 0]
        runs, k, r, d = Q.shape
        rows = Q.reshape(runs, k * r, d)
        scaled = np.concatenate([rows * l, rows * l**2], axis=1)
        M, N = np.split(scaled @ np.swapaxes(rows, 1, 2), 2, axis=1)
        seen, Z = np.split(scaled @ E, 2, axis=1)
        earlier = np.tri(k, k, -1, dtype=E.dtype).repeat(r, axis=0).repeat(r, axis=1)
        C = _inverse(np.eye(k * r, dtype=E.dtype) + gamma * earlier * M, r) @ seen
        Z -= (gamma * earlier * N) @ C
        E -= np.swapaxes(rows, 1, 2) @ (gamma * C)
        C, Z = C.reshape(runs, k, r, -1), Z.reshape(runs, k, r, -1)
        own = [np.einsum("uiaib->uiab", A.reshape(runs, k, r, k, r)) @ C for A in (M, N)]
        of_value = -gamma * _inner(C, C) + gamma**2 / 2 * _inner(C, own[0])
        of_gradient = -2 * gamma * _inner(C, Z) + gamma**2 * _inner(C, own[1])
        return np.cumsum(np.stack([of_value.T, of_gradient.T]), axis=1)

    def _measure(self, E: Array) -> Array:
        """Return f and the squared gradient norm, (2, runs)."""
        return np.asarray(self.case.weights[:, :, 0] @ np.vecdot(E, E).T)


def steps_at_once(d: int, q: int, rank: int) -> int:
    """Return the largest power of two up to 64 whose small matrices cost less than what the passes over E do."""
    affordable = 4 * d * q // (rank**2 * (4 * d + 3 * q))
    return 1 << min(6, max(0, affordable.bit_length() - 1))


def _inner(A: Array, B: Array) -> Array:
    """Sum products over the last two axes: (runs, k, r, q) to (runs, k)."""
    runs, k, r, q = A.shape
    return np.asarray(np.vecdot(A.reshape(runs, k, r * q), B.reshape(runs, k, r * q)))


def _inverse(T: Array, r: int) -> Array:
    """Invert unit lower triangular matrices in place, (runs, p, p), whose diagonal r x r blocks are identities.

    Two neighbouring diagonal blocks that are inverted already, and what is below the first, make one of twice the size:
    ``[[A, 0], [B, C]]`` has the inverse ``[[A', 0], [-C' B A', C']]``. Only products of matrices, all runs at once.
    """
    runs, p, _ = T.shape
    size = r
    while size < p:
        pairs = p // (2 * size)
        D = np.einsum("uiaib->uiab", T.reshape(runs, pairs, 2 * size, pairs, 2 * size))  # a view of diagonal blocks
        A, B, C = D[..., :size, :size], D[..., size:, :size], D[..., size:, size:]
        B[...] = -(C @ B @ A)
        size *= 2
    return T
