"""The tightness meter: how many times larger than the exact expectation a bound is."""

from dataclasses import replace

import numpy as np

from rac_theory.base import Array
from rac_theory.cases import Case, Constants
from rac_theory.numerics import EPS
from rac_theory.runs import expected
from rac_theory.statements import Curves, Theorem
from rac_theory.theorems import theorem_named

# What underflow takes is below ``tiny``: of larger bounds than this it is a rounding.
_SMALLEST = float(np.finfo(float).tiny / EPS)


def tightness(theorem: Theorem | str, case: Case, *, constants: Constants | None = None) -> Array:
    """Return bound / exact at t = 0, ..., steps, (steps + 1,): 1 where the theorem is an equality, never less.

    The value is nan where the theorem says nothing, where the bound is not above 100 times what the interval that f* is
    known in leaves open, and where it is below 1e-292: so near the smallest number that products are no longer rounded
    relatively. It is infinite where the expectation alone is zero.

    Parameters
    ----------
    theorem : Theorem or str
        A theorem, or the id of one of this library.
    case : Case
    constants : Constants, optional
        Use these in place of the computed ones, to see what a false constant would do.

    Returns
    -------
    (steps + 1,)
        The ratio at each step.

    Raises
    ------
    Unsupported
        Where ``expected`` has no exact route.
    ValueError
        If the case does not meet the assumptions of the theorem.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, tightness
    >>> from rac_theory.sketches import Gaussian
    >>> for largest in (1.0, 2.0):
    ...     problem = Quadratic.left([[1.0, 0.0], [0.0, largest]], W_star=[[1.0], [1.0]])
    ...     case = Case(RACLoRA(Gaussian(2, 1), gamma=1 / problem.L), problem, steps=3)
    ...     print([f"{ratio:.3f}" for ratio in tightness("T2", case)])
    ['1.000', '1.000', '1.000', '1.000']
    ['1.000', '1.469', '2.040', '2.714']
    """
    theorem = theorem_named(theorem)
    expectation = expected(case)
    constants = Constants.of(case) if constants is None else constants
    if unmet := theorem.unmet(case, constants):
        raise ValueError(f"the case must meet the assumptions of {theorem.id}: {'; '.join(unmet)}")
    # A metric is linear in f and the squared gradient, so it commutes with the expectation. Values are counted from the
    # minimum, for a small gap would be lost in the difference of two values.
    along_curves, nothing = theorem.metric.measure, np.zeros((1, case.steps + 1))
    shifted = replace(constants, f_star=constants.f_star - expectation.minimum)
    read = expectation.gap[None], expectation.squared_gradient[None], expectation.squared_distance[None]
    at_iterate = expected(case.at_iterate).squared_gradient[None] if theorem.metric.at_iterate else None
    exact = along_curves(Curves(*read, squared_gradients_at_iterate=at_iterate), shifted)[0]
    uncertain = along_curves(
        Curves(nothing, nothing, nothing, squared_gradients_at_iterate=nothing),
        replace(constants, f_star=-constants.f_star_error),
    )[0]
    bound = theorem.bound(constants, case.steps)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # an expectation may vanish before its bound
        ratio = bound / exact
    return np.where(bound > np.maximum(100 * uncertain, _SMALLEST), ratio, np.nan)
