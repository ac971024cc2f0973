"""An algorithm: one outer step for a whole block of independent runs at once."""

from typing import Protocol

import numpy as np

from problems.checks import Array
from problems.problem import Problem


class Algorithm(Protocol):
    """An iteration on matrices, batched over runs.

    Nothing needs to be inherited. ``step`` must not write into its argument, and must draw from ``rng`` alone and the
    same amount whatever W is: then a run is the same run in a small and in a large ensemble.
    """

    @property
    def gamma(self) -> float:
        """The size of one gradient step, in the units of W per unit of gradient."""
        ...

    @property
    def deterministic(self) -> bool:
        """Whether no step depends on ``rng``: then one run decides everything."""
        ...

    def check(self, shape: tuple[int, int], /) -> None:
        """Raise a ``ValueError`` if the algorithm cannot run on matrices of this shape."""
        ...

    def step(self, problem: Problem, W: Array, rng: np.random.Generator, /) -> Array:
        """Return the next iterates: (runs, m, n) to (runs, m, n)."""
        ...
