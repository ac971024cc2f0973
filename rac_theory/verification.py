"""verify: a theorem meets a case, an ensemble is run, and the answer is a verdict."""

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np

from problems import checks
from problems.checks import Array
from problems.members import being
from problems.problem import Problem
from rac_theory.account import Account
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
from rac_theory.theorems import theorem_named
from rac_theory.verdict import Status, Verdict


def verify(
    theorem: Theorem | str,
    algorithm: Algorithm,
    problem: Problem,
    *,
    W0: Array | None = None,
    steps: int,
    runs: int | Literal["until decided"] = 256,
    most_runs: int | None = None,
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
    most_runs : int, optional
        Where ``"until decided"`` ends if nothing is decided, at most 262144, 65536 if None; a claim that is met with
        equality always goes so far. It means nothing, and is refused, beside a number of runs.
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
    """
    theorem = theorem_named(theorem)
    case = Case(algorithm, problem, W0, steps)
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
        raise ValueError(f"most_runs must be None beside runs={runs!r}, got {most_runs!r}; it needs {UNTIL_DECIDED!r}")
    return checks.integer("runs", runs, 1)


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
    unseen = [_without_runs(theorem, case, constants, alpha) for theorem in theorems]
    open_ = [theorem for theorem, verdict in zip(theorems, unseen, strict=True) if verdict is None]
    exact = exact_recording(case, evidence) if open_ else None
    account = _account(alpha, constants)
    level = limits = account.rest("runs")
    if exact is not None:
        scopes = [Scope.of(theorem, case, constants, exact, exact=True) for theorem in open_]
        observations = [[Observation.of(scope, exact)] for scope in scopes]
    elif until_decided:
        limits = level / groupings(runs, part_size(case.steps))
        scopes, observations = read_until_decided(open_, case, constants, runs, child(seed, RUNS), n_jobs, level)
    else:
        scopes, observations = read(open_, case, constants, runs, child(seed, RUNS), n_jobs)
    settle = partial(_settle, case, constants, account, limits, exact is not None, seed)
    settled = map(settle, scopes, observations)
    return [next(settled) if verdict is None else verdict for verdict in unseen]


def _account(alpha: float, constants: Constants) -> Account:
    """Open an account for one verdict, with what its constants have spent."""
    account = Account(alpha)
    if constants.alpha_spent > 0:
        account.draw("sampled constants", constants.alpha_spent)
    return account


def _without_runs(theorem: Theorem, case: Case, constants: Constants, alpha: float) -> Verdict | None:
    """Return the verdict where no run could change it: an assumption is not met, or something is no number."""
    if unmet := theorem.unmet(case, constants):
        return not_applicable(theorem, case, constants, unmet, alpha)
    bound = theorem.bound(constants, case.steps)
    unknown = [name for name in theorem.metric.needs if not math.isfinite(getattr(constants, name))]
    if not np.isfinite(bound[1:]).any():
        reason = "the bound is not a finite number at any t: it says nothing here."
    elif unknown:
        reason = f"the {theorem.metric.name} cannot be judged without knowing {' and '.join(unknown)}."
    else:
        return None
    return Verdict(Status.UNDECIDED, reason, theorem, case, constants, alpha, bound=bound)


@np.errstate(over="ignore", invalid="ignore")
def _settle(
    case: Case,
    constants: Constants,
    account: Account,
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
        resolved = np.isin(judged, scope.resolved)
        finding = exact_finding(X[0], scope.question, judged, resolved, scope.rounding, words)
    else:
        sample = Sample.of([observation.part for observation in observations], X, scope.question)
        finding = sampled_finding(sample, scope.question, judged, account.spent["runs"], limits)
    if finding.status is not Status.VIOLATED:
        finding = _up_to_resolution(finding, scope, case.steps)
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
        account.alpha,
        levels=dict(account.spent),
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


def _up_to_resolution(finding: Finding, scope: Scope, steps: int) -> Finding:
    """Say nothing good about a bound below what rounding and f_star let one see, nor where it is no number."""
    if not scope.resolved.size:
        reason = "the bound is below what rounding and f_star let one see from the first step on."
        return replace(finding, status=Status.UNDECIDED, reason=reason, reach=None)
    last, reason = int(scope.resolved[-1]), finding.reason
    if silent := int(np.count_nonzero(~np.isfinite(scope.bound[1 : last + 1]))):
        reason = f"{reason} At {silent} steps the bound is no finite number, and nothing is said there."
    if last < steps:
        reason = f"{reason} Only up to t={last}: beyond, the bound is below what rounding and f_star let one see."
    return replace(finding, reason=reason, reach=min(finding.reach, last) if finding.reach else None)
