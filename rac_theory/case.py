"""A case: what is run, on what, from where, for how long. The one value that a claim is tried on."""

from dataclasses import dataclass

import numpy as np

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithm import Algorithm


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
        checks.integer("steps", self.steps, 1)
        object.__setattr__(self, "W0", starting_point(self.problem, self.W0))
        self.algorithm.check(self.problem.shape)
        check_gradient_at(self.problem, self.start)

    @property
    def start(self) -> Array:
        """The start, (m, n)."""
        assert self.W0 is not None  # filled in by __post_init__
        return self.W0


def starting_point(problem: Problem, W0: Array | None) -> Array:
    """Return ``W0``, else the problem's own start, else zero: (m, n), read-only."""
    if W0 is None:
        W0 = getattr(problem, "start", None)
    return checks.array("W0", np.zeros(problem.shape) if W0 is None else W0, shape=problem.shape)


def check_gradient_at(problem: Problem, W: Array) -> None:
    """Raise a ``ValueError`` if value and gradient at W have wrong shapes, are not finite or contradict each other.

    Central differences along three fixed directions against the gradient. The tolerance, one part in a thousand and
    what two spacings differ by, is there for wrong formulas, not for rounding.
    """
    name = type(problem).__name__
    G = checks.array(f"{name}.gradient(W)", problem.gradient(W[None]), shape=(1, *problem.shape))[0]
    value = checks.array(f"{name}.value(W)", problem.value(W[None]), shape=(1,))[0]
    directions = np.random.default_rng(0).standard_normal((3, *problem.shape))
    directions /= np.linalg.norm(directions, axis=(1, 2), keepdims=True)
    promised = np.vecdot(directions.reshape(3, -1), G.ravel())
    coarse, fine = 1e-4 * max(1.0, float(np.linalg.norm(W))), 1e-6 * max(1.0, float(np.linalg.norm(W)))
    slopes = np.array([_central_differences(problem, W, h * directions) / (2 * h) for h in (coarse, fine)])
    error = np.abs(slopes - promised).min(axis=0)
    size = float(np.linalg.norm(G))
    tolerance = 1e-3 * size + np.abs(slopes[0] - slopes[1]) + 1e-14 * max(abs(float(value)), 1.0) / fine
    if (error > tolerance).any():
        raise ValueError(
            f"{name}.gradient must be the gradient of {name}.value, got a directional derivative that is off by "
            f"{error.max():.3g} at the start, where the gradient has norm {size:.3g}"
        )


def _central_differences(problem: Problem, W: Array, steps: Array) -> Array:
    values = [problem.value(W + steps), problem.value(W - steps)]
    up, down = (checks.array(f"{type(problem).__name__}.value(W)", v, shape=(len(steps),)) for v in values)
    return up - down
