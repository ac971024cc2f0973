"""What the kernels for quadratics have in common: the case they hold, the size of a block, the way back to matrices."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.runs.simulation.kernels.diagonal import Diagonal

_NUMBERS = 1 << 15  # in a block of errors, which should stay in the cache of one core with as much beside it


@dataclass(frozen=True, eq=False)
class DiagonalKernel:
    """A kernel on a case in its eigenbasis; a subclass says how its runs step."""

    case: Diagonal

    streams = 1
    recomputes_last = True

    @property
    def measures(self) -> tuple[str, ...]:
        """What ``weights`` are of."""
        return ("values", "squared_gradients", "squared_distances")[: len(self.case.weights)]

    @property
    def block(self) -> int:
        """A power of two in 1..256."""
        return 1 << min(8, max(0, (2 * _NUMBERS // (3 * self.case.start.size)).bit_length()))

    def matrices(self, W: Array) -> Array:
        """Turn coordinates back."""
        E = np.swapaxes(W, 1, 2) if self.case.transposed else W
        return self.case.basis.matrices(np.ascontiguousarray(E)).astype(W.dtype, copy=False)

    def norms(self, W: Array) -> Array:
        """Return ``||E|| + ||centre||``: a rotation changes no norm."""
        E = np.ascontiguousarray(W).reshape(len(W), -1)
        return np.asarray(np.sqrt(np.vecdot(E, E)) + self._centre_norm)

    @cached_property
    def _centre_norm(self) -> float:
        return float(np.linalg.norm(self.case.basis.centre))
