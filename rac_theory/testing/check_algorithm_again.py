"""Whether each step of a course is what it is when it is computed again, see ``recomputed``."""

import numpy as np

from problems.batch import squared_norms
from problems.problem import Problem
from rac_theory.algorithms import AsymmetricLoRA
from rac_theory.testing.claimed import Claim
from rac_theory.testing.course import Asked, Course
from rac_theory.testing.drawn import check_drawn
from rac_theory.testing.recomputed import recomputed
from rac_theory.testing.refuted import Refuted

_AGAIN = 24  # runs of which each step is computed again
_ROUNDING = 1e-8  # of a singular value, relative to the largest


def check_again(claim: Claim, problem: Problem, course: Course) -> None:
    """Raise ``Refuted`` if a step of the first runs is not ``W - gamma H g`` with what was drawn and asked for."""
    for t in range(len(course.tapes)):
        _check_step(claim, problem, course, t)
    if isinstance(claim.reference, AsymmetricLoRA):
        _check_frozen(claim, course)


def _check_step(claim: Claim, problem: Problem, course: Course, t: int) -> None:
    few, asked, tapes = slice(_AGAIN), course.asked[t], course.tapes[t]
    before, after = course.W[t, few], course.W[t + 1, few]
    components = [getattr(part, "n_components", 0) for part in (problem, *getattr(problem, "clients", ()))]
    wrong = check_drawn(claim.source, components, tapes)
    if wrong is not None:
        raise Refuted(f"{claim.name} must draw components as the source says: {wrong}, in step {t + 1}")
    tapes = tuple(None if tape is None else tape[few] for tape in tapes)
    again = recomputed(claim, problem, before, after, tapes, asked and Asked(asked.step, asked.g[few]))
    if again is None or not (again.excess > 1).any():
        return
    i = int(np.argmax(again.excess))
    raise Refuted(
        f"{claim.name} must make steps W - gamma H g, with the gradients that were asked for and a projection H as the "
        f"sketch draws it: step {t + 1} is off by {again.off[i] / max(again.way[i], 1e-300):.3g} of gamma ||g||; does "
        "it scale, keep or add something?",
        W=before[i],
        W_next=after[i],
    )


def _check_frozen(claim: Claim, course: Course) -> None:
    """Where the sketch is frozen no run leaves the range of one."""
    for view in claim.views:
        moved = view.turned(course.W[-1] - course.W[0])
        fine = np.isfinite(moved).all(axis=(1, 2))
        values = np.linalg.svd(moved[fine], compute_uv=False)[:, int(view.rank) :]
        size = np.sqrt(squared_norms(course.W[:, fine])).max(axis=0, initial=0.0)
        if (values > _ROUNDING * size[:, None]).any():
            raise Refuted(
                f"{claim.name} must keep one sketch a run, of rank {view.rank}: after {len(course.tapes)} steps the "
                f"next singular value of the whole move is {values.max():.3g}"
            )
