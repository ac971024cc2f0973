"""assert_does_not_converge: runs stay away from every stationary point."""

import math

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.cases import Case, check_runs
from rac_theory.numerics import Randomness
from rac_theory.runs import Trajectory
from rac_theory.testing.assertions.share import Share
from rac_theory.testing.assertions.trial import Trial


def assert_does_not_converge(
    case: Case,
    *,
    tolerance: float,
    runs: int = 256,
    rng: Randomness = None,
    alpha: float | None = None,
    share: float = 0.9,
    n_jobs: int = 1,
) -> Share:
    """Raise an ``AssertionError`` unless runs are seen to keep a gradient larger than ``tolerance``.

    The claim is about single runs: with probability at least ``share``, ``||grad f(W^t)|| > tolerance`` at every
    t = 0, ..., steps. A run that does so has come near no stationary point, be it stuck, in a cycle or diverging. It is
    more than the failure of ``assert_converges_to``, which may be for want of steps; take many of them.

    Parameters
    ----------
    case : Case
        With the number of steps.
    tolerance : float
        > 0, in the unit of the gradient: f per W.
    runs, rng, alpha, share, n_jobs
        As in ``assert_converges_to``.

    Returns
    -------
    Share
        How many runs stayed away, with confidence limits.

    Raises
    ------
    NotShown
        An ``AssertionError``: VIOLATED, or UNDECIDED because runs are too few.
    ValueError
        For arguments that do not fit.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import AsymmetricLoRA, Case
    >>> from rac_theory.sketches import Coordinate
    >>> from rac_theory.testing import assert_does_not_converge
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(AsymmetricLoRA(Coordinate(2, 1), gamma=0.5), problem, steps=100)
    >>> assert_does_not_converge(case, tolerance=0.9, rng=0).status.name  # one coordinate never moves
    'HOLDS'
    """
    __tracebackhide__ = True
    check_runs(case)
    tolerance = checks.finite("tolerance", tolerance, above=0)

    def measured(ran: Trajectory) -> tuple[Array, NDArray[np.bool_]]:
        # A run that diverged has no number left, and no stationary point either.
        norms = np.sqrt(np.nan_to_num(ran.squared_gradients, nan=math.inf, posinf=math.inf))
        least = norms.min(axis=1)
        return least, least > tolerance

    claim = f"||grad f(W^t)|| > {tolerance:g} at t = 0, ..., {case.steps}"
    written = ("case", f"tolerance={tolerance:g}")
    return Trial(case, runs, rng, alpha, share, n_jobs).settle(measured, claim, "assert_does_not_converge", *written)
