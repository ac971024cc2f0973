r"""The law of the learning rate: the best and the longest one for a sketch, and the gain that it promises.

A step of RAC-LoRA is :math:`W - \eta s\, M G`: with the projection H for M and s = 1, or with :math:`M = B B^\top` and
:math:`s = (\mathrm{lora\_alpha} / r)^2`. Its gain :math:`\lambda_{\min}(2 \tau E[M] - \tau^2 E[MQM])`,
:math:`\tau = \eta s`, is concave in :math:`\tau`. Where :math:`E[MQM] \le c\, E[M]` it rises up to
:math:`\tau = 1/c`, and is positive at least up to :math:`2/c`. So all that is asked of a sketch is c, and both moments
themselves where E[M] is no multiple of the identity.

And how long a projected step should be, and may be, where a problem knows how it curves along the sketch.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from typing import NamedTuple, TypeAlias

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here

from rac_theory.algorithms import ProjectedDescent, RACLoRA, Side
from rac_theory.base import Value
from rac_theory.gains.effective_dimension import effective_dimension
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.step_gain import (
    GaussianProducts,
    ListedProducts,
    Moment,
    StepGain,
    gain_at,
    known_products,
    step_gain,
    uneven_moments,
)
from rac_theory.numerics import Randomness, child, rounded, seed_sequence
from rac_theory.problems import Problem, Smoothness, known_smoothness
from rac_theory.sketches import DRAWS, Moments, Sketch, Spectrum

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

    Returns
    -------
    float

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

    Parameters
    ----------
    problem, sketch, side, rng
        As for ``best_step``.

    Returns
    -------
    float

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


LEVEL = 1e-3
"""Where moments of a sketch are bounded from draws: the level of c and of the smallest eigenvalue together."""

_CURVATURE = 2  # the stream of L_H, as for the constants of a case


def _nothing(eta: float) -> StepGain:
    return StepGain()


@dataclass(frozen=True, eq=False, repr=False)
class LearningRate(Value):
    """What is known of the learning rates of a sketch, with matrix smoothness Q. What is unknown is nan.

    Attributes
    ----------
    best : float
        The learning rate with the largest gain, and so the best promise, by T15; nan where none has a positive one.
    longest : float
        The gain is positive below it, rounded down; 0 where no learning rate has a positive one.
    nu : float
        The gain at ``best``, rounded down, in the units of W squared over f: half of it times the squared gradient is
        taken off f on average, at least. Gradient descent has 1/L.
    rho : float
        The effective dimension tr Q / L of the side that is sketched, rounded up.
    provenance : str
        How the gain is known.
    alpha : float
        The probability with which it may be too large; 0 where nothing is sampled.
    gain : callable
        A learning rate to its ``StepGain``: at ``best`` it has this nu.

    Examples
    --------
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory import learning_rate
    >>> from rac_theory.sketches import Gaussian
    >>> known = learning_rate(Smoothness.isotropic(1.0, (5, 3)), Gaussian(5, 2), lora_alpha=2.0)
    >>> known.best, known.longest, known.nu, known.provenance  # 1/8, 2/8 and 2/8, as d + r + 1 = 8
    (0.125, 0.25, 0.25, 'moments of Gaussian matrices')
    >>> [known.gain(eta).nu for eta in (0.0625, 0.125, 0.25)]
    [0.1875, 0.25, 0.0]
    """

    best: float
    longest: float
    nu: float
    rho: float
    provenance: str
    alpha: float = 0.0
    gain: Callable[[float], StepGain] = field(default=_nothing, compare=False, repr=False)


def learning_rate(
    problem: Problem | Smoothness,
    sketch: Sketch | None,
    *,
    lora_alpha: float | None = None,
    side: Side = "left",
    rng: Randomness = None,
) -> LearningRate:
    """Return the best and the longest learning rate ``gamma`` of ``RACLoRA`` with this sketch, and what they promise.

    Parameters
    ----------
    problem : Problem or Smoothness
        A problem with the member ``smoothness``, or with L; or Q itself.
    sketch : Sketch or None
        None is gradient descent, where both are exact: 1/L and 2/L.
    lora_alpha : float, optional
        The scaling of LoRA, > 0, and so the plain step; None is the projected step, for which the best learning rate is
        ``best_step``. The plain step is known for Gaussian entries, orthonormal columns and listed supports.
    side : Side
        Which side of the gradient the sketch is on.
    rng : seed, SeedSequence or Generator
        Unused unless moments of the sketch have to be bounded from draws, at level 1/1000.

    Returns
    -------
    LearningRate

    Raises
    ------
    ValueError
        If the problem has neither, or the sketch does not fit its matrices, or there is a lora_alpha without one.

    Examples
    --------
    One steep direction of 64: the effective dimension is hardly above 1, and rank 8 wants another learning rate than
    rank 1, whichever of the usual rules says what lora_alpha is.

    >>> import numpy as np
    >>> from rac_theory.problems import Smoothness
    >>> from rac_theory import learning_rate
    >>> from rac_theory.sketches import Gaussian
    >>> Q = Smoothness([(np.diag([1.0] + [0.01] * 63), np.eye(10))])
    >>> for rank in (1, 8):
    ...     known = [learning_rate(Q, Gaussian(64, rank), lora_alpha=a) for a in (8.0, 8 * rank**0.5, 8.0 * rank)]
    ...     print(rank, *(f"{one.best:.5f}" for one in known), f"gain {known[0].nu:.3f}, rho {known[0].rho:.2f}")
    1 0.00430 0.00430 0.00430 gain 0.275, rho 1.63
    8 0.09407 0.01176 0.00147 gain 0.753, rho 1.63
    """
    Q, root = problem if isinstance(problem, Smoothness) else known_smoothness(problem), seed_sequence(rng)
    L = Q.largest if isinstance(problem, Smoothness) or math.isnan(problem.L) else min(Q.largest, float(problem.L))
    unit, rho = RACLoRA(sketch, 1.0, side, lora_alpha=lora_alpha), effective_dimension(Q, side)
    unit.check_shape(Q.shape)
    if L == 0:
        return LearningRate(math.inf, math.inf, math.inf, rho, "f has no curvature")
    is_projection = sketch is None or unit.is_projected or Moments(sketch).products == "orthonormal"
    curvature = _of_projections(unit, Q, L, root) if is_projection else _of_products(unit, Q)
    if curvature is None:
        return LearningRate(math.nan, math.nan, math.nan, rho, StepGain().provenance)
    return _of_largest_gain(curvature, unit.plain_scale, rho)


class _Curvature(NamedTuple):
    """c with ``E[MQM] <= c E[M]``, both moments where E[M] is no multiple of the identity, and the gain by eta."""

    c: float | Fraction
    moments: Sequence[Moment]
    gain: Callable[[float], StepGain]
    alpha: float = 0.0


def _of_projections(unit: RACLoRA, Q: Smoothness, L: float, root: np.random.SeedSequence) -> _Curvature:
    smoothness = smoothness_along(unit.sketch, Q, side=unit.side, alpha=LEVEL / 2, rng=child(root, _CURVATURE))
    L_H = min(smoothness.L_H, L)  # which Q may exceed by what it is rounded up
    projection = unit.projection(alpha=LEVEL / 2, draws=DRAWS, rng=root)
    moments = uneven_moments(replace(unit, lora_alpha=None), Q) or ()
    return _Curvature(
        L_H, moments, partial(_along_projection, unit, Q, L_H, projection), smoothness.alpha + projection.alpha
    )


def _along_projection(unit: RACLoRA, Q: Smoothness, L_H: float, projection: Spectrum, eta: float) -> StepGain:
    return step_gain(replace(unit, gamma=eta), Q, L_H, projection)


def _of_products(unit: RACLoRA, Q: Smoothness) -> _Curvature | None:
    assert unit.sketch is not None
    products = known_products(unit.sketch, Q, unit.side)
    if products is None:
        return None
    return _Curvature(products.c, products.moments, partial(_along_products, products, unit.plain_scale))


def _along_products(products: GaussianProducts | ListedProducts, scale: float, eta: float) -> StepGain:
    return products.gain(eta * scale)


def _of_largest_gain(curvature: _Curvature, scale: float, rho: float) -> LearningRate:
    if curvature.c > 0 and math.isfinite(curvature.c):
        end, s = 1 / Fraction(curvature.c), Fraction(scale)
        tau = rounded(end, -math.inf)
        best = rounded(Fraction(of_largest_gain(tau, curvature.moments) if curvature.moments else tau) / s, -math.inf)
        longest = rounded(2 * end / s, -math.inf)  # a shorter one is below it also when its product with s is rounded
        gain = curvature.gain(best)
        if gain.nu > 0:
            return LearningRate(best, longest, gain.nu, rho, gain.provenance, curvature.alpha, curvature.gain)
    never = "no learning rate is known to gain in all directions"
    return LearningRate(math.nan, math.nan, 0.0, rho, never, curvature.alpha, curvature.gain)
