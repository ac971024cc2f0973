"""Whether the iterates that run make the steps that are claimed: each computed again, and in law, given the past."""

import math

import numpy as np

from rac_theory.algorithms import Implementation, ProjectedDescent
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.again import check_again
from rac_theory.testing.algorithms.beside import beside
from rac_theory.testing.algorithms.claimed import Claim
from rac_theory.testing.algorithms.course import follow
from rac_theory.testing.algorithms.exchange import SAME_DRAWS
from rac_theory.testing.algorithms.given_the_past import check_past
from rac_theory.testing.algorithms.tape import slowed

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
