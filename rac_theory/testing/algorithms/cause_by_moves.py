"""Causes that moves show without any law: each is a fact about all of them that no accident makes."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar

from rac_theory.algorithms import leading_part
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.testing.algorithms.claimed import View
from rac_theory.testing.algorithms.members import RANK
from rac_theory.testing.algorithms.moves import RUNS, STEPS, Moves, projected_on, spaces
from rac_theory.testing.algorithms.paired_steps import among_earlier, of_spaces, repeating
from rac_theory.testing.trainers.arrays import FORMATS

_EXACT = 1e-4  # relative: what fits so well is no accident
_AGAIN = 1e-9  # how far the angles of one space may be apart
_NEARLY = 0.02  # what low precision may change in a move: bfloat16 has eight bits


def stale(moves: Moves, view: View) -> str | None:
    """All moves of a run lie in one space of the rank of the sketch, those of fresh steps do not."""
    if not moves.claim.is_fresh:
        return None
    if _beyond(view, moves.D).max() > _EXACT or _beyond(view, moves.R).mean() < 100 * _EXACT:
        return None
    return f"the sketch is not drawn afresh: the first {STEPS} moves of a run lie in one space of rank {view.rank}"


def _beyond(view: View, M: Array) -> Array:
    """The part of the moves of each run, of length 1, outside of every space of the sketch's rank: a singular value."""
    unit = M / np.maximum(np.sqrt(squared_norms(M)), 1e-300)[..., None, None]
    together = np.concatenate([view.turned(move) for move in unit], axis=2)
    values = np.linalg.svd(together, compute_uv=False)[:, int(view.rank) :]
    return np.asarray(values.max(axis=1, initial=0.0))


def alike(moves: Moves) -> str | None:
    """Two runs from one W make the same moves, though their draws should differ."""
    half = RUNS // 2
    same = [np.allclose(M[:, :half], M[:, half:], rtol=1e-9, atol=0) for M in (moves.D, moves.R)]
    if same != [True, False]:
        return None
    first, second = (moves.first(moves.course.W[0, 0], 2, stream).D for stream in (3, 4))
    if np.allclose(first, second, rtol=1e-9, atol=0):
        return "it does not draw from the rng that it is given: all runs from one W make the same moves"
    return "sketches come again: runs from one W make the same moves; do runs of a block share a seed?"


def leading(moves: Moves, view: View) -> str | None:
    """Moves are along the leading singular vectors of their own gradients."""
    if not moves.is_exact or view.rank > min(moves.problem.shape):
        return None
    expected = moves.claim.declared.gamma * leading_part(moves.G[0], int(view.rank))
    if (squared_norms(moves.D[0] - expected) > _EXACT**2 * squared_norms(expected)).any():
        return None
    return "it draws no sketch: its moves are along the leading singular vectors of the gradient, as those of GaLore"


def random(moves: Moves) -> str | None:
    """Two runs from one W differ, though nothing is declared to be drawn."""
    half = RUNS // 2
    if not moves.claim.algorithm.deterministic or _same(moves.D[0, :half], moves.D[0, half:]).all():
        return None
    return "it draws, where nothing is declared to: two runs from one W part; is dropout left on, or a batch drawn?"


def used_again(moves: Moves, view: View) -> str | None:
    """A space is used again: that of the step before in all runs, of an earlier step, or of another run from one W.

    Fresh ones come again where there are few, as coordinates.
    """
    minors, fresh = (of_spaces((view,), M) for M in (moves.D, moves.R))
    if minors is None or fresh is None:
        return None
    equal = np.abs(np.diff(minors.angle, axis=0)) <= _AGAIN
    if (steps := np.flatnonzero(equal.all(axis=1))).size:
        return f"a sketch is used twice: in all runs step {steps[0] + 2} moves in the space of step {steps[0] + 1}"
    first, first_fresh = (of_spaces((view,), M[0]) for M in (moves.from_one_W.D, moves.from_one_W.R))
    assert first is not None
    assert first_fresh is not None
    if repeating(first.angle).sum() > 20 + 2 * repeating(first_fresh.angle).sum():
        different = 1 + int((np.diff(np.sort(first.angle)) > _AGAIN).sum())
        return (
            f"sketches come again: {len(first.angle)} first moves from one W lie in {different} spaces; is there a "
            "pool of them, do runs share a seed, or is it another sketch, of few values?"
        )
    repeats, chance = (among_earlier(minors.angle, M.angle).sum() for M in (minors, fresh))
    if repeats > 20 + 2 * chance:
        return (
            f"sketches come again: {repeats:.0f} of {minors.angle[1:].size} moves lie in the space of an earlier one "
            "of their run; is there a pool of them?"
        )
    return None


def scaled(moves: Moves) -> str | None:
    """Each step is the projection of its gradient times a number that depends on the time alone, or on the run."""
    if not moves.is_exact:
        return None
    factors = next((fit for view in moves.claim.views if (fit := _multiples(moves, view)) is not None), None)
    if factors is None or (np.abs(factors - 1) <= _EXACT).all():
        return None if factors is None else _schedule(moves)
    size, half = np.abs(factors).max(), RUNS // 2
    if (np.ptp(factors, axis=1) > _EXACT * size).any():
        if (apart := np.abs(factors[0, :half] - factors[0, half:])).max() > _EXACT * size:
            i = int(apart.argmax())
            return (
                f"the length of its steps differs from run to run: from one W they are {factors[0, i]:.4g} and "
                f"{factors[0, half + i]:.4g} of those that are declared; is it drawn, as by dropout, or is it a plain "
                "step, without the pseudo-inverse?"
            )
        return _clipped(moves, factors)
    by_time = factors[:, 0]
    if np.ptp(by_time) <= _EXACT * size:
        return _schedule(moves) or f"its steps are {by_time[0]:.4g} of those that are declared"
    return _changing(by_time, 1)


def _schedule(moves: Moves) -> str | None:
    """The lengths of steps over a long run change: a schedule may begin slowly, or late."""
    D, G = moves.later
    factors = next(
        (fit for view in moves.claim.views if (fit := _multiple_in_time(moves, view, D, G)) is not None), None
    )
    if factors is None or not np.ptp(factors) > _EXACT / 4 * np.abs(factors).max():
        return None
    return _changing(factors, max(int(np.argmax(np.abs(factors - factors[0]) > _EXACT / 4 * np.abs(factors[0]))), 1))


def _changing(factors: Array, first: int) -> str:
    """How steps change, in words: the first four factors, or the first one and that at which the change begins."""
    if first < 4:
        listed = ", ".join(f"{factor:.5g}" for factor in factors[:4]) + ", ..."
    else:
        listed = f"{factors[0]:.5g} at first and {factors[first]:.5g} at step {first + 1}"
    return f"its steps change with time: they are {listed} of those that are declared; is there a schedule?"


def _clipped(moves: Moves, factors: Array) -> str | None:
    """Steps depend on W by the norm of the gradient: all have one length, or none is longer than that."""
    lengths = factors[0] * np.sqrt(squared_norms(moves.G[0]))
    short = factors[0] < 1 - _EXACT
    same = np.ptp(lengths[short]) <= _EXACT * lengths.max() if short.any() else False
    if same and (factors[0] <= 1 + _EXACT).all():
        return f"its gradient is clipped, or normalised: where it is longer, its length is {lengths[short][0]:.4g}"
    if np.ptp(lengths) <= _EXACT * np.abs(lengths).max():
        return f"its gradient is normalised: its length is {lengths[0]:.4g} wherever W is"
    return "its step size changes with W: is it scaled by the gradient, or by W?"


def plain(moves: Moves, view: View) -> str | None:
    """Moves of one rank are B K B' G for the sketch B, with a K that is not the one of a projection.

    In the basis U of its space a move is ``U C`` with ``C = K U' G`` for a symmetric positive K: that of a projection
    is gamma, that of the plain step ``B B'`` is drawn.
    """
    if not moves.is_exact:
        return None
    D, G = view.turned(moves.D[0]), view.turned(moves.G[0])
    U, full = spaces(view, moves.D[0])
    if not full or _beyond(view, moves.D[:1]).max() > _EXACT:
        return None
    C, inner = np.swapaxes(U, 1, 2) @ D, np.swapaxes(U, 1, 2) @ G
    K = C @ np.linalg.pinv(inner)
    off = squared_norms(K @ inner - C) / squared_norms(C)
    turned = squared_norms(K - np.swapaxes(K, 1, 2)) / squared_norms(K)
    if max(off.max(), turned.max()) > (10 * _EXACT) ** 2 or np.linalg.eigvalsh(K).min() < 0:
        return None
    scaled_alike = K.trace(axis1=1, axis2=2).mean() / K.shape[1] * np.eye(K.shape[1])
    if (squared_norms(K - scaled_alike) <= _EXACT**2 * squared_norms(K)).all():
        return None
    if max(U.shape[2], G.shape[2]) < 2:  # any move along a vector is of this form
        return None
    return (
        "its steps are no projections: each is B K B' G with a K that is drawn; is it the plain step, without the "
        "pseudo-inverse of B' B?"
    )


def low_rank(moves: Moves, view: View) -> str | None:
    """Moves are projections of their gradient, but of another rank than the sketch has, in all runs or in a few."""
    if view.rank > min(moves.problem.shape):
        return None
    D = np.concatenate([view.turned(moves.D[0]), view.turned(moves.from_one_W.D[0])])
    sizes = np.linalg.svd(D, compute_uv=False)
    ranks = (sizes > RANK * sizes[:, :1]).sum(axis=1)
    declared, rank = int(view.rank), int(ranks.max())
    if (ranks == rank).all() and rank != declared:
        if rank == min(D.shape[1:]) or (rank > declared and not moves.is_exact):
            return None
        if moves.is_exact and _multiples(moves, replace(view, rank=rank)) is None:
            return None
        return f"its moves have rank {rank}, that of the sketch is {declared}"
    if rank <= declared and (lost := np.count_nonzero(ranks < declared)):
        fresh = np.linalg.svd(view.turned(moves.from_one_W.R[0]), compute_uv=False)
        if np.count_nonzero(fresh[:, declared - 1] <= RANK * fresh[:, 0]) < lost / 4:
            return f"its moves lose rank: {lost} of {len(ranks)} have a rank below {declared}, that of the sketch"
    return None


def decays(moves: Moves, view: View) -> str | None:
    """Moves are of the rank of the sketch up to a multiple of W: a weight decay beside the step."""
    if view.rank >= min(moves.problem.shape):
        return None
    D, W, rank = view.turned(moves.D[0]), view.turned(moves.course.W[0]), int(view.rank)

    def beyond(part: float) -> float:
        values = np.linalg.svd(D - part * W, compute_uv=False)
        return float(np.mean(values[:, rank] / values[:, 0]))

    most = 4 * float(np.max(np.linalg.svd(D, compute_uv=False)[:, rank] / np.linalg.svd(W, compute_uv=False)[:, -1]))
    grid = np.linspace(-most, most, 81)
    best = float(grid[int(np.argmin([beyond(part) for part in grid]))])
    part = float(minimize_scalar(beyond, bounds=(best - most / 40, best + most / 40), options={"xatol": 1e-12}).x)
    if beyond(0.0) < 10 * _EXACT or beyond(part) > _EXACT:
        return None
    return f"beside its step it takes {part:.4g} W off W: is it weight decay?"


def rounded(moves: Moves) -> str | None:
    """Iterates, moves or gradients are numbers of a format of fewer bits."""
    before, after, gamma = moves.course.W[0], moves.course.W[1], moves.claim.declared.gamma
    exact = 8 * float(np.finfo(float).eps) * (np.abs(before) + np.abs(after))
    if not moves.D[0].any():
        return None
    for kind in (FORMATS[name] for name in ("bfloat16", "float16", "float32")):
        for what, numbers, error in (
            ("iterates", after, 0.0 * exact),
            ("moves", moves.D[0], exact),
            ("gradients", moves.D[0] / gamma, exact / gamma),
        ):
            if (np.abs(kind.rounded(numbers) - numbers) <= error).all() and not (numbers == np.rint(numbers)).all():
                return f"its {what} are rounded to {kind.name}; is a product merged in low precision?"
    return None


def nearly(moves: Moves) -> str | None:
    """Moves are projections of their gradients up to some thousandths of their length."""
    view = moves.sketch
    if not moves.is_exact or len(moves.claim.views) != 1:
        return None
    G = moves.claim.declared.gamma * moves.G[0]
    P = G if view is None else _projected(view, moves.D[0], G)
    off = np.sqrt(squared_norms(moves.D[0] - P) / squared_norms(P))
    if not (1e-7 < off.max() < _NEARLY):
        return None
    if moves.alike_from_one_W:
        return f"its moves are off by up to {off.max():.2g} of their length: is a product rounded to low precision?"
    return (
        f"its moves are off by up to {off.max():.2g} of their length, otherwise in each run: is a product or factor "
        "rounded to low precision, or noise added?"
    )


def old_gradient(moves: Moves) -> str | None:
    """Each move is a projection of the gradient at an earlier iterate of its run."""
    if not moves.is_exact or len(moves.claim.views) != 1:
        return None
    sources = []
    for t, D in enumerate(moves.D):
        source = next((s for s in range(t, -1, -1) if _is_projection(moves, D, moves.G[s])), None)
        if source is None:
            return None
        sources.append(source)
    late = [t for t, s in enumerate(sources) if s != t]
    if not late:
        return None
    return f"its gradient is stale: step {late[0] + 1} takes that of step {sources[late[0]] + 1}"


def _is_projection(moves: Moves, D: Array, G: Array) -> bool:
    (view,) = moves.claim.views
    P = _projected(view, D, moves.claim.declared.gamma * G)
    return bool((squared_norms(D - P) <= _EXACT**2 * squared_norms(D)).all())


def random_gradient(moves: Moves, view: View) -> str | None:
    """The first moves from one W are projections of different matrices, though gradients are exact."""
    if not moves.is_exact or _beyond(view, moves.D[:1]).max() > _EXACT:
        return None
    if _multiples(moves, view) is not None or _gradient_at(moves, moves.course.W[0, 0], 1) is not None:
        return None
    return "its gradient is another one in each run from one W: is dropout left on, a batch drawn, or noise added?"


def other_side(moves: Moves, view: View) -> str | None:
    """Moves are projections, or plain steps, of their gradients from the side that is not declared."""
    if not moves.knows_gradient:
        return None
    m, n = moves.problem.shape
    most = (n if view.side == "left" else m) - 1  # the rank of a projection that is not all of the other side
    if most < 1:
        return None
    opposite = replace(view, side="right" if view.side == "left" else "left", rank=min(view.rank, most))
    words = (
        f"it moves the other side: its steps act on the gradient from the {opposite.side}, "
        f"side={view.side!r} is declared"
    )
    if not moves.is_exact:
        return words if _is_symmetric(opposite, moves.D[0], moves.G[0]) else None
    factors = _multiples(moves, opposite)
    if factors is None or (np.ptp(factors, axis=1) > _EXACT * np.abs(factors).max()).any():
        return None
    if (np.abs(factors - 1) <= _EXACT).all():
        return words
    low, high = factors.min(), factors.max()
    share = f"{low:.4g}" if high - low <= _EXACT * np.abs(factors).max() else f"{low:.4g} to {high:.4g}"
    return f"{words}, and they are {share} of a projection"


def other_gradient(moves: Moves) -> str | None:
    """The first steps from one W are projections of one matrix, which is not the gradient."""
    if not moves.is_exact or len(moves.claim.views) != 1:
        return None
    places = moves.course.W[0, :2]
    gradients = [_gradient_at(moves, W, stream) for stream, W in enumerate(places, start=1)]
    off = [g - G for g, G in zip(gradients, moves.G[0, :2], strict=True) if g is not None]
    length = float(np.linalg.norm(moves.G[0, 0]))
    size = max((float(np.linalg.norm(bias)) for bias in off), default=0.0)
    if len(off) < 2 or max(_across(bias, G) for bias, G in zip(off, moves.G[0, :2], strict=True)) <= _EXACT * length:
        return None  # a multiple of the gradient is a scale, and perhaps a memory
    part = float(np.sum(off[0] * places[0]) / np.sum(places[0] ** 2))
    if max(np.linalg.norm(bias - part * W) for bias, W in zip(off, places, strict=True)) <= 10 * _EXACT * size:
        return f"its gradient is not that of the problem: it adds {part:.4g} W, is it weight decay?"
    if np.linalg.norm(off[0] - off[1]) <= 10 * _EXACT * size:
        return f"its gradient is biased: it is off by one matrix wherever W is, of norm {size:.4g}"
    if (clipped := _clipped_entries(moves, off)) is not None:
        return clipped
    share = float(np.linalg.norm(off[0])) / length
    return f"its gradient is biased, it is not that of the problem: at one W it is off by {share:.3g} of its length"


def _clipped_entries(moves: Moves, off: list[Array]) -> str | None:
    """The entries of the gradient are cut off at one size, and are right below it."""
    g = np.concatenate([(G + bias).ravel() for bias, G in zip(off, moves.G[0, :2], strict=True)])
    change = np.abs(np.concatenate([bias.ravel() for bias in off]))
    cut = np.abs(g[change > 10 * _EXACT * np.abs(g).max()])
    if len(cut) < 3 or np.ptp(cut) > 10 * _EXACT * cut.max() or np.abs(g).max() > (1 + 10 * _EXACT) * cut.max():
        return None
    return f"its gradient has entries of size {cut[0]:.4g} at most: are they clipped, or is it the sign?"


def _across(M: Array, G: Array) -> float:
    """The norm of the part of M that is orthogonal to G."""
    return float(np.linalg.norm(M - np.sum(M * G) / max(float(np.sum(G * G)), 1e-300) * G))


def _multiples(moves: Moves, view: View) -> Array | None:
    """The factors by which moves are projections of their gradients, (STEPS, RUNS); None where they are no multiples.

    Of a move D = c gamma H G the projection P of gamma G on its space fulfils <P, D> = <gamma G, D> = ||D||^2 / c, as H
    is a projection. It is D / c, also where D has not the rank of the sketch, as with few columns.
    """
    factors = []
    for D, G in zip(moves.D, moves.claim.declared.gamma * moves.G, strict=True):
        P = _projected(view, D, G)
        along_P = np.sum(P * D, axis=(1, 2))
        c = squared_norms(D) / np.where(along_P == 0, np.inf, along_P)
        if (squared_norms(D - c[:, None, None] * P) > _EXACT**2 * squared_norms(D)).any():
            return None
        factors.append(c)
    return np.array(factors)


def _multiple_in_time(moves: Moves, view: View, D: Array, G: Array) -> Array | None:
    """The same factors over many steps, one for all runs that rounding does not hide: (steps,)."""
    factors = []
    for move, gradient in zip(D, moves.claim.declared.gamma * G, strict=True):
        usable = np.isfinite(move).all(axis=(1, 2))
        if not usable.any():
            break
        P = _projected(view, move[usable], gradient[usable])
        c = float(np.sum(move[usable] ** 2) / np.sum(P * move[usable]))
        if not (squared_norms(move[usable] - c * P) <= _EXACT**2 * squared_norms(move[usable])).all():
            return None
        factors.append(c)
    return np.array(factors)


def _same(D: Array, K: Array) -> Array:
    """Which moves are equal, up to rounding: (runs, m, n) each to (runs,)."""
    return np.asarray(squared_norms(D - K) <= 1e-18 * (squared_norms(D) + squared_norms(K)))


def _projected(view: View, D: Array, G: Array) -> Array:
    """Gradients, projected on the spaces in which moves lie; all of them where nothing is drawn: (runs, m, n) each."""
    if not math.isfinite(view.rank):
        return G
    return projected_on(view, spaces(view, D)[0], G)


def _is_symmetric(view: View, D: Array, G: Array) -> bool:
    """Whether moves are M G for symmetric M that act from a side; only where G has an inverse on the other one."""
    D, G = view.turned(D), view.turned(G)
    if G.shape[1] > G.shape[2]:
        return False
    M = D @ np.linalg.pinv(G)
    off = squared_norms(M - np.swapaxes(M, 1, 2)) + squared_norms(M @ G - D) / squared_norms(G)
    return bool((off <= _EXACT**2 * squared_norms(M)).all())


def _gradient_at(moves: Moves, W: Array, stream: int) -> Array | None:
    """The matrix of which the moves from one W are projections: of D = gamma H g, (sum of H) g = sum of D / gamma."""
    (view,) = moves.claim.views
    D = moves.first(W, RUNS, stream).D[0] / moves.claim.declared.gamma
    if not math.isfinite(view.rank):
        return D[0] if np.allclose(D, D[:1]) else None
    U, full = spaces(view, D)
    H, moved = U @ np.swapaxes(U, 1, 2), view.turned(D)
    if not full or np.linalg.cond(H.sum(axis=0)) > 1e6:
        return None
    g = np.linalg.solve(H.sum(axis=0), moved.sum(axis=0))
    fits = (squared_norms(H @ g - moved) <= _EXACT**2 * squared_norms(moved)).all()
    return view.turned_back(g[None], (1, *W.shape))[0] if fits else None


Rule = Callable[[Moves], str | None]
"""What an implementation does in place of what it implements, in words; None where moves do not show that."""


def of_sketch(rule: Callable[[Moves, View], str | None]) -> Rule:
    """Return a rule about the one sketch of a step, which says nothing where there is none."""
    return lambda moves: None if moves.sketch is None else rule(moves, moves.sketch)


RULES: tuple[
    Rule, ...
] = (  # what is exact before what fits nearly; a gradient once scale, side and rank are understood
    *(random, *map(of_sketch, (stale, leading)), alike, rounded, scaled, old_gradient),
    *map(of_sketch, (other_side, used_again, low_rank, plain, decays)),
    *(other_gradient, nearly, of_sketch(random_gradient)),
)
