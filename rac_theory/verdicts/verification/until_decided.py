"""Reading an ensemble until it is decided: runs come in small parts, and the last part is the one that decides.

The wealth that decides is an e-process over the parts, so its level holds at whatever part one stops: looking after
each of them is paid for by Ville's inequality, and nothing else is due.

Curves are kept as in an ensemble of fixed size: run by run at first, and as means over pairs, pairs of pairs and so on
whenever there are too many rows. Which grouping one ends with depends on the runs, so confidence limits, which are read
off the rows, share alpha among the groupings that might have been.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rac_theory.base import task
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.evidence_of_runs import Part, Pilot, group_means
from rac_theory.verdicts.verification.fixed_ensemble import opening, part_size
from rac_theory.verdicts.verification.judged_claim import JudgedClaim
from rac_theory.verdicts.verification.observation import Observation
from rac_theory.verdicts.verification.recorded_curves import Recording, simulated

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
    theorems: Sequence[Theorem],
    case: Case,
    constants: Constants,
    most: int,
    root: np.random.SeedSequence,
    n_jobs: int,
    alpha: float,
) -> tuple[list[JudgedClaim], list[list[Observation]]]:
    """Run until every theorem is decided at level alpha, or there are ``most`` runs; return the same as ``read``."""
    if not theorems:
        return [], []
    with task("runs", most):  # at most
        first, claims = opening(theorems, case, constants, min(most, PART), root, n_jobs)
        progress = [_Progress.begin(claim, first, part_size(case.steps)) for claim in claims]
        for done in range(PART, most, PART):
            if all(one.decided(alpha) for one in progress):
                break
            runs = min(PART, most - done)
            part = simulated(theorems, case, root, done, runs, n_jobs)
            progress = [one.then(part) for one in progress]
    return claims, [[one.observation] for one in progress]


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
    shown: Array

    @classmethod
    def begin(cls, claim: JudgedClaim, first: Recording, rows: int) -> "_Progress":
        seen = Observation.of(claim, first)
        pilot = Pilot.of(claim.judged_part(seen.curves), claim.question)
        return cls(claim, rows, seen.part, pilot, (seen.curves,), 1, seen.shown)

    def then(self, part: Recording) -> "_Progress":
        seen = Observation.of(self.claim, part, pilot=self.pilot)
        pilot = self.pilot.then(self.claim.judged_part(seen.curves), self.claim.question)
        pieces, group = (*self.pieces, group_means(seen.curves, self.group)), self.group
        if sum(map(len, pieces)) > self.rows:
            pieces, group = tuple(group_means(piece, 2) for piece in pieces), 2 * group
        return replace(self, part=self.part.then(seen.part), pilot=pilot, pieces=pieces, group=group)

    def decided(self, alpha: float) -> bool:
        return self.part.decides(self.claim.question, alpha)

    @property
    def observation(self) -> Observation:
        return Observation(self.part, np.concatenate(self.pieces), self.shown)
