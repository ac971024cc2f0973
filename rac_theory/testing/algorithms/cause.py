"""What an implementation does in place of what it implements, in words: a scale, a side, a gradient, a memory.

The search starts where a check has failed. It decides nothing, and finds no cause where none of its own fits. Causes
here are seen in means alone: of moves beside as many that are declared, at least six standard errors off.
"""

import math

import numpy as np

from rac_theory.algorithms.gradients import Minibatch, Reshuffled
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms import cause_by_moves
from rac_theory.testing.algorithms.claimed import Claim, View, is_projected, name_of
from rac_theory.testing.algorithms.course import check_drawn
from rac_theory.testing.algorithms.moves import Moves, projected_on, spaces
from rac_theory.testing.failures import Refuted

_ERRORS = 6.0
_ROUNDING = 1e-9  # of a mean step
_LEAST = 0.03  # of a step: what is kept of the one before is not told more finely


def another_space(moves: Moves, view: View) -> str | None:
    """The first moves lie in spaces whose law is not that of the sketch, which no gradient can cause."""
    (bases, full), (fresh, fresh_full) = (spaces(view, M[0]) for M in (moves.from_one_W.D, moves.from_one_W.R))
    if not (full and fresh_full):
        return None
    d = bases.shape[1]
    u = np.random.default_rng(0).standard_normal((1, d))
    lines = np.concatenate([np.eye(d), u / np.linalg.norm(u)])
    shares = [np.square(lines @ U).sum(axis=2) for U in (bases, fresh)]  # of each line, in the space of each run
    if max(_errors(shares[0] ** power - shares[1] ** power) for power in (1, 2)) <= _ERRORS:
        return None
    what, opposite = ("columns", "right") if view.side == "left" else ("rows", "left")
    return (
        f"the {what} of its moves lie elsewhere than the sketch: is it another one, or does it act from the {opposite}?"
    )


def near_the_last(moves: Moves, view: View) -> str | None:
    """A move shares more of its space with the move before it than a fresh one does."""
    if not moves.claim.is_fresh or not moves.has_rank:  # momentum has more
        return None
    last, fresh = ([spaces(view, M) for M in steps] for steps in (moves.D[:-1], moves.R[1:]))
    share, _ = _remembered(moves)
    without = [spaces(view, M) for M in moves.D[1:] - share * moves.D[:-1]]  # where all moves fit into its rank
    bases = [spaces(view, M) for M in moves.D[1:]]
    if not all(full for _, full in (*last, *fresh, *bases, *without)):
        return None

    def overlaps(after: list[tuple[Array, bool]]) -> Array:
        cosines = (np.swapaxes(V, 1, 2) @ U for (V, _), (U, _) in zip(last, after, strict=True))
        return np.concatenate([np.square(C).mean(axis=2).sum(axis=1) for C in cosines])

    moved_share, fresh_share, rest = map(overlaps, (bases, fresh, without))
    if min(_errors((shares - fresh_share)[:, None]) for shares in (moved_share, rest)) <= _ERRORS:
        return None
    return (
        f"its sketches are not independent: a move has {moved_share.mean():.3g} of its space in that of the move "
        f"before, where fresh sketches have {fresh_share.mean():.3g}"
    )


def batch_again(moves: Moves) -> str | None:
    """The noise of successive gradients is correlated, in moves that keep nothing else of the step before.

    Momentum keeps the gradient of the step before as well as its noise, and its moves have more than the rank of a
    sketch.
    """
    if moves.noise is None or moves.knows_gradient:
        return None
    change = moves.from_one_W.D[1] - moves.ratio[0] * moves.from_one_W.R[1]
    (part_of_signal, of_signal), (share, of_noise) = (_slope(change, part[0]) for part in moves.noise)
    if of_noise <= _ERRORS or (of_signal > _ERRORS and abs(part_of_signal) > abs(share) / 2):
        return None
    if share > 0:
        return f"its batches are not drawn afresh: {share:.2g} of the noise of a step is that of the step before"
    return (
        f"its batches are not drawn afresh: a step has {share:.2g} of the noise of the step before; do batches run "
        "through an epoch?"
    )


def _slope(change: Array, of: Array) -> tuple[float, float]:
    """The coefficient of a matrix in a change, (runs, m, n) each, and how many standard errors it is from zero."""
    over = np.sum(change * of, axis=(1, 2))
    return float(over.mean() / squared_norms(of).mean()), _errors(over[:, None])


def noisier(moves: Moves) -> str | None:
    """The noise of gradients has another variance than that of the declared batches."""
    if moves.noise is None or moves.knows_gradient:
        return None
    noise = moves.noise[1][0]
    R, P = moves.from_one_W.R[0], moves.noise[0][0]
    if moves.sketch is not None:
        U, full = spaces(moves.sketch, R)
        if not full:
            return None
        gradient = moves.claim.declared.gamma * np.asarray(moves.problem.gradient(moves.from_one_W.W[0, 0]))
        P = projected_on(moves.sketch, U, np.repeat(gradient[None], len(R), axis=0))
    sizes, fresh = squared_norms(noise), squared_norms(R - P)
    if _errors((sizes - fresh)[:, None]) <= _ERRORS or not fresh.any():
        return None
    ratio, source = float(sizes.mean() / fresh.mean()), moves.claim.source
    words = f"the noise of its gradients has {ratio:.3g} times the variance that is declared"
    if isinstance(source, Minibatch):
        N = moves.from_one_W.N
        finite = (N - 1) / max(N - source.size, 1)
        if abs(math.log(ratio / finite)) < abs(math.log(ratio)) / 2 and not source.replace:
            return f"{words}: are batches drawn with replacement?"
        return f"{words}: are batches of another size, or with{'out' * source.replace} replacement?"
    return words


def components(moves: Moves) -> str | None:
    """The components that were asked for are no draw of the source: an impossible list, wrong frequencies or order."""
    problem, source = moves.problem, moves.claim.source
    wrong = next((words for tapes in moves.course.tapes if (words := check_drawn(source, problem, tapes))), None)
    if wrong is not None:
        return f"it draws components otherwise: {wrong}"
    epochs = isinstance(source, Reshuffled)
    if moves.from_one_W.drawn is not None:
        numbers, fresh = (drawn[0] for drawn in moves.from_one_W.drawn)
        if _errors(numbers - fresh) > _ERRORS:
            return (
                "its epochs are in another order than a random one: is a fixed order shifted, or shuffled in parts?"
                if epochs
                else "some components are drawn more often than others"
            )
    if moves.pair.drawn is not None:
        numbers, fresh = moves.pair.drawn
        last = numbers[:-1] - numbers[:-1].mean(axis=2, keepdims=True)
        correlation = np.sum((numbers - fresh)[1:] * last, axis=2).reshape(-1, 1)
        if _errors(correlation) > _ERRORS:
            like = "like" if correlation.mean() > 0 else "unlike"
            return f"its {'epochs are' if epochs else 'batches are'} not drawn afresh: each is {like} the one before"
    return None


def longer(moves: Moves, view: View) -> str | None:
    """The spaces are those of the sketch, and lengths are spread wider than those of a projection can be."""
    if not is_projected(moves.claim.declared) or moves.knows_gradient:
        return None
    lengths, fresh = (np.sqrt(squared_norms(M[0])) for M in (moves.from_one_W.D, moves.from_one_W.R))
    spread = [np.log(np.maximum(sizes, 1e-300)).var() for sizes in (lengths, fresh)]
    if spread[0] <= 1.5 * spread[1] or not moves.has_rank:
        return None
    return (
        f"the lengths of its steps are spread {math.sqrt(spread[0] / spread[1]):.3g} times as far: are they plain "
        "steps, without the pseudo-inverse of B' B?"
    )


def biased(moves: Moves) -> str | None:
    """The mean of the first moves points elsewhere than that of the declared ones."""
    D, R, (ratio, _) = moves.from_one_W.D[0], moves.from_one_W.R[0], moves.ratio
    rest = D - ratio * R
    U = rest[: len(rest) // 2].mean(axis=0)
    if np.linalg.norm(U) <= _ROUNDING * np.linalg.norm(R.mean(axis=0)):
        return None
    if _errors(np.sum(rest[len(rest) // 2 :] * U, axis=(1, 2))[:, None]) <= _ERRORS:
        return None
    share = float(np.linalg.norm(U) / np.linalg.norm(R.mean(axis=0)))
    return f"its gradient is biased: its mean step is off by about {share:.2g} of the declared one, across that"


def remembers(moves: Moves) -> str | None:
    """Each step has a share of the step before it in it, beside a fresh step of the usual length."""
    share, error = _remembered(moves)
    if abs(share) <= max(_ERRORS * error, _LEAST):
        return None
    return f"a step keeps about {share:.2g} of the one before: is it momentum?"


def _remembered(moves: Moves) -> tuple[float, float]:
    """The share of a step that is in the next one, and its standard error."""
    D, R = moves.D, moves.ratio[0] * moves.R
    size = np.maximum(squared_norms(D).sum(axis=0), 1e-300)
    over = np.sum((D[1:] - R[1:]) * D[:-1], axis=(0, 2, 3)) / size
    under = squared_norms(D[:-1]).sum(axis=0) / size
    share = float(over.sum() / under.sum())
    return share, math.sqrt(float(np.square(over - share * under).sum())) / float(under.sum())


def scaled_on_average(moves: Moves) -> str | None:
    """The mean of the first moves is a multiple of that of the declared ones."""
    ratio, error = moves.ratio
    if abs(ratio - 1) <= _ERRORS * error:
        return None
    return f"its steps are about {ratio:.2g} of those that are declared, on average"


def _errors(Z: Array) -> float:
    """How many standard errors the mean of any column of Z, (runs, k), is off zero, at most."""
    deviation = np.std(Z, axis=0) / math.sqrt(len(Z))
    return float(np.max(np.abs(Z.mean(axis=0)) / np.maximum(deviation, 1e-300), initial=0.0))


_RULES: tuple[cause_by_moves.Rule, ...] = (  # what is exact before what is a mean; a memory after the first step
    *cause_by_moves.RULES,
    *(components, *map(cause_by_moves.of_sketch, (another_space, near_the_last)), batch_again),
    *(cause_by_moves.of_sketch(longer), biased, remembers, scaled_on_average, noisier),
)


def with_cause(refuted: Refuted, claim: Claim, problem: Problem, seed: int) -> Refuted:
    """Return the failure of an implementation with its cause in front, if one is found."""
    try:
        words = _cause(Moves(claim, problem, seed))
    except (ArithmeticError, ValueError):  # of iterates that no search can follow; LinAlgError is a ValueError
        words = None
    stop = "" if words is None or words.endswith("?") else "."
    explanation = f": {refuted}" if words is None else f", but {words}{stop} Seen first: {refuted}"
    caused = Refuted(f"{name_of(claim.algorithm)} must be {claim.declared!r}{explanation}")
    caused.witness = refuted.witness
    return caused


def _cause(moves: Moves) -> str | None:
    if not np.isfinite(moves.D).all() or not np.isfinite(moves.G).all():
        return None
    if not moves.D.any():
        return "it does not move"
    return next((words for rule in _RULES if (words := rule(moves)) is not None), None)
