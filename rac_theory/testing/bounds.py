"""assert_rate_bound, assert_mean_below, assert_proved: a bound holds in runs of a case, in any runs, or by a proof."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import ArrayLike

from rac_theory import theorems
from rac_theory.algorithms import Implementation
from rac_theory.cases import Case, Constants, check_runs
from rac_theory.discovery import discover
from rac_theory.numerics import Randomness, seed_sequence
from rac_theory.proofs import Proof
from rac_theory.statements import Theorem
from rac_theory.testing.algorithms.check_algorithm import check_algorithm
from rac_theory.testing.algorithms.law import LEVELS
from rac_theory.testing.failures import NotShown, call, level, seed_text, settle
from rac_theory.theorems import prove, theorem_named, why_not_proved
from rac_theory.verdicts import RunsVerdict, Status, Verdict, judge_runs, verify

if TYPE_CHECKING:
    from pandas import DataFrame

_DRAWS = 2048  # a few seconds, where a step is called run by run; check_algorithm takes more by itself
_KEEPING = (Status.HOLDS, Status.CONSISTENT)  # with these a bound is kept
_SHOWN = ("gamma", "L", "mu", "lambda_min", "gap0", "distance0")  # constants worth reading in a failure


def assert_rate_bound(
    theorem: Theorem | str,
    case: Case,
    *,
    runs: int = 256,
    rng: Randomness = None,
    alpha: float | None = None,
    evidence: Literal["auto", "exact", "sampled"] = "sampled",
    constants: Constants | None = None,
    n_jobs: int = 1,
) -> Verdict:
    """Raise an ``AssertionError`` unless the expected metric is seen to keep below the bound of a theorem.

    It passes where the verdict of ``verify`` is HOLDS or CONSISTENT. It fails where that is VIOLATED, and where nothing
    was tested: NOT_APPLICABLE, because an assumption is not met, and UNDECIDED, because the runs are too few or the
    bound says nothing.

    An ``Implementation`` that was not checked is checked first, with 2048 draws and a quarter of alpha.

    Parameters
    ----------
    theorem, case, runs, rng, constants, n_jobs
        As in ``verify``. Without ``rng`` each call sees other runs; a failure prints their seed.
    evidence : "sampled", "auto" or "exact"
        As in ``verify``, but sampled by default: a test is there to run your code. Exact expectations are computed from
        the closed forms that a sketch declares, and ``sample`` could do anything. A deterministic method is run once.
    alpha : float, optional
        The probability with which a true bound is refuted, for this assertion by itself. The default is that of the
        option ``--rac-alpha`` of pytest, else 1e-6.

    Returns
    -------
    Verdict
        For more to be asserted of it, as ``assert verdict.status is Status.HOLDS``.

    Raises
    ------
    NotShown
        An ``AssertionError`` with the claim, the numbers, the seed and the line that repeats it; its ``finding`` is the
        verdict.
    Refuted
        An ``AssertionError`` too: an implementation is not what it claims to be.
    ValueError
        As ``verify``.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA
    >>> from rac_theory.sketches import Gaussian
    >>> from rac_theory.testing import assert_rate_bound
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> verdict = assert_rate_bound("T2", Case(RACLoRA(Gaussian(2, 1), gamma=0.5), problem, steps=4), rng=0)
    >>> print(verdict.status, verdict.evidence)
    HOLDS sampled
    """
    __tracebackhide__ = True
    check_runs(case)
    alpha, seed = level(alpha), seed_sequence(rng)
    if isinstance(case.algorithm, Implementation) and case.checked is None:
        case = check_algorithm(case, draws=_DRAWS, alpha=alpha / (4 * LEVELS))
    verdict = verify(
        theorem,
        case,
        runs=runs,
        rng=seed,
        alpha=alpha,
        evidence="auto" if case.algorithm.deterministic and evidence == "sampled" else evidence,
        constants=constants,
        n_jobs=n_jobs,
    )
    chance = verdict.alpha if verdict.evidence == "sampled" else verdict.constants.alpha_spent
    settle(verdict.theorem.id, verdict, chance, lambda: _lines(verdict, seed, runs, evidence, constants), *_KEEPING)
    return verdict


def _lines(
    verdict: Verdict, seed: np.random.SeedSequence, runs: int, evidence: str, constants: Constants | None
) -> dict[str, str]:
    """What a failure says: the claim, the case, the numbers, the seed and the call that makes it again."""
    theorem, alpha = verdict.theorem, verdict.alpha
    constants_text = {name: float(getattr(verdict.constants, name)) for name in _SHOWN}
    listed = [f"{name}={number:.6g}" for name, number in constants_text.items() if not math.isnan(number)]
    repeating = call(
        "assert_rate_bound",
        f'"{theorem.id}"' if theorems.ALL.get(theorem.id) is theorem else "theorem",
        "case",
        runs=runs,
        rng=seed_text(seed),
        alpha=alpha,
        evidence=None if evidence == "sampled" else repr(evidence),
        constants=None if constants is None else "constants",
    )
    return {
        "claim": f"{theorem.statement} [{theorem.mark}: {theorem.source}]",
        "case": repr(verdict.case),
        "numbers": f"{', '.join(listed)}; {verdict.runs} runs, evidence {verdict.evidence}, alpha={alpha:g}",
        "seed": seed_text(seed),
        "again": repeating,
    }


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

    def lines() -> dict[str, str]:
        repeating = call(
            "assert_mean_below",
            "curves",
            f'"{verdict.claimed}"' if isinstance(bound, str) else "bound",
            ceiling=None if ceiling is None else "ceiling",
            constants=None if constants is None else "constants",
            alpha=verdict.alpha,
        )
        numbers = f"{verdict.runs} runs of {len(verdict.bound) - 1} steps, alpha={verdict.alpha:g}"
        return {"numbers": numbers, "again": repeating}

    settle(f"E[{verdict.metric}] <= {verdict.claimed}", verdict, verdict.alpha, lines, *_KEEPING)
    return verdict


def assert_proved(theorem: Theorem | str) -> Proof:
    """Raise an ``AssertionError`` unless a proof of a theorem is found.

    No case is run, and nothing is left to chance: the claim follows from what is assumed, for every case that meets
    the assumptions. That none was found refutes nothing: ``assert_rate_bound`` tries a claim on a case.

    Parameters
    ----------
    theorem : Theorem or str
        Yours, or the id of one of this library.

    Returns
    -------
    Proof
        For more to be asserted of it, as ``assert not proof.on_paper``.

    Raises
    ------
    NotShown
        An ``AssertionError`` with what is missing, and the best of its form that can be proved, if there is one; its
        ``finding`` is the proof of that, or None.
    ValueError
        If ``theorem`` is none.

    Examples
    --------
    >>> from rac_theory.testing import assert_proved
    >>> assert_proved("T2").unused
    (lambda_min > 0,)
    """
    __tracebackhide__ = True
    theorem = theorem_named(theorem)
    proof = prove(theorem)
    if proof is not None:
        return proof
    instead = discover(theorem)
    provable, proof = next(zip(instead.statements, instead.proofs, strict=True), ("nothing of this form", None))
    raise NotShown(f"{theorem.id}: {why_not_proved(theorem)}", proof, claim=theorem.statement, provable=provable)
