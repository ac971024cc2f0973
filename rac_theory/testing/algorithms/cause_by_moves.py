"""Causes that moves show without any law: each is a fact about all of them that no accident makes."""

import math
from dataclasses import replace

import numpy as np

from rac_theory.problems.batch import squared_norms
from rac_theory.problems.checks import Array
from rac_theory.testing.algorithms.claimed import View
from rac_theory.testing.algorithms.moves import RUNS, STEPS, Moves, spaces

_EXACT = 1e-4  # relative: what fits so well is no accident


def stale(moves: Moves) -> str | None:
    """All moves of a run lie in one space of the rank of the sketch, those of fresh steps do not."""
    view = moves.sketch
    if view is None or not moves.claim.is_fresh:
        return None
    if _beyond(view, moves.D).max() > _EXACT or _beyond(view, moves.R).mean() < 100 * _EXACT:
        return None
    return f"the sketch is not drawn afresh: the first {STEPS} moves of a run lie in one space of rank {view.rank}"


def _beyond(view: View, M: Array) -> Array:
    """How much of the moves of each run, of length 1, no space of the rank of a sketch holds: a singular value."""
    unit = M / np.maximum(np.sqrt(squared_norms(M)), 1e-300)[..., None, None]
    together = np.concatenate([view.turned(one) for one in unit], axis=2)
    values = np.linalg.svd(together, compute_uv=False)[:, int(view.rank) :]
    return np.asarray(values.max(axis=1, initial=0.0))


def alike(moves: Moves) -> str | None:
    """Two runs from one W make the same moves, where draws should part them."""
    half = RUNS // 2
    same = [np.allclose(M[:, :half], M[:, half:], rtol=1e-9, atol=0) for M in (moves.D, moves.R)]
    if same != [True, False]:
        return None
    return "it does not draw from the rng that it is given: all runs from one W make the same moves"


def scaled(moves: Moves) -> str | None:
    """Each step is a multiple of the projection of its gradient, of one number at each time."""
    if not moves.is_exact:
        return None
    factors = next((fit for view in moves.claim.views if (fit := _multiple(moves, view)) is not None), None)
    if factors is None or (np.abs(factors - 1) <= _EXACT).all():
        return None
    if np.ptp(factors) <= _EXACT * np.abs(factors).max():
        return f"its steps are {factors[0]:.4g} of those that are declared"
    listed = ", ".join(f"{factor:.4g}" for factor in factors[:4])
    return f"its steps change with time: they are {listed}, ... of those that are declared"


def other_side(moves: Moves) -> str | None:
    """Moves are projections, or plain steps, of their gradients from the side that is not declared."""
    view = moves.sketch
    if view is None or view.side == "entries" or not moves.knows_gradient:
        return None
    m, n = moves.problem.shape
    most = (n if view.side == "left" else m) - 1  # the rank of a projection that is not all of the other side
    if most < 1:
        return None
    other = replace(view, side="right" if view.side == "left" else "left", rank=min(view.rank, most))
    words = (
        f"it moves the other side: its steps act on the gradient from the {other.side}, side={view.side!r} is declared"
    )
    if not moves.is_exact:
        return words if _is_symmetric(other, moves.D[0], moves.G[0]) else None
    factors = _multiple(moves, other)
    if factors is None:
        return None
    return words if (np.abs(factors - 1) <= _EXACT).all() else f"{words}, and they are {factors[0]:.4g} of a projection"


def other_gradient(moves: Moves) -> str | None:
    """The first steps from one W are projections of one matrix, which is not the gradient."""
    if not moves.is_exact or len(moves.claim.views) != 1:
        return None
    places = moves.course.W[0, :2]
    found = [_gradient_at(moves, W, stream) for stream, W in enumerate(places, start=1)]
    off = [g - G for g, G in zip(found, moves.G[0, :2], strict=True) if g is not None]
    length = float(np.linalg.norm(moves.G[0, 0]))
    size = max((float(np.linalg.norm(one)) for one in off), default=0.0)
    if len(off) < 2 or max(_across(one, G) for one, G in zip(off, moves.G[0, :2], strict=True)) <= _EXACT * length:
        return None  # a multiple of the gradient is a scale, and perhaps a memory
    part = float(np.sum(off[0] * places[0]) / np.sum(places[0] ** 2))
    if max(np.linalg.norm(one - part * W) for one, W in zip(off, places, strict=True)) <= 10 * _EXACT * size:
        return f"its gradient is not that of the problem: it adds {part:.4g} W, is it weight decay?"
    if np.linalg.norm(off[0] - off[1]) <= 10 * _EXACT * size:
        return f"its gradient is biased: it is off by one matrix wherever W is, of norm {size:.4g}"
    share = float(np.linalg.norm(off[0])) / length
    return f"its gradient is biased, it is not that of the problem: at one W it is off by {share:.3g} of its length"


def _across(M: Array, G: Array) -> float:
    """How long the part of a matrix is that is not along another one."""
    return float(np.linalg.norm(M - np.sum(M * G) / max(float(np.sum(G * G)), 1e-300) * G))


def _multiple(moves: Moves, view: View) -> Array | None:
    """By what the projections of gradients on the spaces of their moves are multiplied, (STEPS,); None if by no number.

    Of a move D = c gamma H G the projection P of gamma G on its space fulfils <P, D> = <gamma G, D> = ||D||^2 / c, as H
    is a projection. It is D / c, also where D has not the rank of the sketch, as with few columns.
    """
    factors = []
    for D, G in zip(moves.D, moves.claim.declared.gamma * moves.G, strict=True):
        P = _projected(view, D, G)
        c = float(np.sum(D * D) / max(abs(float(np.sum(P * D))), 1e-300) * np.sign(np.sum(P * D)))
        if (squared_norms(D - c * P) > _EXACT**2 * squared_norms(D)).any():
            return None
        factors.append(c)
    return np.array(factors)


def _projected(view: View, D: Array, G: Array) -> Array:
    """Gradients, projected on the spaces in which moves lie; all of them where nothing is drawn: (runs, m, n) each."""
    if not math.isfinite(view.rank):
        return G
    U, _ = spaces(view, D)
    return view.turned_back(U @ (np.swapaxes(U, 1, 2) @ view.turned(G)), G.shape)


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
    U, known = spaces(view, D)
    H, moved = U @ np.swapaxes(U, 1, 2), view.turned(D)
    if not known or np.linalg.cond(H.sum(axis=0)) > 1e6:
        return None
    g = np.linalg.solve(H.sum(axis=0), moved.sum(axis=0))
    fits = (squared_norms(H @ g - moved) <= _EXACT**2 * squared_norms(moved)).all()
    return view.turned_back(g[None], (1, *W.shape))[0] if fits else None
