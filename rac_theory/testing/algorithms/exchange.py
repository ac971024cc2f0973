"""Whether steps have the law of the reference: if so they may be exchanged, and differences are symmetric."""

import math
from collections.abc import Iterator

import numpy as np

from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.numerics import symmetric_evidence, symmetric_wealth
from rac_theory.testing.algorithms.paired_steps import GROUP, PairedSteps, among_earlier, of_moves, repeating
from rac_theory.testing.failures import Refuted

_ROUNDING = 1e-9  # relative to a step
_REPEATING = 1 << 14  # runs in whose moves repetitions are looked for: of thousands of them a pool shows

_Numbers = tuple[list[str], Array]  # what they are, and (runs, k) of them

PLAIN_RULE = "must move by -gamma E[H] grad f on average, and in law as sketch and gradients say"
_Sums = tuple[str, Array, Array]  # what it is, and sums over runs of Z and of its square, in groups of steps


def check_pairs(name: str, pair: PairedSteps, G: Array, level: float, rule: str = PLAIN_RULE) -> None:
    """Raise ``Refuted`` if the first steps of runs from one W differ in law from those of the reference.

    Parameters
    ----------
    name : str
        How the sentence calls what makes the steps.
    pair : PairedSteps
    G : (m, n)
        The gradient at W.
    level : float
        The log evidence that each of the groups of numbers together must reach.
    rule : str
        What the sentence says that it must do.
    """
    D, R = pair.D[0], pair.R[0]
    small = pair.small[0] + _ROUNDING * (np.sqrt(squared_norms(D)) + np.sqrt(squared_norms(R)))
    groups = [_in_directions(D - R, G, small), _learned(D - R, small), _between(D - R, small), _lengths(D, R, small)]
    groups += [_ranks(pair), _together(pair, small)]
    if pair.drawn is not None:
        numbers, fresh = pair.drawn[0][0], pair.drawn[1][0]
        groups.append((["in how often, or when, a component is drawn"] * numbers.shape[1], numbers - fresh))
    for names, Z in groups:
        evidence = symmetric_evidence(Z)
        i = int(np.argmax(evidence))
        if evidence[i] >= level + math.log(2 * len(groups) * len(names)):
            apart = f"{math.sqrt(2 * evidence[i]):.3g}"
            raise Refuted(
                f"{name} {rule}: {names[i]}, {len(D)} steps and as many of the reference are {apart} standard "
                "errors apart; is the step scaled, or does it know more than W?",
                W=pair.W[0, 0],
            )


def _in_directions(difference: Array, G: Array, small: Array) -> _Numbers:
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
    unit = _of_length_one(difference, small)
    half = len(unit) // 2
    first, last = unit[:half], unit[half : 2 * half]
    pairs = {
        "between one run and the next": (unit[:-1:2], unit[1::2]),
        "between runs half a block apart": (first, last),
        "between the first run and the last, and so on": (first, last[::-1]),
    }
    return list(pairs), np.stack([np.sum(A * B, axis=(1, 2)) for A, B in pairs.values()], axis=1)


def _of_length_one(M: Array, small: Array) -> Array:
    """Matrices, (runs, m, n), over their norms; zero where they are no longer than rounding."""
    size = np.sqrt(squared_norms(M))
    return np.asarray(np.where(size > small, 1 / np.maximum(size, 1e-300), 0.0)[:, None, None] * M)


def _lengths(D: Array, R: Array, small: Array) -> _Numbers:
    a, b = squared_norms(D), squared_norms(R)
    longer = np.where(np.abs(a - b) > small * (np.sqrt(a) + np.sqrt(b)), a - b, 0.0)
    rests = np.asarray(a <= small**2, dtype=float) - np.asarray(b <= small**2, dtype=float)
    return ["in their squared lengths", "in how many do not move"], np.stack([longer, rests], axis=1)


def _ranks(pair: PairedSteps) -> _Numbers:
    """Moves of a rank below that of the sketch, and those of a group of runs that are in the space of another."""
    minors, fresh = pair.minors
    if minors is None or fresh is None:
        return ["in their ranks"], np.zeros((1, 1))
    Z = np.zeros((len(minors.lost[0]), 2))
    Z[:, 0] = minors.lost[0].astype(np.float64) - fresh.lost[0]
    repeats = repeating(minors.angle[0]) - repeating(fresh.angle[0])
    Z[: len(repeats), 1] = repeats
    return ["in how many have lost rank", "in how many move in the space of another run"], Z


def _together(pair: PairedSteps, small: Array) -> _Numbers:
    """How many moves of a group of runs repeat another, and how far the mean of a group is from that of all runs.

    Groups change places as a whole, so that any dependence between their runs shows, whatever runs it is between.
    """
    moves = pair.D[0], pair.R[0]
    units = [_of_length_one(M, small) for M in moves]
    centre = (units[0].mean(axis=0) + units[1].mean(axis=0)) / 2
    spread, repeats = [], []
    for M, unit in zip(moves, units, strict=True):
        groups = (unit - centre)[: len(unit) // GROUP * GROUP].reshape(-1, GROUP, *unit.shape[1:])
        spread.append(squared_norms(groups.mean(axis=1)))
        repeats.append(repeating(of_moves(M[:_REPEATING]).angle))
    Z = np.zeros((len(spread[0]), 2))
    Z[: len(repeats[0]), 0], Z[:, 1] = repeats[0] - repeats[1], spread[0] - spread[1]
    return ["in how many repeat another run", "in how far the means of 64 runs are from that of all"], Z


def check_past(name: str, pair: PairedSteps, G: Array, level: float) -> None:
    """Raise ``Refuted`` if what a step does depends on more of the past than the iterate.

    Given the past a step of the run and one of the reference are independent draws of one law. So their difference is
    symmetric, along any direction that the past decides, as is that of their lengths.
    """
    forms = list(_forms(pair, G))
    for what, total, square in forms:
        evidence = symmetric_wealth(total, square)
        i = int(np.argmax(evidence))
        if evidence[i] >= level + math.log(2 * len(forms) * len(evidence)):
            steps, runs = pair.D.shape[:2]
            raise Refuted(
                f"{name} must make each step as if it were the first, from the last iterate alone: over "
                f"{steps} steps of {runs} runs, {what} is not that of a fresh step from the same W (log evidence "
                f"{evidence[i]:.3g}); is there momentum, an average, a schedule, or a sketch used again?"
            )


def _forms(pair: PairedSteps, G: Array) -> Iterator[_Sums]:
    yield from _along_past(pair, {"gradient": G, "gradient before": np.concatenate([G[:1], G[:-1]]), "iterate": pair.W})
    m, n = G.shape[2:]
    a, b = np.split(np.random.default_rng(0).standard_normal(m + n), [m])
    yield _ranges("columns", pair.D @ b, pair.R @ b, pair.small)
    yield _ranges("rows", a @ pair.D, a @ pair.R, pair.small)
    own_spaces, other_spaces = pair.minors
    if own_spaces is not None and other_spaces is not None:
        yield _steps("the rank of a step", own_spaces.lost.astype(np.float64) - other_spaces.lost)
        earlier = own_spaces.angle
        repeats = among_earlier(earlier, earlier) - among_earlier(earlier, other_spaces.angle)
        yield _steps("how often the space of an earlier step comes again,", repeats)
    if pair.drawn is not None:
        numbers, fresh = pair.drawn
        U = _units(numbers - numbers.mean(axis=2, keepdims=True))[:-1]
        Z = np.sum((numbers - fresh)[1:] * U, axis=2) / math.sqrt(numbers.shape[2])
        yield _steps("what is drawn, beside the draw before,", Z)


def _along_past(pair: PairedSteps, directions: dict[str, Array]) -> Iterator[_Sums]:
    """Parts of steps along directions of the past, in units of both steps; and the lengths of steps."""
    steps, runs = pair.small.shape
    D, R = pair.D.reshape(steps, runs, -1), pair.R.reshape(steps, runs, -1)
    a, b = np.square(D).sum(axis=2), np.square(R).sum(axis=2)
    scale = np.sqrt(a + b)
    far = np.linalg.norm(D - R, axis=2) > pair.small + 1e-9 * scale
    share = np.where(far, 1 / np.maximum(scale, 1e-300), 0.0)
    difference = share[..., None] * (D - R)
    yield _steps("the length of a step", share**2 * (a - b))
    for name, U in directions.items():
        yield _steps(f"a step along the {name}", np.sum(difference * _units(U.reshape(D.shape)), axis=2))
    yield _lags("a step along an earlier one", np.swapaxes(difference, 0, 1) @ np.moveaxis(_units(D), 0, 2))


def _ranges(side: str, moves: Array, fresh: Array, small: Array) -> _Sums:
    """Squared cosines with one vector in the range of each earlier move: no noise of gradients is in them."""
    fine = np.minimum(np.linalg.norm(moves, axis=2), np.linalg.norm(fresh, axis=2)) > 10 * small
    moves, fresh = (np.swapaxes(np.where(fine[..., None], _units(V), 0.0), 0, 1) for V in (moves, fresh))
    earlier = np.swapaxes(moves, 1, 2)
    products = np.square(moves @ earlier) - np.square(fresh @ earlier)
    return _lags(f"the space of the {side} of a step, beside that of an earlier one,", products)


def _units(U: Array) -> Array:
    size = np.linalg.norm(U, axis=-1, keepdims=True)
    return np.nan_to_num(U * np.where(np.isfinite(size) & (size > 0), 1 / np.maximum(size, 1e-300), 0.0))


def _steps(name: str, Z: Array) -> _Sums:
    """Sums over each step, over steps 1, 2-3, 4-7, ... and over all: from (steps, runs)."""
    steps = np.arange(1, len(Z) + 1)
    octaves = np.stack([steps > 0, *(steps >> k == 1 for k in range(1, len(Z).bit_length()))])
    total, square = Z.sum(axis=1), np.square(Z).sum(axis=1)
    return name, np.append(total, octaves @ total), np.append(square, octaves @ square)


def _lags(name: str, products: Array) -> _Sums:
    """Sums over all pairs of steps of one distance: from (runs, steps, earlier steps)."""
    total, square = products.sum(axis=0), np.square(products).sum(axis=0)
    sums = [[np.trace(A, -lag) for lag in range(1, len(total))] for A in (total, square)]
    return name, np.array(sums[0]), np.array(sums[1])
