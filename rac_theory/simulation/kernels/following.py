"""The kernel for softmax regression under coordinate sketches: the scores of all samples follow the runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import issparse

from problems.checks import Array
from problems.followed_scores import FollowedScores
from problems.problem import Problem
from problems.softmax import SoftmaxRegression
from rac_theory.algorithms import RACLoRA
from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.algorithms.gradients import Exact
from rac_theory.simulation.kernels.stepping import Stepping, Visit, block_size
from rac_theory.sketches import Coordinate, WeightedCoordinate
from rac_theory.sketches.ranges import ranges
from rac_theory.sketches.sketch import Sketch

_LARGEST = 1 << 22  # numbers that are held, scores of a block of runs and features: 32 MB
# What moving costs, measured in entries of the product that it spares, of which a score has d.
_SCORE = 24  # to read and write a score
_ROW = 5  # to collect the features of a sample that a row of W belongs to
_SHARE = 0.5  # of the product that may be spent, for a gain that is worth a kernel


@dataclass(frozen=True, eq=False)
class Following(Stepping):
    """Steps of r rows of W, which move the scores X W by r columns of X; no others are computed but now and then."""

    algorithm: RACLoRA
    problem: SoftmaxRegression
    sketch: Sketch = field(kw_only=True)

    @classmethod
    def of(
        cls, algorithm: Algorithm, problem: Problem, start: Array, minimiser: Array | None = None
    ) -> "Following | None":
        """Return the kernel for a case; None if it is of another kind, or not worth it."""
        # A subclass may have another gradient, step or draw otherwise.
        if type(problem) is not SoftmaxRegression or issparse(problem.X) or type(algorithm) is not RACLoRA:
            return None
        if algorithm.sketch is None or type(algorithm.sketch) not in (Coordinate, WeightedCoordinate):
            return None
        if algorithm.side == "right" or not algorithm.is_projected:
            return None
        if type(algorithm.gradients) is not Exact or algorithm.deterministic:
            return None
        d, others = start.shape[0], start.shape[1] - 1
        if _SCORE * others + _ROW * algorithm.sketch.rank > _SHARE * d * others:
            return None
        if (block_size(start.shape) * others + d) * problem.n_components > _LARGEST:
            return None
        return cls(algorithm, problem, start, minimiser, sketch=algorithm.sketch)

    def path(self, rng: np.random.Generator) -> Iterator[Visit]:
        """Yield what a block visits at t = 0, 1, ..., for ever."""
        batch = FollowedScores(self.problem, np.repeat(self.start[None], self.block, axis=0))
        fresh = ranges(self.sketch, rng, self.block, self.start.dtype.type)
        while True:
            value, G = batch.value_and_gradient()
            yield Visit(batch.W, value, G)
            rows = next(fresh).argmax(axis=1)
            batch.subtract(rows, self.algorithm.gamma * np.take_along_axis(G, rows[:, :, None], axis=1))
