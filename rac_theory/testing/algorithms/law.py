"""Whether the steps of a projected descent, and its gradients, have the law that is claimed."""

import math
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms import Implementation
from rac_theory.algorithms.gradients import FiniteDifferences
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim, is_projected
from rac_theory.testing.algorithms.course import STEPS, also_slowed, follow, spread
from rac_theory.testing.algorithms.exchange import check_pairs, check_past
from rac_theory.testing.algorithms.members import check_gradients, check_rank, check_spectrum, check_steps
from rac_theory.testing.algorithms.paired_steps import SAME_DRAWS, PairedSteps, paired
from rac_theory.testing.algorithms.recomputed import check_again
from rac_theory.testing.probe import Probe

_NUMBERS = 1 << 22  # in a block of runs
_WORK = 1 << 24  # numbers in all gradients of a step
_LEAST = 512  # runs, however large W is
_PAIRS = 4  # for each draw: where only the law can tell, it takes more of them
LEVELS = 4  # how many times alpha all that moves are tested for may cost: places, courses, and both a second time
_FEW, _RUNS, _COURSE = 24, 96, 1 << 21  # runs, at least and at most, and numbers in a course
PLACES = (10.0, 1.0, 1e-2)  # far from the minimum, at moderate distance, and near it, where only noise is left


class Compared(NamedTuple):
    """How a step was compared: the pairs of first steps from one W, and whether each step could be computed again."""

    pairs: int
    each_step: bool


def check_law(claim: Claim, probe: Probe, draws: int, alpha: float) -> Compared:
    """Raise ``Refuted`` if the steps of a projected descent are not what it claims to be; else say how they were seen.

    Of an implementation moves are all there is. A right one fails with probability at most ``LEVELS * alpha``: three
    places and up to three courses, at a third of alpha each, and as much again for the draws of the same seed.
    """
    problem, seed, near = probe.problem, probe.seed, probe.lowest
    draws = max(min(draws, _most(near.size)), _LEAST)
    descent = None if isinstance(claim.algorithm, Implementation) else claim.algorithm
    if descent is not None and is_projected(descent):
        check_steps(descent, problem, seed)
    check_rank(claim, problem, seed)
    if descent is not None:
        if is_projected(descent):
            check_spectrum(descent, problem, draws, alpha, seed)
        _check_sketches(claim, problem.shape, min(_PAIRS * draws, _most(near.size)), alpha, [seed, 20])
    compared = []
    for index, scale in enumerate(PLACES):
        W = near + scale * np.random.default_rng([seed, 4, index]).standard_normal(near.shape)
        compared.append(_check_place(claim, problem, W, draws, alpha / len(PLACES), [seed, 10 + index]))
    check_course(claim, problem, near, alpha, seed)
    return Compared(min(law.pairs for law in compared), all(law.each_step for law in compared))


def check_course(claim: Claim, problem: Problem, near: Array, alpha: float, seed: int) -> None:
    """Raise ``Refuted`` if a step of the iterates is not the claimed one, in a block of one run or of many.

    Each is computed again, and held against a fresh one of the reference from the same W, given all steps before.
    """
    runs = _FEW if claim.algorithm.deterministic else min(_RUNS, max(_FEW, _COURSE // (STEPS * near.size)))
    W = spread(near, runs, [seed, 7])
    _check_all_steps(claim, problem, np.zeros((1, *near.shape)), 4, alpha / 3, [seed, 8])
    for index, run in enumerate(also_slowed(claim.algorithm, problem, W[:2], seed)):
        _check_all_steps(claim, run, W, STEPS, alpha / 3, [seed, 9 + index])


def _check_all_steps(claim: Claim, problem: Problem, W: Array, steps: int, alpha: float, seed: list[int]) -> None:
    course = follow(claim.algorithm, problem, W, steps, seed)
    pair = paired(claim, problem, course, seed)
    if pair.coincide:
        return
    check_again(claim, problem, course)
    if claim.is_fresh and not claim.algorithm.deterministic:
        G = np.stack([np.asarray(problem.gradient(V)) for V in course.W[:-1]])
        level = math.log(1 / alpha)
        check_past(claim.name, pair, G, SAME_DRAWS * level)
        check_past(claim.name, paired(claim, problem, course, [*seed, 1]), G, level)


def _check_place(claim: Claim, problem: Problem, W: Array, draws: int, alpha: float, seed: list[int]) -> Compared:
    """The first step of many runs from W, fewer where a step takes many gradients; of few where nothing is drawn."""
    passes = _passes(claim, problem, W)
    if not isinstance(claim.algorithm, Implementation):
        runs = _LEAST if claim.algorithm.deterministic else max(draws // passes, _LEAST)
        check_gradients(claim, problem, follow(claim.algorithm, problem, _block(W, runs), 1, seed), alpha)
    course = follow(claim.algorithm, problem, _block(W, _LEAST), 1, seed)
    pair = paired(claim, problem, course, seed)
    if pair.coincide:
        return Compared(0, each_step=True)
    each_step, pairs = check_again(claim, problem, course), 0
    if not claim.algorithm.deterministic:
        level, G = math.log(1 / alpha), np.asarray(problem.gradient(W))
        check_pairs(claim.name, pair, G, SAME_DRAWS * level)
        pairs = max(min(_PAIRS * draws, _most(W.size), _WORK // (passes * W.size)), _LEAST)
        course = follow(claim.algorithm, problem, _block(W, pairs), 1, seed)
        check_pairs(claim.name, paired(claim, problem, course, [*seed, 1]), G, level)
    return Compared(pairs, each_step)


def _most(size: int) -> int:
    """How many matrices of this size make a block."""
    return max(_NUMBERS // size, _LEAST)


def _block(W: Array, runs: int) -> Array:
    return np.repeat(W[None], runs // 8 * 8, axis=0)


def _check_sketches(claim: Claim, shape: tuple[int, int], draws: int, alpha: float, seed: list[int]) -> None:
    """The law of H, where a class has steps of its own and leaves it to another to say what E[H] is."""
    assert not isinstance(claim.algorithm, Implementation)  # an implementation has no steps but its own
    functions = [getattr(descent.low_rank_steps, "__func__", descent) for descent in (claim.algorithm, claim.reference)]
    if functions[0] is functions[1]:
        return
    M = np.random.default_rng(seed).standard_normal(shape)
    G, zero = np.repeat(M[None], draws, axis=0), np.zeros((draws, *shape))
    moves, same, fresh = (
        -next(algorithm.low_rank_steps(np.random.default_rng(key), zero))(zero, G)[None]
        for algorithm, key in ((claim.algorithm, seed), (claim.reference, seed), (claim.reference, [*seed, 1]))
    )
    for R, times in ((same, SAME_DRAWS), (fresh, 1)):
        pair = PairedSteps(zero[None], moves, R, np.zeros((1, draws)))
        check_pairs(f"{type(claim.algorithm).__name__}.low_rank_steps", pair, M, times * math.log(1 / alpha))


def _passes(claim: Claim, problem: Problem, W: Array) -> int:
    """How many gradients an outer step takes; differences of values are one, along the directions of a step."""
    if isinstance(claim.source, FiniteDifferences):
        return 1
    gradients = 0

    def step(V: Array, G: Array) -> Array:
        nonlocal gradients
        gradients += 1
        return V

    claim.source.descend(problem, W[None].copy(), step, np.random.default_rng(0))
    return max(gradients, 1)
