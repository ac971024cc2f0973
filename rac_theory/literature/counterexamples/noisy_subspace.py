"""GaLore: the leading subspace of a noisy gradient may be that of the noise, in every step."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from rac_theory.algorithms import Algorithm, GaLore, RACLoRA, leading_part
from rac_theory.algorithms.gradients import Step
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Problem, Quadratic
from rac_theory.runs import Trajectory, simulate
from rac_theory.sketches import Coordinate, Haar

STEPS = 400
GAMMA, MU, SIGMA = Fraction(1, 20), Fraction(1, 50), Fraction(2)


@dataclass(frozen=True)
class CornerNoise:
    """The full gradient plus or minus ``sigma`` in its last entry, by the mean of ``batch`` fair coins; one step."""

    sigma: float
    batch: int = 1

    deterministic: ClassVar[bool] = False

    def check(self, problem: Problem) -> None:
        """Accept every problem."""

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return ``step(W, grad f(W) + noise)``."""
        G = problem.gradient(W).copy()
        G[:, -1, -1] += self.sigma * rng.choice([-1.0, 1.0], size=(len(W), self.batch)).mean(axis=1)
        return step(W, G)


def smallest_noise_entry() -> Fraction:
    """Return a lower bound of the noisy gradient's last entry over all steps and coins, exactly.

    A step takes that entry of W to ``(1 - gamma mu) w`` plus or minus ``gamma sigma``, or leaves it, so that in size it
    stays below the sum of all the kicks; and the noisy entry is at least ``sigma - mu |w|``.
    """
    w = Fraction(0)
    for _ in range(STEPS):
        w = (1 - GAMMA * MU) * w + GAMMA * SIGMA
    return SIGMA - MU * w


def coordinate_expectation() -> tuple[float, float]:
    """Return E f at the end for RAC-LoRA with one coordinate: the part of the first row, and that of the second."""
    gamma, mu, sigma = float(GAMMA), float(MU), float(SIGMA)
    first, second = 1.0, 0.0
    for _ in range(STEPS):
        first = (1 + (1 - gamma) ** 2) / 2 * first
        second = (second + (1 - gamma * mu) ** 2 * second + (gamma * sigma) ** 2) / 2
    return first / 2, mu / 2 * second


def least_share(seed: int, rank: int) -> float:
    """Return the least share of ``||G||^2`` in the leading part of 2000 random 4 x 6 matrices."""
    G = np.random.default_rng(seed).standard_normal((2000, 4, 6))
    return float((np.square(leading_part(G, rank)).sum((1, 2)) / np.square(G).sum((1, 2))).min())


def gather(example: Counterexample) -> Witness:
    """Follow GaLore and two random subspaces of the same rank."""
    runs = _runs(example)
    means = {name: run.values.mean(axis=0) for name, run in runs.items()}
    row, rest = coordinate_expectation()
    exact = float(means["GaLore, exact gradient"][-1])
    checks = (
        *_never_moves(example, runs["GaLore"]),
        Check.exact(f"with a random coordinate E f is {row + rest:.4g} at the end", row + rest < 0.05),
        _seen(means, row + rest),
        Check.bounded(f"without noise GaLore comes to {exact:.3g}", exact < 1e-6),
        _keeps_its_share(example.seed),
    )
    return Witness(checks, Lines.over_steps(means, {"certain": 0.5}, r"mean of $f(W^t) - f^\star$"))


def _runs(example: Counterexample) -> dict[str, Trajectory]:
    gamma, noise = float(GAMMA), CornerNoise(float(SIGMA))
    methods: dict[str, Algorithm] = {
        "GaLore": example.method,
        "RAC-LoRA, one coordinate": RACLoRA(Coordinate(2, 1), gamma, gradients=noise),
        "RAC-LoRA, Haar": RACLoRA(Haar(2, 1), gamma, gradients=noise),
        "GaLore, exact gradient": GaLore(1, gamma),
    }
    cases = {name: Case(method, example.problem, example.start, steps=STEPS) for name, method in methods.items()}
    return {  # one run of what is not random decides everything
        name: simulate(case, runs=1 if case.algorithm.deterministic else 256, rng=example.seed)
        for name, case in cases.items()
    }


def _never_moves(example: Counterexample, runs: Trajectory) -> tuple[Check, Check]:
    """What follows for all coins, and what 256 runs did."""
    smallest = smallest_noise_entry()
    untouched = bool((runs.W[:, 0] == example.start[0]).all())
    told = f"for {STEPS} steps the noisy entry is at least {float(smallest):.4g} > 1, the true one"
    return (
        Check.exact(told, smallest > 1),
        Check.exact("so the first row never moves, and f >= 1/2 with certainty; nor did it in 256 runs", untouched),
    )


def _seen(means: dict[str, Array], expectation: float) -> Check:
    coordinate, haar = (float(means[f"RAC-LoRA, {name}"][-1]) for name in ("one coordinate", "Haar"))
    near = abs(coordinate - expectation) < 0.5 * expectation
    return Check.simulated(f"seen {coordinate:.4g}; Haar {haar:.4g}", near)


def _keeps_its_share(seed: int) -> Check:
    shares = {rank: least_share(seed, rank) for rank in (1, 2, 3)}
    return Check.bounded(
        f"of 2000 random 4 x 6 gradients it keeps at least {', '.join(f'{s:.3f}' for s in shares.values())} at "
        "rank 1, 2, 3, never below r/4",
        all(share >= rank / 4 for rank, share in shares.items()),
    )


GALORE = Counterexample(
    id="GaLore",
    name="the subspace of the noise",
    statement="With noise in the gradient GaLore stalls at f - f* >= 1/2 where a random subspace of the same rank "
    "converges to the noise floor; with the exact gradient it keeps at least r / min(m, n) of ||G||^2.",
    source="derived, after the failure described by He et al., arXiv:2410.11289",
    mark="derived",
    cause="a projection that depends on the gradient noise",
    problem=Quadratic.left(np.diag([1.0, float(MU)]), np.zeros((2, 2))),
    method=GaLore(1, float(GAMMA), gradients=CornerNoise(float(SIGMA))),
    start=np.array([[1.0, 0.0], [0.0, 0.0]]),
    gather=gather,
    condition=f"the noise is concentrated and larger than the gradient, for the {STEPS} steps that are run",
)
