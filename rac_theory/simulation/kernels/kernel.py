"""A kernel: how blocks of runs are computed. Which one serves a case depends on its shapes; the numbers do not."""

from typing import NamedTuple, Protocol

import numpy as np

from problems.checks import Array


class Record(NamedTuple):
    """What a kernel returns.

    Attributes
    ----------
    measured : (2 or 3, steps + 1, runs)
        f, ``||grad f||^2``, and where it is asked for ``||W - W*||^2``, at t = 0, ..., steps; a step is a row, as that
        is what a kernel writes at once.
    last : (runs, m, n)
        The last iterates, in the coordinates of the kernel.
    """

    measured: Array
    last: Array


class Kernel(Protocol):
    """Runs whole blocks of an ensemble of one case from its start.

    Whatever it does for speed, given the same sketches it equals ``rac_theory.testing.reference`` to rounding.
    """

    @property
    def block(self) -> int:
        """How many runs share one random stream: by shapes alone, so that an ensemble is the start of a larger one."""
        ...

    @property
    def streams(self) -> int:
        """How many blocks are best run side by side; a run must not depend on it, not even in its last bit."""
        ...

    @property
    def threads(self) -> bool:
        """Whether workers are best threads: its operations are so long that they do not wait for each other."""
        ...

    @property
    def recomputes_last(self) -> bool:
        """Whether the last iterates are not kept, as to compute them again when they are asked for costs less."""
        ...

    def run(self, rngs: list[np.random.Generator], steps: int, /) -> Record:
        """Run one block for each generator, in their order."""
        ...

    def matrices(self, last: Array, /) -> Array:
        """Return the iterates W for coordinates, (runs, m, n) to (runs, m, n)."""
        ...

    def norms(self, last: Array, /) -> Array:
        """Return upper bounds of ``||W||`` for coordinates, (runs, m, n) to (runs,), cheaply."""
        ...


def is_large(numbers: int) -> bool:
    """Whether a matrix of so many numbers keeps one operation busy for longer than threads take to change places."""
    return numbers >= 128 * 128
