"""What each step of a followed run did: by how much f rose, how long it was, and the curvature it met."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems.checks import Array
from problems.problem import Problem
from rac_theory.counterexamples.factor_loss import curvature_met
from rac_theory.counterexamples.followed_run import FollowedRun

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
    if run.B is None or run.A is None:
        return np.zeros(len(run.W) - 1, dtype=bool)
    return _differs(run, np.diff(run.W, axis=0), run.scale * np.diff(run.B @ run.A, axis=0))


def _steps(run: FollowedRun) -> tuple[Array, Array]:
    """Return the squared lengths of steps, and the derivatives of f along them at their start."""
    G = run.gradients[:-1]
    if run.B is None or run.A is None:
        move = np.diff(run.W, axis=0)
        return _inner(move, move), _inner(G, move)
    B, A = run.B[:-1], run.A[:-1]
    dB, dA = run.scale * G @ np.swapaxes(A, 1, 2), run.scale * np.swapaxes(B, 1, 2) @ G
    # A frozen factor does not move; after a merge the factors are others, and the step is the one along the gradient,
    # if that leads to where W is: with noise in the gradient, or several steps in one, it does not.
    merged = merges(run)
    new = merged[:, None, None]
    B_moves = np.where(new, -run.gamma * dB, np.diff(run.B, axis=0))
    A_moves = np.where(new, -run.gamma * dA, np.diff(run.A, axis=0))
    led = run.scale * ((B + B_moves) @ (A + A_moves) - B @ A)
    unknown = merged & _differs(run, np.diff(run.W, axis=0), led)
    squared = _inner(B_moves, B_moves) + _inner(A_moves, A_moves)
    return np.where(unknown, np.nan, squared), _inner(dB, B_moves) + _inner(dA, A_moves)


def _differs(run: FollowedRun, moves: Array, others: Array) -> NDArray[np.bool_]:
    """Tell which of two moves of W, (steps, m, n) each, are apart by more than rounding."""
    assert run.B is not None
    assert run.A is not None
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.linalg.norm(run.scale * run.B @ run.A, axis=(1, 2)) + np.linalg.norm(run.W, axis=(1, 2))
        return np.asarray(np.linalg.norm(moves - others, axis=(1, 2)) > 1e-9 * (size[:-1] + size[1:]))


def _inner(X: Array, Y: Array) -> Array:
    return np.asarray((X * Y).sum(axis=(-2, -1)))
