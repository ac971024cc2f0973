"""RAC-LoRA in the plainest words: what every fast route of the library must equal, given the same sketches."""

import numpy as np

from rac_theory.algorithms import Side
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.runs import Record


def reference(problem: Problem, W0: Array, S: Array, gamma: float, side: Side = "left") -> Record:
    """Run ``W <- W - gamma H grad f(W)`` from W0, one run after the other, H formed with a pseudo-inverse.

    Parameters
    ----------
    problem : Problem
    W0 : (m, n)
    S : (steps, runs, d, r)
        The sketches: B on the left, the transpose of A on the right.
    gamma : float
    side : Side

    Returns
    -------
    Record
        As that of a kernel's path.
    """
    steps, runs = S.shape[:2]
    values, squares = np.empty((2, steps + 1, runs))
    last = np.empty((runs, *problem.shape))
    for run in range(runs):
        W = np.array(W0, dtype=np.float64)
        for t in range(steps + 1):
            G = problem.gradient(W)
            values[t, run], squares[t, run] = problem.value(W), np.sum(G**2)
            if t < steps:
                H = S[t, run] @ np.linalg.pinv(S[t, run])
                W = W - gamma * (H @ G if side == "left" else G @ H)
        last[run] = W
    return Record(np.stack([values, squares]), last)
