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

from problems.checks import Array
from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.reading import opening, part_size
from rac_theory.recording import Recording
from rac_theory.sample import Part, Pilot, group_means
from rac_theory.scope import Observation, Scope
from rac_theory.simulation import simulate_part
from rac_theory.theorem import Theorem

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
) -> tuple[list[Scope], list[list[Observation]]]:
    """Run until every theorem is decided at level alpha, or there are ``most`` runs; return the same as ``read``."""
    if not theorems:
        return [], []
    first, scopes = opening(theorems, case, constants, min(most, PART), root, n_jobs)
    distances = any(scope.theorem.metric.of_distances for scope in scopes)
    progress = [_Progress.begin(scope, first, part_size(case.steps)) for scope in scopes]
    for done in range(PART, most, PART):
        if all(one.decided(alpha) for one in progress):
            break
        runs = min(PART, most - done)
        part = Recording.of(simulate_part(case, root, done, runs, n_jobs, distances=distances))
        progress = [one.then(part) for one in progress]
    return scopes, [[one.observation] for one in progress]


def groupings(most: int, rows: int) -> int:
    """Return in how many ways at most ``most`` runs may come to be kept in at most ``rows`` rows."""
    return 1 + (-(-most // rows) - 1).bit_length()


@dataclass(frozen=True, eq=False)
class _Progress:
    """What was read of an ensemble for one claim: pieces of its curves, with ``group`` runs behind each row."""

    scope: Scope
    rows: int
    part: Part
    pilot: Pilot
    pieces: tuple[Array, ...]
    group: int
    shown: Array

    @classmethod
    def begin(cls, scope: Scope, first: Recording, rows: int) -> "_Progress":
        seen = Observation.of(scope, first)
        pilot = Pilot.of(scope.judged_part(seen.curves), scope.question)
        return cls(scope, rows, seen.part, pilot, (seen.curves,), 1, seen.shown)

    def then(self, part: Recording) -> "_Progress":
        seen = Observation.of(self.scope, part, pilot=self.pilot)
        pilot = self.pilot.then(self.scope.judged_part(seen.curves), self.scope.question)
        pieces, group = (*self.pieces, group_means(seen.curves, self.group)), self.group
        if sum(map(len, pieces)) > self.rows:
            pieces, group = tuple(group_means(piece, 2) for piece in pieces), 2 * group
        return replace(self, part=self.part.then(seen.part), pilot=pilot, pieces=pieces, group=group)

    def decided(self, alpha: float) -> bool:
        return self.part.decides(self.scope.question, alpha)

    @property
    def observation(self) -> Observation:
        return Observation(self.part, np.concatenate(self.pieces), self.shown)
