"""The record of runs: what they measured at every step, and where they ended."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rac_theory.problems.checks import Array
from rac_theory.simulation.kernels.kernel import Visit


class Record(NamedTuple):
    """What runs leave behind.

    Attributes
    ----------
    measured : (kinds, steps + 1, runs)
        What the kernel ``measures``, at t = 0, ..., steps.
    last : (runs, m, n)
        The last iterates, in the coordinates of the kernel.
    """

    measured: Array
    last: Array


def record(path: Iterator[Visit], steps: int) -> Record:
    """Follow a path for so many steps."""
    for t, visit in zip(range(steps + 1), path, strict=False):  # the range first: no step too many is made
        if t == 0:
            kinds, runs = visit.measured.shape
            measured = np.empty((kinds, steps + 1, runs), visit.measured.dtype)
        measured[:, t] = visit.measured
    return Record(measured, visit.W)
