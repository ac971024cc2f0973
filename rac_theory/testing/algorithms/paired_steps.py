"""Steps of the reference from the iterates of a course, and the spaces in which both moved."""

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.numerics import repeats
from rac_theory.problems import Indices, Problem
from rac_theory.testing.algorithms.claimed import Claim, View
from rac_theory.testing.algorithms.course import Course, Recorder, numbers
from rac_theory.testing.algorithms.recomputed import rounding
from rac_theory.testing.failures import Refuted

GROUP = 64
"""Runs among which moves that repeat each other are looked for: every pair of them, not neighbours alone."""

_LOST = math.log(1e-9)  # of a minor, relative to the lengths of its columns
_ANGLE = 1e-9  # as far apart may numbers of one space be
SAME_DRAWS = 4
"""How many times the log evidence is asked for where both draw from the same seed: they are not independent then, but a
wrong step with the right draws stands out from the right one."""

_ROUNDING = 1e-7  # relative to a step
_FAR = 1e100


class Minors(NamedTuple):
    r"""What two minors say of each move, (...).

    For moves :math:`D = U C` with an orthonormal U of r columns a minor :math:`\det(A^\top D K)` is :math:`\det(A^\top
    U) \det(C K)`. It vanishes where the rank is below r; and the ratio of two, for A and B, depends on the space alone,
    whatever the gradient is.

    Attributes
    ----------
    lost : (...) of bool
        Whether the rank is below r.
    angle : (...)
        The angle of the point that the two minors are, nan where both vanish.
    """

    lost: NDArray[np.bool_]
    angle: Array


def of_spaces(views: tuple[View, ...], D: Array) -> Minors | None:
    """Read moves, (..., m, n), by the spaces in which they lie; None where these do not say what was drawn."""
    if len(views) != 1 or views[0].side == "entries" or views[0].rank > min(D.shape[-2:]):
        return None
    r, M = int(views[0].rank), views[0].turned(D.reshape(-1, *D.shape[-2:]))
    rng = np.random.default_rng([r, *M.shape[1:]])
    A, K = rng.standard_normal((2, M.shape[1], r)), rng.standard_normal((M.shape[2], r))
    products = np.einsum("kmi,nj->mnkij", A, K).reshape(-1, 2 * r * r)  # so that one product of matrices has all minors
    inner = np.moveaxis((M.reshape(len(M), -1) @ products).reshape(-1, 2, r, r), 1, 0)
    with np.errstate(all="ignore"):
        sign, size = (
            (np.sign(inner[..., 0, 0]), np.log(np.abs(inner[..., 0, 0]))) if r == 1 else np.linalg.slogdet(inner)
        )
        ratio = size - np.log(np.square(inner).sum(axis=2)).sum(axis=-1) / 2  # at most 0, by Hadamard's inequality
        lost = ~(ratio > _LOST - r).any(axis=0)
        points = sign * np.exp(size - size.max(axis=0))
    angle = np.where(lost, np.nan, np.mod(np.arctan2(points[0], points[1]), math.pi))
    return Minors(lost.reshape(D.shape[:-2]), angle.reshape(D.shape[:-2]))


def of_moves(D: Array) -> Minors:
    """Read moves, (..., m, n), as they are: each as one column of entries."""
    (minors,) = [of_spaces((View("left", 1),), D.reshape(*D.shape[:-2], -1, 1))]
    assert minors is not None
    return minors


def repeating(angles: Array) -> Array:
    """Return how many runs of each group have the angle of another one, (runs,) to (groups,)."""
    return repeats(angles, GROUP, _ANGLE)


def among_earlier(angles: Array, angle: Array) -> Array:
    """Return which angles are those of an earlier move of the same run: (steps, runs) each, as zeros and ones."""
    return np.stack(
        [
            (np.abs(angles[:t] - angle[t]) <= _ANGLE).any(axis=0) if t else np.zeros(angles.shape[1])
            for t in range(len(angles))
        ]
    ).astype(np.float64)


@dataclass(frozen=True, eq=False)
class PairedSteps:
    """Steps of an algorithm and of its reference, from the same iterates.

    Attributes
    ----------
    W, D, R : (steps, runs, m, n)
        The iterates, what the algorithm moved, and what the reference did; zero where a run has diverged.
    small : (steps, runs)
        What rounding may make of the difference of two moves.
    source : GradientSource
        The claimed one, of N components.
    listed : list of pairs of Indices
        The components that either asked for in each step.
    views : tuple of View
        Where a projection may act.
    """

    W: Array
    D: Array
    R: Array
    small: Array
    source: Any = None
    N: int = 0
    listed: list[tuple[Indices | None, Indices | None]] = field(default_factory=list)
    views: tuple[View, ...] = ()

    @property
    def coincide(self) -> bool:
        """Whether algorithm and reference make the same steps, up to rounding: they have one law then."""
        off, size = (np.sqrt(squared_norms(M)) for M in (self.D - self.R, self.R))
        return bool((off <= self.small + _ROUNDING * size).all())

    @cached_property
    def minors(self) -> tuple[Minors | None, Minors | None]:
        """What spaces both moved in, where that says what was drawn."""
        return of_spaces(self.views, self.D), of_spaces(self.views, self.R)

    @cached_property
    def drawn(self) -> tuple[Array, Array] | None:
        """Numbers of the components that both drew, (steps, runs, k), if they are known."""
        numbers_of_steps = [[numbers(self.source, self.N, tape) for tape in pair] for pair in self.listed]
        if not numbers_of_steps or any(drawn is None for pair in numbers_of_steps for drawn in pair):
            return None
        return np.array([moved for moved, _ in numbers_of_steps]), np.array(
            [reference for _, reference in numbers_of_steps]
        )


def _check_finite(claim: Claim, W: Array, R: Array, after: Array) -> None:
    """Raise ``Refuted`` if a step is no number where the claimed one is; far out one of them may overflow first."""
    near = np.isfinite(R).all(axis=(2, 3)) & (np.abs(W).max(axis=(2, 3)) < _FAR)
    lost = near & ~np.isfinite(after).all(axis=(2, 3))
    if lost.any():
        t, run = np.argwhere(lost)[0]
        raise Refuted(
            f"{claim.name} must stay finite where what it claims to be does: step {t + 1} is not", W=W[t, run]
        )


def paired(claim: Claim, problem: Problem, course: Course, seed: list[int]) -> PairedSteps:
    """Make one step of the reference from each iterate of a course; with the seed of the course, with its draws."""
    rng, recorder = np.random.default_rng(seed), Recorder(problem)
    W, after = course.W[:-1], course.W[1:]
    steps, iterates, listed = claim.steps(rng, W[0]), [], []
    for V, tapes in zip(W, course.tapes, strict=True):
        iterates.append(np.asarray(claim.source.descend(recorder.problem, V, next(steps), rng)))
        listed.append((tapes[0], recorder.read(len(V))[0]))
    R = W - np.stack(iterates)
    _check_finite(claim, W, R, after)
    fine = (np.isfinite(after) & np.isfinite(R)).all(axis=(2, 3), keepdims=True)
    return PairedSteps(
        W=np.where(fine, W, 0.0),
        D=np.where(fine, W - after, 0.0),
        R=np.where(fine, R, 0.0),
        small=np.nan_to_num(rounding(W, after), posinf=0.0),
        source=claim.source,
        N=int(getattr(problem, "n_components", 0)),
        listed=listed,
        views=claim.views,
    )
