r"""GaLore and C10: the leading subspace of a noisy gradient may be that of the noise, and no batch size is enough.

C10. On :math:`f = (w_{11}^2 + w_{12}^2) / 2`, with a fair coin's :math:`\pm \sigma` in the entry of the gradient where
f is flat, the mean of an odd number b of coins is :math:`\sigma / b` at least, in size. Where the true entry is no
larger the leading subspace is that of the noise, whatever the coins: then nothing moves that f depends on.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import ClassVar

import numpy as np

from rac_theory import theorems
from rac_theory.algorithms import Algorithm, GaLore, RACLoRA, leading_part
from rac_theory.algorithms.gradients import Local, Step
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Lines, Witness
from rac_theory.problems import Problem, Quadratic
from rac_theory.runs import Trajectory, simulate
from rac_theory.sketches import Coordinate, Haar
from rac_theory.verdicts import Status, verify

STEPS = 400
GAMMA, MU, SIGMA = Fraction(1, 20), Fraction(1, 50), Fraction(2)
_DRAWN = 2000


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
    """Return the least share of ``||G||^2`` in the leading part of random 4 x 6 matrices."""
    G = np.random.default_rng(seed).standard_normal((_DRAWN, 4, 6))
    return float((np.square(leading_part(G, rank)).sum((1, 2)) / np.square(G).sum((1, 2))).min())


def gather_noise(example: Counterexample) -> Witness:
    """Follow GaLore and two random subspaces of the same rank."""
    runs = _runs(example)
    means = {name: run.values.mean(axis=0) for name, run in runs.items()}
    expectation = sum(coordinate_expectation())
    exact = float(means["GaLore, exact gradient"][-1])
    checks = (
        *_never_moves(example, runs["GaLore"]),
        Check.exact(f"with a random coordinate E f is {expectation:.4g} at the end", expectation < 0.05),
        _of_a_random_subspace(means, expectation),
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
    untouched = bool(np.linalg.norm(runs.W[:, 0] - example.start[0]) == 0)
    sentence = f"for {STEPS} steps the noisy entry is at least {float(smallest):.4g} > 1, the true one"
    return (
        Check.exact(sentence, smallest > 1),
        Check.exact("so the first row never moves, and f >= 1/2 with certainty; nor did it in 256 runs", untouched),
    )


def _of_a_random_subspace(means: dict[str, Array], expectation: float) -> Check:
    coordinate, haar = (float(means[f"RAC-LoRA, {name}"][-1]) for name in ("one coordinate", "Haar"))
    near = abs(coordinate - expectation) < 0.5 * expectation
    return Check.simulated(f"seen {coordinate:.4g}; Haar {haar:.4g}", near)


def _keeps_its_share(seed: int) -> Check:
    shares = {rank: least_share(seed, rank) for rank in (1, 2, 3)}
    return Check.bounded(
        f"of {_DRAWN} random 4 x 6 gradients it keeps at least {', '.join(f'{s:.3f}' for s in shares.values())} at "
        "rank 1, 2, 3, never below r/4",
        *(share >= rank / 4 for rank, share in shares.items()),
    )


GALORE = Counterexample(
    id="GaLore",
    name="the subspace of the noise",
    statement="With noise in the gradient GaLore stalls at f - f* >= 1/2 where a random subspace of the same rank "
    "converges to the noise floor; with the exact gradient it keeps at least r / min(m, n) of ||G||^2.",
    source="derived, after the failure described by He et al., arXiv:2410.11289",
    cause="a projection that depends on the gradient noise",
    problem=Quadratic.left(np.diag([1.0, float(MU)]), np.zeros((2, 2))),
    method=GaLore(1, float(GAMMA), gradients=CornerNoise(float(SIGMA))),
    start=np.array([[1.0, 0.0], [0.0, 0.0]]),
    gather=gather_noise,
    condition=f"the noise is concentrated and larger than the gradient, for the {STEPS} steps that are run",
)

BATCH_STEPS = 400
BATCH_GAMMA, COIN = Fraction(1, 20), Fraction(2)
BATCHES = (1, 3, 9, 27)


def resting_place(batch: int) -> Fraction:
    """Return the least entry that any coins lead to, from 1, in any number of steps: it is left for good once it is no
    larger than the least noise."""
    w, least = Fraction(1), COIN / batch
    while w > least:
        w *= 1 - BATCH_GAMMA
    return w


def never_below(batch: int) -> Fraction:
    """Return what the gap is at least, for all coins and for ever."""
    return resting_place(batch) ** 2 / 2


def smallest_batch(gap: Fraction) -> int:
    """Return the smallest odd batch with which any coins lead to a gap below this one."""
    batch = 1
    while never_below(batch) >= gap:
        batch += 2
    return batch


def gather_batches(example: Counterexample) -> Witness:
    """Follow GaLore with batches of several sizes, and a random coordinate with the smallest."""
    floors = {b: never_below(b) for b in BATCHES}
    runs = {b: _values(GaLore(1, float(BATCH_GAMMA), gradients=CornerNoise(float(COIN), b)), example) for b in BATCHES}
    random = _values(RACLoRA(Coordinate(2, 1), float(BATCH_GAMMA), gradients=CornerNoise(float(COIN))), example)
    checks = (_floors(floors), _of_runs(runs, floors), _of_a_coordinate(random), _even(), *_without_noise(example))
    curves = {f"GaLore, batches of {b}": runs[b].mean(axis=0) for b in BATCHES}
    picture = Lines.over_steps(
        curves | {"a random coordinate, single samples": random.mean(axis=0)}, {}, r"mean of $f(W^t) - f^\star$"
    )
    return Witness(checks, picture, against=(_grows(),))


def _values(method: GaLore | RACLoRA, example: Counterexample) -> Array:
    return simulate(Case(method, example.problem, example.start, steps=BATCH_STEPS), runs=256, rng=example.seed).values


def _floors(floors: dict[int, Fraction]) -> Check:
    bound = [floor >= ((1 - BATCH_GAMMA) * COIN / b) ** 2 / 2 for b, floor in floors.items() if b >= COIN]
    numbers = ", ".join(f"{float(floor):.3g} for {b}" for b, floor in floors.items())
    sentence = (
        f"for all coins and for ever the gap is at least {numbers} in a batch, and from {COIN} on at least "
        "(1 - gamma)^2 sigma^2 / (2 b^2)"
    )
    return Check.exact(sentence, *bound, floors[1] == Fraction(1, 2))


def _of_runs(runs: dict[int, Array], floors: dict[int, Fraction]) -> Check:
    least = {b: float(values.min()) / float(floors[b]) for b, values in runs.items()}
    sentence = f"the lowest of 256 runs is {', '.join(f'{s:.3f}' for s in least.values())} times that"
    return Check.bounded(sentence, *(share >= 1 - 1e-12 for share in least.values()))


def _of_a_coordinate(values: Array) -> Check:
    """Each draw moves the row that f depends on, or the other one, and noise is in the other alone."""
    factor = (1 + (1 - BATCH_GAMMA) ** 2) / 2
    exact, average = float(factor) ** BATCH_STEPS / 2, float(values[:, -1].mean())
    sentence = f"with a random coordinate and single samples E gap is (1/2) {factor}^t, {exact:.1e} at the end"
    return Check.exact(f"{sentence}, seen {average:.1e}", exact < 1e-8, average < 1e-6)


def _even() -> Check:
    """Where the coins may cancel the row moves when they do."""
    chances = {b: Fraction(comb(b, b // 2), 2**b) for b in (2, 8, 32)}
    numbers = ", ".join(f"{float(chance):.3f} for {b}" for b, chance in chances.items())
    sentence = f"an even number of coins cancels with probability {numbers}: then the row moves, and E gap goes to zero"
    return Check.exact(sentence, chances[2] == Fraction(1, 2))


def _without_noise(example: Counterexample) -> tuple[Check, ...]:
    """T17, with a subspace that is found in every step, and one that is kept for ten."""
    kept = (1, 10)
    cases = (Case(GaLore(1, float(BATCH_GAMMA), Local(K)), example.problem, example.start, steps=40) for K in kept)
    statuses = [verify(theorems.T17_pl, case).status for case in cases]
    sentence = f"without noise T17_pl holds, for subspaces that are kept for {' and '.join(map(str, kept))} steps"
    return (Check.bounded(sentence, statuses == [Status.HOLDS] * 2),)


def _grows() -> Check:
    """What a batch must be for an accuracy."""
    needed = {k: smallest_batch(Fraction(1, 10**k)) for k in (1, 2, 3, 4)}
    bound = [b**2 >= (1 - BATCH_GAMMA) ** 2 * COIN**2 * 10**k / 2 for k, b in needed.items()]
    sizes = ", ".join(map(str, needed.values()))
    sentence = f"of odd sizes a gap of 1/10^k needs {sizes} for k = 1, 2, 3, 4: there is none from which on all do"
    return Check.exact(sentence, *bound)


C10 = Counterexample(
    id="C10",
    name="batches for GaLore",
    statement="With coins in the gradient and odd batches of b >= sigma, GaLore stays at f - f* >= (1 - gamma)^2 "
    "sigma^2 / (2 b^2) for ever and for all coins, and in smaller ones nothing is learned, where a random coordinate "
    "converges linearly with single samples: odd batches must grow like the root of 1/accuracy.",
    source="derived, on the conditions in the abstract of He et al., arXiv:2410.11289",
    cause="a projection that depends on the gradient noise",
    problem=Quadratic.left(np.diag([1.0, 0.0]), np.zeros((2, 2))),
    method=GaLore(1, float(BATCH_GAMMA), gradients=CornerNoise(float(COIN))),
    start=np.array([[1.0, 0.0], [0.0, 0.0]]),
    gather=gather_batches,
    condition="noise is in one direction; read kindly, a large batch is one that grows with the accuracy asked for",
    in_circulation="GaLore converges with one size of mini-batch, large enough, whatever accuracy is asked for",
)
