"""The kernel for quadratics that are not small: two thin products with the sketch a step, on whole blocks of runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from rac_theory.problems.checks import Array
from rac_theory.simulation.kernels.diagonal_kernel import DiagonalKernel
from rac_theory.simulation.kernels.kernel import Visit


@dataclass(frozen=True, eq=False)
class ThinProducts(DiagonalKernel):
    """Steps ``E <- E - Q (gamma Q' curvatures E)``, for all runs of a block at once, on arrays (runs, d, q)."""

    def path(self, rngs: list[np.random.Generator]) -> Iterator[Visit]:
        """Yield what a block visits."""
        (rng,) = rngs
        case = self.case
        E = np.repeat(case.start[None], self.block, axis=0)
        yield self._visit(E, self._measure(E))
        for rows in chain.from_iterable(case.rows(rng, self.block)):
            E -= np.swapaxes(rows, 1, 2) @ (case.gamma * self._seen(rows, E))
            yield self._visit(E, self._measure(E))

    def _seen(self, rows: Array, E: Array) -> Array:
        """Return ``Q' curvatures E``, (runs, r, q), with the curvatures where they are the fewest products."""
        curvatures = self.case.curvatures
        if curvatures.shape[1] == 1:
            return np.asarray((rows * curvatures[:, 0]) @ E)
        if curvatures.shape[0] == 1:
            return np.asarray((rows @ E) * curvatures)
        return np.asarray(rows @ (E * curvatures))

    def _measure(self, E: Array) -> Array:
        return np.asarray(self._weights @ np.square(E).reshape(len(E), -1).T)

    @cached_property
    def _weights(self) -> Array:
        weights = self.case.weights
        return np.broadcast_to(weights, (len(weights), *self.case.start.shape)).reshape(len(weights), -1)
