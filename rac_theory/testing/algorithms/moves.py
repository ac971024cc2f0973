"""The moves of an implementation beside fresh steps of what it implements, for the search of a cause."""

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim, View, is_projected
from rac_theory.testing.algorithms.course import Course, follow
from rac_theory.testing.algorithms.members import RANK
from rac_theory.testing.algorithms.paired_steps import PairedSteps, paired
from rac_theory.testing.algorithms.recomputed import blur

RUNS, STEPS = 256, 8
LATER_RUNS, LATER = 8, 72
FIRST = 8192  # first steps from one W, of which the law is looked at where no single step tells


@dataclass(frozen=True, eq=False)
class Moves:
    """A course of an implementation from many W, each of them the start of two runs, with fresh steps beside it."""

    claim: Claim
    problem: Problem
    seed: int

    @cached_property
    def course(self) -> Course:
        """The iterates of two equal blocks of runs."""
        W = np.random.default_rng([self.seed, 30]).standard_normal((RUNS // 2, *self.problem.shape))
        return follow(self.claim.algorithm, self.problem, np.concatenate([W, W]), STEPS, [self.seed, 31])

    @cached_property
    def D(self) -> Array:
        """The moves, W less the next W, (STEPS, RUNS, m, n)."""
        return -np.diff(self.course.W, axis=0)

    @cached_property
    def pair(self) -> PairedSteps:
        """The course, with fresh steps of what it implements from the same W."""
        return paired(self.claim, self.problem, self.course, [self.seed, 32])

    @property
    def R(self) -> Array:
        """What a fresh step of what it implements moves from the same W, (STEPS, RUNS, m, n)."""
        return self.pair.R

    @cached_property
    def G(self) -> Array:
        """Gradients where it moved from, (STEPS, RUNS, m, n)."""
        return np.stack([np.asarray(self.problem.gradient(W)) for W in self.course.W[:-1]])

    def first(self, W: Array, runs: int, stream: int, steps: int = 1) -> PairedSteps:
        """First moves of many runs from one W, (m, n), with as many fresh steps."""
        course = follow(
            self.claim.algorithm, self.problem, np.repeat(W[None], runs, axis=0), steps, [self.seed, 40 + 2 * stream]
        )
        return paired(self.claim, self.problem, course, [self.seed, 41 + 2 * stream])

    @cached_property
    def from_one_W(self) -> PairedSteps:
        """The first and the second moves of many runs from one W, enough for means to be compared."""
        return self.first(self.course.W[0, 0], FIRST, 0, steps=2)

    @cached_property
    def noise(self) -> tuple[Array, Array] | None:
        """A projection of the gradient, as a part of ``from_one_W``, and the noise that is left: (2, FIRST, m, n) each.

        None where moves do not say how it was projected, and where a step has more than one gradient.
        """
        view, pair = self.sketch, self.from_one_W
        if not hasattr(self.claim.source, "noise") or not (self.has_rank and is_projected(self.claim.declared)):
            return None
        P = self.claim.declared.gamma * np.stack([np.asarray(self.problem.gradient(W)) for W in pair.W])
        if view is not None:
            bases = [spaces(view, D) for D in pair.D]
            if not all(full for _, full in bases):
                return None
            P = np.stack([projected_on(view, U, G) for (U, _), G in zip(bases, P, strict=True)])
        elif not self.claim.declared.one_projection:
            return None
        return P, pair.D - P

    @cached_property
    def ratio(self) -> tuple[float, float]:
        """How long the first step is along the mean of the declared one, in units of it, with its standard error."""
        D, R = self.from_one_W.D[0], self.from_one_W.R[0]
        mean = R.mean(axis=0)
        moved, fresh = (np.sum(M * mean, axis=(1, 2)) for M in (D, R))
        ratio = float(moved.mean() / fresh.mean())
        return ratio, float(np.std(moved - ratio * fresh) / math.sqrt(len(moved)) / abs(fresh.mean()))

    @cached_property
    def later(self) -> tuple[Array, Array]:
        """Fewer runs over many steps: moves, nan where rounding hides them, and gradients."""
        W = np.random.default_rng([self.seed, 33]).standard_normal((LATER_RUNS, *self.problem.shape))
        course = follow(self.claim.algorithm, self.problem, W, LATER, [self.seed, 34])
        D = -np.diff(course.W, axis=0)
        small = np.stack([blur(*pair) for pair in itertools.pairwise(course.W)])
        visible = np.sqrt(squared_norms(D)) > 1e6 * small
        G = np.stack([np.asarray(self.problem.gradient(V)) for V in course.W[:-1]])
        return np.where(visible[..., None, None], D, np.nan), G

    @property
    def alike_from_one_W(self) -> bool:
        """Whether two runs from one W make the same first move."""
        return bool(np.allclose(self.D[0, : RUNS // 2], self.D[0, RUNS // 2 :], rtol=1e-9, atol=0))

    @property
    def knows_gradient(self) -> bool:
        """Whether a step has one gradient, that of f."""
        source = self.claim.source
        return bool(getattr(source, "deterministic", False)) and hasattr(source, "noise")

    @property
    def has_rank(self) -> bool:
        """Whether no move has more than the rank of the sketch."""
        if self.sketch is None:
            return True
        sizes = np.stack([np.linalg.svd(self.sketch.turned(D), compute_uv=False) for D in self.D[:3]])
        return bool((sizes[..., int(self.sketch.rank) :] <= RANK * sizes[..., :1]).all())

    @property
    def is_exact(self) -> bool:
        """Whether a step is the projection of this gradient."""
        return self.knows_gradient and is_projected(self.claim.declared)

    @property
    def sketch(self) -> View | None:
        """The side and the rank of the sketch; None without a sketch, with two, and with one of full rank."""
        views = self.claim.views
        return views[0] if len(views) == 1 and math.isfinite(views[0].rank) else None


def spaces(view: View, D: Array) -> tuple[Array, bool]:
    """Bases of the spaces in which moves lie, (runs, d, r), and whether all have the rank of the sketch."""
    U, sizes, _ = np.linalg.svd(view.turned(D), full_matrices=False)
    rank = int(min(view.rank, sizes.shape[1]))
    nonzero = sizes[:, :rank] > 1e-7 * sizes[:, :1]
    return U[:, :, :rank] * nonzero[:, None], bool(rank == view.rank and nonzero.all())


def projected_on(view: View, U: Array, G: Array) -> Array:
    """Matrices, (runs, m, n), projected on spaces of the bases U."""
    return view.turned_back(U @ (np.swapaxes(U, 1, 2) @ view.turned(G)), G.shape)
