r"""What one step under a sketch of one side is worth where curvature is on one side: gains in units of 1/L.

Where rotations leave the law of the range alone, :math:`E[HSH] = (a + b) S + b\, \mathrm{tr}(S) I` and
:math:`E[H] = (a + b + b d) I`, so that L_H is a sum of the largest eigenvalue of S and of its trace:
:math:`L_H / L = (a + b + b \rho) / (a + b + b d)`, for uniform ranges of rank r
:math:`(dr + d - 2 + (d - r) \rho) / ((d - 1)(d + 2))`.
"""

import math
from fractions import Fraction
from typing import NamedTuple

from rac_theory.advice.curvature import Curvature
from rac_theory.algorithms import RACLoRA
from rac_theory.gains import best_step, smoothness_along, step_gain
from rac_theory.numerics import Randomness, rounded
from rac_theory.problems import Problem, known_smoothness
from rac_theory.sketches import Moments, Sketch, Spectrum, closed_form, spectrum

SAMPLED_DIM = 256  # beyond it 65,536 draws take minutes


class Gain(NamedTuple):
    """The best step of one kind, and what is promised of it.

    Attributes
    ----------
    lambda_min, lambda_max : float
        Smallest and largest eigenvalue of the expected projection, or safe bounds of them; dimensionless.
    L_H : float
        Smoothness along the sketch, rounded up; in units of L.
    step : float
        The step gamma of the largest gain that is known; in units of 1/L.
    nu : float
        Its gain, rounded down; in units of 1/L.
    how : str
        How E[H] is known; and L_H, where there is curvature.

    Examples
    --------
    >>> from rac_theory.advice import Curvature
    >>> from rac_theory.advice.gain_of_side import gain_of_side
    >>> from rac_theory.sketches import Haar
    >>> gain = gain_of_side(Haar(4, 1), Curvature.of_rho(1.0), None)  # one steep direction of four
    >>> gain.L_H, gain.step, gain.nu, gain.how
    (0.5, 2.0, 0.5, 'closed form; rho')
    """

    lambda_min: float
    lambda_max: float
    L_H: float
    step: float
    nu: float
    how: str


FULL = Gain(1.0, 1.0, 1.0, 1.0, 1.0, "no sketch")
"""Of a gradient step on all of W."""


def gain_of_side(sketch: Sketch, curvature: Curvature | None, rng: Randomness) -> Gain:
    """Return the gain of a sketch of the side that ``curvature`` is of; None is a side where Q is L I.

    Raises
    ------
    ValueError
        If nothing is known of a sketch that is too large to be sampled.
    """
    moments, projection = Moments(sketch), closed_form(sketch)
    if projection is None:
        if moments.mean is None and sketch.dim > SAMPLED_DIM:
            raise ValueError(f"there is no closed form, and above dim={SAMPLED_DIM} sampling would take minutes")
        projection = spectrum(sketch, rng=rng)
    how = projection.how + ", on trust" * projection.on_trust
    if curvature is None:
        return _of_smoothness(Fraction(1), projection, how)
    if moments.invariants is not None:
        trust = ", on trust" * moments.on_trust
        return _of_smoothness(_by_rho(moments.invariants, sketch.dim, curvature.rho), projection, f"{how}; rho{trust}")
    if curvature.problem is not None:
        L = Fraction(curvature.L) / Fraction(curvature.scale)
        return _of_problem(sketch, curvature.problem, L, projection, how, rng)
    return _of_smoothness(Fraction(1), projection, f"{how}; L, as rho does not decide about this sketch")


def _by_rho(invariants: tuple[Fraction, Fraction], dim: int, rho: float) -> Fraction:
    (a, b), most = invariants, Fraction(1)
    share = a + b + b * dim
    return min(most, (a + b + b * Fraction(rho)) / share) if share else most


def gain_of_mixture(p: Fraction, left: Gain, right: Gain) -> Gain:
    r"""Return the gain of a left step with probability p, else a right one.

    :math:`E[HQH] \le p L_l E[H_l] \otimes I + (1 - p) L_r I \otimes E[H_r]` is at most a multiple of E[H], a mean of
    both L_H with the most weight on the larger one, where its side is seen the most and the other the least.
    """
    (less, low), (more, high) = sorted(((p, left), (1 - p, right)), key=lambda side: side[1].L_H)
    lambda_min = p * Fraction(left.lambda_min) + (1 - p) * Fraction(right.lambda_min)
    lambda_max = p * Fraction(left.lambda_max) + (1 - p) * Fraction(right.lambda_max)
    steep, flat = more * Fraction(high.lambda_max), less * Fraction(low.lambda_min)
    total = steep + flat
    L_H = (steep * Fraction(high.L_H) + flat * Fraction(low.L_H)) / total if total else Fraction(high.L_H)
    how = left.how if left.how == right.how else f"left: {left.how}, right: {right.how}"
    return _at_best(L_H, lambda_min, lambda_max, how)


def _of_problem(sketch: Sketch, problem: Problem, L: Fraction, projection: Spectrum, how: str, rng: Randomness) -> Gain:
    Q = known_smoothness(problem)
    smoothness = smoothness_along(sketch, Q, rng=rng)
    L_H, how = min(smoothness.L_H, float(L)), f"{how}; {smoothness.provenance}"
    if Moments(sketch).share is not None:  # 1/L_H is the best step, and finding it again would take as long
        return _of_smoothness(Fraction(L_H) / L, projection, how)
    gamma = best_step(problem, sketch, rng=rng)
    nu = step_gain(RACLoRA(sketch, gamma), Q, L_H, projection).nu
    return Gain(
        float(projection.lambda_min),
        float(projection.lambda_max),
        rounded(Fraction(L_H) / L, math.inf),
        rounded(Fraction(gamma) * L, -math.inf),
        rounded(max(Fraction(0), Fraction(nu) * L), -math.inf),
        how,
    )


def _of_smoothness(L_H: Fraction, projection: Spectrum, how: str) -> Gain:
    return _at_best(L_H, Fraction(projection.lambda_min), Fraction(projection.lambda_max), how)


def _at_best(L_H: Fraction, lambda_min: Fraction, lambda_max: Fraction, how: str) -> Gain:
    """The gain at the step ``1 / L_H``, which is ``lambda_min / L_H``."""
    return Gain(
        rounded(lambda_min, -math.inf),
        rounded(lambda_max, math.inf),
        rounded(L_H, math.inf),
        rounded(1 / L_H, -math.inf),
        rounded(lambda_min / L_H, -math.inf),
        how,
    )
