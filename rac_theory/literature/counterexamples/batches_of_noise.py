r"""C10: no batch size makes GaLore converge whatever the noise is; how large a batch must be for an accuracy.

On :math:`f = (w_{11}^2 + w_{12}^2) / 2`, with a fair coin's :math:`\pm \sigma` in the entry of the gradient where f is
flat, the mean of an odd number b of coins is :math:`\sigma / b` at least, in size. Where the true entry is no larger
the leading subspace is that of the noise, whatever the coins: then nothing moves that f depends on.
"""

from fractions import Fraction
from math import comb

import numpy as np

from rac_theory import theorems
from rac_theory.algorithms import GaLore, RACLoRA
from rac_theory.algorithms.gradients import Local
from rac_theory.base.checks import Array
from rac_theory.cases import Case
from rac_theory.literature.counterexamples.counterexample import Check, Counterexample, Witness
from rac_theory.literature.counterexamples.noisy_subspace import CornerNoise
from rac_theory.literature.counterexamples.picture import Lines
from rac_theory.problems import Quadratic
from rac_theory.runs import simulate
from rac_theory.sketches import Coordinate
from rac_theory.verdicts import Status, verify

STEPS = 400
GAMMA, SIGMA = Fraction(1, 20), Fraction(2)
BATCHES = (1, 3, 9, 27)


def resting_place(batch: int) -> Fraction:
    """Return the least entry that any coins lead to, from 1, in any number of steps: it is left for good once it is no
    larger than the least noise."""
    w, least = Fraction(1), SIGMA / batch
    while w > least:
        w *= 1 - GAMMA
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


def gather(example: Counterexample) -> Witness:
    """Follow GaLore with batches of several sizes, and a random coordinate with the smallest."""
    floors = {b: never_below(b) for b in BATCHES}
    runs = {b: _values(GaLore(1, float(GAMMA), gradients=CornerNoise(float(SIGMA), b)), example) for b in BATCHES}
    random = _values(RACLoRA(Coordinate(2, 1), float(GAMMA), gradients=CornerNoise(float(SIGMA))), example)
    checks = (_floors(floors), _of_runs(runs, floors), _of_a_coordinate(random), _even(), *_without_noise(example))
    curves = {f"GaLore, batches of {b}": runs[b].mean(axis=0) for b in BATCHES}
    picture = Lines.over_steps(
        curves | {"a random coordinate, single samples": random.mean(axis=0)}, {}, r"mean of $f(W^t) - f^\star$"
    )
    return Witness(checks, picture, against=(_grows(),))


def _values(method: GaLore | RACLoRA, example: Counterexample) -> Array:
    return simulate(Case(method, example.problem, example.start, steps=STEPS), runs=256, rng=example.seed).values


def _floors(floors: dict[int, Fraction]) -> Check:
    bound = all(floor >= ((1 - GAMMA) * SIGMA / b) ** 2 / 2 for b, floor in floors.items() if b >= SIGMA)
    told = ", ".join(f"{float(floor):.3g} for {b}" for b, floor in floors.items())
    sentence = (
        f"for all coins and for ever the gap is at least {told} in a batch, and from {SIGMA} on at least (1 - gamma)^2 "
        "sigma^2 / (2 b^2)"
    )
    return Check.exact(sentence, bound and floors[1] == Fraction(1, 2))


def _of_runs(runs: dict[int, Array], floors: dict[int, Fraction]) -> Check:
    least = {b: float(values.min()) / float(floors[b]) for b, values in runs.items()}
    sentence = f"the lowest of 256 runs is {', '.join(f'{s:.3f}' for s in least.values())} times that"
    return Check.bounded(sentence, all(share >= 1 - 1e-12 for share in least.values()))


def _of_a_coordinate(values: Array) -> Check:
    """Each draw moves the row that f depends on, or the other one, and noise is in the other alone."""
    factor = (1 + (1 - GAMMA) ** 2) / 2
    exact, seen = float(factor) ** STEPS / 2, float(values[:, -1].mean())
    sentence = f"with a random coordinate and single samples E gap is (1/2) {factor}^t, {exact:.1e} at the end"
    return Check.exact(f"{sentence}, seen {seen:.1e}", exact < 1e-8 and seen < 1e-6)


def _even() -> Check:
    """Where the coins may cancel the row moves when they do."""
    chances = {b: Fraction(comb(b, b // 2), 2**b) for b in (2, 8, 32)}
    told = ", ".join(f"{float(chance):.3f} for {b}" for b, chance in chances.items())
    falls = all(1 - chance * (1 - (1 - GAMMA) ** 2) < 1 for chance in chances.values())
    sentence = f"an even number of coins cancels with probability {told}: then the row moves, and E gap goes to zero"
    return Check.exact(sentence, falls and chances[2] == Fraction(1, 2))


def _without_noise(example: Counterexample) -> tuple[Check, ...]:
    """T17, with a subspace that is found in every step, and one that is kept for ten."""
    cases = (Case(GaLore(1, float(GAMMA), Local(K)), example.problem, example.start, steps=40) for K in (1, 10))
    told = [verify(theorems.T17_pl, case).status for case in cases]
    sentence = "without noise T17_pl holds, for a subspace that is found in every step and for one that is kept for ten"
    return (Check.bounded(sentence, told == [Status.HOLDS] * 2),)


def _grows() -> Check:
    """What a batch must be for an accuracy."""
    needed = {k: smallest_batch(Fraction(1, 10**k)) for k in (1, 2, 3, 4)}
    bound = all(b**2 >= (1 - GAMMA) ** 2 * SIGMA**2 * 10**k / 2 for k, b in needed.items())
    sizes = ", ".join(map(str, needed.values()))
    sentence = f"of odd sizes a gap of 1/10^k needs {sizes} for k = 1, 2, 3, 4: there is none from which on all do"
    return Check.exact(sentence, bound and needed[4] > 9 * needed[2])


C10 = Counterexample(
    id="C10",
    name="batches for GaLore",
    statement="With coins in the gradient and odd batches of b >= sigma, GaLore stays at f - f* >= (1 - gamma)^2 "
    "sigma^2 / (2 b^2) for ever and for all coins, and in smaller ones nothing is learned, where a random coordinate "
    "converges linearly with single samples: odd batches must grow like the root of 1/accuracy.",
    source="derived, on the conditions in the abstract of He et al., arXiv:2410.11289",
    mark="derived",
    cause="a projection that depends on the gradient noise",
    problem=Quadratic.left(np.diag([1.0, 0.0]), np.zeros((2, 2))),
    method=GaLore(1, float(GAMMA), gradients=CornerNoise(float(SIGMA))),
    start=np.array([[1.0, 0.0], [0.0, 0.0]]),
    gather=gather,
    condition="noise is in one direction; read kindly, a large batch is one that grows with the accuracy asked for",
    in_circulation="GaLore converges with one size of mini-batch, large enough, whatever accuracy is asked for",
)
