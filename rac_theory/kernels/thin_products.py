"""The kernel for quadratics of middle size: two thin products with the sketch and one pass over the errors a step."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from problems.checks import Array
from rac_theory.kernel import Record
from rac_theory.kernels.diagonal_kernel import DiagonalKernel

_WIDE = 32  # rows shorter than this are not worth a dot product each


@dataclass(frozen=True, eq=False)
class ThinProducts(DiagonalKernel):
    """Steps ``E <- E - Q (gamma Q' curvatures E)``, for all runs of a block at once."""

    def run(self, rngs: list[np.random.Generator], steps: int) -> Record:
        """Run one block to its end."""
        (rng,) = rngs
        case = self.case
        E = np.repeat(case.start[None], self.block, axis=0)
        move = np.empty_like(E)
        measured = np.empty((len(case.weights), steps + 1, self.block), E.dtype)
        t = 0
        for rows in case.rows(rng, self.block):
            for Q in rows:
                measured[:, t] = self._measure(E, move)
                if t == steps:
                    return case.record(measured, E)
                self._move(Q, E, move)
                E -= move
                t += 1
        raise AssertionError("sketches never end")

    def _move(self, Q: Array, E: Array, move: Array) -> None:
        """Write ``gamma Q' Q curvatures E`` for rows Q, (runs, r, d), and errors E, (runs, d, q)."""
        case = self.case
        weights = case.gamma * case.curvatures
        if case.curvatures.shape[1] == 1:  # the curvatures scale what the sketch looks at: scale the sketch
            Y = (Q * weights[:, 0]) @ E
        elif case.curvatures.shape[0] == 1:  # they scale what it does not look at: scale what it saw
            Y = (Q @ E) * weights
        else:
            Y = Q @ np.multiply(E, weights, out=move)
        if Q.shape[1] == 1:  # matmul is slow with an inner dimension of one
            np.multiply(np.swapaxes(Q, 1, 2), Y, out=move)
        else:
            np.matmul(np.swapaxes(Q, 1, 2), Y, out=move)

    def _measure(self, E: Array, scratch: Array) -> Array:
        """Return f, the squared gradient norm and the squared distance, (2 or 3, runs)."""
        if self.case.curvatures.shape[1] == 1 and E.shape[2] > _WIDE:  # the squares of a row have one weight
            return np.asarray(self.case.weights[:, :, 0] @ np.vecdot(E, E).T)
        np.multiply(E, E, out=scratch)
        return np.asarray(self._weights @ scratch.reshape(len(E), -1).T)

    @cached_property
    def _weights(self) -> Array:
        return self.case.weights.reshape(len(self.case.weights), -1)
