"""verify: a theorem meets a case, an ensemble is run, and the answer is a verdict."""

import math
from dataclasses import replace
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
from rac_theory.randomness import PROJECTION, RUNS, Randomness, child, seed_sequence
from rac_theory.rate import fit_rate
from rac_theory.simulation import Trajectory, simulate
from rac_theory.theorem import Theorem
from rac_theory.verdict import Status, Verdict

_SHOWN = 10  # single runs kept for figures


def verify(
    theorem: Theorem | str,
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
    theorem : Theorem or str
        A theorem, or the id of one of ours, as ``"T2"``.
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
    if isinstance(theorem, str):
        theorem = theorems.ALL[checks.one_of("theorem", theorem, theorems.ALL)]
    case = Case(algorithm, problem, W0, steps)
    checks.finite("alpha", alpha, above=0, below=1)
    checks.integer("runs", runs, 1)
    exact = _decide_exactly(evidence, algorithm)
    root = seed_sequence(rng)
    if constants is None:
        constants = Constants.of(case, alpha=alpha / 2, rng=child(root, PROJECTION))
    checks.finite("alpha", alpha, above=constants.alpha_spent)
    if unmet := theorem.unmet(case, constants):
        return not_applicable(theorem, case, constants, unmet, alpha)
    ensemble = simulate(
        algorithm, problem, case.start, steps=steps, runs=1 if exact else runs, rng=child(root, RUNS), n_jobs=n_jobs
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


@np.errstate(over="ignore", invalid="ignore")  # runs that diverged are evidence like any other
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
    _check_infimum(case.problem, ensemble)
    metric = theorem.metric
    curves = metric.along(ensemble.values, ensemble.squared_gradients, constants)
    bound = theorem.bound(constants, case.steps)
    ceiling = metric.ceiling(constants)
    tolerance = metric.tolerance(constants, bound, _shift(case, ensemble))
    informative = np.flatnonzero(bound[1:] < ceiling) + 1
    resolved = np.flatnonzero((np.arange(len(bound)) > 0) & (bound >= 100 * tolerance))
    if exact and (curves[0, 1:] <= bound[1:]).all():
        resolved = np.arange(1, len(bound))  # a bound that is met to the last bit needs no resolution, not even zero
    # Where nothing is resolved a gross violation can still be seen, and nothing else.
    judged = resolved if resolved.size and not exact else np.arange(1, len(bound))
    # Rounding, and the interval that f* lies in, never count against a theorem.
    allowed = bound[judged] * (1 + 1e-9) + tolerance[judged]
    X = np.maximum(curves[:, judged], 0.0)
    if exact:
        finding = exact_finding(X, allowed, judged)
    else:
        level = alpha - constants.alpha_spent
        finding = sampled_finding(X, allowed, judged, ceiling if theorem.descends else math.inf, level)
    if finding.status is not Status.VIOLATED:
        finding = _up_to_resolution(finding, resolved, case.steps)
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


def _shift(case: Case, ensemble: Trajectory) -> float:
    """Bound how far rounding moves an iterate: a few units in the last place each step, added like a random walk."""
    norms = np.linalg.norm(np.concatenate([case.start[None], ensemble.W]), axis=(1, 2))
    largest = float(norms[np.isfinite(norms)].max())
    return 4 * float(np.finfo(float).eps) * math.sqrt(case.steps) * largest


def _check_infimum(problem: Problem, ensemble: Trajectory) -> None:
    """A run below the declared infimum proves the declaration false: no verdict could rest on it."""
    lowest = float(np.nanmin(ensemble.values))
    declared = problem.f_star - getattr(problem, "f_star_error", 0.0)
    for name, bound in (("f_star", declared), ("f_lower", problem.f_lower)):
        if lowest < bound - 64 * np.finfo(float).eps * max(abs(bound), abs(float(ensemble.values[0, 0]))):
            raise ValueError(f"{name} must not be above f, got {bound:.17g}, but a run went down to {lowest:.17g}")


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
