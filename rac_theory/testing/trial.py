"""A trial: an ensemble is run, and a claim about single runs is settled by how many of them keep it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithm import Algorithm
from rac_theory.randomness import Randomness, seed_sequence
from rac_theory.simulation import Trajectory, simulate
from rac_theory.testing.not_shown import NotShown, call, seed_text
from rac_theory.testing.session import level, tell
from rac_theory.testing.share import Share
from rac_theory.verdict import Status


@dataclass(frozen=True, eq=False)
class Trial:
    """What both assertions about single runs take: see ``assert_converges_to``."""

    algorithm: Algorithm
    problem: Problem
    W0: Array | None
    steps: int
    runs: int
    rng: Randomness
    alpha: float | None
    share: float
    n_jobs: int

    def settle(
        self,
        name: str,
        arguments: tuple[str, ...],
        tolerance: float,
        claim: str,
        measured: Callable[[Trajectory], tuple[Array, NDArray[np.bool_]]],
    ) -> Share:
        """Run the ensemble, tell the session, and raise ``NotShown`` unless the claim was confirmed.

        ``measured`` gives one number for each run, which a failure describes, and whether the run keeps the claim.
        """
        __tracebackhide__ = True
        alpha, seed = level(self.alpha), seed_sequence(self.rng)
        share = checks.finite("share", self.share, above=0, below=1)
        checks.integer("runs", self.runs, 1)
        fixed = self.algorithm.deterministic
        runs = 1 if fixed else self.runs
        ran = simulate(self.algorithm, self.problem, self.W0, steps=self.steps, runs=runs, rng=seed, n_jobs=self.n_jobs)
        numbers, kept = measured(ran)
        found = Share(int(kept.sum()), runs, share, 0.0 if fixed else alpha)
        tell(name.removeprefix("assert_"), found.status, found.alpha)
        if found.status is Status.HOLDS:
            return found
        again = call(
            name,
            *arguments,
            tolerance=tolerance,
            W0=None if self.W0 is None else "W0",
            steps=self.steps,
            runs=self.runs,
            rng=seed_text(seed),
            alpha=alpha,
            share=self.share,
        )
        raise NotShown(
            f"{name.removeprefix('assert_').replace('_', ' ')} {found.status.name}: {found.reason}",
            found,
            claim=f"{claim}, for a share of at least {self.share:g} of all runs",
            algorithm=repr(self.algorithm),
            problem=repr(self.problem),
            numbers=f"{_described(numbers)}; tolerance={tolerance:g}, {self.steps} steps, {runs} runs, alpha={alpha:g}",
            seed=seed_text(seed),
            again=again,
        )


def _described(numbers: Array) -> str:
    """Smallest, median and largest over the runs, (runs,); a run that became nan has diverged."""
    low, middle, high = np.quantile(np.where(np.isnan(numbers), np.inf, numbers), [0, 0.5, 1], method="lower")
    return f"over the runs {low:.4g}, median {middle:.4g}, up to {high:.4g}"
