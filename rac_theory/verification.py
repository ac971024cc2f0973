"""verify: a theorem meets a case, an ensemble is run, and the answer is a verdict."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory import theorems
from rac_theory.algorithm import Algorithm
from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.finding import Finding, exact_finding, sampled_finding
from rac_theory.measured import as_far_as_measured, relied_on, variance_is_missing, with_measured_variance
from rac_theory.randomness import PROJECTION, RUNS, Randomness, child, seed_sequence
from rac_theory.rate import fit_rate
from rac_theory.reading import part_size, read
from rac_theory.recording import Evidence, exact_recording
from rac_theory.sample import Sample
from rac_theory.scope import Observation, Scope
from rac_theory.stopping import LIMIT, MOST_RUNS, UNTIL_DECIDED, groupings, read_until_decided
from rac_theory.theorem import Theorem
from rac_theory.verdict import Status, Verdict


def verify(
    theorem: Theorem | str,
    algorithm: Algorithm,
    problem: Problem,
    *,
    W0: Array | None = None,
    steps: int,
    runs: int | Literal["until decided"] = 256,
    most_runs: int = MOST_RUNS,
    rng: Randomness = None,
    alpha: float = 1e-3,
    evidence: Evidence = "auto",
    constants: Constants | None = None,
    n_jobs: int = 1,
) -> Verdict:
    """Try a theorem on an algorithm and a problem.

    Parameters
    ----------
    theorem : Theorem or str
        A theorem, or the id of one of ours, as ``"T2"``.
    algorithm : Algorithm
    problem : Problem
    W0 : (m, n), optional
        The start; ``problem.start`` where there is one, else zero.
    steps, runs : int
        Length and size of the ensemble. A deterministic method needs one run, whatever ``runs`` says. With
        ``"until decided"`` runs are added, 256 at a time, until the claim HOLDS or is VIOLATED; looking so often does
        not change the level, and the verdict's ``runs`` says how many it took.
    most_runs : int
        Where ``"until decided"`` ends if nothing is decided, at most 262144; a claim that is met with equality always
        goes so far.
    rng : seed, SeedSequence or Generator
    alpha : float
        Significance level of the whole verdict; half of it is spent on lambda_min where that has to be sampled.
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
    """
    if isinstance(theorem, str):
        theorem = theorems.ALL[checks.one_of("theorem", theorem, theorems.ALL)]
    case = Case(algorithm, problem, W0, steps)
    checks.finite("alpha", alpha, above=0, below=1)
    until_decided = isinstance(runs, str)
    if isinstance(runs, str):
        checks.one_of("runs", runs, [UNTIL_DECIDED])
        runs = checks.integer("most_runs", most_runs, 1, LIMIT)
    checks.integer("runs", runs, 1)
    checks.one_of("evidence", evidence, ("auto", "exact", "sampled"))
    root = seed_sequence(rng)
    if constants is None:
        constants = Constants.of(case, alpha=alpha / 2, rng=child(root, PROJECTION))
        if variance_is_missing(theorem, case, constants):
            constants = with_measured_variance(case, constants, root)
    checks.finite("alpha", alpha, above=constants.alpha_spent)
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


def not_applicable(theorem: Theorem, case: Case, constants: Constants, unmet: tuple[str, ...], alpha: float) -> Verdict:
    """Return the verdict on a case that does not meet the assumptions."""
    return Verdict(Status.NOT_APPLICABLE, "; ".join(unmet) + ".", theorem, case, constants, alpha, unmet=unmet)


def judge(
    theorems: Sequence[Theorem],
    case: Case,
    constants: Constants,
    *,
    runs: int,
    alpha: float,
    seed: np.random.SeedSequence,
    evidence: Evidence = "auto",
    n_jobs: int = 1,
    until_decided: bool = False,
) -> list[Verdict]:
    """Judge theorems by one expectation or ensemble, if any of them applies; memory does not grow with ``runs``.

    With ``until_decided`` there are as many runs as it takes to decide all of them, and at most ``runs``.
    """
    unmet = [theorem.unmet(case, constants) for theorem in theorems]
    applicable = [theorem for theorem, missing in zip(theorems, unmet, strict=True) if not missing]
    exact = exact_recording(case, evidence) if applicable else None
    level = limits = alpha - constants.alpha_spent
    if exact is not None:
        scopes = [Scope.of(theorem, case, constants, exact, exact=True) for theorem in applicable]
        observations = [[Observation.of(scope, exact)] for scope in scopes]
    elif until_decided:
        limits = level / groupings(runs, part_size(case.steps))
        scopes, observations = read_until_decided(applicable, case, constants, runs, child(seed, RUNS), n_jobs, level)
    else:
        scopes, observations = read(applicable, case, constants, runs, child(seed, RUNS), n_jobs)
    settle = partial(_settle, case, constants, alpha, limits, exact is not None, seed)
    settled = map(settle, scopes, observations)
    return [
        not_applicable(theorem, case, constants, missing, alpha) if missing else next(settled)
        for theorem, missing in zip(theorems, unmet, strict=True)
    ]


@np.errstate(over="ignore", invalid="ignore")
def _settle(
    case: Case,
    constants: Constants,
    alpha: float,
    limits: float,
    exact: bool,
    seed: np.random.SeedSequence,
    scope: Scope,
    observations: list[Observation],
) -> Verdict:
    """Turn what was observed of an ensemble into a verdict."""
    theorem, judged = scope.theorem, scope.judged
    curves = np.concatenate([observation.curves for observation in observations])
    X = scope.judged_part(curves)
    if exact:
        words = "one run decides" if case.algorithm.deterministic else "the expectation is exact"
        finding = exact_finding(X[0], scope.question.bound, judged, words)
    else:
        sample = Sample.of([observation.part for observation in observations], X, scope.question)
        finding = sampled_finding(sample, scope.question, judged, alpha - constants.alpha_spent, limits)
    if finding.status is not Status.VIOLATED:
        finding = _up_to_resolution(finding, scope.resolved, case.steps)
    if finding.status in (Status.HOLDS, Status.CONSISTENT) and scope.informative_from is None:
        vacuous = "the bound never says more than descent alone does: take more steps."
        finding = replace(finding, status=Status.UNDECIDED, reason=vacuous)
    finding = as_far_as_measured(finding, constants, relied_on(theorem, case, constants))
    fitted = fit_rate(curves, theorem.rate, finding.reach) if finding.reach else None
    lower, upper, detectable = np.full((3, len(scope.bound)), np.nan)
    lower[judged], upper[judged], detectable[judged] = finding.lower, finding.upper, finding.detectable
    return Verdict(
        finding.status,
        finding.reason,
        theorem,
        case,
        constants,
        alpha,
        evidence="exact" if exact else "sampled",
        runs=int(case.algorithm.deterministic) if exact else sum(o.part.runs for o in observations),
        seed=(seed.entropy, seed.spawn_key),
        bound=scope.bound,
        mean=curves.mean(axis=0),
        lower=lower,
        upper=upper,
        detectable=detectable,
        reach=finding.reach,
        informative_from=scope.informative_from,
        log_evidence=finding.log_evidence,
        violated_at=finding.violated_at,
        fitted=fitted,
        promised=fit_rate(scope.bound[None], theorem.rate, fitted.last) if fitted else None,
        sample=observations[0].shown,
    )


def _up_to_resolution(finding: Finding, resolved: NDArray[np.int64], steps: int) -> Finding:
    """Say nothing good about a bound below what rounding and f_star let one see."""
    if not resolved.size:
        reason = "the bound is below what rounding and f_star let one see from the first step on."
        return replace(finding, status=Status.UNDECIDED, reason=reason, reach=None)
    last = int(resolved[-1])
    if last == steps:
        return finding
    reason = f"{finding.reason} Only up to t={last}: beyond, the bound is below what rounding and f_star let one see."
    return replace(finding, reason=reason, reach=min(finding.reach, last) if finding.reach else None)
