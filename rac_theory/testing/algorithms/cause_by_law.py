"""Causes that only means show: of moves beside as many that are declared, six standard errors off at least."""

import math

import numpy as np

from rac_theory.problems.batch import squared_norms
from rac_theory.problems.checks import Array
from rac_theory.testing.algorithms.moves import Moves, spaces

_ERRORS = 6.0
_LEAST = 0.03  # of a step: what is kept of the one before is not told more finely


def another_space(moves: Moves) -> str | None:
    """The spaces of the first moves have another law than the sketch: whatever the gradient is, they should not."""
    view = moves.sketch
    if view is None or view.side == "entries":
        return None
    (own, full), (fresh, fresh_full) = (spaces(view, M[0]) for M in (moves.many.D, moves.many.R))
    if not (full and fresh_full):
        return None
    d = own.shape[1]
    u = np.random.default_rng(0).standard_normal((1, d))
    lines = np.concatenate([np.eye(d), u / np.linalg.norm(u)])
    shares = [np.square(lines @ U).sum(axis=2) for U in (own, fresh)]  # of each line, in the space of each run
    if max(_errors(shares[0] ** power - shares[1] ** power) for power in (1, 2)) <= _ERRORS:
        return None
    what, other = ("columns", "right") if view.side == "left" else ("rows", "left")
    return f"the {what} of its moves lie elsewhere than the sketch: is it another one, or does it act from the {other}?"


def biased(moves: Moves) -> str | None:
    """The mean of the first moves points elsewhere than that of the declared ones."""
    D, R, (ratio, _) = moves.many.D[0], moves.many.R[0], moves.ratio
    rest = D - ratio * R
    U = rest[: len(rest) // 2].mean(axis=0)
    if _errors(np.sum(rest[len(rest) // 2 :] * U, axis=(1, 2))[:, None]) <= _ERRORS:
        return None
    share = float(np.linalg.norm(U) / np.linalg.norm(R.mean(axis=0)))
    return f"its gradient is biased: its mean step is off by about {share:.2g} of the declared one, across that"


def remembers(moves: Moves) -> str | None:
    """A step keeps a part of the one before, beside a fresh one that is as long as the first step."""
    D, R = moves.D, moves.ratio[0] * moves.R
    size = np.maximum(squared_norms(D).sum(axis=0), 1e-300)
    over = np.sum((D[1:] - R[1:]) * D[:-1], axis=(0, 2, 3)) / size
    under = squared_norms(D[:-1]).sum(axis=0) / size
    share = float(over.sum() / under.sum())
    error = math.sqrt(float(np.square(over - share * under).sum())) / float(under.sum())
    if abs(share) <= max(_ERRORS * error, _LEAST):
        return None
    return f"a step keeps about {share:.2g} of the one before: is it momentum?"


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
