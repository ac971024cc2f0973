"""A bound as it is judged: at which steps, and what runs are asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.verdicts.verification.question import Question


@dataclass(frozen=True, eq=False)
class JudgedBound:
    """A bound on the expectation of a metric at t = 0, ..., steps, with the steps that are judged.

    Attributes
    ----------
    bound : (steps + 1,)
        nan where nothing is claimed.
    resolved : (k,) of int
        The steps at which the bound stands out from what blurs it.
    judged : (T,) of int
        The steps that are judged: those, or all at which the bound is a number where nothing is resolved; then only
        gross violations can be seen.
    question : Question
        The claim at the judged steps, with what blurs and hides it.
    informative_from : int or None
        The first step at which the bound says more than the ceiling does.
    """

    bound: Array
    resolved: NDArray[np.int64]
    judged: NDArray[np.int64]
    question: Question
    informative_from: int | None

    def along(self, numbers: Array) -> Array:
        """Return numbers at the judged steps, (T,), along all of them, (steps + 1,); nan elsewhere."""
        everywhere = np.full(len(self.bound), np.nan)
        everywhere[self.judged] = numbers
        return everywhere

    def judged_part(self, curves: Array) -> Array:
        """Return what is judged of curves: non-negative, at the judged steps, (runs, T)."""
        return np.maximum(curves[:, self.judged], 0.0)


def claimed_steps(bound: Array) -> NDArray[np.int64]:
    """Return the steps at which a bound, (steps + 1,), is a number: never the start, t = 0, which is given."""
    return np.arange(1, len(bound))[np.isfinite(bound[1:])]
