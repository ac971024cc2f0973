"""An ensemble: a cell, which is one case by name with the claims that are judged by it, and the case with its
constants, ready to be sent to a worker.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rac_theory import theorems
from rac_theory.algorithms import MethodDescent
from rac_theory.base import one_blas_thread
from rac_theory.cases import Case, Constants
from rac_theory.ledger.default_problems import default_problem
from rac_theory.ledger.setting import USUAL_REDUCTION
from rac_theory.ledger.theorem_settings import setting_named
from rac_theory.numerics import PROJECTION, child
from rac_theory.problems import Problem
from rac_theory.statements import Theorem
from rac_theory.verdicts import Verdict, judge


@dataclass(frozen=True)
class Key:
    """What an ensemble is made of, by name: enough to make it again, and the root of its random stream."""

    problem: str
    sketch: str
    side: str
    rank: int
    setting: str
    seed: int

    def seed_sequence(self) -> np.random.SeedSequence:
        """Return the random stream of this ensemble, which depends on its key alone."""
        words = f"{self.problem}|{self.sketch}|{self.side}|{self.rank}|{self.setting}"
        digest = hashlib.sha256(words.encode()).digest()
        return np.random.SeedSequence(self.seed, spawn_key=tuple(np.frombuffer(digest[:16], dtype="<u4").tolist()))

    def __str__(self) -> str:
        return f"{self.problem}, {self.sketch} rank {self.rank} {self.side}, {self.setting}"


@dataclass(frozen=True)
class Cell:
    """One ensemble by name, and the claims that are judged by it: (row number, theorem id) each."""

    number: int
    key: Key
    claims: tuple[tuple[int, str], ...]
    runs: int


@dataclass(frozen=True)
class Level:
    """What all cells that are tried together have in common.

    Attributes
    ----------
    steps : int or None
        None is as many as it takes for bounds to say something.
    alpha : float
        Significance level of a row.
    lambda_alpha : float
        What a row may spend on sampled constants.
    """

    steps: int | None
    alpha: float
    lambda_alpha: float


@dataclass(frozen=True, eq=False)
class Ensemble:
    """A case, its constants, and the claims to be judged by it: (row number, theorem id) each."""

    key: Key
    case: Case
    constants: Constants
    runs: int
    alpha: float
    lambda_alpha: float
    claims: tuple[tuple[int, str], ...]

    @classmethod
    @one_blas_thread()  # the bits of constants would depend on the number of threads
    def build(cls, cell: Cell, level: Level, problem: Problem) -> "Ensemble":
        """Compute the constants; from them the step size, and the number of steps where none is given.

        Parameters
        ----------
        cell : Cell
        level : Level
        problem : Problem
            That of the cell, prepared as its setting asks.
        """
        key, setting = cell.key, setting_named(cell.key.setting)

        def constants_of(case: Case) -> Constants:
            return Constants.of(case, alpha=level.lambda_alpha, rng=child(key.seed_sequence(), PROJECTION))

        start = default_problem(key.problem).start(problem)
        case = setting.named_case(problem, start, key.sketch, key.rank, key.side)
        constants = constants_of(case)
        gamma = setting.step(constants, case)
        if gamma != case.algorithm.gamma:
            algorithm: Any = case.algorithm
            is_method = isinstance(algorithm, MethodDescent)
            changed = algorithm.with_letters(gamma=gamma) if is_method else replace(algorithm, gamma=gamma)
            case = replace(case, algorithm=changed)
            constants = constants_of(case)
        if setting.shorten is not None:
            case = replace(case, algorithm=setting.shorten(case.algorithm, constants))
            constants = constants_of(case)
        steps = level.steps
        if steps is None:
            # A variance is measured along the runs, whose number is not known yet: D is of its size.
            guess = replace(constants, sigma_squared=constants.D, zeta_squared=constants.D)
            tried = [_claimed(claim) for _, claim in cell.claims]
            steps = informative_steps(tried, replace(case, steps=1), guess, setting.longest, setting.reduction)
        case = replace(case, steps=steps)
        return cls(key, case, constants, cell.runs, level.alpha, level.lambda_alpha, cell.claims)

    @property
    def needs_runs(self) -> bool:
        """Whether any of its claims is applicable, or would be with a variance that runs can measure."""
        measurable = replace(self.constants, sigma_squared=0.0, zeta_squared=0.0)
        return any(not _claimed(claim).unmet(self.case, measurable) for _, claim in self.claims)

    def verdicts(self) -> list[Verdict]:
        """Run the ensemble once, if any claim needs it, and judge every claim by it.

        Returns
        -------
        list of Verdict
            One for each of ``claims``, in their order.
        """
        claims = [_claimed(claim) for _, claim in self.claims]
        seed = self.key.seed_sequence()
        return judge(claims, self.case, self.constants, runs=self.runs, alpha=self.alpha, seed=seed)


def _claimed(name: str) -> Theorem:
    """The theorem of an id, or a user's."""
    return theorems.theorem_named(name) if theorems.is_own(name) else theorems.ALL[name]


def informative_steps(
    claims: Sequence[Theorem], case: Case, c: Constants, longest: int, reduction: float = USUAL_REDUCTION
) -> int:
    """Return after how many steps every bound is ``reduction`` times below what is known anyway, or has levelled off.

    Averages fall like 1/t whatever is run. Where a claim promises a factor a step, that claim decides.
    """
    applicable = [theorem for theorem in claims if not theorem.unmet(case, c)]
    linear = [theorem for theorem in applicable if theorem.rate == "linear"]
    steps = 1
    for theorem in linear or applicable:
        bound = theorem.bound(c, longest)[1:]
        enough = bound <= max(theorem.metric.ceiling(c) / reduction, 1.1 * float(bound[-1]))
        steps = max(steps, int(np.argmax(enough)) + 1)  # the first; a bound that is no number never falls
    return steps
