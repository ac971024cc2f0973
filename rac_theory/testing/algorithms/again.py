"""Whether each step of a course is what it is when it is computed again, see ``recomputed``."""

import numpy as np

from rac_theory.algorithms import AsymmetricLoRA
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim, View, is_projected
from rac_theory.testing.algorithms.course import Asked, Course
from rac_theory.testing.algorithms.drawn import check_drawn
from rac_theory.testing.algorithms.recomputed import recomputed, rounding
from rac_theory.testing.algorithms.steps import RANK
from rac_theory.testing.projections import beyond
from rac_theory.testing.refuted import Refuted

_AGAIN = 24  # runs of which each step is computed again


def check_again(claim: Claim, problem: Problem, course: Course) -> bool:
    """Raise ``Refuted`` if a step of the first runs is not ``W - gamma H g`` with what was drawn and asked for.

    Return whether each step could be computed again.
    """
    known = [_check_step(claim, problem, course, t) for t in range(len(course.tapes))]
    if not is_projected(claim.declared):
        _check_plain(claim, course)
    if isinstance(claim.reference, AsymmetricLoRA):
        _check_frozen(claim, course)
    return all(known)


def _check_step(claim: Claim, problem: Problem, course: Course, t: int) -> bool:
    few, asked, tapes = slice(_AGAIN), course.asked[t], course.tapes[t]
    before, after = course.W[t, few], course.W[t + 1, few]
    components = [getattr(part, "n_components", 0) for part in (problem, *getattr(problem, "clients", ()))]
    wrong = check_drawn(claim.source, components, tapes)
    if wrong is not None:
        raise Refuted(f"{claim.name} must draw components as the source says: {wrong}, in step {t + 1}")
    tapes = tuple(None if tape is None else tape[few] for tape in tapes)
    again = recomputed(claim, problem, before, after, tapes, asked and Asked(asked.step, asked.g[few]))
    if again is None or not (again.excess > 1).any():
        return again is not None
    i = int(np.argmax(again.excess))
    raise Refuted(
        f"{claim.name} must make steps W - gamma H g, with the gradients that were asked for and a projection H as the "
        f"sketch draws it: step {t + 1} is off by {again.off[i] / max(again.way[i], 1e-300):.3g} of gamma ||g||; does "
        "it scale, keep or add something?",
        W=before[i],
        W_next=after[i],
    )


def _check_plain(claim: Claim, course: Course) -> None:
    """The plain step cannot be computed again, but what it moves has the rank of the sketch."""
    before, after = course.W[:-1, :_AGAIN], course.W[1:, :_AGAIN]
    view = claim.views[0]
    for t, move in enumerate(before - after):
        more = _beyond(view, move, rounding(before[t], after[t]))
        if more > 0:
            raise Refuted(
                f"{claim.name} must move by a matrix of rank at most {view.rank}, that of its sketch: in step {t + 1} "
                f"the next singular value is {more:.3g}"
            )


def _check_frozen(claim: Claim, course: Course) -> None:
    """Where the sketch is frozen no run leaves the range of one."""
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
