"""The kernel for small quadratics: the runs are the last axis, and every operation goes along them.

A product of 3 x 3 matrices is too little work for a call of BLAS each. With the runs last it is a few operations on
long vectors, and no run sees how many others are beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np

from rac_theory.base import Array
from rac_theory.runs.simulation.kernels.diagonal import DiagonalKernel
from rac_theory.runs.simulation.kernels.kernel import Visit


@dataclass(frozen=True, eq=False)
class RunsLast(DiagonalKernel):
    """Steps ``E <- E - Q (gamma Q' curvatures E)`` entry by entry, on arrays (d, q, runs)."""

    block = 256
    streams = 8  # long enough that the fixed cost of a call does not matter, and still in the cache of one core

    def path(self, rngs: list[np.random.Generator], steps: int) -> Iterator[Visit]:
        """Yield what the blocks visit side by side."""
        E = np.repeat(self.case.start[:, :, None], self.block * len(rngs), axis=2)
        move = np.empty_like(E)
        yield self._look(E)
        for Q in islice(self._ranges(rngs), steps):
            self._step(E, Q, move)
            yield self._look(E)

    def _look(self, E: Array) -> Visit:
        weights, subscripts = self._weights
        squares = np.einsum(subscripts, E, E).reshape(-1, E.shape[2])
        measured = np.einsum("wi,iu->wu", weights, squares)
        measured += self.case.floors
        return Visit(lambda _: np.moveaxis(E, 2, 0), measured[:, None])

    @cached_property
    def _weights(self) -> tuple[Array, str]:
        """The weights, (kinds, squares), and how squares of one curvature are added up before they are weighted."""
        weights = self.case.weights
        alike = "".join(axis for axis, size in zip("dq", weights.shape[1:], strict=True) if size > 1)
        return weights.reshape(len(weights), -1), f"dqu,dqu->{alike}u"

    def _step(self, E: Array, Q: Array, move: Array) -> None:
        """Step in place; what is scaled by the curvatures is the smallest that will do."""
        weights = self._scaled_curvatures
        if weights.shape[1] == 1:
            products = _products(Q * weights[:, 0], E)
        elif weights.shape[0] == 1:
            products = _products(Q, E) * weights
        else:
            products = _products(Q, np.multiply(E, weights, out=move))
        if len(Q) == 1:
            E -= np.multiply(Q[0, :, None], products, out=move)
        else:
            E -= np.einsum("rdu,rqu->dqu", Q, products, out=move)

    @cached_property
    def _scaled_curvatures(self) -> Array:
        return self.case.gamma * self.case.curvatures[:, :, None]

    def _ranges(self, rngs: list[np.random.Generator]) -> Iterator[Array]:
        """Yield orthonormal ranges for one step after the other, (r, d, runs), until the next one is asked for."""
        columns = [slice(self.block * i, self.block * (i + 1)) for i in range(len(rngs))]
        ranges: Array | None = None
        for batches in zip(*(self.case.rows(rng, self.block) for rng in rngs), strict=True):
            if ranges is None:  # one array for all: new memory would cost more than what is done with it
                ahead, _, r, d = batches[0].shape
                ranges = np.empty((ahead, r, d, self.block * len(rngs)), batches[0].dtype)
            for column, rows in zip(columns, batches, strict=True):
                ranges[..., column] = np.moveaxis(rows, 1, 3)
            yield from ranges


def _products(Q: Array, E: Array) -> Array:
    return np.asarray(np.einsum("rdu,dqu->rqu", Q, E))
