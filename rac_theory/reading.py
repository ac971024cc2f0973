"""Reading an ensemble of a fixed number of runs, in parts, and keeping of each part what every theorem needs."""

from collections.abc import Sequence

import numpy as np
from joblib import Parallel, delayed

from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.recording import Recording
from rac_theory.sample import Pilot
from rac_theory.scope import Observation, Scope
from rac_theory.simulation import simulate_part
from rac_theory.theorem import Theorem

_NUMBERS = 1 << 19  # in the curves of the runs that are held at once


def part_size(steps: int) -> int:
    """Return how many runs are held at once, and how many rows are kept of more: a power of two in 1024..4096."""
    return 1 << min(12, max(10, (_NUMBERS // (steps + 1)).bit_length() - 1))


@np.errstate(over="ignore", invalid="ignore")  # runs that diverged are evidence like any other
def read(
    theorems: Sequence[Theorem],
    case: Case,
    constants: Constants,
    runs: int,
    root: np.random.SeedSequence,
    n_jobs: int,
) -> tuple[list[Scope], list[list[Observation]]]:
    """Run an ensemble; return a scope for each theorem and, in the same order, what was observed of each part."""
    if not theorems:
        return [], []
    size = part_size(case.steps)
    group = 1 << max(0, -(-runs // size) - 1).bit_length()  # runs behind a row of what is kept
    first, scopes = opening(theorems, case, constants, min(runs, size), root, n_jobs)
    observed = [Observation.of(scope, first, group) for scope in scopes]
    pilots = (
        [Pilot.of(scope.judged_part(scope.curves(first)), scope.question) for scope in scopes] if runs > size else []
    )
    later = Parallel(n_jobs=n_jobs)(
        delayed(_observe_part)(case, root, i, min(size, runs - i), scopes, group, pilots)
        for i in range(size, runs, size)
    )
    return scopes, [list(parts) for parts in zip(observed, *later, strict=True)]


def opening(
    theorems: Sequence[Theorem],
    case: Case,
    constants: Constants,
    runs: int,
    root: np.random.SeedSequence,
    n_jobs: int,
) -> tuple[Recording, list[Scope]]:
    """Run the first part, and return it with the scopes that it shows."""
    distances = any(theorem.metric.of_distances for theorem in theorems)
    first = Recording.of(simulate_part(case, root, 0, runs, n_jobs, distances=distances))
    return first, [Scope.of(theorem, case, constants, first, exact=False) for theorem in theorems]


@np.errstate(over="ignore", invalid="ignore")
def _observe_part(
    case: Case,
    root: np.random.SeedSequence,
    first: int,
    runs: int,
    scopes: list[Scope],
    group: int,
    pilots: list[Pilot],
) -> list[Observation]:
    distances = any(scope.theorem.metric.of_distances for scope in scopes)
    part = Recording.of(simulate_part(case, root, first, runs, distances=distances))
    return [Observation.of(scope, part, group, pilot) for scope, pilot in zip(scopes, pilots, strict=True)]
