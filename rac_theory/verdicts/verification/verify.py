"""verify: a theorem meets a case, an ensemble is run, and the answer is a verdict."""

from typing import Literal

from rac_theory.base import being, checks, shown
from rac_theory.cases import Case, Constants, check_runs
from rac_theory.numerics import PROJECTION, Randomness, child, seed_sequence
from rac_theory.statements import Theorem
from rac_theory.theorems import theorem_named
from rac_theory.verdicts.verification.judge import judge
from rac_theory.verdicts.verification.measured_constants import variance_is_missing, with_measured_variance
from rac_theory.verdicts.verification.recorded_curves import Evidence
from rac_theory.verdicts.verification.until_decided import LIMIT, MOST_RUNS, UNTIL_DECIDED
from rac_theory.verdicts.verification.verdict import Verdict


def verify(
    theorem: Theorem | str,
    case: Case,
    *,
    runs: int | Literal["until decided"] = 256,
    most_runs: int | None = None,
    rng: Randomness = None,
    alpha: float = 1e-3,
    evidence: Evidence = "auto",
    constants: Constants | None = None,
    n_jobs: int = 1,
) -> Verdict:
    """Try a theorem on a case.

    Parameters
    ----------
    theorem : Theorem or str
        A theorem, or the id of one of this library, as ``"T2"``.
    case : Case
        With the number of steps.
    runs : int or "until decided"
        Size of the ensemble. A deterministic method needs one run, whatever ``runs`` says. With ``"until decided"``
        runs are added, 256 at a time, until the claim HOLDS or is VIOLATED; looking so often does not change the level,
        and the verdict's ``runs`` says how many it took.
    most_runs : int, optional
        Where ``"until decided"`` ends if nothing is decided, at most 262144, 65536 if None; a claim that is met with
        equality always goes so far. It is refused beside a number of runs.
    rng : seed, SeedSequence or Generator
    alpha : float
        Significance level of the whole verdict; half of it is spent on lambda_min and lambda_max together where they
        have to be sampled. The verdict's ``levels`` say what it was spent on.
    evidence : "auto", "exact" or "sampled"
        Auto is exact where one run decides or ``expected`` knows the expectation by itself, else sampled.
    constants : Constants, optional
        Use these in place of the computed ones, to see what a false constant would do.
    n_jobs : int
        Worker processes.

    Raises
    ------
    ValueError
        For arguments that do not fit together, and for ``evidence="exact"`` where there is no exact expectation.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, verify
    >>> from rac_theory.sketches import Gaussian
    >>> problem = Quadratic.left(np.diag([1.0, 2.0, 3.0]), W_star=np.ones((3, 2)))
    >>> verdict = verify("T2", Case(RACLoRA(Gaussian(3, 1), gamma=1 / problem.L), problem, steps=40), rng=0)
    >>> print(verdict.status, verdict.evidence)
    HOLDS exact
    >>> print(verify("T2", Case(RACLoRA(Gaussian(3, 1), gamma=1.0), problem, steps=40), rng=0).unmet[0])
    gamma L <= 1 is not met: gamma L = 3 for gamma=1, L=3
    """
    theorem = theorem_named(theorem)
    check_runs(case)
    checks.finite("alpha", alpha, above=0, below=1)
    until_decided = isinstance(runs, str)
    runs = _number_of_runs(runs, most_runs)
    checks.one_of("evidence", evidence, ("auto", "exact", "sampled"))
    root = seed_sequence(rng)
    if constants is None:
        constants = Constants.of(case, alpha=alpha / 2, rng=child(root, PROJECTION))
        if variance_is_missing(theorem, case, constants):
            constants = with_measured_variance(case, constants, root)
    being("constants", constants, Constants, ", as Constants.of(case) gives")
    checks.workers("n_jobs", n_jobs)
    (verdict,) = judge(
        [theorem],
        case,
        constants,
        runs=runs,
        until_decided=until_decided,
        alpha=alpha,
        evidence=evidence,
        seed=root,
        n_jobs=n_jobs,
    )
    return verdict


def _number_of_runs(runs: int | str, most_runs: int | None) -> int:
    """Return how many runs there are, or may be."""
    if isinstance(runs, str):
        checks.one_of("runs", runs, [UNTIL_DECIDED])
        return checks.integer("most_runs", MOST_RUNS if most_runs is None else most_runs, 1, LIMIT)
    if most_runs is not None:
        raise ValueError(
            f"most_runs must be None beside runs={shown(runs)}, got {shown(most_runs)}; it needs {UNTIL_DECIDED!r}"
        )
    return checks.count("runs", runs)
