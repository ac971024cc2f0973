"""Beside a course, the reference: from each of its iterates the step that is claimed."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Indices, Problem
from rac_theory.testing.algorithms.claimed import Claim, View
from rac_theory.testing.algorithms.course import Course
from rac_theory.testing.algorithms.drawn import numbers
from rac_theory.testing.algorithms.minors import Minors, of_spaces
from rac_theory.testing.algorithms.recomputed import rounding
from rac_theory.testing.algorithms.tape import Recorder
from rac_theory.testing.refuted import Refuted

SAME_DRAWS = 4
"""How many times the log evidence is asked for where both draw from the same seed: they are not independent then, but a
wrong step with the right draws stands out from the right one."""

_ROUNDING = 1e-7  # relative to a step
_FAR = 1e100


@dataclass(frozen=True, eq=False)
class Beside:
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
    def is_one(self) -> bool:
        """Whether the two make the same steps, up to rounding: then they drew the same, and have one law."""
        off, size = (np.sqrt(squared_norms(M)) for M in (self.D - self.R, self.R))
        return bool((off <= self.small + _ROUNDING * size).all())

    @cached_property
    def minors(self) -> tuple[Minors | None, Minors | None]:
        """What spaces both moved in, where that says what was drawn."""
        return of_spaces(self.views, self.D), of_spaces(self.views, self.R)

    @cached_property
    def drawn(self) -> tuple[Array, Array] | None:
        """Numbers of the components that both drew, (steps, runs, k), if they are known."""
        both = [[numbers(self.source, self.N, tape) for tape in pair] for pair in self.listed]
        if not both or any(drawn is None for pair in both for drawn in pair):
            return None
        return np.array([own for own, _ in both]), np.array([other for _, other in both])


def _check_finite(claim: Claim, W: Array, R: Array, after: Array) -> None:
    """Raise ``Refuted`` if a step is no number where the claimed one is; far out one of them may overflow first."""
    near = np.isfinite(R).all(axis=(2, 3)) & (np.abs(W).max(axis=(2, 3)) < _FAR)
    lost = near & ~np.isfinite(after).all(axis=(2, 3))
    if lost.any():
        t, run = np.argwhere(lost)[0]
        raise Refuted(
            f"{claim.name} must stay finite where what it claims to be does: step {t + 1} is not", W=W[t, run]
        )


def beside(claim: Claim, problem: Problem, course: Course, seed: list[int]) -> Beside:
    """Make one step of the reference from each iterate of a course; with the seed of the course, with its draws."""
    rng, recorder = np.random.default_rng(seed), Recorder(problem)
    W, after = course.W[:-1], course.W[1:]
    steps, again, listed = claim.steps(rng, W[0]), [], []
    for V, tapes in zip(W, course.tapes, strict=True):
        again.append(np.asarray(claim.source.descend(recorder.problem, V, next(steps), rng)))
        listed.append((tapes[0], recorder.taken(len(V))[0]))
    R = W - np.stack(again)
    _check_finite(claim, W, R, after)
    fine = (np.isfinite(after) & np.isfinite(R)).all(axis=(2, 3), keepdims=True)
    return Beside(
        W=np.where(fine, W, 0.0),
        D=np.where(fine, W - after, 0.0),
        R=np.where(fine, R, 0.0),
        small=np.nan_to_num(rounding(W, after), posinf=0.0),
        source=claim.source,
        N=int(getattr(problem, "n_components", 0)),
        listed=listed,
        views=claim.views,
    )
