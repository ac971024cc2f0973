"""Reading an ensemble: a fixed number of runs, or runs until every claim is decided, in parts of which little is kept.

Until they are decided, runs come in small parts, and the last part is the one that decides. The wealth that decides is
an e-process over the parts, so its level holds at whatever part one stops: looking after each of them is paid for by
Ville's inequality, and nothing else is due.

Curves are kept run by run at first, and as means over pairs, pairs of pairs and so on whenever there are too many rows.
Which grouping one ends with depends on the runs, so confidence limits, which are read off the rows, share alpha among
the groupings that might have been.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from joblib import delayed

from rac_theory.base import Array, task, workers
from rac_theory.verdicts.verification.evidence_of_runs import Observation, Part, Pilot, group_means
from rac_theory.verdicts.verification.judged_claim import JudgedClaim, Recording, Trial, simulated

_NUMBERS = 1 << 19  # in the curves of the runs that are held at once


def part_size(steps: int) -> int:
    """Return how many runs are held at once, and how many rows are kept of more: a power of two in 1024..4096."""
    return 1 << min(12, max(10, (_NUMBERS // (steps + 1)).bit_length() - 1))


def behind_a_row(runs: int, size: int) -> int:
    """Return how many runs are behind each row of what is kept, where ``size`` are held at once."""
    return 1 << max(0, -(-runs // size) - 1).bit_length()


@np.errstate(over="ignore", invalid="ignore")  # runs that diverged are evidence like any other
def read(
    trials: Sequence[Trial], runs: int, root: np.random.SeedSequence, n_jobs: int
) -> tuple[list[JudgedClaim], list[Observation]]:
    """Run an ensemble for theorems on one case; return a claim for each of them and, in the same order, what was
    observed."""
    size = part_size(trials[0].case.steps)
    group = behind_a_row(runs, size)
    with task("runs", runs) as counted:
        first, claims = opening(trials, min(runs, size), root, n_jobs)
        observed = [Observation.of(claim, first, group) for claim in claims]
        pilots = (
            [Pilot.of(claim.judged_part(claim.curves(first)), claim.question) for claim in claims]
            if runs > size
            else []
        )
        later = []
        for part in workers(n_jobs)(
            delayed(_observe_part)(claims, root, i, min(size, runs - i), group, pilots) for i in range(size, runs, size)
        ):
            later.append(part)
            counted.reach(min((1 + len(later)) * size, runs))  # by workers
    return claims, [Observation.joined(parts) for parts in zip(observed, *later, strict=True)]


def opening(
    trials: Sequence[Trial], runs: int, root: np.random.SeedSequence, n_jobs: int
) -> tuple[Recording, list[JudgedClaim]]:
    """Run the first part; return it, and each trial as a claim whose steps were chosen by it."""
    first = simulated([trial.theorem.metric for trial in trials], trials[0].case, root, 0, runs, n_jobs)
    return first, [JudgedClaim.of(trial, first, exact=False) for trial in trials]


def _later(
    claims: Sequence[JudgedClaim], root: np.random.SeedSequence, first: int, runs: int, n_jobs: int = 1
) -> Recording:
    """Run a later part for claims whose steps were chosen."""
    return simulated([claim.trial.theorem.metric for claim in claims], claims[0].trial.case, root, first, runs, n_jobs)


@np.errstate(over="ignore", invalid="ignore")
def _observe_part(
    claims: list[JudgedClaim], root: np.random.SeedSequence, first: int, runs: int, group: int, pilots: list[Pilot]
) -> list[Observation]:
    part = _later(claims, root, first, runs)
    return [Observation.of(claim, part, group, pilot) for claim, pilot in zip(claims, pilots, strict=True)]


UNTIL_DECIDED = "until decided"
"""What ``runs`` may be in place of a number."""

PART = 256
"""Runs between two looks: the largest block that a kernel draws."""

MOST_RUNS = 1 << 16
"""Where reading ends, decided or not, if nothing else is said."""

LIMIT = 1 << 18
"""The largest number where it may end: of more runs the curves could not be kept as means of parts."""


@np.errstate(over="ignore", invalid="ignore")  # runs that diverged are evidence like any other
def read_until_decided(
    trials: Sequence[Trial], most: int, root: np.random.SeedSequence, n_jobs: int, alpha: float
) -> tuple[list[JudgedClaim], list[Observation]]:
    """Run until every theorem is decided at level alpha, or there are ``most`` runs; return the same as ``read``."""
    with task("runs", most):  # at most
        first, claims = opening(trials, min(most, PART), root, n_jobs)
        progress = [_Progress.begin(claim, first, part_size(claim.trial.case.steps)) for claim in claims]
        for done in range(PART, most, PART):
            if all(reader.decided(alpha) for reader in progress):
                break
            part = _later(claims, root, done, min(PART, most - done), n_jobs)
            progress = [reader.then(part) for reader in progress]
    return claims, [reader.observation for reader in progress]


def groupings(most: int, rows: int) -> int:
    """Return in how many ways at most ``most`` runs may come to be kept in at most ``rows`` rows."""
    return 1 + (-(-most // rows) - 1).bit_length()


@dataclass(frozen=True, eq=False)
class _Progress:
    """What was read of an ensemble for one claim: pieces of its curves, with ``group`` runs behind each row."""

    claim: JudgedClaim
    rows: int
    part: Part
    pilot: Pilot
    pieces: tuple[Array, ...]
    group: int
    first_runs: Array

    @classmethod
    def begin(cls, claim: JudgedClaim, first: Recording, rows: int) -> "_Progress":
        observation = Observation.of(claim, first)
        pilot = Pilot.of(claim.judged_part(observation.curves), claim.question)
        return cls(claim, rows, observation.part, pilot, (observation.curves,), 1, observation.first_runs)

    def then(self, part: Recording) -> "_Progress":
        later = Observation.of(self.claim, part, pilot=self.pilot)
        pilot = self.pilot.then(self.claim.judged_part(later.curves), self.claim.question)
        pieces, group = (*self.pieces, group_means(later.curves, self.group)), self.group
        if sum(map(len, pieces)) > self.rows:
            pieces, group = tuple(group_means(piece, 2) for piece in pieces), 2 * group
        return replace(self, part=self.part.then(later.part), pilot=pilot, pieces=pieces, group=group)

    def decided(self, alpha: float) -> bool:
        return self.part.decides(self.claim.question, alpha)

    @property
    def observation(self) -> Observation:
        return Observation(self.part, np.concatenate(self.pieces), self.first_runs)
