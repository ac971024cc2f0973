"""The kernel for quadratics of middle size: two thin products with the sketch and one pass over the errors a step.

Given the sketches, columns of the errors move apart from each other. So a wide matrix is cut into panels of columns,
and each makes all the steps whose sketches are at hand while it is in the cache.
"""

from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from rac_theory.simulation.kernels.diagonal import Diagonal
from rac_theory.simulation.kernels.diagonal_kernel import DiagonalKernel
from rac_theory.simulation.kernels.kernel import Record
from rac_theory.simulation.kernels.subtraction import subtract_products

_PANEL = 1 << 15  # numbers of one run
_WIDE = 32  # rows shorter than this are not worth a dot product each


@dataclass(frozen=True, eq=False)
class ThinProducts(DiagonalKernel):
    """Steps ``E <- E - Q (gamma Q' curvatures E)``, for all runs of a block at once."""

    def run(self, rngs: list[np.random.Generator], steps: int) -> Record:
        """Run one block to its end."""
        (rng,) = rngs
        panels = [_Panel(part, self.block) for part in self._parts()]
        measured = np.zeros((len(self.case.weights), steps + 1, self.block), self.case.start.dtype)
        t = 0
        for rows in self.case.rows(rng, self.block):
            now = rows[: steps - t]
            for panel in panels:
                panel.advance(now, measured[:, t:])
            t += len(now)
            if t == steps:
                break
        for panel in panels:
            measured[:, steps] += panel.measure()
        return self.case.record(measured, np.concatenate([panel.E for panel in panels], axis=2))

    def _parts(self) -> list[Diagonal]:
        """Cut the case into panels of columns."""
        d, q = self.case.start.shape
        width = max(1, _PANEL // d)
        return [self.case.columns(slice(j, j + width)) for j in range(0, q, width)]


class _Panel:
    """Some columns of a case, and their errors E in a block of runs, (runs, d, w), which move."""

    def __init__(self, case: Diagonal, runs: int) -> None:
        self.E = np.repeat(case.start[None], runs, axis=0)
        self._case, self._scratch = case, np.empty_like(self.E)
        self._along, self._across = case.curvatures.shape[1] == 1, case.curvatures.shape[0] == 1
        self._rows_alike = self._along and case.start.shape[1] > _WIDE  # the squares of a row have one weight
        weights = case.weights
        if not self._rows_alike:
            weights = np.broadcast_to(weights, (len(weights), *case.start.shape))
        self._weights = weights.reshape(len(weights), -1)

    def advance(self, rows: Array, measured: Array) -> None:
        """Make the steps of the rows, (k, runs, r, d); add what is measured before each to (2 or 3, >= k, runs)."""
        scaled = rows * self._case.curvatures[:, 0] if self._along else rows
        for t, (Q, look) in enumerate(zip(rows, scaled, strict=True)):
            measured[:, t] += self.measure()
            subtract_products(self._case.gamma, Q, self._seen(look), self.E)

    def _seen(self, rows: Array) -> Array:
        """Return ``Q' curvatures E``, (runs, r, w); curvatures along the sketched axis are in the rows."""
        if self._along:
            return rows @ self.E
        if self._across:
            return (rows @ self.E) * self._case.curvatures
        return rows @ np.multiply(self.E, self._case.curvatures, out=self._scratch)

    def measure(self) -> Array:
        """Return f, the squared gradient norm and the squared distance, (2 or 3, runs)."""
        if self._rows_alike:
            return np.asarray(self._weights @ np.vecdot(self.E, self.E).T)
        np.multiply(self.E, self.E, out=self._scratch)
        return np.asarray(self._weights @ self._scratch.reshape(len(self.E), -1).T)
