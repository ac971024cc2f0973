"""Reading an ensemble of a fixed number of runs, in parts, and keeping of each part what every theorem needs."""

from collections.abc import Sequence

import numpy as np
from joblib import delayed

from rac_theory.base import task, workers
from rac_theory.cases import Case, Constants
from rac_theory.statements import Theorem
from rac_theory.verdicts.verification.evidence_of_runs import Pilot
from rac_theory.verdicts.verification.judged_claim import JudgedClaim
from rac_theory.verdicts.verification.observation import Observation
from rac_theory.verdicts.verification.recorded_curves import Recording, simulated

_NUMBERS = 1 << 19  # in the curves of the runs that are held at once


def part_size(steps: int) -> int:
    """Return how many runs are held at once, and how many rows are kept of more: a power of two in 1024..4096."""
    return 1 << min(12, max(10, (_NUMBERS // (steps + 1)).bit_length() - 1))


def behind_a_row(runs: int, size: int) -> int:
    """Return how many runs are behind each row of what is kept, where ``size`` are held at once."""
    return 1 << max(0, -(-runs // size) - 1).bit_length()


@np.errstate(over="ignore", invalid="ignore")  # runs that diverged are evidence like any other
def read(
    theorems: Sequence[Theorem],
    case: Case,
    constants: Constants,
    runs: int,
    root: np.random.SeedSequence,
    n_jobs: int,
) -> tuple[list[JudgedClaim], list[list[Observation]]]:
    """Run an ensemble; return a claim for each theorem and, in the same order, what was observed of each part."""
    if not theorems:
        return [], []
    size = part_size(case.steps)
    group = behind_a_row(runs, size)
    with task("runs", runs) as counted:
        first, claims = opening(theorems, case, constants, min(runs, size), root, n_jobs)
        observed = [Observation.of(claim, first, group) for claim in claims]
        pilots = (
            [Pilot.of(claim.judged_part(claim.curves(first)), claim.question) for claim in claims]
            if runs > size
            else []
        )
        later = []
        for part in workers(n_jobs)(
            delayed(_observe_part)(case, root, i, min(size, runs - i), claims, group, pilots)
            for i in range(size, runs, size)
        ):
            later.append(part)
            counted.reach(min((1 + len(later)) * size, runs))  # by workers
    return claims, [list(parts) for parts in zip(observed, *later, strict=True)]


def opening(
    theorems: Sequence[Theorem],
    case: Case,
    constants: Constants,
    runs: int,
    root: np.random.SeedSequence,
    n_jobs: int,
) -> tuple[Recording, list[JudgedClaim]]:
    """Run the first part, and return it with the claims that it shows."""
    first = simulated(theorems, case, root, 0, runs, n_jobs)
    return first, [JudgedClaim.of(theorem, case, constants, first, exact=False) for theorem in theorems]


@np.errstate(over="ignore", invalid="ignore")
def _observe_part(
    case: Case,
    root: np.random.SeedSequence,
    first: int,
    runs: int,
    claims: list[JudgedClaim],
    group: int,
    pilots: list[Pilot],
) -> list[Observation]:
    part = simulated([claim.theorem for claim in claims], case, root, first, runs)
    return [Observation.of(claim, part, group, pilot) for claim, pilot in zip(claims, pilots, strict=True)]
