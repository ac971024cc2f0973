"""An algorithm: the iterates of a whole block of independent runs, one outer step after the other."""

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from rac_theory.base import Array
from rac_theory.problems import Problem


class Algorithm(Protocol):
    """An iteration on matrices, batched over runs.

    Nothing needs to be inherited. ``iterates`` is a generator function as a rule, and keeps its state (factors, frozen
    sketches, draws made ahead) in its local variables. It must draw from ``rng`` alone, and the same amount whatever W
    is: then a run is the same run in a small and in a large ensemble.

    An algorithm on factors may say what they are, so that they can be recorded: ``factored(problem, W, rng)`` yields
    ``Factored(W, B, A)``, what each step departs from, the start first. Its W are the iterates to the last bit, as they
    are where ``iterates`` yields them from there; ``scale`` is the factor c of the product c B A that W contains.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, simulate
    >>> class SignDescent:
    ...     gamma, deterministic = 0.25, True
    ...
    ...     def check(self, problem):
    ...         pass  # any problem will do
    ...
    ...     def iterates(self, problem, W, rng):
    ...         while True:
    ...             W = W - self.gamma * np.sign(problem.gradient(W))
    ...             yield W
    >>> problem = Quadratic.left([[2.0]], W_star=[[1.0]])
    >>> simulate(Case(SignDescent(), problem, steps=4)).values.tolist()
    [[1.0, 0.5625, 0.25, 0.0625, 0.0]]
    """

    @property
    def gamma(self) -> float:
        """The size of one gradient step, in the units of W per unit of gradient."""

    @property
    def deterministic(self) -> bool:
        """Whether no step depends on ``rng``: then one run decides everything."""

    def check(self, problem: Problem, /) -> None:
        """Raise a ``ValueError`` if the algorithm cannot run on this problem."""

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator, /) -> Iterator[Array]:
        """Yield the iterates after 1, 2, ... outer steps from W, each a new array (runs, m, n), without end."""
