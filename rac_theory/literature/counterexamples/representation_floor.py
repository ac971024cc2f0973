"""C2: LoRA of rank r cannot reach an optimum whose distance from the start has a higher rank."""

from fractions import Fraction

import numpy as np

from rac_theory.algorithms import GD, Initialisation, LoRA
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.low_rank import floor, lowest
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Problem, Quadratic
from rac_theory.runs import simulate

SIGMA = (3, 2, 1)
STEPS = 400


def exact_floor(curvature: Fraction, sigma: tuple[int, ...], rank: int) -> Fraction:
    """Return ``(s/2) sum_{i>r} sigma_i^2``: singular values of a diagonal matrix are known exactly."""
    return curvature / 2 * sum((Fraction(s) ** 2 for s in sigma[rank:]), Fraction(0))


def gather(example: Counterexample) -> Witness:
    """Hold LoRA, full descent and L-BFGS on the factors against the floor."""
    problem, W0 = example.problem, example.start
    lora = simulate(Case(example.method, problem, W0, steps=STEPS), runs=64, rng=example.seed).values
    full = simulate(Case(GD(0.2), problem, W0, steps=STEPS)).values[0]
    floors = [exact_floor(Fraction(2), SIGMA, rank) for rank in (1, 2, 3)]
    checks = (
        *_floors(example, floors),
        *_of_lora(lora),
        *_of_a_search(example),
        Check.simulated(f"full descent goes on, to {full[-1]:.2g}", bool(full[-1] < 1e-12)),
    )
    curves = {"LoRA, rank 1": lora[0], "full descent": np.maximum(full, 1e-16)}
    picture = Lines.over_steps(curves, {"Eckart-Young floor": float(floors[0])}, r"$f(W^t) - f^\star$")
    return Witness(checks, picture)


def _floors(example: Counterexample, exact: list[Fraction]) -> tuple[Check, Check]:
    """The floors from the singular values as they were made, and from a decomposition."""
    computed = [floor(example.problem, example.start, rank) for rank in (1, 2, 3)]
    are_below = all(0 <= float(e) - c <= 1e-12 for e, c in zip(exact, computed, strict=True))
    return (
        Check.exact(f"the floors at rank 1, 2, 3 are {', '.join(map(str, exact))}", exact[0] == 5),
        Check.bounded("the computed ones are those, rounded down", are_below),
    )


def _of_lora(values: Array) -> tuple[Check, Check]:
    least, reached = float(values.min()), float(np.median(values[:, -1]))
    return (
        Check.simulated(f"no step of 64 runs of LoRA is below 5 (lowest {least:.12g})", least >= 5 - 1e-9),
        Check.simulated(f"LoRA comes to {reached:.12g}, where the floor is attained", abs(reached - 5) < 1e-8),
    )


def _of_a_search(example: Counterexample) -> tuple[Check, Check]:
    """Another optimiser, here and where the floor is not attained."""
    skewed = Quadratic.left(np.diag([1.0, 4.0, 16.0]), np.diag(SIGMA).astype(float))

    def search(problem: Problem) -> float:
        return lowest(problem, example.start, 1, starts=12, rng=np.random.default_rng(example.seed))

    searched, found, bound = search(example.problem), search(skewed), floor(skewed, example.start, 1)
    return (
        Check.simulated(f"L-BFGS from 12 starts comes to {searched:.12g}, too", abs(searched - 5) < 1e-8),
        Check.simulated(
            f"with curvatures 1, 4, 16 the floor is {bound:.6g} and L-BFGS comes to {found:.6g}, above it",
            found >= bound,
        ),
    )


C2 = Counterexample(
    id="C2",
    name="representation floor",
    statement="LoRA of rank r never comes below (s/2) sum_{i>r} sigma_i(W* - W0)^2, whatever the optimiser.",
    source="derived: strong convexity and Eckart & Young",
    mark="derived",
    cause="representation floor",
    problem=Quadratic.left(2 * np.eye(3), np.diag(SIGMA).astype(float)),
    method=LoRA(Initialisation.kaiming((3, 3), 1), gamma=0.05),
    start=np.zeros((3, 3)),
    gather=gather,
    condition="f is s-strongly convex; PL alone does not suffice",
)
