"""What the kernels for quadratics have in common: the case they hold, the size of a block, the way back to matrices."""

from dataclasses import dataclass

from problems.checks import Array
from rac_theory.simulation.kernels.diagonal import Diagonal

_NUMBERS = 1 << 15  # in a block of errors, which should stay in the cache of one core with as much beside it


@dataclass(frozen=True, eq=False)
class DiagonalKernel:
    """A kernel on a case in its eigenbasis; a subclass says how its runs step."""

    case: Diagonal

    streams = 1
    recomputes_last = True

    @property
    def block(self) -> int:
        """A power of two in 1..256."""
        return 1 << min(8, max(0, (2 * _NUMBERS // (3 * self.case.start.size)).bit_length()))

    def matrices(self, W: Array) -> Array:
        """Turn coordinates back."""
        return self.case.matrices(W)

    def norms(self, W: Array) -> Array:
        """Bound the norms of the iterates."""
        return self.case.norms(W)
