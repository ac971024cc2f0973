"""judge_runs: curves of any origin meet a bound on their mean, and the answer is a verdict."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from rac_theory.base import checks
from rac_theory.cases import Constants
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.given_bound import GivenBound
from rac_theory.verdicts.verification.given_curves import given_ceiling, given_curves, given_name
from rac_theory.verdicts.verification.judged_runs import judged_runs
from rac_theory.verdicts.verification.runs_verdict import RunsVerdict

if TYPE_CHECKING:
    from pandas import DataFrame


def judge_runs(
    curves: "ArrayLike | DataFrame | Path | str",
    bound: "Theorem | str | Callable[[int], float] | ArrayLike",
    *,
    ceiling: "ArrayLike | None" = None,
    constants: Constants | Mapping[str, float] | None = None,
    alpha: float = 1e-3,
    metric: str = "metric",
) -> RunsVerdict:
    """Judge whether the mean of runs is below a bound at every step, whatever made the runs.

    The claim is ``E[X_t] <= bound_t`` at t = 1, ..., steps, for independent runs X >= 0 of one law; t = 0 is the start,
    which is given. The evidence is that of ``verify``: bets of a game that a true claim wins with probability at most
    alpha, so no law, variance or number of runs is assumed.

    Parameters
    ----------
    curves : (runs, steps + 1) or (runs,)
        An array, a data frame of pandas, or the path of a CSV file: a run in each row, its start in the first column,
        which may be nan. One number of each run is judged at t = 1. The order of the rows must not depend on their
        values; that in which they were run does not.
    bound : float, (steps + 1,), callable, Theorem or str
        In the unit of the metric; nan at a step where nothing is claimed. A function is called with each t = 1, 2, ....
        Of a theorem the curves are those of its metric.
    ceiling : float or (steps + 1,), optional
        A *proved* upper end of the metric. Without it runs can refute a claim, and never confirm it: unobserved
        rare values could be arbitrarily large.
    constants : Constants or dict, optional
        Those of a theorem; its assumptions on f and on the algorithm are trusted, and the verdict says so.
    alpha : float
        The probability with which a true claim is VIOLATED, and that with which a false one HOLDS.
    metric : str
        What the curves are of, for the sentence and the figure.

    Returns
    -------
    RunsVerdict
        HOLDS needs a ceiling. VIOLATED, CONSISTENT and UNDECIDED do not. NOT_APPLICABLE: a theorem's constants do not
        meet its assumptions.

    Raises
    ------
    ValueError
        For what is no such table, fewer than two runs, values that are negative or not finite, a bound of another
        length, and a ceiling that runs pass.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import judge_runs
    >>> rng = np.random.default_rng(0)
    >>> curves = np.cumprod(np.column_stack([np.ones(400), rng.uniform(0.7, 1.0, size=(400, 10))]), axis=1)
    >>> for factor in (0.9, 0.8):  # the mean falls by 0.85 a step
    ...     print(judge_runs(curves, lambda t: factor**t, ceiling=1.0).status)
    HOLDS
    VIOLATED

    A test that fails with probability at most 2%, seen 1000 times, of which it failed 3 times:

    >>> failed = np.isin(np.arange(1000), (20, 310, 805))
    >>> judge_runs(failed, 0.02, ceiling=1, metric="failure").status.name
    'HOLDS'
    """
    checks.finite("alpha", alpha, above=0, below=1)
    metric = given_name("metric", metric)
    X = given_curves("curves", curves)
    top = given_ceiling(ceiling, curves=X)
    return judged_runs(X, top, GivenBound.of(bound, constants, X.shape[1] - 1), alpha, metric)
