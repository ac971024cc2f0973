"""A kernel: how blocks of runs are computed. Which one serves a case depends on its shapes; the numbers do not."""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np

from rac_theory.base import Array


class Visit(NamedTuple):
    """Where the runs of a block are before some steps that a kernel makes at once, mostly one.

    Attributes
    ----------
    W : callable
        Returns the iterates before step 0, 1, ... of these, runs first, in the coordinates of the kernel; only until
        the next visit is asked for, which may overwrite them.
    measured : (kinds, steps, runs)
        What the kernel ``measures`` there, in that order.
    gradient : (runs, m, n) or None
        Where the kernel computes it, one step at a time.
    """

    W: Callable[[int], Array]
    measured: Array
    gradient: Array | None = None


class Kernel(Protocol):
    """Runs whole blocks of an ensemble of one case from its start.

    Whatever it does for speed, given the same sketches S each step equals ``W - gamma H grad f(W)`` to rounding, with
    H formed from S by a pseudo-inverse.
    """

    @property
    def measures(self) -> tuple[str, ...]:
        """What is measured at every step, by the names that ``Trajectory`` has for it; f and ``||grad f||^2`` first."""

    @property
    def block(self) -> int:
        """How many runs share one random stream: by shapes alone, so that an ensemble is the start of a larger one."""

    @property
    def streams(self) -> int:
        """How many blocks are best run side by side; a run must not depend on it, not even in its last bit."""

    @property
    def recomputes_last(self) -> bool:
        """Whether the last iterates are not kept, as to compute them again when they are asked for costs less."""

    def path(self, rngs: list[np.random.Generator], steps: int, /) -> Iterator[Visit]:
        """Yield what one block for each generator, in their order, visits at t = 0, ..., steps, the last alone."""

    def matrices(self, W: Array, /) -> Array:
        """Return the iterates for coordinates, (runs, m, n)."""

    def norms(self, W: Array, /) -> Array:
        """Return upper bounds of the norms of the iterates for coordinates, (runs,), cheaply."""
