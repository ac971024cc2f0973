"""An outer step computed again from where it began, the components that it asked for, and the space it moved in."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rac_theory.algorithms.gradients import Clients, Minibatch, Reshuffled
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim, View, is_projected
from rac_theory.testing.algorithms.course import Asked
from rac_theory.testing.algorithms.tape import Exhausted, Replay, Tapes

_BLUR = 4 * float(np.finfo(float).eps)  # of the sizes of two iterates: what rounding may change in their difference
_SHARP = 1e5  # how much larger than this blur a direction must be to be known
_TOLERANCE = 4e-5  # of the way of a step: a few times the error of a direction that is just known
_KNOWN = 1e-6  # the same where H is known


@dataclass(frozen=True, eq=False)
class Again:
    """A step computed again: by how much it is off and may be, and how far its gradients went; (runs,), units of W."""

    off: Array
    allowed: Array
    way: Array

    @property
    def excess(self) -> Array:
        """At most 1 where a run is what it should be, or where it cannot be told."""
        with np.errstate(all="ignore"):
            return np.asarray(np.nan_to_num(self.off / self.allowed, nan=0.0, posinf=0.0))

    def or_else(self, other: "Again") -> "Again":
        """For each run the one that fits it better."""
        mine = self.excess <= other.excess
        pairs = (self.off, other.off), (self.allowed, other.allowed), (self.way, other.way)
        return Again(*(np.where(mine, a, b) for a, b in pairs))


class _Step:
    """A low-rank step with a record of how far it would go without its projection, and of where it is applied."""

    def __init__(self, before: Array, after: Array, step: Any, gamma: float) -> None:
        self.before, self.after, self.step, self.gamma = before, after, step, gamma
        self.forget()

    def forget(self) -> None:
        """Begin the record anew."""
        self.way, self.bends = np.zeros(len(self.before)), False

    def __call__(self, V: Array, G: Array) -> Array:
        self.bends |= not np.array_equal(V, self.before, equal_nan=True)
        self.way += self.gamma * np.sqrt(squared_norms(G))
        return np.asarray(self.step(V, G))

    def compared(self, again: Array) -> Again:
        """By how much the run is off; nothing is said where several steps leave open what H is."""
        off, relative = np.sqrt(squared_norms(again - self.after)), _KNOWN
        if isinstance(self.step, _Along):
            off, relative = np.where(self.step.spans | (not self.bends), off, 0.0), _TOLERANCE
        return Again(off, relative * self.way + 10 * _SHARP * blur(self.before, self.after), self.way)


class _Along:
    """The step that projects on what a run moved in."""

    def __init__(self, before: Array, after: Array, view: View, gamma: float) -> None:
        moved = view.turned(before - after)
        moved = np.where(np.isfinite(moved).all(axis=(1, 2), keepdims=True), moved, 0.0)
        U, sizes, _ = np.linalg.svd(moved, full_matrices=False)
        kept = (sizes > _SHARP * blur(before, after)[:, None]) & (np.arange(sizes.shape[1]) < view.rank)
        self.basis, self.view, self.gamma = U * kept[:, None], view, gamma
        self.spans = kept.sum(axis=1) >= view.rank

    def __call__(self, V: Array, G: Array) -> Array:
        inner = np.swapaxes(self.basis, 1, 2) @ self.view.turned(G)
        return np.asarray(V - self.gamma * self.view.turned_back(self.basis @ inner, V.shape))


def blur(before: Array, after: Array) -> Array:
    """What rounding may change in the difference of two iterates, (runs,)."""
    return np.asarray(_BLUR * (np.sqrt(squared_norms(before)) + np.sqrt(squared_norms(after))))


def rounding(before: Array, after: Array) -> Array:
    """What is too small a difference of two moves to tell from the rounding of their iterates, (runs,)."""
    return 1e3 * blur(before, after)


def recomputed(
    claim: Claim, problem: Problem, before: Array, after: Array, tapes: Tapes, asked: Asked | None
) -> Again | None:
    """Compute a step again as it is claimed to be; None if what it drew is not known, or H is no projection.

    A step that projects its gradient projects it on the range of its own move. The same goes for several steps under
    one sketch, if their move has the rank of the sketch; where it has not, nothing is said. Where H may act from
    either side, each run has the side that fits it better.
    """
    gamma, found = float(claim.algorithm.gamma), None
    if claim.declared.one_projection:
        steps: list[Any] = [next(claim.steps(np.random.default_rng(0), before))]
    elif is_projected(claim.declared):
        steps = [_Along(before, after, view, gamma) for view in claim.views]
    else:
        return None
    for step in steps:
        watched = _Step(before, after, step, gamma)
        again = _descended(claim, problem, watched, tapes, asked)
        if again is None:
            return None
        this = watched.compared(again)
        found = this if found is None else found.or_else(this)
    return found


def _descended(claim: Claim, problem: Problem, step: _Step, tapes: Tapes, asked: Asked | None) -> Array | None:
    """The end of the claimed source's descent, with the components that were drawn, or the gradient that was asked."""
    source: Any = claim.source
    leaf = source.source if isinstance(source, Clients) else source
    if getattr(source, "deterministic", False):
        return np.asarray(source.descend(problem, step.before, step, np.random.default_rng(0)))
    if getattr(source, "participation", None) is not None:
        return None  # who took part is not known
    if isinstance(leaf, Minibatch | Reshuffled):
        replay = Replay(problem, tapes)
        try:
            again = np.asarray(source.descend(replay.problem, step.before, step, np.random.default_rng(0)))
        except Exhausted:
            pass
        else:
            if replay.is_over:
                return again
        step.forget()
    return None if asked is None else step(step.before, asked.g)
