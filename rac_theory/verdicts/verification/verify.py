"""verify: a theorem meets a case, an ensemble is run, and the answer is a verdict.

T7 to T10 ask for a bound on the expected variance of gradients at every epoch or round. A problem may have one that is
proved. Where it has none, a pilot ensemble with a stream of its own is run. Its number is evidence, no proof: a claim
that holds with it holds as far as the number does, and a claim that fails with it is not refuted, for the number may be
too small. Where one run decides, the variances along it are those that the theorem speaks of, and their largest is no
estimate.
"""

import math
from collections.abc import Container, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, islice
from typing import Any, Literal

import numpy as np

from rac_theory.algorithms import Checked
from rac_theory.algorithms.gradients import Reshuffled
from rac_theory.base import Array, being, checks, one_blas_thread, shown
from rac_theory.cases import Case, Constants, check_runs
from rac_theory.numerics import PROJECTION, RUNS, Account, Randomness, child, generator, seed_sequence
from rac_theory.problems import components_of, gradient_variance
from rac_theory.statements import Theorem
from rac_theory.theorems import theorem_named
from rac_theory.verdicts.verification import reading
from rac_theory.verdicts.verification.decision import Status, exact_decision, sampled_decision, with_reservations
from rac_theory.verdicts.verification.evidence_of_runs import Observation
from rac_theory.verdicts.verification.judged_claim import Evidence, JudgedClaim, Recording, Trial, exact_recording
from rac_theory.verdicts.verification.verdict import Verdict

PILOT_RUNS = 16
SAFETY = 2.0
"""What the largest mean of the pilot is multiplied by: means of few runs err, and not all times are looked at."""

_PILOT = 0x9107  # the stream of the pilot below the root of a verdict, apart from RUNS and PROJECTION
_TIMES = 33  # at which the variance is looked at, each a gradient of every component


def lacks_a_variance(trial: Trial) -> bool:
    """Whether nothing but a variance along the iterates keeps a theorem from being applicable."""
    if not trial.unmet:
        return False
    given = replace(trial.constants, sigma_squared=0.0, zeta_squared=0.0)
    return not replace(trial, constants=given).unmet


def with_measured_variance(case: Case, c: Constants, seed: np.random.SeedSequence) -> Constants:
    """Return constants with the largest variance of a pilot ensemble, averaged over its runs, times ``SAFETY``.

    For a deterministic algorithm it is the largest along the only run, and does not count as measured.
    """
    name = "sigma_squared" if isinstance(getattr(case.algorithm, "gradients", None), Reshuffled) else "zeta_squared"
    rng = generator(child(seed, _PILOT))
    if case.algorithm.deterministic:
        largest = max(_mean_variances(case, rng, 1, range(case.steps))) * (1 + 1e-9)
        return _with(c, name, largest, "the largest along the only run")
    times = set(np.rint(np.geomspace(1, case.steps, _TIMES)).astype(int) - 1)
    largest = SAFETY * max(_mean_variances(case, rng, PILOT_RUNS, times))
    line = f"measured: {SAFETY:g} times the largest of {len(times)} means over {PILOT_RUNS} runs that are not judged"
    return replace(_with(c, name, largest, line), measured=c.measured | {name})


def _with(c: Constants, name: str, number: float, line: str) -> Constants:
    changes: dict[str, Any] = {name: number, "provenance": {**c.provenance, name: line}}
    return replace(c, **changes)


def _mean_variances(case: Case, rng: np.random.Generator, runs: int, times: Container[int]) -> list[float]:
    """The mean over an ensemble of the variance of component gradients, at some t < T."""
    components = components_of(case.problem, case.algorithm)
    start = np.broadcast_to(case.start, (runs, *case.start.shape)).copy()
    iterates = chain([start], case.algorithm.iterates(case.problem, start, rng))

    def variance(W: Array) -> Array:
        if hasattr(components, "zeta_squared"):  # of clients, all at once
            return np.asarray(components.zeta_squared(W))
        return gradient_variance(components, W)

    with one_blas_thread(), np.errstate(over="ignore", invalid="ignore"):
        return [float(variance(W).mean()) for t, W in enumerate(islice(iterates, case.steps)) if t in times]


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
    measures: bool = True,
) -> list[Verdict]:
    """Judge theorems by one expectation or ensemble, if any of them applies; memory does not grow with ``runs``.

    With ``until_decided`` there are as many runs as it takes to decide all of them, and at most ``runs``. With
    ``measures`` a theorem that lacks only a variance along the iterates has it measured; no other theorem sees it.

    Parameters
    ----------
    theorems : sequence of Theorem
    case : Case
    constants : Constants
    runs : int
        How many runs; at most so many with ``until_decided``.
    alpha : float
        Significance level of each verdict.
    seed : SeedSequence
        The root of all random streams.
    evidence : "auto", "exact" or "sampled"
    n_jobs : int
        Worker processes.
    until_decided : bool
        Whether runs are added until all theorems are decided.
    measures : bool
        Whether a variance that a theorem lacks is measured.

    Returns
    -------
    list of Verdict
        One for each theorem, in their order.
    """
    variance = cache(lambda: with_measured_variance(case, constants, seed))
    trials = [Trial(theorem, case, constants) for theorem in theorems]
    if measures:
        trials = [replace(trial, constants=variance()) if lacks_a_variance(trial) else trial for trial in trials]
    verdicts = [_without_runs(trial, alpha) for trial in trials]
    applicable = [trial for trial, verdict in zip(trials, verdicts, strict=True) if verdict is None]
    if not applicable:
        return [verdict for verdict in verdicts if verdict is not None]
    account = opened(alpha, constants, case.checked)
    level = limits = account.rest("runs")
    exact = exact_recording(case, evidence, [trial.theorem.metric for trial in applicable])
    if exact is not None:
        claims = [JudgedClaim.of(trial, exact, exact=True) for trial in applicable]
        observations = [Observation.of(claim, exact) for claim in claims]
    elif until_decided:
        limits = level / reading.groupings(runs, reading.part_size(case.steps))
        claims, observations = reading.read_until_decided(applicable, runs, child(seed, RUNS), n_jobs, level)
    else:
        claims, observations = reading.read(applicable, runs, child(seed, RUNS), n_jobs)
    shared = {"alpha": alpha, "levels": dict(account.spent), "case": case, "seed": (seed.entropy, seed.spawn_key)}
    decided = iter(
        _verdict(claim, observation, exact, level, limits, shared)
        for claim, observation in zip(claims, observations, strict=True)
    )
    return [next(decided) if verdict is None else verdict for verdict in verdicts]


def opened(alpha: float, constants: Constants, checked: Checked | None = None) -> Account:
    """Open an account for one verdict, with what its constants and the check of an implementation have spent."""
    account = Account(alpha)
    if checked is not None:
        account.draw("check of the algorithm", checked.level)
    if constants.alpha_spent > 0:
        account.draw("sampled constants", constants.alpha_spent)
    return account


def _without_runs(trial: Trial, alpha: float) -> Verdict | None:
    """Return the verdict where no run could change it: an assumption is not met, or something is no number."""
    about: dict[str, Any] = {"theorem": trial.theorem, "case": trial.case, "constants": trial.constants}
    if trial.unmet:
        return Verdict(Status.NOT_APPLICABLE, "; ".join(trial.unmet) + ".", alpha, unmet=trial.unmet, **about)
    unknown = [name for name in trial.theorem.metric.needs if not math.isfinite(getattr(trial.constants, name))]
    if not np.isfinite(trial.bound[1:]).any():
        reason = "the bound is not a finite number at any t: it says nothing here."
    elif unknown:
        reason = f"the {trial.theorem.metric.name} cannot be judged without knowing {' and '.join(unknown)}."
    else:
        return None
    return Verdict(Status.UNDECIDED, reason, alpha, bound=trial.bound, **about)


@np.errstate(over="ignore", invalid="ignore")
def _verdict(
    claim: JudgedClaim,
    observation: Observation,
    exact: Recording | None,
    level: float,
    limits: float,
    shared: dict[str, Any],
) -> Verdict:
    """Decide a claim by its expectation, or by runs, whose confidence limits have a level of their own."""
    X = claim.judged_part(observation.curves)
    if exact is None:
        decision = sampled_decision(observation.part, X, claim.question, claim.judged, level, limits)
    else:
        decision = exact_decision(X[0], claim, "one run decides" if exact.runs else "the expectation is exact")
    return Verdict.of(
        with_reservations(decision, claim),
        claim,
        observation.curves,
        claim.trial.theorem.rate,
        evidence="sampled" if exact is None else "exact",
        runs=observation.part.runs if exact is None else exact.runs,
        sample=observation.first_runs,
        theorem=claim.trial.theorem,
        constants=claim.trial.constants,
        **shared,
    )


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

    Returns
    -------
    Verdict
        What became of the claim on this case, with the numbers that say so.

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
    checks.finite("alpha", alpha, above=0, below=1)
    until_decided = isinstance(runs, str)
    runs = _number_of_runs(runs, most_runs)
    checks.one_of("evidence", evidence, ("auto", "exact", "sampled"))
    theorem = theorem_named(theorem)
    check_runs(case)
    root = seed_sequence(rng)
    measures = constants is None
    if constants is None:
        constants = Constants.of(case, alpha=alpha / 2, rng=child(root, PROJECTION))
    being("constants", constants, Constants, ", as Constants.of(case) gives")
    checks.workers("n_jobs", n_jobs)
    (verdict,) = judge(
        [theorem],
        case,
        constants,
        runs=runs,
        until_decided=until_decided,
        measures=measures,
        alpha=alpha,
        evidence=evidence,
        seed=root,
        n_jobs=n_jobs,
    )
    return verdict


def _number_of_runs(runs: int | str, most_runs: int | None) -> int:
    """Return the number of runs, or the largest number to be read until decided."""
    if isinstance(runs, str):
        checks.one_of("runs", runs, [reading.UNTIL_DECIDED])
        return checks.integer("most_runs", reading.MOST_RUNS if most_runs is None else most_runs, 1, reading.LIMIT)
    if most_runs is not None:
        raise ValueError(
            f"most_runs must be None beside runs={shown(runs)}, got {shown(most_runs)}; it needs "
            f"{reading.UNTIL_DECIDED!r}"
        )
    return checks.count("runs", runs)
