"""What an implementation does in place of what it implements, in words: a scale, a side, a gradient, a memory.

The search starts where a check has failed. It decides nothing, and finds no cause where none of its own fits.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from problems.batch import squared_norms
from problems.checks import Array
from problems.problem import Problem
from rac_theory.testing.algorithms.beside import Beside, beside
from rac_theory.testing.algorithms.claimed import Claim, View, is_projected
from rac_theory.testing.algorithms.course import Course, follow
from rac_theory.testing.refuted import Refuted

_RUNS, _STEPS = 256, 8
_FIRST = 4096  # first steps from one W, of which the mean is looked at where no step can be
_EXACT = 1e-4  # relative: what fits so well is no accident
_ERRORS = 6.0  # standard errors that a mean must be off


def with_cause(refuted: Refuted, claim: Claim, problem: Problem, seed: int) -> Refuted:
    """Return the failure of an implementation with its cause in front, if it is found."""
    declared = f"{claim.algorithm.called} must be {claim.declared!r}"  # type: ignore[union-attr]
    try:
        cause = _cause(claim, problem, seed)
    except (ArithmeticError, np.linalg.LinAlgError, ValueError):  # iterates that no search can follow
        cause = None
    told = Refuted(f"{declared}: {refuted}" if cause is None else f"{declared}, but {cause}. Seen first: {refuted}")
    told.witness = refuted.witness
    return told


def _cause(claim: Claim, problem: Problem, seed: int) -> str | None:
    moves = _Moves(claim, problem, seed)
    if not np.isfinite(moves.D).all() or not np.isfinite(moves.G).all():
        return None
    if not moves.D.any():
        return "it does not move"
    rules = (_stale, _alike, _scaled, _other_side, _other_gradient, _remembers, _mean)
    return next((words for rule in rules if (words := rule(moves)) is not None), None)


@dataclass(frozen=True, eq=False)
class _Moves:
    """A course of an implementation from many W, with fresh steps of what it implements beside it."""

    claim: Claim
    problem: Problem
    seed: int

    @cached_property
    def course(self) -> Course:
        W = np.random.default_rng([self.seed, 30]).standard_normal((_RUNS, *self.problem.shape))
        W[_RUNS // 2 :] = W[: _RUNS // 2]  # each of them twice
        return follow(self.claim.algorithm, self.problem, W, _STEPS, [self.seed, 31])

    @cached_property
    def pair(self) -> Beside:
        return beside(self.claim, self.problem, self.course, [self.seed, 32])

    @property
    def D(self) -> Array:
        """What it moved, (steps, runs, m, n)."""
        return -np.diff(self.course.W, axis=0)

    @cached_property
    def G(self) -> Array:
        """Gradients where it moved from, (steps, runs, m, n)."""
        return np.stack([np.asarray(self.problem.gradient(W)) for W in self.course.W[:-1]])

    @property
    def is_exact(self) -> bool:
        """Whether a step is a projection of a gradient that is known."""
        source = self.claim.source
        return is_projected(self.claim.declared) and getattr(source, "deterministic", False) and hasattr(source, "noise")

    @property
    def drawn(self) -> tuple[View, ...]:
        """Where a sketch acts, of a rank that says something; none without a sketch."""
        return tuple(view for view in self.claim.views if math.isfinite(view.rank))


def _stale(moves: _Moves) -> str | None:
    """All moves of a run lie in one space of the rank of the sketch, those of fresh steps do not."""
    if len(moves.drawn) != 1 or not moves.claim.is_fresh:
        return None
    (view,) = moves.drawn
    own, fresh = (_beyond(view, M) for M in (moves.D, moves.pair.R))
    if own > _EXACT or fresh < 100 * _EXACT:
        return None
    return f"the sketch is not drawn afresh: the first {_STEPS} moves of a run lie in one space of rank {view.rank}"


def _beyond(view: View, M: Array) -> float:
    """How much of the moves of a run, each of length 1, is beyond the rank of one sketch: a singular value, the mean."""
    unit = M / np.maximum(np.sqrt(squared_norms(M)), 1e-300)[..., None, None]
    side = np.concatenate([view.turned(one) for one in unit], axis=2)
    values = np.linalg.svd(side, compute_uv=False)[:, int(view.rank) :]
    return float(values[:, 0].mean()) if values.size else 0.0


def _alike(moves: _Moves) -> str | None:
    """Two runs from one W make the same moves, where draws should part them."""
    half, R = _RUNS // 2, moves.pair.R
    if moves.claim.algorithm.deterministic or np.allclose(R[:, :half], R[:, half:]):
        return None
    if not np.array_equal(moves.D[:, :half], moves.D[:, half:]):
        return None
    return "it does not draw from the rng that it is given: all runs from one W make the same moves"


def _scaled(moves: _Moves) -> str | None:
    """Each step is a multiple of the projection of its gradient, of one number at each time."""
    if not moves.is_exact:
        return None
    fits = [_multiple(moves, view) for view in moves.claim.views]
    factors = next((fit for fit in fits if fit is not None), None)
    if factors is None or (np.abs(factors - 1) <= _EXACT).all():
        return None
    if np.ptp(factors) <= _EXACT * np.abs(factors).max():
        return f"its steps are {factors[0]:.4g} of those that are declared"
    listed = ", ".join(f"{factor:.4g}" for factor in factors[:4])
    return f"its steps change with time: they are {listed}, ... of those that are declared"


def _multiple(moves: _Moves, view: View) -> Array | None:
    """By what the projections of gradients on the spaces of their moves are multiplied, (steps,); None if by no number.

    Of a move c gamma H G the projection of gamma G on its space is gamma H G where the move has the rank of the
    sketch. Where it has less, as with few columns, both are multiples of one another all the same.
    """
    P = np.stack([_along(view, D, moves.claim.declared.gamma * G) for D, G in zip(moves.D, moves.G, strict=True)])
    square = squared_norms(P)
    size = squared_norms(moves.D)
    c = np.sum(P * moves.D, axis=(2, 3)).sum(axis=1) / np.maximum(square.sum(axis=1), 1e-300)
    off = squared_norms(moves.D - c[:, None, None, None] * P)
    return np.asarray(c) if bool((off <= _EXACT**2 * size).all()) else None


def _along(view: View, D: Array, G: Array) -> Array:
    """Project gradients on the spaces in which moves lie: (runs, m, n) each."""
    if view.side == "entries" and not math.isfinite(view.rank):
        return G
    U, sizes, _ = np.linalg.svd(view.turned(D), full_matrices=False)
    U = U * (sizes > 1e-7 * sizes[:, :1])[:, None] * (np.arange(sizes.shape[1]) < view.rank)
    return view.turned_back(U @ (np.swapaxes(U, 1, 2) @ view.turned(G)), G.shape)


def _other_side(moves: _Moves) -> str | None:
    """Moves are projections of their gradients from the side that is not declared."""
    if not moves.is_exact or len(moves.drawn) != 1:
        return None
    (view,) = moves.drawn
    other = replace(view, side="right" if view.side == "left" else "left", rank=view.rank)
    factors = _multiple(moves, other)
    if factors is None or view.rank >= min(moves.problem.shape):
        return None
    scale = "" if (np.abs(factors - 1) <= _EXACT).all() else f", and are {factors[0]:.4g} of those that are declared"
    return (
        f"it moves the other side: its steps project the gradient from the {other.side}, side={view.side!r} is declared"
        f"{scale}"
    )


def _other_gradient(moves: _Moves) -> str | None:
    """The first steps from one W are projections of one matrix, which is not the gradient."""
    if not moves.is_exact or len(moves.claim.views) != 1:
        return None
    found = [_gradient_at(moves, W, index) for index, W in enumerate(moves.course.W[0, :2])]
    if any(one is None for one in found):
        return None
    off = [one - G for one, G in zip(found, moves.G[0, :2], strict=True)]
    sizes = [float(np.linalg.norm(one)) for one in off]
    if max(sizes) <= _EXACT * float(np.linalg.norm(moves.G[0, 0])):
        return None
    decay = [float(np.sum(one * W) / np.sum(W * W)) for one, W in zip(off, moves.course.W[0, :2], strict=True)]
    left = [one - decay[0] * W for one, W in zip(off, moves.course.W[0, :2], strict=True)]
    if max(map(np.linalg.norm, left)) <= 10 * _EXACT * max(sizes):
        return f"its gradient is not that of the problem: it adds {decay[0]:.4g} W, is that weight decay?"
    if np.linalg.norm(off[0] - off[1]) <= 10 * _EXACT * max(sizes):
        return f"its gradient is biased: it is off by one matrix wherever W is, of norm {sizes[0]:.4g}"
    share = sizes[0] / float(np.linalg.norm(moves.G[0, 0]))
    return f"its gradient is biased, it is not that of the problem: at one W it is off by {share:.3g} of its length"


def _gradient_at(moves: _Moves, W: Array, index: int) -> Array | None:
    """The matrix of which the moves from one W are projections: of D = gamma H g, (sum of H) g = sum of D / gamma."""
    (view,), runs = moves.claim.views, _RUNS
    course = follow(moves.claim.algorithm, moves.problem, np.repeat(W[None], runs, axis=0), 1, [moves.seed, 33, index])
    D = -np.diff(course.W, axis=0)[0] / moves.claim.declared.gamma
    if view.side == "entries" and not math.isfinite(view.rank):
        return D[0] if np.allclose(D, D[:1]) else None
    moved = view.turned(D)
    U, sizes, _ = np.linalg.svd(moved, full_matrices=False)
    rank = int(view.rank)
    if sizes.shape[1] < rank or not (sizes[:, rank - 1] > 1e-7 * sizes[:, 0]).all():
        return None
    U = U[:, :, :rank]
    H = U @ np.swapaxes(U, 1, 2)
    if np.linalg.cond(H.sum(axis=0)) > 1e6:
        return None
    g = np.linalg.solve(H.sum(axis=0), moved.sum(axis=0))
    fits = (squared_norms(H @ g - moved) <= _EXACT**2 * squared_norms(moved)).all()
    return view.turned_back(g[None], (1, *W.shape))[0] if fits else None


def _remembers(moves: _Moves) -> str | None:
    """A step leans on the one before, by more than a fresh step does."""
    D, R = moves.D, moves.pair.R
    size = np.maximum(squared_norms(D).sum(axis=0), 1e-300)
    over = np.sum((D[1:] - R[1:]) * D[:-1], axis=(0, 2, 3)) / size
    under = squared_norms(D[:-1]).sum(axis=0) / size
    share = over.sum() / under.sum()
    error = np.sqrt(np.sum((over - share * under) ** 2)) / under.sum()
    if abs(share) <= _ERRORS * error:
        return None
    return f"a step keeps about {share:.2g} of the one before: is it momentum?"


def _mean(moves: _Moves) -> str | None:
    """The mean of many first steps from one W, beside that of as many that are declared."""
    W = moves.course.W[0, 0]
    course = follow(moves.claim.algorithm, moves.problem, np.repeat(W[None], _FIRST, axis=0), 1, [moves.seed, 34])
    pair = beside(moves.claim, moves.problem, course, [moves.seed, 35])
    D, R = pair.D[0], pair.R[0]
    mean = R.mean(axis=0)
    along = np.sum(D * mean, axis=(1, 2)), np.sum(R * mean, axis=(1, 2))
    ratio = along[0].mean() / along[1].mean()
    error = np.std(along[0] - ratio * along[1]) / math.sqrt(_FIRST) / abs(along[1].mean())
    U = (D - ratio * R)[: _FIRST // 2].mean(axis=0)
    across = np.sum((D - ratio * R)[_FIRST // 2 :] * U, axis=(1, 2))
    if across.mean() > _ERRORS * np.std(across) / math.sqrt(len(across)):
        share = float(np.linalg.norm(U) / np.linalg.norm(mean))
        return (
            f"its mean step points elsewhere: {ratio:.2g} of the one that is declared, and about {share:.2g} of its "
            "length across; is the gradient biased, or the side another one?"
        )
    if abs(ratio - 1) > _ERRORS * error:
        return f"its steps are about {ratio:.2g} of those that are declared, on average"
    return None
