"""Whether the iterates that run make the steps that are claimed: each computed again, and in law, given the past.

Given all steps before, a step is held against a fresh one of the reference from the same W.
"""

import math
from collections.abc import Iterator

import numpy as np

from rac_theory.algorithms import Implementation, ProjectedDescent
from rac_theory.base.checks import Array
from rac_theory.numerics import symmetric_wealth
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.again import check_again
from rac_theory.testing.algorithms.beside import SAME_DRAWS, Beside, beside
from rac_theory.testing.algorithms.claimed import Claim
from rac_theory.testing.algorithms.course import follow
from rac_theory.testing.algorithms.minors import among_earlier
from rac_theory.testing.algorithms.tape import slowed
from rac_theory.testing.refuted import Refuted

_Sums = tuple[str, Array, Array]  # what it is, and sums over runs of Z and of its square, in groups of steps
_STEPS = 72  # more than are drawn ahead
_FEW, _RUNS, _NUMBERS = 24, 96, 1 << 21  # runs, at least and at most, and numbers in a course
SCALES = (0.0, 10.0, 0.1, 100.0, 1.0, 1e-2, 10.0, 1e3)  # how far from the minimum runs start
_SLOWER = 1 / 16


def check_course(claim: Claim, problem: Problem, near: Array, alpha: float, seed: int) -> None:
    """Raise ``Refuted`` if a step of the iterates is not the claimed one, in a block of one run or of many.

    A descent that has arrived shows no more steps. So there is a second course on a multiple of the problem, on which
    it is slower, unless it has data of its own.
    """
    runs = _FEW if claim.algorithm.deterministic else min(_RUNS, max(_FEW, _NUMBERS // (_STEPS * near.size)))
    spread = np.resize(SCALES, runs)[:, None, None]
    W = near + spread * np.random.default_rng([seed, 7]).standard_normal((runs, *near.shape))
    _check(claim, problem, np.zeros((1, *near.shape)), 4, alpha / 3, [seed, 8])
    _check(claim, problem, W, _STEPS, alpha / 3, [seed, 9])
    if takes_problem(claim.algorithm, problem, W[:2], seed):
        _check(claim, slowed(problem, _SLOWER), W, _STEPS, alpha / 3, [seed, 10])


def takes_problem(algorithm: ProjectedDescent | Implementation, problem: Problem, W: Array, seed: int) -> bool:
    """Whether it descends on the problem that it is given: a step, and ``iterates`` with data of its own, do not."""
    one, other = (follow(algorithm, given, W, 1, [seed, 11]) for given in (problem, slowed(problem, _SLOWER)))
    return not np.array_equal(one.W, other.W, equal_nan=True)


def _check(claim: Claim, problem: Problem, W: Array, steps: int, alpha: float, seed: list[int]) -> None:
    course = follow(claim.algorithm, problem, W, steps, seed)
    pair = beside(claim, problem, course, seed)
    if pair.is_one:
        return
    check_again(claim, problem, course)
    if claim.is_fresh and not claim.algorithm.deterministic:
        G = np.stack([np.asarray(problem.gradient(V)) for V in course.W[:-1]])
        level = math.log(1 / alpha)
        check_past(claim.name, pair, G, SAME_DRAWS * level)
        check_past(claim.name, beside(claim, problem, course, [*seed, 1]), G, level)


def check_past(name: str, pair: Beside, G: Array, level: float) -> None:
    """Raise ``Refuted`` if what a step does depends on more of the past than the iterate.

    Given the past a step of the run and one of the reference are independent draws of one law. So their difference is
    symmetric, along any direction that the past decides, as is that of their lengths.
    """
    forms = list(_forms(pair, G))
    for what, total, square in forms:
        found = symmetric_wealth(total, square)
        i = int(np.argmax(found))
        if found[i] >= level + math.log(2 * len(forms) * len(found)):
            steps, runs = pair.D.shape[:2]
            raise Refuted(
                f"{name} must make each step as if it were the first, from the last iterate alone: over "
                f"{steps} steps of {runs} runs, {what} is not that of a fresh step from the same W (log evidence "
                f"{found[i]:.3g}); is there momentum, an average, a schedule, or a sketch used again?"
            )


def _forms(pair: Beside, G: Array) -> Iterator[_Sums]:
    yield from _along(pair, {"gradient": G, "gradient before": np.concatenate([G[:1], G[:-1]]), "iterate": pair.W})
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
        own, other = pair.drawn
        U = _unit(own - own.mean(axis=2, keepdims=True))[:-1]
        Z = np.sum((own - other)[1:] * U, axis=2) / math.sqrt(own.shape[2])
        yield _steps("what is drawn, beside the draw before,", Z)


def _along(pair: Beside, directions: dict[str, Array]) -> Iterator[_Sums]:
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
        yield _steps(f"a step along the {name}", np.sum(difference * _unit(U.reshape(D.shape)), axis=2))
    yield _lags("a step along an earlier one", np.swapaxes(difference, 0, 1) @ np.moveaxis(_unit(D), 0, 2))


def _ranges(side: str, own: Array, other: Array, small: Array) -> _Sums:
    """Squared cosines with one vector in the range of each earlier move: no noise of gradients is in them."""
    fine = np.minimum(np.linalg.norm(own, axis=2), np.linalg.norm(other, axis=2)) > 10 * small
    own, other = (np.swapaxes(np.where(fine[..., None], _unit(V), 0.0), 0, 1) for V in (own, other))
    earlier = np.swapaxes(own, 1, 2)
    products = np.square(own @ earlier) - np.square(other @ earlier)
    return _lags(f"the space of the {side} of a step, beside that of an earlier one,", products)


def _unit(U: Array) -> Array:
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
