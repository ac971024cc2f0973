"""One run of a recorded ensemble by itself, what each of its steps did, and the loss as a function of two factors: its
gradient, its Hessian, and the curvature that a step has met.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
    >>> from rac_theory.literature.counterexamples.factor_loss import FollowedRun
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

        Raises
        ------
        ValueError
            For iterates that are none of this problem, or fewer than two.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory import diagnose
        >>> from rac_theory.problems import Quadratic
        >>> from rac_theory.literature.counterexamples.factor_loss import FollowedRun
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


_SPACING = 1e-4  # of central differences, relative to the size of W


@dataclass(frozen=True, eq=False)
class FactorLoss:
    r"""The function :math:`J(B, A) = f(W^0 + c B A)` of one pair of factors, unbatched.

    With :math:`D = \dot B A + B \dot A`, its second derivative along :math:`(\dot B, \dot A)` is
    :math:`c^2 \langle D, \nabla^2 f[D] \rangle + 2 c \langle G, \dot B \dot A \rangle`.

    Every method is asked at factors B, (m, r), and A, (r, n).

    Parameters
    ----------
    problem : Problem
        f.
    W0 : (m, n)
        The frozen weights beneath the factors.
    scale : float
        c.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.literature.counterexamples.factor_loss import FactorLoss
    >>> loss = FactorLoss(Quadratic.left([[1.0]], W_star=[[1.0]]), W0=np.zeros((1, 1)))
    >>> for s in (1.0, 10.0):
    ...     B, A = np.array([[s]]), np.array([[1 / s]])
    ...     print(f"f = {loss.value(B, A):.3f}, sharpness {loss.sharpness(B, A):.2f}")  # at one W
    f = 0.000, sharpness 2.00
    f = 0.000, sharpness 100.01
    """

    problem: Problem
    W0: Array
    scale: float = 1.0

    def weights(self, B: Array, A: Array) -> Array:
        """Return ``W0 + c B A``."""
        return np.asarray(self.W0 + self.scale * (B @ A))

    def value(self, B: Array, A: Array) -> float:
        """Return J at B and A."""
        return float(self.problem.value(self.weights(B, A)[None])[0])

    def gradient(self, B: Array, A: Array) -> tuple[Array, Array]:
        """Return the gradients with respect to B, (m, r), and to A, (r, n)."""
        G = self.problem.gradient(self.weights(B, A)[None])[0]
        return self.scale * (G @ A.T), self.scale * (B.T @ G)

    def hessian(self, B: Array, A: Array) -> Array:
        """Return the Hessian of J, (p, p) with p = r (m + n); entries of B first, both row by row."""
        W = self.weights(B, A)
        dB, dA = unit_moves(B, A)
        D = dB @ A + B @ dA
        curved = hessian_action(self.problem, W)(D)
        p = len(D)
        H = self.scale**2 * (D.reshape(p, -1) @ curved.reshape(p, -1).T)
        G = self.problem.gradient(W[None])[0]
        k = B.size
        # <G, dB dA> is not zero only where the column of B that moves meets the row of A that does.
        met = np.einsum("il,jk->ijkl", G, np.eye(B.shape[1]))
        H[:k, k:] += self.scale * met.reshape(k, p - k)
        H[k:, :k] = H[:k, k:].T
        return np.asarray((H + H.T) / 2)

    def sharpness(self, B: Array, A: Array) -> float:
        """Return the largest eigenvalue of the Hessian of J."""
        return float(np.linalg.eigvalsh(self.hessian(B, A))[-1])

    def lipschitz(self, B: Array, A: Array) -> float:
        """Return the spectral norm of the Hessian: the local Lipschitz constant of the gradient of J."""
        return float(np.abs(np.linalg.eigvalsh(self.hessian(B, A))).max())


def unit_moves(B: Array, A: Array) -> tuple[Array, Array]:
    """Return the unit moves of all entries of B, then of A: (p, m, r) and (p, r, n)."""
    identity = np.eye(p := B.size + A.size)
    return identity[:, : B.size].reshape(p, *B.shape), identity[:, B.size :].reshape(p, *A.shape)


def hessian_action(problem: Problem, W: Array) -> Callable[[Array], Array]:
    """Return the Hessian of f at W as a map of batches, (k, m, n) to (k, m, n).

    From the problem where it offers ``hessian_product`` or ``hessian``, else by central differences of gradients.
    """
    source: Any = problem
    if hasattr(problem, "hessian_product"):
        return lambda D: np.asarray(source.hessian_product(D))
    if hasattr(problem, "hessian"):
        hessian = source.hessian(W)
        return lambda D: np.stack([hessian(V) for V in D])
    h = _SPACING * max(1.0, float(np.linalg.norm(W)))

    def differences(D: Array) -> Array:
        return np.asarray((problem.gradient(W + h * D) - problem.gradient(W - h * D)) / (2 * h))

    return differences


def curvature_met(rise: Array, slope: Array, squared_length: Array) -> Array:
    r"""Return the mean curvature that steps have met, weighted towards their start; zero for a step of length zero.

    With :math:`\phi(\theta) = J(z + \theta \Delta)` it is :math:`2 (\phi(1) - \phi(0) - \phi'(0)) / \|\Delta\|^2`, and
    by Taylor's formula equals :math:`\phi''(\theta) / \|\Delta\|^2` for some theta in (0, 1): the sharpness somewhere
    on the segment is at least that. For a gradient step, :math:`\phi'(0) = -\|\Delta\|^2 / \gamma`, so whenever the
    value rises it exceeds :math:`2 / \gamma`.

    Parameters
    ----------
    rise : (...)
        ``phi(1) - phi(0)``.
    slope : (...)
        ``phi'(0)``.
    squared_length : (...)
        ``||Delta||^2``.

    Returns
    -------
    (...)

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.literature.counterexamples.factor_loss import curvature_met
    >>> rise, slope = np.array([-2.0]), np.array([-4.0])  # of w^2 / 2, from 2 to 0
    >>> curvature_met(rise, slope, squared_length=np.array([4.0])).tolist()
    [1.0]
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return np.where(squared_length > 0, 2 * (rise - slope) / squared_length, 0.0)


def sharpest_on_segment(loss: FactorLoss, B: Array, A: Array, gamma: float, points: int = 65) -> float:
    """Return the largest sharpness at evenly spaced points from (B, A) to where one gradient step leads."""
    dB, dA = loss.gradient(B, A)
    return max(loss.sharpness(B - t * gamma * dB, A - t * gamma * dA) for t in np.linspace(0, 1, points))


_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class Moves:
    """Each (steps,); in the space that the method moves in: the factors where there are some, else W.

    Attributes
    ----------
    rise : f after less f before.
    rises : whether that is more than rounding.
    length : norm of the step; nan where the factors after it are not known, as those after a merge are others.
    curvature : the mean curvature met on the way, see ``factor_loss.curvature_met``; zero where it is not known.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, simulate
    >>> from rac_theory.literature.counterexamples.factor_loss import Moves
    >>> from rac_theory.literature.counterexamples.factor_loss import FollowedRun
    >>> case = Case(GD(gamma=1.0), Quadratic.left([[3.0]], W_star=[[1.0]]), steps=2)
    >>> moves = Moves.of(FollowedRun.of(simulate(case, record=["W"])), case.problem)
    >>> moves.rises.tolist(), moves.curvature.tolist()  # gamma times the curvature is above 2
    ([True, True], [3.0, 3.0])
    """

    rise: Array
    rises: NDArray[np.bool_]
    length: Array
    curvature: Array

    @classmethod
    def of(cls, run: FollowedRun, problem: Problem) -> "Moves":
        """Measure the steps of a run.

        Parameters
        ----------
        run : FollowedRun
        problem : Problem
            Whose f it was, for its lower bound: what counts as rounding depends on how far above it J is.
        """
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            rise = np.diff(run.values)
            size = np.abs(run.values - np.nan_to_num(float(problem.f_lower)))
            rises = rise > 64 * _EPS * np.maximum(np.abs(run.values[:-1]), size[:-1])
            squared, slope = _steps(run)
            curvature = curvature_met(rise, slope, squared)
            return cls(rise, rises, np.sqrt(squared), np.nan_to_num(curvature, posinf=0.0, neginf=0.0))


def merges(run: FollowedRun) -> NDArray[np.bool_]:
    """Tell after which steps the factors were started anew, (steps,): their product no longer explains the move."""
    if run.factors is None:
        return np.zeros(len(run.W) - 1, dtype=bool)
    B, A = run.factors
    with np.errstate(over="ignore", invalid="ignore"):
        return ~_lead(run, np.diff(B @ A, axis=0))


def _steps(run: FollowedRun) -> tuple[Array, Array]:
    """Return the squared lengths of steps, and the derivatives of f along them at their start."""
    G = run.gradients[:-1]
    if run.factors is None:
        move = np.diff(run.W, axis=0)
        return _inner(move, move), _inner(G, move)
    B, A = (factor[:-1] for factor in run.factors)
    dB, dA = run.scale * G @ np.swapaxes(A, 1, 2), run.scale * np.swapaxes(B, 1, 2) @ G
    # A frozen factor does not move; after a merge the factors are others, and the step is the one along the gradient,
    # if that leads to where W is: with noise in the gradient, or several steps in one, it does not.
    new = merges(run)
    B_moves, A_moves = (
        np.where(new[:, None, None], -run.gamma * slope, np.diff(factor, axis=0))
        for slope, factor in zip((dB, dA), run.factors, strict=True)
    )
    unknown = new & ~_lead(run, (B + B_moves) @ (A + A_moves) - B @ A)
    squared = _inner(B_moves, B_moves) + _inner(A_moves, A_moves)
    return np.where(unknown, np.nan, squared), _inner(dB, B_moves) + _inner(dA, A_moves)


def _lead(run: FollowedRun, products: Array) -> NDArray[np.bool_]:
    """Tell which changes of the product of the factors, (steps, m, n), are those of W up to rounding."""
    assert run.factors is not None
    B, A = run.factors
    size = np.linalg.norm(run.scale * B @ A, axis=(1, 2)) + np.linalg.norm(run.W, axis=(1, 2))
    apart = np.linalg.norm(np.diff(run.W, axis=0) - run.scale * products, axis=(1, 2))
    return ~np.asarray(apart > 1e-9 * (size[:-1] + size[1:]))


def _inner(X: Array, Y: Array) -> Array:
    return np.asarray((X * Y).sum(axis=(-2, -1)))
