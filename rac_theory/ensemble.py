"""An ensemble: one case with its constants and the claims that it serves, ready to be sent to a worker."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from problems.problem import Problem
from rac_theory import theorems
from rac_theory.algorithms import RACLoRA, Side
from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.randomness import PROJECTION, RUNS, child
from rac_theory.simulation import simulate
from rac_theory.sketch import Sketch
from rac_theory.verdict import Verdict
from rac_theory.verification import judge, not_applicable

STEP = {"T1": 1.0, "T2": 1.0, "T1_sharp": 1.5, "T2_sharp": 1.5}
"""The step size gamma L at which the ledger tries each claim."""

LONGEST = 2_000
"""No ensemble of the ledger takes more steps than this."""


@dataclass(frozen=True)
class Key:
    """What an ensemble is made of, by name: enough to make it again, and the root of its random stream."""

    problem: str
    sketch: str
    side: Side
    rank: int
    gamma_L: float
    seed: int

    def seed_sequence(self) -> np.random.SeedSequence:
        """Return the stream of this ensemble: it depends on nothing else that is run beside it."""
        words = f"{self.problem}|{self.sketch}|{self.side}|{self.rank}|{self.gamma_L!r}"
        digest = hashlib.sha256(words.encode()).digest()
        return np.random.SeedSequence(self.seed, spawn_key=tuple(np.frombuffer(digest[:16], dtype="<u4").tolist()))

    def __str__(self) -> str:
        gamma = "1/L" if self.gamma_L == 1 else f"{self.gamma_L:g}/L"
        return f"{self.problem}, {self.sketch} rank {self.rank} {self.side}, gamma {gamma}"


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
    def build(
        cls,
        key: Key,
        problem: Problem,
        W0: Array | None,
        make_sketch: Callable[[int, int], Sketch],
        claims: tuple[tuple[int, str], ...],
        *,
        runs: int,
        steps: int | None,
        alpha: float,
        lambda_alpha: float,
    ) -> "Ensemble":
        """Compute the constants, and from them the number of steps where none is given."""
        dim = problem.shape[0 if key.side == "left" else 1]
        algorithm = RACLoRA(make_sketch(dim, key.rank), key.gamma_L / problem.L, side=key.side)
        case = Case(algorithm, problem, W0, steps or 1)
        constants = Constants.of(case, alpha=lambda_alpha, rng=child(key.seed_sequence(), PROJECTION))
        if steps is None:
            case = Case(algorithm, problem, case.start, informative_steps(constants))
        return cls(key, case, constants, runs, alpha, lambda_alpha, claims)

    @property
    def needs_runs(self) -> bool:
        """Whether any of its claims is applicable."""
        return any(not theorems.ALL[claim].unmet(self.case, self.constants) for _, claim in self.claims)

    def verdicts(self) -> list[Verdict]:
        """Run the ensemble once, if any claim needs it, and judge every claim by it."""
        case, constants = self.case, self.constants
        seed = self.key.seed_sequence()
        exact = case.algorithm.deterministic
        ensemble = None
        verdicts = []
        for _, claim in self.claims:
            theorem = theorems.ALL[claim]
            if unmet := theorem.unmet(case, constants):
                verdicts.append(not_applicable(theorem, case, constants, unmet, self.alpha))
                continue
            if ensemble is None:
                ensemble = simulate(
                    case.algorithm,
                    case.problem,
                    case.start,
                    steps=case.steps,
                    runs=1 if exact else self.runs,
                    rng=child(seed, RUNS),
                )
            verdicts.append(judge(theorem, case, constants, ensemble, alpha=self.alpha, exact=exact, seed=seed))
        return verdicts


def informative_steps(c: Constants) -> int:
    """Return after how many steps the bound has fallen tenfold: below the start with mu, below its ceiling without."""
    progress = c.gamma * (2 - c.gamma * c.L) * c.lambda_min
    if not progress > 0:
        return 1
    needed = math.log(10) / (progress * c.mu) if c.mu > 0 else 10 / (progress * c.L)
    return min(math.ceil(needed), LONGEST)
