"""An algorithm: the iterates of a whole block of independent runs, one outer step after the other."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from problems.checks import Array
from problems.problem import Problem


class Algorithm(Protocol):
    """An iteration on matrices, batched over runs.

    Nothing needs to be inherited. ``iterates`` is a generator function as a rule, and keeps its state (factors, frozen
    sketches, draws made ahead) in its local variables. It must draw from ``rng`` alone, and the same amount whatever W
    is: then a run is the same run in a small and in a large ensemble.
    """

    @property
    def gamma(self) -> float:
        """The size of one gradient step, in the units of W per unit of gradient."""
        ...

    @property
    def deterministic(self) -> bool:
        """Whether no step depends on ``rng``: then one run decides everything."""
        ...

    def check(self, problem: Problem, /) -> None:
        """Raise a ``ValueError`` if the algorithm cannot run on this problem."""
        ...

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator, /) -> Iterator[Array]:
        """Yield the iterates after 1, 2, ... outer steps from W, each a new array (runs, m, n), for ever."""
        ...
