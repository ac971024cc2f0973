"""verify: a theorem meets a case, an ensemble is run, and the answer is a verdict."""

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.finding import Finding, exact_finding, sampled_finding
from rac_theory.randomness import Randomness, child, seed_sequence
from rac_theory.rate import fit_rate
from rac_theory.simulation import Trajectory, simulate
from rac_theory.theorem import Theorem
from rac_theory.verdict import Status, Verdict

_SHOWN = 10  # single runs kept for figures


def verify(
    theorem: Theorem,
    algorithm: Algorithm,
    problem: Problem,
    *,
    W0: Array | None = None,
    steps: int,
    runs: int = 256,
    rng: Randomness = None,
    alpha: float = 1e-3,
    evidence: Literal["auto", "exact", "sampled"] = "auto",
    constants: Constants | None = None,
    n_jobs: int = 1,
) -> Verdict:
    """Try a theorem on an algorithm and a problem.

    Parameters
    ----------
    theorem : Theorem
    algorithm : Algorithm
    problem : Problem
    W0 : (m, n), optional
        The start; ``problem.start`` where there is one, else zero.
    steps, runs : int
        Length and size of the ensemble. A deterministic method needs one run, whatever ``runs`` says.
    rng : seed, SeedSequence or Generator
    alpha : float
        Significance level of the whole verdict; half of it is spent on lambda_min where that has to be sampled.
    evidence : "auto", "exact" or "sampled"
        Auto is exact where one run decides, else sampled.
    constants : Constants, optional
        Use these in place of the computed ones, to see what a false constant would do.
    n_jobs : int
        Worker processes.

    Raises
    ------
    ValueError
        For arguments that do not fit together, and for ``evidence="exact"`` with a randomised method.
    """
    case = Case(algorithm, problem, W0, steps)
    checks.finite("alpha", alpha, above=0, below=1)
    checks.integer("runs", runs, 1)
    exact = _decide_exactly(evidence, algorithm)
    root = seed_sequence(rng)
    if constants is None:
        constants = Constants.of(case, alpha=alpha / 2, rng=child(root, 1))
    checks.finite("alpha", alpha, above=constants.alpha_spent)
    if unmet := theorem.unmet(case, constants):
        return not_applicable(theorem, case, constants, unmet, alpha)
    ensemble = simulate(
        algorithm, problem, case.start, steps=steps, runs=1 if exact else runs, rng=child(root, 0), n_jobs=n_jobs
    )
    return judge(theorem, case, constants, ensemble, alpha=alpha, exact=exact, seed=root)


def _decide_exactly(evidence: str, algorithm: Algorithm) -> bool:
    checks.one_of("evidence", evidence, ("auto", "exact", "sampled"))
    if evidence == "exact" and not algorithm.deterministic:
        raise ValueError("evidence must be 'auto' or 'sampled' for a randomised method, got 'exact'")
    return evidence != "sampled" and algorithm.deterministic


def not_applicable(theorem: Theorem, case: Case, constants: Constants, unmet: tuple[str, ...], alpha: float) -> Verdict:
    """Return the verdict on a case that does not meet the assumptions."""
    return Verdict(Status.NOT_APPLICABLE, "; ".join(unmet) + ".", theorem, case, constants, alpha, unmet=unmet)


def judge(
    theorem: Theorem,
    case: Case,
    constants: Constants,
    ensemble: Trajectory,
    *,
    alpha: float,
    exact: bool,
    seed: np.random.SeedSequence,
) -> Verdict:
    """Judge a theorem, whose assumptions are met, by an ensemble that may serve other theorems too."""
    metric = theorem.metric
    curves = metric.along(ensemble.values, ensemble.squared_gradients, constants)
    bound = theorem.bound(constants, case.steps)
    ceiling, uncertainty = metric.ceiling(constants), metric.uncertainty(constants)
    judged = np.flatnonzero((np.arange(len(bound)) > 0) & (bound >= 100 * uncertainty))
    informative = np.flatnonzero(bound[1:] < ceiling) + 1
    if judged.size == 0:
        finding = _unresolved()
    else:
        # Rounding, and the interval that f* lies in, never count against a theorem.
        allowed = bound[judged] * (1 + 1e-9) + 64 * np.finfo(float).eps * ceiling + uncertainty
        X = np.maximum(curves[:, judged], 0.0)
        if exact:
            finding = exact_finding(X, allowed, judged)
        else:
            level = alpha - constants.alpha_spent
            finding = sampled_finding(X, allowed, judged, ceiling if theorem.descends else math.inf, level)
    if finding.status is Status.HOLDS and not informative.size:
        vacuous = "the bound never says more than descent alone does: take more steps."
        finding = replace(finding, status=Status.UNDECIDED, reason=vacuous)
    fitted = fit_rate(curves, theorem.rate, finding.reach) if finding.reach else None
    lower, upper, detectable = np.full((3, len(bound)), np.nan)
    lower[judged], upper[judged], detectable[judged] = finding.lower, finding.upper, finding.detectable
    return Verdict(
        finding.status,
        finding.reason,
        theorem,
        case,
        constants,
        alpha,
        evidence="exact" if exact else "sampled",
        runs=ensemble.runs,
        seed=(seed.entropy, seed.spawn_key),
        bound=bound,
        mean=curves.mean(axis=0),
        lower=lower,
        upper=upper,
        detectable=detectable,
        reach=finding.reach,
        informative_from=int(informative[0]) if informative.size else None,
        log_evidence=finding.log_evidence,
        violated_at=finding.violated_at,
        fitted=fitted,
        promised=fit_rate(bound[None], theorem.rate, fitted.last) if fitted else None,
        sample=curves[:_SHOWN].copy(),
    )


def _unresolved() -> Finding:
    """Return the finding where the bound starts below the resolution of f_star."""
    reason = "the bound is below the resolution to which the infimum of f is known."
    nothing = np.empty(0)
    return Finding(Status.UNDECIDED, reason, nothing, nothing, nothing, None)
