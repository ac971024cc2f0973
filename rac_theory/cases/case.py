"""A case: what is run, on what, from where, for how long. The one value that a claim is tried on."""

from dataclasses import dataclass

import numpy as np

from problems import checks
from problems.checks import Array
from problems.members import having
from problems.problem import Problem
from rac_theory.algorithms.algorithm import Algorithm
from rac_theory.cases.checked_once import check_once
from rac_theory.cases.gradient_check import check_gradient


@dataclass(frozen=True, eq=False)
class Case:
    """An algorithm on a problem from ``W0`` for ``steps`` outer steps.

    Whatever does not fit together is refused here, before anything runs: shapes, and a plug-in whose value and
    gradient contradict each other.

    Parameters
    ----------
    algorithm : Algorithm
    problem : Problem
    W0 : (m, n) or None
        The start; None is ``problem.start`` where the problem has one, else zero.
    steps : int
        At least 1.
    """

    algorithm: Algorithm
    problem: Problem
    W0: Array | None
    steps: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", checks.count("steps", self.steps))
        check_pair(self.algorithm, self.problem)
        object.__setattr__(self, "W0", starting_point(self.problem, self.W0))
        check_once(check_gradient, self.problem, self.start)

    @property
    def start(self) -> Array:
        """The start, (m, n)."""
        assert self.W0 is not None  # filled in by __post_init__
        return self.W0


def check_pair(algorithm: Algorithm, problem: Problem) -> None:
    """Raise a ``ValueError`` if these are no algorithm and no problem, or if the one cannot run on the other."""
    swapped = hasattr(algorithm, "gradient") and hasattr(problem, "iterates")
    hint = "; are algorithm and problem swapped?" if swapped else ""
    having("algorithm", algorithm, "an algorithm, such as GD(0.1)", ("iterates", "check", "gamma"), hint)
    having(
        "problem", problem, "a problem, such as Quadratic.left(S, W_star)", ("shape", "value", "gradient", "L"), hint
    )
    algorithm.check(problem)


def starting_point(problem: Problem, W0: Array | None) -> Array:
    """Return ``W0``, else the problem's own start, else zero: (m, n), read-only."""
    if W0 is None:
        W0 = getattr(problem, "start", None)
    start = checks.array("W0", np.zeros(problem.shape) if W0 is None else W0, shape=problem.shape)
    return checks.moderate("W0", start)
