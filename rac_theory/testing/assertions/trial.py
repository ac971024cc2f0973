"""A trial: an ensemble is run, and a claim about single runs is settled by how many of them keep it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems import checks
from problems.checks import Array
from rac_theory.cases.case import Case
from rac_theory.numerics.randomness import Randomness, seed_sequence
from rac_theory.simulation.simulate import simulate
from rac_theory.simulation.trajectory import Trajectory
from rac_theory.testing.assertions.not_shown import NotShown, call, seed_text
from rac_theory.testing.assertions.session import level, tell
from rac_theory.testing.assertions.share import Share
from rac_theory.verification.verdict import Status


@dataclass(frozen=True, eq=False)
class Trial:
    """One call of an assertion about single runs.

    Attributes
    ----------
    name, arguments
        The assertion, and its positional arguments as they are written.
    claim : str
        What a run is claimed to do.
    tolerance, case, runs, rng, alpha, share, n_jobs
        Its other arguments, see ``assert_converges_to``.
    """

    name: str
    arguments: tuple[str, ...]
    claim: str
    tolerance: float
    case: Case
    runs: int
    rng: Randomness
    alpha: float | None
    share: float
    n_jobs: int

    def settle(self, measured: Callable[[Trajectory], tuple[Array, NDArray[np.bool_]]]) -> Share:
        """Run the ensemble, tell the session, and raise ``NotShown`` unless the claim was confirmed.

        ``measured`` gives one number for each run, which a failure describes, and whether the run does as claimed.
        """
        __tracebackhide__ = True
        alpha, seed = level(self.alpha), seed_sequence(self.rng)
        share = checks.finite("share", self.share, above=0, below=1)
        checks.integer("runs", self.runs, 1)
        fixed = self.case.algorithm.deterministic
        ran = simulate(self.case, runs=1 if fixed else self.runs, rng=seed, n_jobs=self.n_jobs)
        numbers, does = measured(ran)
        found = Share(int(does.sum()), ran.runs, share, 0.0 if fixed else alpha)
        tell(self._title, found.status, found.alpha)
        if found.status is not Status.HOLDS:
            raise self._not_shown(found, numbers, seed, alpha)
        return found

    @property
    def _title(self) -> str:
        return self.name.removeprefix("assert_").replace("_", " ")

    def _not_shown(self, found: Share, numbers: Array, seed: np.random.SeedSequence, alpha: float) -> NotShown:
        ran = f"tolerance={self.tolerance:g}, {self.case.steps} steps, {found.runs} runs, alpha={alpha:g}"
        return NotShown(
            f"{self._title} {found.status.name}: {found.reason}",
            found,
            claim=f"{self.claim}, for a share of at least {self.share:g} of all runs",
            case=repr(self.case),
            numbers=f"{_described(numbers)}; {ran}",
            seed=seed_text(seed),
            again=call(
                self.name,
                *self.arguments,
                tolerance=self.tolerance,
                runs=self.runs,
                rng=seed_text(seed),
                alpha=alpha,
                share=self.share,
            ),
        )


def _described(numbers: Array) -> str:
    """Smallest, median and largest over the runs, (runs,); a run that became nan has diverged."""
    low, middle, high = np.quantile(np.where(np.isnan(numbers), np.inf, numbers), [0, 0.5, 1], method="lower")
    return f"over the runs {low:.4g}, median {middle:.4g}, up to {high:.4g}"
