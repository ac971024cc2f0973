"""The record of runs: what they measured at every step, and where they ended."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.runs.simulation.kernels.kernel import Visit


class Record(NamedTuple):
    """What runs leave behind.

    Attributes
    ----------
    measured : (kinds, steps + 1, runs)
        What the kernel ``measures``, at t = 0, ..., steps.
    last : (runs, ...)
        The last iterates, in the coordinates of the kernel.
    """

    measured: Array
    last: Array


def record(path: Iterator[Visit], steps: int) -> Record:
    """Follow a path of so many steps to its end."""
    t = 0
    for visit in path:
        kinds, several, runs = visit.measured.shape
        if t == 0:
            measured = np.empty((kinds, steps + 1, runs), visit.measured.dtype)
        measured[:, t : t + several] = visit.measured
        t += several
    return Record(measured, visit.W(0))
