"""One run of a recorded ensemble, by itself: every iterate with f and gradient there, and the factors."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rac_theory.base import being, checks, matrices
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.problems import Layers, Problem, layers_of
from rac_theory.runs import Trajectory


@dataclass(frozen=True, eq=False)
class FollowedRun:
    """What one run did at t = 0, ..., steps.

    Attributes
    ----------
    W : (steps + 1, m, n)
        The iterates.
    values : (steps + 1,)
        f at each.
    gradients : (steps + 1, m, n)
        The gradient of f at each.
    gamma : float
        The size of one gradient step.
    scale : float
        The factor c of the product of factors.
    layers : Layers or None
        The matrices that W consists of, where it is a column of several.
    case : Case or None
        What was run, where it is known.
    B, A : (steps + 1, m, r), (steps + 1, r, n) or None
        What each step departs from: after a merge, the factors of the next link. None where there are no factors.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, simulate
    >>> from rac_theory.literature.counterexamples.followed_run import FollowedRun
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=2)
    >>> run = FollowedRun.of(simulate(case, record=["W"]))
    >>> run.W.ravel().tolist(), run.gradients.ravel().tolist()
    ([0.0, 0.5, 0.75], [-1.0, -0.5, -0.25])
    """

    W: Array
    values: Array
    gradients: Array
    gamma: float
    scale: float = 1.0
    layers: Layers | None = None
    case: Case | None = None
    B: Array | None = None
    A: Array | None = None

    @property
    def factors(self) -> tuple[Array, Array] | None:
        """B and A, or None."""
        return None if self.B is None or self.A is None else (self.B, self.A)

    @classmethod
    def of_iterates(cls, W: Array, problem: Problem, gamma: float) -> "FollowedRun":
        """Follow iterates that something else made, such as the weights of a model at each step of its training.

        Parameters
        ----------
        W : (steps + 1, m, n)
            The start and what came of each step; of several layers the columns that ``problem.layers.pack`` makes.
        problem : Problem
            What gives f and its gradients.
        gamma : float
            The size of one gradient step.

        Returns
        -------
        FollowedRun

        Raises
        ------
        ValueError
            For iterates that are none of this problem, or fewer than two.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory import diagnose
        >>> from rac_theory.problems import Quadratic
        >>> from rac_theory.literature.counterexamples.followed_run import FollowedRun
        >>> problem = Quadratic.left([[1.0]], W_star=[[1.0]])
        >>> W = np.array([[[0.0]], [[3.0]], [[-3.0]], [[9.0]]])  # steps of 3
        >>> print(diagnose(FollowedRun.of_iterates(W, problem, gamma=3.0), problem)[0].cause)
        step-size instability
        """
        W = matrices(W, problem.shape)
        if W.ndim != 3 or len(W) < 2 or W.dtype != np.float64:
            raise ValueError(f"W must have shape (steps + 1, m, n), in float64, got {W.dtype} {W.shape}")
        gamma = checks.positive("gamma", gamma)
        with np.errstate(over="ignore", invalid="ignore"):
            return cls(W, problem.value(W), problem.gradient(W), gamma, layers=layers_of(problem))

    @classmethod
    def of(cls, trajectory: Trajectory, run: int = 0, problem: Problem | None = None) -> "FollowedRun":
        """Take one run out of an ensemble.

        Parameters
        ----------
        trajectory : Trajectory
            Recorded with ``record=("W", "factors")``, or ``("W",)`` where the algorithm has no factors.
        run : int
            In 0..runs - 1.
        problem : Problem, optional
            What gives f and its gradients, if it is not that of the trajectory.

        Returns
        -------
        FollowedRun

        Raises
        ------
        ValueError
            If the iterates were not recorded, the factors of an algorithm that has some, or not in double precision;
            or if the algorithm does not say what its product of factors is multiplied by.
        """
        being("trajectory", trajectory, Trajectory, ", as simulate returns")
        algorithm: Any = trajectory.case.algorithm
        iterates = _iterates(trajectory, factored=hasattr(algorithm, "factored"))
        checks.integer("run", run, 0, trajectory.runs - 1, "runs - 1")
        problem = trajectory.case.problem if problem is None else problem
        W = iterates[run]
        with np.errstate(over="ignore", invalid="ignore"):
            values, gradients = problem.value(W), problem.gradient(W)
        if trajectory.B is None or trajectory.A is None:
            layers = layers_of(problem) or getattr(algorithm, "layers", None)
            return cls(W, values, gradients, algorithm.gamma, layers=layers, case=trajectory.case)
        if not hasattr(algorithm, "scale"):
            raise ValueError(f"algorithm must have 'scale', the factor c of the product of factors, got {algorithm!r}")
        factors = {"B": trajectory.B[run], "A": trajectory.A[run]}
        return cls(W, values, gradients, algorithm.gamma, algorithm.scale, case=trajectory.case, **factors)


def _iterates(trajectory: Trajectory, *, factored: bool) -> Array:
    """Return all iterates, if they were recorded as they must be."""
    if trajectory.iterates is None or (factored and trajectory.B is None):
        needed = '("W", "factors")' if factored else '("W",)'
        raise ValueError(
            f"trajectory must have been recorded with record={needed} to follow a run of "
            f"{trajectory.case.algorithm!r}, got one without; ask simulate for it"
        )
    if trajectory.iterates.dtype != np.float64:
        raise ValueError(f"trajectory must be in float64 to follow a run, got {trajectory.iterates.dtype}")
    return trajectory.iterates
