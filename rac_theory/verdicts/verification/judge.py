"""From a case and its constants to verdicts: what needs no run, what is read of runs, and what that comes to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms import Checked
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.numerics import RUNS, Account, child
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.decision import Decision, exact_decision
from rac_theory.verdicts.verification.fixed_ensemble import part_size, read
from rac_theory.verdicts.verification.judged_claim import JudgedClaim
from rac_theory.verdicts.verification.observation import Observation, decided
from rac_theory.verdicts.verification.recorded_curves import Evidence, exact_recording
from rac_theory.verdicts.verification.reservations import with_reservations
from rac_theory.verdicts.verification.status import Status
from rac_theory.verdicts.verification.until_decided import groupings, read_until_decided
from rac_theory.verdicts.verification.verdict import Verdict


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
    exact = exact_recording(case, evidence, open_) if open_ else None
    account = opened(alpha, constants, case.checked)
    level = limits = account.rest("runs")
    if exact is not None:
        claims = [JudgedClaim.of(theorem, case, constants, exact, exact=True) for theorem in open_]
        observations = [[Observation.of(claim, exact)] for claim in claims]
    elif until_decided:
        limits = level / groupings(runs, part_size(case.steps))
        claims, observations = read_until_decided(open_, case, constants, runs, child(seed, RUNS), n_jobs, level)
    else:
        claims, observations = read(open_, case, constants, runs, child(seed, RUNS), n_jobs)
    hearing = _Hearing(case, constants, account, limits, exact is not None, seed)
    heard = map(hearing.verdict, claims, observations)
    return [next(heard) if verdict is None else verdict for verdict in unseen]


def not_applicable(theorem: Theorem, case: Case, constants: Constants, unmet: tuple[str, ...], alpha: float) -> Verdict:
    """Return the verdict on a case that does not meet the assumptions."""
    reason = "; ".join(unmet) + "."
    return Verdict(Status.NOT_APPLICABLE, reason, alpha, theorem=theorem, case=case, constants=constants, unmet=unmet)


def opened(alpha: float, constants: Constants, checked: Checked | None = None) -> Account:
    """Open an account for one verdict, with what its constants and the check of an implementation have spent."""
    account = Account(alpha)
    if checked is not None:
        account.draw("check of the algorithm", checked.level)
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
    return Verdict(Status.UNDECIDED, reason, alpha, bound=bound, theorem=theorem, case=case, constants=constants)


@dataclass(frozen=True, eq=False)
class _Hearing:
    """What the verdicts on one ensemble, or on its expectation, have in common; ``limits`` is their limits' level."""

    case: Case
    constants: Constants
    account: Account
    limits: float
    exact: bool
    seed: np.random.SeedSequence

    @np.errstate(over="ignore", invalid="ignore")
    def verdict(self, claim: JudgedClaim, observations: list[Observation]) -> Verdict:
        """Turn what was observed of the ensemble for one claim into a verdict."""
        curves = np.concatenate([observation.curves for observation in observations])
        decision = self._decision(claim, curves, observations)
        decision = with_reservations(decision, claim, self.case, self.constants)
        return Verdict.of(
            decision,
            claim,
            curves,
            claim.theorem.rate,
            alpha=self.account.alpha,
            levels=dict(self.account.spent),
            evidence="exact" if self.exact else "sampled",
            runs=self._runs(observations),
            sample=observations[0].shown,
            theorem=claim.theorem,
            case=self.case,
            constants=self.constants,
            seed=(self.seed.entropy, self.seed.spawn_key),
        )

    def _decision(self, claim: JudgedClaim, curves: Array, observations: list[Observation]) -> Decision:
        if not self.exact:
            return decided(claim, observations, self.account.spent["runs"], self.limits)
        words = "one run decides" if self.case.algorithm.deterministic else "the expectation is exact"
        return exact_decision(claim.judged_part(curves)[0], claim, words)

    def _runs(self, observations: list[Observation]) -> int:
        if self.exact:
            return int(self.case.algorithm.deterministic)
        return sum(observation.part.runs for observation in observations)
