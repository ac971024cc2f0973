"""compare_runs: whether the mean of some runs is below that of others, as a bound on what is never negative."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from rac_theory.base import checks, shown
from rac_theory.cases import Constants
from rac_theory.verdicts.verification.given_bound import GivenBound
from rac_theory.verdicts.verification.given_curves import given_ceiling, given_curves, given_name
from rac_theory.verdicts.verification.judged_runs import judged_runs
from rac_theory.verdicts.verification.runs_verdict import RunsVerdict

if TYPE_CHECKING:
    from pandas import DataFrame

_ROUNDING = 4 * float(np.finfo(float).eps)  # of a ceiling: what a sum and a difference of two numbers below it lose


def compare_runs(
    A: "ArrayLike | DataFrame | Path | str",
    B: "ArrayLike | DataFrame | Path | str",
    *,
    ceiling: "ArrayLike",
    alpha: float = 1e-3,
    names: tuple[str, str] = ("A", "B"),
) -> RunsVerdict:
    """Judge whether the mean of A is below that of B at every step, in pairs of runs.

    ``E A <= E B`` is ``E[A - B + ceiling] <= ceiling``, a bound on what is never negative, and is judged as such: the
    numbers of the verdict are those of ``A - B + ceiling``.

    Parameters
    ----------
    A, B : (runs, steps + 1) or (runs,)
        As the curves of ``judge_runs``, of one shape. Row i of A is compared with row i of B. If one seed makes
        them similar, use one seed for both: that has more power.
    ceiling : float or (steps + 1,)
        A *proved* upper end of both. It is needed to refute, too: an unobserved rare large B could make the claim
        true. Differences are resolved relative to it, at each t.
    alpha : float
    names : (str, str)
        What A and B are called in the sentence.

    Returns
    -------
    RunsVerdict

    Raises
    ------
    ValueError
        As ``judge_runs``, and for A and B of two shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import compare_runs
    >>> rng = np.random.default_rng(0)
    >>> A, B = rng.beta(2, 3, size=300), rng.beta(3, 2, size=300)  # of means 0.4 and 0.6
    >>> compare_runs(A, B, ceiling=1.0).status.name, compare_runs(B, A, ceiling=1.0).status.name
    ('HOLDS', 'VIOLATED')
    """
    checks.finite("alpha", alpha, above=0, below=1)
    if not isinstance(names, tuple) or len(names) != 2:
        raise ValueError(f"names must be a pair, such as ('A', 'B'), got {shown(names)}")
    first, second = (given_name("names", name) for name in names)
    a, b = given_curves("A", A), given_curves("B", B)
    if a.shape != b.shape:
        raise ValueError(
            f"B must have the shape of A, {a.shape}, got {b.shape}: runs are compared in pairs, so cut what is longer"
        )
    top = given_ceiling(ceiling, A=a, B=b)
    if top is None:
        raise ValueError("ceiling must be a proved upper end of A and B, got None: no comparison can be made without")
    bound = np.concatenate([[np.nan], top[1:]])
    given = GivenBound("ceiling", bound, None, Constants(gamma=np.nan))
    return judged_runs(a + (top - b), 2 * top, given, alpha, f"{first} - {second} + ceiling", _ROUNDING)
