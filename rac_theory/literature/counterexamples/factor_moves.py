"""What each step of a followed run did: by how much f rose, how long it was, and the curvature it met."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rac_theory.base.checks import Array
from rac_theory.literature.counterexamples.factor_loss import curvature_met
from rac_theory.literature.counterexamples.followed_run import FollowedRun
from rac_theory.problems import Problem

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
    >>> from rac_theory.literature.counterexamples.factor_moves import Moves
    >>> from rac_theory.literature.counterexamples.followed_run import FollowedRun
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
        """Measure the steps of a run."""
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
