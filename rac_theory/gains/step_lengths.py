"""How long a projected step should be, and may be, where a problem knows how it curves along the sketch."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here

from rac_theory.algorithms import ProjectedDescent, RACLoRA, Side
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.step_gain import Moment, gain_at, uneven_moments
from rac_theory.numerics import Randomness, rounded
from rac_theory.problems import Problem, known_smoothness
from rac_theory.sketches import Sketch

Along: TypeAlias = Sketch | ProjectedDescent | None


def best_step(problem: Problem, sketch: Along, *, side: Side = "left", rng: Randomness = None) -> float:
    """Return the step of ``RACLoRA`` with the largest gain nu, and so with the best promise, by T15.

    It is ``1 / L_H``, rounded down, where E[H] is a multiple of the identity, or a moment of the sketch is not known.
    Where some directions are drawn more often than others it is no shorter, and may be longer, as directions that are
    seldom drawn gain by it. It is ``1/L`` where the problem knows no more of its curvature than L, and longer where
    ``problem.smoothness`` says that few directions are steep: of many directions a random one is seldom a steep one. It
    is inf where f has no curvature.

    Parameters
    ----------
    problem : Problem
        With the member ``smoothness``, or with L.
    sketch : Sketch or ProjectedDescent or None
        A sketch; or an algorithm, such as ``LayeredRACLoRA`` on several layers, whose own step is not looked at: for it
        ``1 / L_H`` is returned, rounded down.
    side : Side
        Which side of the gradient the sketch projects.
    rng : seed, SeedSequence or Generator
        Unused unless nothing is known of the moments of the sketch: then L_H is bounded from draws, at level 1/1000.

    Raises
    ------
    ValueError
        If the problem has neither, or the sketch does not fit its matrices.

    Examples
    --------
    Softmax regression on handwritten digits, 64 features and 10 classes: the step at rank one is six times as long as
    1/L, that at full rank is 1/L.

    >>> from rac_theory.problems import SoftmaxRegression
    >>> from rac_theory import best_step
    >>> from rac_theory.sketches import Haar
    >>> problem = SoftmaxRegression.digits(l2=0.01)
    >>> [round(best_step(problem, Haar(64, rank)) * problem.L, 1) for rank in (1, 8, 64)]
    [6.3, 4.0, 1.0]
    """
    least = _over(1, problem, sketch, side, rng)
    if sketch is None or isinstance(sketch, ProjectedDescent) or least == math.inf:
        return least
    uneven = uneven_moments(RACLoRA(sketch, least, side), known_smoothness(problem))
    return least if uneven is None else of_largest_gain(least, uneven)


def longest_step(problem: Problem, sketch: Along, *, side: Side = "left", rng: Randomness = None) -> float:
    """Return ``2 / L_H``, rounded down; something is promised of every step of ``RACLoRA`` that is shorter.

    Parameters, errors and an example are those of ``best_step``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import longest_step
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left(np.diag([4.0, 1.0]), W_star=np.ones((2, 1)))
    >>> longest_step(problem, Coordinate(2, 1))
    0.5
    """
    return _over(2, problem, sketch, side, rng)


def of_largest_gain(least: float, moments: Sequence[Moment]) -> float:
    """Return the step of the largest gain; ``least`` is 1/c for some c with ``E[MQM] <= c E[M]`` at a step of one.

    Up to there the gain rises, as ``2 E[M] - 2 gamma E[MQM]`` is semidefinite. It is concave, and for the least such c
    there is none from 2/c on.
    """

    def lost(gamma: float) -> float:
        return -min(gain_at(gamma, moment) for moment in moments)

    optimum = scipy.optimize.minimize_scalar(
        lost, bounds=(least, 2 * least), method="bounded", options={"xatol": 1e-11 * least}
    )
    return float(optimum.x) if optimum.fun < lost(least) else least


def _over(numerator: int, problem: Problem, sketch: Along, side: Side, rng: Randomness) -> float:
    L_H = smoothness_along(sketch, known_smoothness(problem), side=side, rng=rng).L_H
    if math.isfinite(problem.L):  # which Q may exceed by what it is rounded up
        L_H = min(L_H, float(problem.L))
    return math.inf if L_H == 0 else rounded(numerator / Fraction(L_H), -math.inf)
