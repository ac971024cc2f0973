"""A trial: an ensemble is run, and a claim about single runs is settled by how many of them keep it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rac_theory.base import checks
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.numerics import Randomness, seed_sequence
from rac_theory.runs import Trajectory, simulate
from rac_theory.testing.assertions.not_shown import NotShown, call, seed_text
from rac_theory.testing.assertions.session import level, tell
from rac_theory.testing.assertions.share import Share
from rac_theory.verdicts import Status


@dataclass(frozen=True, eq=False)
class Trial:
    """How an assertion about single runs is tried; the attributes are its arguments, see ``assert_converges_to``."""

    case: Case
    runs: int
    rng: Randomness
    alpha: float | None
    share: float
    n_jobs: int

    def settle(
        self, measured: Callable[[Trajectory], tuple[Array, NDArray[np.bool_]]], claim: str, name: str, *arguments: str
    ) -> Share:
        """Run the ensemble, tell the session, and raise ``NotShown`` unless the claim was confirmed.

        Parameters
        ----------
        measured : callable
            Gives one number for each run, which a failure describes, and whether the run does as claimed.
        claim : str
            What a run is claimed to do.
        name, *arguments : str
            The assertion, and what is written in its call before the arguments that all assertions share.
        """
        __tracebackhide__ = True
        alpha, seed = level(self.alpha), seed_sequence(self.rng)
        share = checks.finite("share", self.share, above=0, below=1)
        checks.count("runs", self.runs)
        fixed = self.case.algorithm.deterministic
        ran = simulate(self.case, runs=1 if fixed else self.runs, rng=seed, n_jobs=self.n_jobs)
        numbers, does = measured(ran)
        found = Share(int(does.sum()), ran.runs, share, 0.0 if fixed else alpha)
        title = name.removeprefix("assert_").replace("_", " ")
        tell(title, found.status, found.alpha)
        if found.status is Status.HOLDS:
            return found
        rng = seed_text(seed)
        raise NotShown(
            f"{title} {found.status.name}: {found.reason}",
            found,
            claim=f"{claim}, for a share of at least {share:g} of all runs",
            case=repr(self.case),
            numbers=f"{_described(numbers)}; {found.runs} runs, alpha={alpha:g}",
            seed=rng,
            again=call(name, *arguments, runs=self.runs, rng=rng, alpha=alpha, share=share),
        )


def _described(numbers: Array) -> str:
    """Smallest, median and largest over the runs, (runs,); a run that became nan has diverged."""
    low, middle, high = np.quantile(np.where(np.isnan(numbers), np.inf, numbers), [0, 0.5, 1], method="lower")
    return f"over the runs {low:.4g}, median {middle:.4g}, up to {high:.4g}"
