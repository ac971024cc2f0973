"""assert_rate_bound: a theorem holds for an algorithm on a problem, as far as an ensemble of runs can show it."""

import math
from typing import Literal

import numpy as np

from rac_theory import theorems
from rac_theory.algorithms import Implementation
from rac_theory.cases import Case, Constants, check_runs
from rac_theory.numerics import Randomness, seed_sequence
from rac_theory.statements import Theorem
from rac_theory.testing.algorithms.check_algorithm import check_algorithm
from rac_theory.testing.algorithms.law import LEVELS
from rac_theory.testing.assertions.not_shown import NotShown, call, seed_text
from rac_theory.testing.assertions.session import level, tell
from rac_theory.verdicts import Status, Verdict, verify

_DRAWS = 2048  # a few seconds, where a step is called run by run; check_algorithm takes more by itself
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
    tell(verdict.theorem.id, verdict.status, _left_to_chance(verdict))
    if verdict.status in (Status.HOLDS, Status.CONSISTENT):
        return verdict
    again = call(
        "assert_rate_bound",
        _theorem_text(verdict.theorem),
        "case",
        runs=runs,
        rng=seed_text(seed),
        alpha=alpha,
        evidence=None if evidence == "sampled" else repr(evidence),
        constants=None if constants is None else "constants",
    )
    raise _not_shown(verdict, seed, again)


def _left_to_chance(verdict: Verdict) -> float:
    """The probability with which the verdict may be a false one."""
    if verdict.status is Status.NOT_APPLICABLE:
        return 0.0
    return verdict.alpha if verdict.evidence == "sampled" else verdict.constants.alpha_spent


def _theorem_text(theorem: Theorem) -> str:
    ours = theorems.ALL.get(theorem.id) is theorem
    return f'"{theorem.id}"' if ours else "theorem"


def _not_shown(verdict: Verdict, seed: np.random.SeedSequence, again: str) -> NotShown:
    theorem, constants = verdict.theorem, verdict.constants
    numbers = {name: float(getattr(constants, name)) for name in _SHOWN}
    known = [f"{name}={number:.6g}" for name, number in numbers.items() if not math.isnan(number)]
    ran = f"{verdict.runs} runs, evidence {verdict.evidence}"
    untested = " Nothing was tested." if verdict.status is Status.NOT_APPLICABLE else ""
    return NotShown(
        f"{theorem.id} {verdict.status.name}: {verdict.reason}{untested}",
        verdict,
        claim=f"{theorem.statement} [{theorem.mark}: {theorem.source}]",
        case=repr(verdict.case),
        numbers=f"{', '.join(known)}; {ran}, alpha={verdict.alpha:g}",
        seed=seed_text(seed),
        again=again,
    )
