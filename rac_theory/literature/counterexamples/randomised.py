"""C7: RAC-LoRA reaches the optimum on every one of the other counterexamples, at the rate that T2 says."""

import numpy as np

from rac_theory import theorems
from rac_theory.algorithms import RACLoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness
from rac_theory.literature.counterexamples.loss_of_smoothness import C1, paper_quadratic
from rac_theory.literature.counterexamples.low_rank import C2
from rac_theory.literature.counterexamples.restarts import C4
from rac_theory.literature.counterexamples.stuck_subspace import C5
from rac_theory.problems import LeastSquares, Problem, Quadratic
from rac_theory.runs import expected
from rac_theory.sketches import Haar
from rac_theory.statements import Theorem

REDUCTION = 1e-6
"""By how much the gap is to fall."""


def cases(seed: int) -> dict[str, tuple[Problem, Array]]:
    """Return the problems and starts on which others fail."""
    data = np.random.default_rng(seed).standard_normal((20, 7))
    return {
        "C1": (C1.problem, C1.start),
        "C2": (C2.problem, C2.start),
        "C3, C4": (C4.problem, C4.start),
        "C3, far optimum": (paper_quadratic(10 * np.ones((3, 3))), np.zeros((3, 3))),
        "C5": (C5.problem, C5.start),
        "C5, least squares": (LeastSquares(data[:, :4], data[:, 4:]), np.zeros((4, 3))),
        "C6": (Quadratic.left(np.eye(1), np.zeros((1, 1))), np.array([[1e6]])),
    }


def steps_promised(theorem: Theorem, algorithm: RACLoRA, problem: Problem, W0: Array) -> tuple[int, Constants]:
    """Return how many steps the theorem asks for, and the constants of the case."""
    constants = Constants.of(Case(algorithm, problem, W0, steps=1))
    return int(theorem.steps_to(REDUCTION * constants.gap0, constants)), constants


def gather(example: Counterexample) -> Witness:
    """Compare the exact expectation with T2's bound at every step."""
    checks, curves = [], {}
    for name, (problem, W0) in cases(example.seed).items():
        check, share = _falls_as_promised(name, problem, W0)
        checks.append(check)
        if len(share) > 2:  # one step to the minimum is no curve
            curves[name] = share
    return Witness(
        tuple(checks), Lines.over_steps(curves, {"promised at the end": REDUCTION}, "expected gap, relative")
    )


def _falls_as_promised(name: str, problem: Problem, W0: Array) -> tuple[Check, Array]:
    """Check one case, and return the expected gap at each step over the first one."""
    algorithm = RACLoRA(Haar(problem.shape[0], 1), 1 / problem.L)
    steps, constants = steps_promised(theorems.T2, algorithm, problem, W0)
    gap = expected(Case(algorithm, problem, W0, steps=steps)).gap
    bound = theorems.T2.bound(constants, steps)
    is_below = bool((gap <= bound + 1e-9 * bound + 64 * np.finfo(float).eps * constants.gap0).all())
    arrives = bool(gap[-1] <= REDUCTION * constants.gap0 * (1 + 1e-9))
    sentence = f"{name}: in the {steps} steps that T2 asks for E gap falls to {gap[-1] / gap[0]:.1e} of the first"
    return Check.bounded(sentence, is_below, arrives), gap / gap[0]


C7 = Counterexample(
    id="C7",
    name="what a fresh sketch does",
    statement="RAC-LoRA of rank one at gamma = 1/L reaches the optimum of every quadratic above, at the rate of T2.",
    source="arXiv:2410.08305, Theorem 5.5",
    mark="paper",
    cause="none: it converges",
    problem=C4.problem,
    method=RACLoRA(Haar(3, 1), 1 / C4.problem.L),
    start=C4.start,
    gather=gather,
)
