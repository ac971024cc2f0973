r"""Whether a step has the claimed law: many runs beside as many of the reference, from one W.

Of the difference of their moves it is the part along a direction: along the gradient, its rows and columns, and the
direction in which a third of the pairs differ most; products for two runs; and lengths. See ``numerics.exchange``.
"""

import math

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.numerics import symmetric_evidence
from rac_theory.testing.algorithms.beside import Beside
from rac_theory.testing.algorithms.minors import GROUP, again, of_moves
from rac_theory.testing.refuted import Refuted

_ROUNDING = 1e-9  # relative to a step
_REPEATING = 1 << 14  # runs in whose moves repetitions are looked for: of thousands of them a pool shows

_Numbers = tuple[list[str], Array]  # what they are, and (runs, k) of them


PLAIN_RULE = "must move by -gamma E[H] grad f on average, and in law as sketch and gradients say"


def check_pairs(name: str, pair: Beside, G: Array, level: float, rule: str = PLAIN_RULE) -> None:
    """Raise ``Refuted`` if the first steps of runs from one W differ in law from those of the reference.

    Parameters
    ----------
    name : str
        How the sentence calls what makes the steps.
    pair : Beside
    G : (m, n)
        The gradient at W.
    level : float
        The log evidence that each of the groups of numbers together must reach.
    rule : str
        What the sentence says that it must do.
    """
    D, R = pair.D[0], pair.R[0]
    small = pair.small[0] + _ROUNDING * (np.sqrt(squared_norms(D)) + np.sqrt(squared_norms(R)))
    groups = [_along(D - R, G, small), _learned(D - R, small), _between(D - R, small), _lengths(D, R, small)]
    groups += [_ranks(pair), _together(pair, small)]
    if pair.drawn is not None:
        own, other = pair.drawn[0][0], pair.drawn[1][0]
        groups.append((["in how often, or when, a component is drawn"] * own.shape[1], own - other))
    for names, Z in groups:
        found = symmetric_evidence(Z)
        i = int(np.argmax(found))
        if found[i] >= level + math.log(2 * len(groups) * len(names)):
            apart = f"{math.sqrt(2 * found[i]):.3g}"
            raise Refuted(
                f"{name} {rule}: {names[i]}, {len(D)} steps and as many of the reference are {apart} standard "
                "errors apart; is the step scaled, or does it know more than W?",
                W=pair.W[0, 0],
            )


def _along(difference: Array, G: Array, small: Array) -> _Numbers:
    """Along the gradient, and along it with rows, or columns, of equal weight; along each of its rows and columns."""
    m, n = G.shape
    rows, columns = (np.square(G).sum(axis=axis, keepdims=True) for axis in (1, 0))
    directions = {
        "along the gradient": G,
        "along the rows of the gradient": G / np.where(rows > 0, rows, np.inf),
        "along the columns of the gradient": G / np.where(columns > 0, columns, np.inf),
    }
    directions |= {f"along row {i} of the gradient": row[:, None] * G for i, row in enumerate(np.eye(m))}
    directions |= {f"along column {j} of the gradient": G * column for j, column in enumerate(np.eye(n))}
    U = np.stack([V / max(float(np.linalg.norm(V)), 1e-300) for V in directions.values()])
    return list(directions), _products(difference, U, small)


def _learned(difference: Array, small: Array) -> _Numbers:
    third = len(difference) // 3
    U = difference[:third].mean(axis=0)
    U /= max(float(np.linalg.norm(U)), 1e-300)
    return ["where others differ most"], _products(difference[third:], U[None], small[third:])


def _products(difference: Array, U: Array, small: Array) -> Array:
    Z = difference.reshape(len(difference), -1) @ U.reshape(len(U), -1).T
    return np.where(np.abs(Z) > small[:, None], Z, 0.0)


def _between(difference: Array, small: Array) -> _Numbers:
    """Products of two runs: neighbours, half a block apart, and as far from the first as from the last."""
    size = np.sqrt(squared_norms(difference))
    unit = np.where(size > small, 1 / np.maximum(size, 1e-300), 0.0)[:, None, None] * difference
    half = len(unit) // 2
    first, last = unit[:half], unit[half : 2 * half]
    pairs = {
        "between one run and the next": (unit[: 2 * half : 2], unit[1 : 2 * half : 2]),
        "between runs half a block apart": (first, last),
        "between the first run and the last, and so on": (first, last[::-1]),
    }
    return list(pairs), np.stack([np.sum(A * B, axis=(1, 2)) for A, B in pairs.values()], axis=1)


def _lengths(D: Array, R: Array, small: Array) -> _Numbers:
    a, b = squared_norms(D), squared_norms(R)
    longer = np.where(np.abs(a - b) > small * (np.sqrt(a) + np.sqrt(b)), a - b, 0.0)
    rests = np.asarray(a <= small**2, dtype=float) - np.asarray(b <= small**2, dtype=float)
    return ["in their squared lengths", "in how many do not move"], np.stack([longer, rests], axis=1)


def _ranks(pair: Beside) -> _Numbers:
    """Moves of a rank below that of the sketch, and those of a group of runs that are in the space of another."""
    own, other = pair.minors
    if own is None or other is None:
        return ["in their ranks"], np.zeros((1, 1))
    Z = np.zeros((len(own.lost[0]), 2))
    Z[:, 0] = own.lost[0].astype(np.float64) - other.lost[0]
    repeats = again(own.angle[0]) - again(other.angle[0])
    Z[: len(repeats), 1] = repeats
    return ["in how many have lost rank", "in how many move in the space of another run"], Z


def _together(pair: Beside, small: Array) -> _Numbers:
    """Of groups of runs, how many moves repeat another, and how far their mean is from that of all.

    Groups change places as a whole, so that any dependence between their runs shows, whatever runs it is between.
    """
    both = pair.D[0], pair.R[0]
    units = []
    for M in both:
        size = np.sqrt(squared_norms(M))
        units.append(np.where(size > small, 1 / np.maximum(size, 1e-300), 0.0)[:, None, None] * M)
    centre = (units[0].mean(axis=0) + units[1].mean(axis=0)) / 2
    spread, repeats = [], []
    for M, unit in zip(both, units, strict=True):
        groups = (unit - centre)[: len(unit) // GROUP * GROUP].reshape(-1, GROUP, *unit.shape[1:])
        spread.append(squared_norms(groups.mean(axis=1)))
        repeats.append(again(of_moves(M[:_REPEATING]).angle))
    Z = np.zeros((len(spread[0]), 2))
    Z[: len(repeats[0]), 0], Z[:, 1] = repeats[0] - repeats[1], spread[0] - spread[1]
    return ["in how many repeat another run", "in how far the means of 64 runs are from that of all"], Z
