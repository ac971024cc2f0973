"""assert_converges_to: runs end near a value of f or near a matrix."""

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


def assert_converges_to(
    case: Case,
    target: float | Array,
    *,
    tolerance: float,
    runs: int = 256,
    rng: Randomness = None,
    alpha: float | None = None,
    share: float = 0.9,
    n_jobs: int = 1,
) -> Share:
    """Raise an ``AssertionError`` unless runs are seen to end within ``tolerance`` of ``target``.

    The claim is about single runs, so it needs no constants and no finite mean: with probability at least ``share`` a
    run is near the target after ``steps`` steps. No finite run proves a limit; this is what one can see of it.

    Parameters
    ----------
    case : Case
        With the number of steps.
    target : float or (m, n)
        A value of f, as ``problem.f_star``, or a matrix, as ``problem.W_star``; distances of matrices are Frobenius.
    tolerance : float
        > 0, in the unit of f or of W.
    runs, rng, n_jobs
        As in ``simulate``. A deterministic method is run once, which decides.
    alpha : float, optional
        The probability with which a true claim is refuted, and that with which a false one passes; the default is that
        of ``--rac-alpha``, else 1e-6. At 1e-6 and a share of 0.9 it takes 132 runs, all near, to pass.
    share : float
        In (0, 1).

    Returns
    -------
    Share
        How many runs ended near, with confidence limits.

    Raises
    ------
    NotShown
        An ``AssertionError``: VIOLATED, or UNDECIDED because runs are too few, which is no reason to pass.
    ValueError
        For a start that is near already, which tests nothing, and for arguments that do not fit.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA
    >>> from rac_theory.sketches import Gaussian
    >>> from rac_theory.testing import assert_converges_to
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> case = Case(RACLoRA(Gaussian(2, 1), gamma=0.5), problem, steps=100)
    >>> found = assert_converges_to(case, problem.W_star, tolerance=1e-3, rng=0)
    >>> found.count, found.runs, f"{found.low:.3f}"
    (256, 256, '0.947')
    """
    __tracebackhide__ = True
    check_runs(case)
    problem = case.problem
    tolerance = checks.finite("tolerance", tolerance, above=0)
    matrix = np.ndim(target) > 0
    aim = checks.array("target", target, shape=problem.shape if matrix else ())
    away = _distance(aim, case.start[None], np.asarray(problem.value(case.start[None])))[0]
    if away <= tolerance:
        raise ValueError(
            f"W0 must be further from target than tolerance={tolerance:g}, got {away:.3g}: nothing would be tested"
        )

    def measured(ran: Trajectory) -> tuple[Array, NDArray[np.bool_]]:
        distances = _distance(aim, ran.W, ran.values[:, -1])
        return distances, distances <= tolerance

    what = "||W - target||" if matrix else f"|f(W) - {float(aim):.6g}|"
    claim = f"{what} <= {tolerance:g} after {case.steps} steps"
    written = ("case", "target" if matrix else repr(float(aim)), f"tolerance={tolerance:g}")
    return Trial(case, runs, rng, alpha, share, n_jobs).settle(measured, claim, "assert_converges_to", *written)


def _distance(aim: Array, W: Array, values: Array) -> Array:
    """Of each run, (runs, m, n) with values (runs,), to a value or a matrix: (runs,); inf for one that diverged."""
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.abs(values - aim) if aim.ndim == 0 else np.linalg.norm(W - aim, axis=(1, 2))
    return np.nan_to_num(apart, nan=math.inf, posinf=math.inf)
