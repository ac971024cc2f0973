"""judge_runs: curves of any origin meet a bound on their mean, and the answer is a verdict."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from rac_theory.base import Array, checks, shown
from rac_theory.cases import Constants
from rac_theory.numerics import EPS
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.decision import (
    Decision,
    Status,
    as_far_as_measured,
    sampled_decision,
    up_to_resolution,
)
from rac_theory.verdicts.verification.evidence_of_runs import Observation, Pilot
from rac_theory.verdicts.verification.given import GivenBound, given_ceiling, given_curves, given_name
from rac_theory.verdicts.verification.judged_claim import JudgedBound, Question, claimed_steps
from rac_theory.verdicts.verification.reading import behind_a_row, part_size
from rac_theory.verdicts.verification.verdict import RunsVerdict
from rac_theory.verdicts.verification.verify import opened

if TYPE_CHECKING:
    from pandas import DataFrame


_UNIT = 64 * EPS  # of the largest bound: what a run that starts there may be off by later


@np.errstate(over="ignore", invalid="ignore")
def judged_runs(
    X: Array, ceiling: Array | None, given: GivenBound, alpha: float, metric: str, rounding: float = 0.0
) -> RunsVerdict:
    """Judge curves that were checked.

    Parameters
    ----------
    X : (runs, steps + 1)
    ceiling : (steps + 1,) or None
        At least X.
    given : GivenBound
    alpha : float
    metric : str
    rounding : float
        What X may be off by, as a share of the bound: it counts neither against the claim nor for it.
    """
    words: dict[str, Any] = {"metric": metric, "claimed": given.name}
    if unmet := given.unmet:
        reason = "; ".join(unmet) + "."
        return RunsVerdict(Status.NOT_APPLICABLE, reason, alpha, runs=len(X), bound=given.values, **words)
    claim = _claim(given.values, ceiling, rounding)
    account = opened(alpha, given.constants)
    observation = _observed(X, claim)
    metric_values = claim.judged_part(observation.curves)
    decision = sampled_decision(observation.part, metric_values, claim.question, claim.judged, account.rest("runs"))
    return RunsVerdict.of(
        _with_reservations(decision, claim, given),
        claim,
        observation.curves,
        given.theorem.rate if given.theorem else None,
        alpha=alpha,
        levels=dict(account.spent),
        evidence="sampled",
        runs=len(X),
        sample=observation.first_runs,
        **words,
    )


def _claim(bound: Array, ceiling: Array | None, rounding: float) -> JudgedBound:
    """Choose the steps at which a bound is judged, from the bound alone: those at which rounding decides nothing."""
    claimed = claimed_steps(bound)
    top = np.full(len(bound), np.inf) if ceiling is None else ceiling
    informative = claimed[bound[claimed] < top[claimed]]
    if not informative.size:
        raise ValueError(
            f"bound must be below ceiling at some t >= 1, got no less than {bound[claimed].min():g} below ceilings of "
            f"no more than {top[claimed].max():g}: every run would meet it"
        )
    blur = rounding * bound + _UNIT * np.nanmax(bound)
    resolved = claimed[bound[claimed] >= 100 * blur[claimed]]
    judged = resolved if resolved.size else claimed
    question = Question(bound[judged], top[judged], blur=blur[judged], doubt=blur[judged])
    return JudgedBound(bound, resolved, judged, question, int(informative[0]))


def _observed(X: Array, claim: JudgedBound) -> Observation:
    """Read runs in parts of the size in which ``verify`` reads an ensemble: the bets depend on it."""
    size = part_size(X.shape[1] - 1)
    group = behind_a_row(len(X), size)
    pilot = Pilot.of(claim.judged_part(X[:size]), claim.question) if len(X) > size else None
    later = (Observation.of_curves(claim, X[i : i + size], group, pilot) for i in range(size, len(X), size))
    return Observation.joined([Observation.of_curves(claim, X[:size], group), *later])


def _with_reservations(decision: Decision, claim: JudgedBound, given: GivenBound) -> Decision:
    """Say at how many steps nothing is claimed, what measured constants are worth, and what is taken on trust."""
    if decision.status is not Status.VIOLATED:
        decision = up_to_resolution(decision, claim)
    decision = as_far_as_measured(decision, given.constants, tuple(sorted(given.constants.measured)))
    if trust := given.on_trust:
        decision = replace(decision, reason=f"{decision.reason} On trust: {'; '.join(trust)}.")
    return decision


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


_ROUNDING = 4 * EPS  # of a ceiling: what a sum and a difference of two numbers below it lose


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
