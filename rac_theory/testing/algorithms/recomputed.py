"""Whether each step of a course comes out the same when it is computed again from its start and its draws."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from rac_theory.algorithms import AsymmetricLoRA
from rac_theory.algorithms.gradients import Clients, Minibatch, Reshuffled
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim, View, is_projected
from rac_theory.testing.algorithms.course import Course, Exhausted, Replay, Request, Tapes, check_drawn
from rac_theory.testing.algorithms.members import RANK
from rac_theory.testing.failures import Refuted
from rac_theory.testing.projections import beyond

_BLUR = 4 * float(np.finfo(float).eps)  # of the sizes of two iterates: what rounding may change in their difference
_SHARP = 1e5  # how much larger than this blur a direction must be to be known
_TOLERANCE = 4e-5  # of the way of a step: a few times the error of a direction that is just known
_KNOWN = 1e-6  # the same where H is known
_RUNS = 24  # runs of which each step is computed again


@dataclass(frozen=True, eq=False)
class Deviation:
    """How far a step is from the one computed again, how far it may be, and how long its gradients are; (runs,)."""

    off: Array
    allowed: Array
    length: Array

    @property
    def excess(self) -> Array:
        """At most 1 where a run is what it should be, or where it cannot be told."""
        with np.errstate(all="ignore"):
            return np.asarray(np.nan_to_num(self.off / self.allowed, nan=0.0, posinf=0.0))

    def closer(self, alternative: "Deviation") -> "Deviation":
        """For each run the one that fits it better."""
        mine = self.excess <= alternative.excess
        pairs = (self.off, alternative.off), (self.allowed, alternative.allowed), (self.length, alternative.length)
        return Deviation(*(np.where(mine, a, b) for a, b in pairs))


class _Step:
    """A low-rank step with a record of how far it would go without its projection, and of where it is applied."""

    def __init__(self, before: Array, after: Array, step: Any, gamma: float) -> None:
        self.before, self.after, self.step, self.gamma = before, after, step, gamma
        self.forget()

    def forget(self) -> None:
        """Begin the record anew."""
        self.length, self.bends = np.zeros(len(self.before)), False

    def __call__(self, V: Array, G: Array) -> Array:
        self.bends |= not np.array_equal(V, self.before, equal_nan=True)
        self.length += self.gamma * np.sqrt(squared_norms(G))
        return np.asarray(self.step(V, G))

    def compared(self, recomputed: Array) -> Deviation:
        """By how much the run is off; nothing is said where several steps leave open what H is."""
        off, relative = np.sqrt(squared_norms(recomputed - self.after)), _KNOWN
        if isinstance(self.step, _Along):
            off, relative = np.where(self.step.spans | (not self.bends), off, 0.0), _TOLERANCE
        return Deviation(off, relative * self.length + 10 * _SHARP * blur(self.before, self.after), self.length)


class _Along:
    """The step that projects on what a run moved in."""

    def __init__(self, before: Array, after: Array, view: View, gamma: float) -> None:
        moved = view.turned(before - after)
        moved = np.where(np.isfinite(moved).all(axis=(1, 2), keepdims=True), moved, 0.0)
        U, sizes, _ = np.linalg.svd(moved, full_matrices=False)
        spanning = (sizes > _SHARP * blur(before, after)[:, None]) & (np.arange(sizes.shape[1]) < view.rank)
        self.basis, self.view, self.gamma = U * spanning[:, None], view, gamma
        self.spans = spanning.sum(axis=1) >= view.rank

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
    claim: Claim, problem: Problem, before: Array, after: Array, tapes: Tapes, request: Request | None
) -> Deviation | None:
    """Compute a step again as it is claimed to be; None if what it drew is not known, or H is no projection.

    A step that projects its gradient projects it on the range of its own move. The same goes for several steps under
    one sketch, if their move has the rank of the sketch; where it has not, nothing is said. Where H may act from
    either side, each run has the side that fits it better.
    """
    gamma, best = float(claim.algorithm.gamma), None
    if claim.declared.one_projection:
        steps: list[Any] = [next(claim.steps(np.random.default_rng(0), before))]
    elif is_projected(claim.declared):
        steps = [_Along(before, after, view, gamma) for view in claim.views]
    else:
        return None
    for step in steps:
        watched = _Step(before, after, step, gamma)
        end = _descended(claim, problem, watched, tapes, request)
        if end is None:
            return None
        this = watched.compared(end)
        best = this if best is None else best.closer(this)
    return best


def _descended(claim: Claim, problem: Problem, step: _Step, tapes: Tapes, request: Request | None) -> Array | None:
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
            end = np.asarray(source.descend(replay.problem, step.before, step, np.random.default_rng(0)))
        except Exhausted:
            pass
        else:
            if replay.is_over:
                return end
        step.forget()
    return None if request is None else step(step.before, request.g)


def check_again(claim: Claim, problem: Problem, course: Course) -> bool:
    """Raise ``Refuted`` if a step of the first runs is not ``W - gamma H g`` with what was drawn and asked for.

    Return whether each step could be computed again.
    """
    computable = [_check_step(claim, problem, course, t) for t in range(len(course.tapes))]
    if not is_projected(claim.declared):
        _check_plain(claim, course)
    if isinstance(claim.reference, AsymmetricLoRA):
        _check_frozen(claim, course)
    return all(computable)


def _check_step(claim: Claim, problem: Problem, course: Course, t: int) -> bool:
    first, request, tapes = slice(_RUNS), course.requests[t], course.tapes[t]
    before, after = course.W[t, first], course.W[t + 1, first]
    wrong = check_drawn(claim.source, problem, tapes)
    if wrong is not None:
        raise Refuted(f"{claim.name} must draw components as the source says: {wrong}, in step {t + 1}")
    tapes = tuple(None if tape is None else tape[first] for tape in tapes)
    step = recomputed(claim, problem, before, after, tapes, request and Request(request.step, request.g[first]))
    if step is None or not (step.excess > 1).any():
        return step is not None
    i = int(np.argmax(step.excess))
    raise Refuted(
        f"{claim.name} must make steps W - gamma H g, with the gradients that were asked for and a projection H as the "
        f"sketch draws it: step {t + 1} is off by {step.off[i] / max(step.length[i], 1e-300):.3g} of gamma ||g||; does "
        "it scale, keep or add something?",
        W=before[i],
        W_next=after[i],
    )


def _check_plain(claim: Claim, course: Course) -> None:
    """Raise ``Refuted`` if a plain step, which cannot be computed again, has more than the rank of the sketch."""
    before, after = course.W[:-1, :_RUNS], course.W[1:, :_RUNS]
    view = claim.views[0]
    for t, move in enumerate(before - after):
        more = _beyond(view, move, rounding(before[t], after[t]))
        if more > 0:
            raise Refuted(
                f"{claim.name} must move by a matrix of rank at most {view.rank}, that of its sketch: in step {t + 1} "
                f"the next singular value is {more:.3g}"
            )


def _check_frozen(claim: Claim, course: Course) -> None:
    """Raise ``Refuted`` if a run leaves the range of one sketch, where that is frozen."""
    size = rounding(course.W, course.W).max(axis=0)
    more = _beyond(claim.views[0], course.W[-1] - course.W[0], size)
    if more > 0:
        raise Refuted(
            f"{claim.name} must keep one sketch a run, of rank {claim.views[0].rank}: after {len(course.tapes)} steps "
            f"the next singular value of the whole move is {more:.3g}"
        )


def _beyond(view: View, moves: Array, small: Array) -> float:
    """The largest singular value beyond the rank, of any run, that is no rounding; 0 if there is none."""
    fine = np.isfinite(moves).all(axis=(1, 2)) & np.isfinite(small)
    turned = view.turned(moves[fine])
    return float(beyond(turned, int(min(view.rank, *turned.shape[1:])), 1e3 * small[fine], RANK).max(initial=0.0))
