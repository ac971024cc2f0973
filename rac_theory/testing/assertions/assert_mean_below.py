"""assert_mean_below: the mean of runs of any origin keeps below a bound, as far as they can show it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from rac_theory.cases import Constants
from rac_theory.statements import Theorem
from rac_theory.testing.assertions.not_shown import NotShown, call
from rac_theory.testing.assertions.session import level, tell
from rac_theory.verdicts import RunsVerdict, Status, judge_runs

if TYPE_CHECKING:
    from pandas import DataFrame


def assert_mean_below(
    curves: "ArrayLike | DataFrame | Path | str",
    bound: "Theorem | str | Callable[[int], float] | ArrayLike",
    *,
    ceiling: "ArrayLike | None" = None,
    constants: Constants | Mapping[str, float] | None = None,
    alpha: float | None = None,
    metric: str = "metric",
) -> RunsVerdict:
    """Raise an ``AssertionError`` unless the mean of runs is seen to keep below a bound.

    It passes where the verdict of ``judge_runs`` is HOLDS or CONSISTENT, and fails where that is VIOLATED, and where
    nothing was tested: UNDECIDED, because the runs are too few, and NOT_APPLICABLE.

    Parameters
    ----------
    curves, bound, ceiling, constants, metric
        As in ``judge_runs``.
    alpha : float, optional
        The probability with which a true bound is refuted. The default is that of the option ``--rac-alpha`` of pytest,
        else 1e-6.

    Returns
    -------
    RunsVerdict
        For more to be asserted of it, as ``assert verdict.status is Status.HOLDS``.

    Raises
    ------
    NotShown
        An ``AssertionError`` with the claim and the numbers; its ``finding`` is the verdict.
    ValueError
        As ``judge_runs``.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.testing import assert_mean_below
    >>> losses = np.random.default_rng(0).beta(2, 8, size=500)  # of mean 0.2
    >>> assert_mean_below(losses, 0.3, ceiling=1.0).status.name
    'HOLDS'
    >>> try:
    ...     assert_mean_below(losses, 0.1, metric="loss")
    ... except AssertionError as failure:
    ...     print(str(failure).partition(" by an")[0])
    E[loss] <= bound VIOLATED: refuted at level 1e-06
    """
    __tracebackhide__ = True
    verdict = judge_runs(curves, bound, ceiling=ceiling, constants=constants, alpha=level(alpha), metric=metric)
    tell(
        f"E[{verdict.metric}] <= {verdict.claimed}",
        verdict.status,
        0.0 if verdict.status is Status.NOT_APPLICABLE else verdict.alpha,
    )
    if verdict.status in (Status.HOLDS, Status.CONSISTENT):
        return verdict
    untested = " Nothing was tested." if verdict.status is Status.NOT_APPLICABLE else ""
    again = call(
        "assert_mean_below",
        "curves",
        f'"{verdict.claimed}"' if isinstance(bound, str) else "bound",
        ceiling=None if ceiling is None else "ceiling",
        constants=None if constants is None else "constants",
        alpha=verdict.alpha,
    )
    raise NotShown(
        f"E[{verdict.metric}] <= {verdict.claimed} {verdict.status.name}: {verdict.reason}{untested}",
        verdict,
        numbers=f"{verdict.runs} runs of {len(verdict.bound) - 1} steps, alpha={verdict.alpha:g}",
        again=again,
    )
