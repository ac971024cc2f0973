r"""Coordinates made for the curvature of a problem: drawn as often as makes the gain of a projected step the largest.

**One coordinate, one step size.** Let coordinate i be drawn with probability :math:`p_i`, and let :math:`s_i` be the
curvature along it, which is :math:`S_{ii}` for :math:`Q = S \otimes I`. No two are drawn together, so that E[H] and
E[HQH] are block by block :math:`p_i I` and :math:`p_i` times a matrix whose largest eigenvalue is :math:`s_i`:

.. math:: \nu = \min_i p_i\, g_i(\gamma), \qquad g_i(\gamma) = \gamma (2 - \gamma s_i) .

For a step with all :math:`g_i > 0` let :math:`\varphi = \sum_i 1/g_i`. The least of the :math:`p_i g_i` is at most
their mean with weights :math:`1 / (\varphi g_i)`, which is :math:`1/\varphi` whatever p is, and it is that for
:math:`p_i = 1 / (\varphi g_i)`: so :math:`p_i` is in proportion to :math:`1 / (2 - \gamma s_i)`. As :math:`g_i` is
concave, :math:`\varphi` is convex, and least where

.. math:: \sum_i \frac{1 - \gamma s_i}{(2 - \gamma s_i)^2} = 0 .

With all curvatures in units of the largest, the left side is not negative at :math:`\gamma = 1`, as no term is. At
:math:`\gamma = 2 - 1/\sqrt d` the steepest coordinate has :math:`-(d - \sqrt d)`, and each of the others at most 1/4,
so that for d > 1 the sum is not positive, and the root is between the two. No coordinate is drawn more than
:math:`2 \sqrt d` times as often as another.

**Less than four times the gain of uniform ones** is won by it: these have :math:`1 / (d \max s)`, and
:math:`1/\varphi \le \max_i g_i / d \le 2 \gamma / d < 4 / (d \max s)`.
"""

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here

from rac_theory.algorithms import RACLoRA, Side
from rac_theory.base import Array, checks
from rac_theory.gains.common_basis import in_common_basis, terms_of_side
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.learning_rate import best_step
from rac_theory.gains.step_gain import step_gain
from rac_theory.numerics import entries, largest_eigenvalue
from rac_theory.problems import Problem, known_smoothness
from rac_theory.sketches import Moments, WeightedCoordinate, spectrum

_MOST_BENT = 2 - 2.0**-10
_ALIKE = 1 - 1e-9
_NEAR = 2.0**-7  # near its maximum the gain is flat


def coordinates_for(problem: Problem, rank: int = 1, *, side: Side = "left") -> WeightedCoordinate:
    r"""Return coordinates drawn with the weights for which the best projected step promises most.

    At rank one no other probabilities promise more, with one step size for all. At higher ranks the weights are
    :math:`1 / (2 - \theta s_i)`, the curvatures in units of the largest, with the theta that was found to be the best:
    never less is promised than with equal weights. The weights are equal where all coordinates have the same curvature,
    as after features were standardised. Where probabilities of pairs are not known, theta is that of rank one; where
    they are, to find theta may take some seconds, and half a minute for 8 of 128 coordinates.

    A promise is about the worst direction. On a quadratic that is slow along directions that are not steep, uniform
    coordinates may still be faster; the page "Sketches made for Q" has examples.

    Parameters
    ----------
    problem : Problem
        With the member ``smoothness``; of one that has only L, all coordinates are alike.
    rank : int
        How many coordinates are drawn in a step.
    side : Side
        Which side of the gradient is projected.

    Returns
    -------
    WeightedCoordinate
        To be used with ``best_step``, which goes with these weights.

    Raises
    ------
    ValueError
        If the problem does not know how it curves, or has fewer coordinates than ``rank``.

    References
    ----------
    Derived: page "Sketches made for Q".

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, Constants, RACLoRA, best_step, coordinates_for
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left(np.diag([8.0, 1.0, 1.0, 1.0]), W_star=np.ones((4, 1)))
    >>> for sketch in (Coordinate(4, 1), coordinates_for(problem)):
    ...     known = Constants.of(Case(RACLoRA(sketch, best_step(problem, sketch)), problem))
    ...     print(f"nu {known.nu:.4f}, drawn with", np.diag(sketch.expected_projection()).round(3).tolist())
    nu 0.0312, drawn with [0.25, 0.25, 0.25, 0.25]
    nu 0.0531, drawn with [0.478, 0.174, 0.174, 0.174]
    """
    checks.integer("rank", rank, 1)
    s = coordinate_curvatures(problem, side=side)
    steep = s / s.max() if s.max() > 0 else s
    steep = np.where(steep > _ALIKE, 1.0, steep)  # equal weights are not to be told apart by rounding
    alone = _best_bend(steep)
    sketch = _bent(steep, rank, alone)
    if rank == 1 or np.ptp(steep) == 0 or Moments(sketch).second_moment is None:
        return sketch

    def lost(bend: float) -> float:
        return -_gain(problem, _bent(steep, rank, bend), side)

    optimum = scipy.optimize.minimize_scalar(lost, bounds=(0, _MOST_BENT), method="bounded", options={"xatol": _NEAR})
    return _bent(steep, rank, min((0.0, alone, float(optimum.x)), key=lost))


def coordinate_curvatures(problem: Problem, *, side: Side = "left") -> Array:
    """Return how a problem curves along each row of W, or each column: (m,) on the left, (n,) on the right.

    It is the largest curvature of all moves of that row, or a bound of it. Coordinates with weights in proportion to it
    are right for ``StepPerDraw``, which has a step size for each: then nu is one over the sum.

    Parameters and errors are those of ``coordinates_for``.

    Parameters
    ----------
    problem : Problem
        With the member ``smoothness``; of one that has only L, all coordinates are alike.
    side : Side
        Which side of the gradient is projected.

    Returns
    -------
    (m,) or (n,)
        At least 0, in the unit of L.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, Constants, StepPerDraw
    >>> from rac_theory.gains.made_for_curvature import coordinate_curvatures
    >>> from rac_theory.sketches import WeightedCoordinate
    >>> problem = Quadratic.left(np.diag([8.0, 1.0, 1.0, 1.0]), W_star=np.ones((4, 1)))
    >>> s = coordinate_curvatures(problem)
    >>> known = Constants.of(Case(StepPerDraw(WeightedCoordinate(4, 1, weights=s)), problem))
    >>> print(s, f"{known.nu:.4f}")  # 1/11
    [8. 1. 1. 1.] 0.0909
    """
    checks.one_of("side", side, ("left", "right"))
    terms = terms_of_side(known_smoothness(problem), side)
    parts = in_common_basis(terms)
    if parts is None:
        by_term = [entries(S) * largest_eigenvalue(R) for S, R in terms]
        return np.asarray(np.maximum(0.0, np.sum(by_term, axis=0)))
    return np.asarray(np.maximum(0.0, np.max([entries(part.S) for part in parts.parts], axis=0)))


def _best_bend(steep: Array) -> float:
    """The best step for one coordinate, in units of the largest curvature; from 1 to ``2 - 1/sqrt(d)``."""

    def slope(x: float) -> float:
        return float(((1 - x * steep) / (2 - x * steep) ** 2).sum())

    end = 2 - len(steep) ** -0.5
    return float(scipy.optimize.brentq(slope, 1.0, end, xtol=1e-14)) if slope(1.0) > 0 > slope(end) else 1.0


def _bent(steep: Array, rank: int, bend: float) -> WeightedCoordinate:
    return WeightedCoordinate(len(steep), rank, weights=1 / (2 - bend * steep))


def _gain(problem: Problem, sketch: WeightedCoordinate, side: Side) -> float:
    """What the best step of a sketch is worth."""
    Q, step = known_smoothness(problem), best_step(problem, sketch, side=side)
    L_H = smoothness_along(sketch, Q, side=side).L_H
    return step_gain(RACLoRA(sketch, step, side), Q, L_H, spectrum(sketch)).nu
