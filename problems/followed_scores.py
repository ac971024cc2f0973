"""Scores that follow a run: where few rows of W change, to move them costs less than to compute them anew."""

import numpy as np
from numpy.typing import NDArray

from problems.checks import Array
from problems.softmax import SoftmaxRegression

_MOVES = 32  # after so many, scores are computed anew: each move rounds them once more


class FollowedScores:
    """A batch of runs of softmax regression, W of shape (runs, d, k), with the scores of all samples; X is dense.

    A score is rounded as the largest it has been since it was computed anew.
    """

    def __init__(self, problem: SoftmaxRegression, W: Array) -> None:
        self.W = W
        self._problem = problem
        self._scores = list(problem.class_scores(W))
        self._features = [np.ascontiguousarray(problem.X[samples].T) for samples in problem.blocks]
        self._moves = 0

    def value_and_gradient(self) -> tuple[Array, Array]:
        """f and its gradient at W: (runs,) and (runs, d, k)."""
        return self._problem.value_and_gradient_at(self.W, self._scores)

    def subtract(self, rows: NDArray[np.intp], C: Array) -> None:
        """Go on to a new W, which is less by C, (runs, r, k), in the ``rows`` of each run, (runs, r), all different."""
        self.W = self.W.copy()
        self.W[np.arange(len(rows))[:, None], rows] -= C
        self._moves += 1
        if self._moves % _MOVES == 0:
            self._scores = list(self._problem.class_scores(self.W))
            return
        D = (C[:, :, :-1] - C[:, :, -1:]).swapaxes(1, 2)
        for Z, features in zip(self._scores, self._features, strict=True):
            Z -= D @ features[rows]
