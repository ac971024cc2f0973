"""Do the checks cry wolf? All algorithms, gradient sources and sketches on several problems, for many seeds.

``python tests/benchmarks/false_alarms_of_algorithms.py`` tries 100 seeds each, on two cores in two hours or so, and
ends with 1 if any is refuted; ``--seeds 3 --only minibatch`` tries less,
tests/testing/test_check_algorithm_iterates.py one.

Each projected descent is tried as it is, and as another would write it: with draws in another order, so that the check
cannot compare step by step, and in other arithmetic. Beside them ``check_sketch`` and ``check_problem`` look at each
sketch and problem: at alpha = 1e-6 for each of some forty claims a sketch is to pass 100 seeds with odds of 250 to 1 or
better; a search for a counterexample has no false alarms by chance.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from rac_theory import GD, Case, Clients, Exact, Local, Minibatch, Noisy, RACLoRA, Reshuffled
from rac_theory.algorithms import SGD, AsymmetricLoRA, Bernoulli, ChainOfLoRA, GaLore, Initialisation, LoRA
from rac_theory.numerics.linalg import projection
from rac_theory.problems import Federated, LeastSquares, LogisticRegression, PLSine, Quadratic, SoftmaxRegression
from rac_theory.sketches import NAMED, Coordinate, Frozen, Gaussian, Haar, WeightedCoordinate, named_sketch
from rac_theory.sketches.draws import draw
from rac_theory.testing import Refuted, check_algorithm, check_problem, check_sketch

RNG = np.random.default_rng(20)
X = RNG.normal(size=(12, 4)) * [1.0, 2.0, 0.5, 1.0]
LEAST = LeastSquares(X, RNG.normal(size=(12, 3)), l2=0.1)
SOFTMAX = SoftmaxRegression(X, np.arange(12) % 3, l2=0.2)
LOGISTIC = LogisticRegression(X, np.arange(12) % 2)  # its infimum is an interval
ONE_COLUMN = LeastSquares(RNG.normal(size=(30, 10)), RNG.normal(size=(30, 1)), l2=0.01)
FLAT = Quadratic.full(np.diag(np.arange(12.0)), np.ones((4, 3)))  # one direction is flat
WIDE = LeastSquares(RNG.normal(size=(40, 64)), RNG.normal(size=(40, 5)), l2=0.1)
FAR = Quadratic.left(np.diag([1.0, 10.0, 100.0, 1e3]), 1e6 * np.ones((4, 3)))  # W is large beside its steps
SINE, FEDERATED = PLSine((4, 3)), Federated(SOFTMAX, 3)


def _of_shape(problem: Any, rank: int = 1) -> dict[str, Any]:
    """The sketches of a dimension."""
    d = problem.shape[0]
    return {
        "Haar": Haar(d, rank),
        "Gaussian": Gaussian(d, min(2, d)),
        "Coordinate": Coordinate(d, rank),
        "weighted": WeightedCoordinate(d, 1, weights=np.arange(1.0, d + 1) / (d * (d + 1) / 2)),
        "with replacement": named_sketch("coordinate_with_replacement", d, 2),
        "Rademacher": named_sketch("rademacher", d, 2),
        "CountSketch": named_sketch("count_sketch", d, 2),
    }


def cases() -> dict[str, tuple[Any, Any]]:
    """By name, an algorithm and a problem."""
    found: dict[str, tuple[Any, Any]] = {}
    for name, sketch in _of_shape(LEAST).items():
        gamma = 0.5 / LEAST.L
        found[f"{name}, exact"] = RACLoRA(sketch, gamma), LEAST
        found[f"{name}, minibatch"] = RACLoRA(sketch, gamma, gradients=Minibatch(2)), LEAST
        found[f"{name}, local"] = RACLoRA(sketch, gamma, gradients=Local(3)), SOFTMAX
        found[f"{name}, plain"] = RACLoRA(sketch, 0.01, lora_alpha=1.0), LEAST
    thin, right = Haar(4, 1), Gaussian(3, 2)
    sources = {
        "with replacement": (Minibatch(3, replace=True), LEAST),
        "noisy": (Noisy(1.0), LEAST),
        "hardly noisy": (Noisy(1e-8), LEAST),
        "reshuffled": (Reshuffled(), LEAST),
        "clients, exact": (Clients(Exact()), FEDERATED),
        "clients, local": (Clients(Local(3)), FEDERATED),
        "clients, minibatch": (Clients(Minibatch(2)), FEDERATED),
        "clients, reshuffled": (Clients(Reshuffled()), FEDERATED),
        "some clients": (Minibatch(1), FEDERATED),
    }
    for name, (source, problem) in sources.items():
        gamma = 0.5 / problem.L
        found[f"left, {name}"] = RACLoRA(thin, gamma, gradients=source), problem
        found[f"right, {name}"] = RACLoRA(right, gamma, "right", source), problem
        found[f"no sketch, {name}"] = SGD(gamma, source), problem
        found[f"Bernoulli, {name}"] = Bernoulli(thin, right, gamma, 0.3, source), problem
    others = {"logistic": LOGISTIC, "one column": ONE_COLUMN, "flat": FLAT, "wide": WIDE, "far": FAR, "PL": SINE}
    for name, problem in others.items():
        sketch = Haar(problem.shape[0], 1)
        for gamma in (1e-12, 1.0, 1e3):
            found[f"{name}, gamma = {gamma:g}/L"] = RACLoRA(sketch, gamma / problem.L), problem
            found[f"GD, {name}, gamma = {gamma:g}/L"] = GD(gamma / problem.L), problem
        found[f"{name}, coordinates"] = RACLoRA(Coordinate(problem.shape[0], 1), 0.5 / problem.L), problem
        found[f"{name}, noisy"] = RACLoRA(sketch, 0.5 / problem.L, gradients=Noisy(0.3)), problem
        found[f"{name}, local"] = RACLoRA(sketch, 0.5 / problem.L, gradients=Local(4)), problem
    gamma = 0.5 / LEAST.L
    found |= {
        "frozen": (RACLoRA(Frozen(np.eye(4)[:, :2]), gamma, gradients=Noisy(0.1)), LEAST),
        "full rank": (RACLoRA(Coordinate(4, 4), gamma, gradients=Minibatch(2)), LEAST),
        "asymmetric": (AsymmetricLoRA(thin, gamma), LEAST),
        "asymmetric, minibatch": (AsymmetricLoRA(right, gamma, "right", Minibatch(2)), LEAST),
        "asymmetric, plain": (AsymmetricLoRA(thin, 0.01, lora_alpha=1.0, gradients=Local(2)), LEAST),
        "plain, noisy": (RACLoRA(Gaussian(4, 2), 0.01, lora_alpha=2.0, gradients=Noisy(1.0)), LEAST),
        "LoRA": (LoRA(Initialisation(Gaussian(4, 2)), 0.01), LEAST),
        "chain": (ChainOfLoRA(Initialisation(A=Gaussian(3, 1)), 0.01, inner_steps=3), LEAST),
        "LoRA, minibatch": (LoRA(Initialisation(Gaussian(4, 2)), 0.01, Minibatch(2)), LEAST),
        "LoRA, with replacement": (LoRA(Initialisation.kaiming((4, 3), 1), 0.01, Minibatch(3, replace=True)), LEAST),
        "LoRA, noisy": (LoRA(Initialisation.kaiming((4, 3), 2), 0.01, Noisy(1.0), lora_alpha=1.0), SOFTMAX),
        "LoRA, local": (LoRA(Initialisation(A=Haar(3, 1)), 0.01, Local(3)), SOFTMAX),
        "LoRA, reshuffled": (LoRA(Initialisation.kaiming((4, 3), 2), 0.01, Reshuffled()), LEAST),
        "chain, minibatch": (ChainOfLoRA(Initialisation.kaiming((4, 3), 1), 0.01, 3, gradients=Minibatch(2)), LEAST),
        "chain, fixed, noisy": (ChainOfLoRA(Initialisation(A=Haar(3, 1)), 0.01, 2, "fixed", Noisy(1.0)), LEAST),
        "chain, reshuffled": (ChainOfLoRA(Initialisation(A=Haar(3, 1)), 0.01, 1, "fresh", Reshuffled()), LEAST),
        "GaLore": (GaLore(1, gamma, Noisy(0.1)), LEAST),
    }
    return found


def other_order(algorithm: Any) -> Any:
    """The same algorithm with sketches and gradients from generators of their own: the same law, other draws."""

    def iterates(self, problem, W, rng):
        sketching, drawing = (np.random.default_rng(int(seed)) for seed in rng.integers(2**63, size=2))
        for step in self.low_rank_steps(sketching, W):
            W = self.gradients.descend(problem, W, step, drawing)
            yield W

    return _subclass(algorithm, iterates=iterates)


def by_hand(algorithm: Any) -> Any:
    """RAC-LoRA as in a notebook: explicit projections by a pseudo-inverse, gradients component by component."""

    def iterates(self, problem, W, rng):
        turn = (lambda M: M) if self.side == "left" else (lambda M: np.swapaxes(M, 1, 2))
        while True:
            if isinstance(self.gradients, Minibatch):
                chosen = self.gradients._draw(problem.n_components, len(W), rng)
                g = sum(problem.component_gradient(W, i[:, None]) for i in chosen.T) / chosen.shape[1]
            else:
                g = problem.value_and_gradient(W)[1]
            H = projection(draw(self.sketch, rng, len(W)))
            W = W - self.gamma * turn(H @ turn(g))
            yield W

    return _subclass(algorithm, iterates=iterates)


def _subclass(algorithm: Any, **members: Any) -> Any:
    """The same fields in a class that inherits from that of the algorithm."""
    other = object.__new__(type(type(algorithm).__name__, (type(algorithm),), members))
    vars(other).update(vars(algorithm))
    return other


def ways(algorithm: Any) -> dict[str, Callable[[Any], Any]]:
    """How an algorithm may be written."""
    found: dict[str, Callable[[Any], Any]] = {"": lambda algorithm: algorithm}
    if isinstance(algorithm, RACLoRA | Bernoulli) and not algorithm.deterministic:
        found[", other order"] = other_order
        plain = type(algorithm) is RACLoRA and algorithm.sketch is not None and algorithm.is_projected
        if plain and isinstance(algorithm.gradients, Exact | Minibatch):
            found[", by hand"] = by_hand
    return found


def plug_ins() -> dict[str, Callable[..., None]]:
    """Checks of sketches of every name and several sizes, and of problems."""
    checks: dict[str, Callable[..., None]] = {}
    for dim, rank in ((1, 1), (2, 1), (4, 2), (5, 3), (8, 3)):
        for name in NAMED:
            if name != "subsampled_hadamard" or dim & (dim - 1) == 0:
                sketch = named_sketch(name, dim, rank)
                checks[f"sketch {name} {dim}x{rank}"] = partial(check_sketch, sketch)
    problems = (LEAST, SOFTMAX, LOGISTIC, ONE_COLUMN, FLAT, WIDE, FAR, FEDERATED, SINE)
    return checks | {f"problem {number}": partial(check_problem, one) for number, one in enumerate(problems)}


def alarms(name: str, seeds: range, draws: int = 16_384) -> list[str]:
    """What the check says against what is correct: nothing, if it is right."""
    if name in (others := plug_ins()):
        check = others[name]
    else:
        base, _, way = name.partition(";")
        algorithm, problem = cases()[base]
        check = partial(check_algorithm, Case(ways(algorithm)[way](algorithm), problem), draws=draws)
    said = []
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("error")
        for seed in seeds:
            try:
                check(rng=seed)
            except Refuted as refuted:
                said.append(f"{name}, seed {seed}: {refuted}")
    return said


def names() -> list[str]:
    """Every case in every way."""
    return [f"{name};{way}" for name, (algorithm, _) in cases().items() for way in ways(algorithm)]


def main() -> int:
    """Print every alarm, and how many checks were made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="how many for each case (default 100)")
    parser.add_argument("--only", default="", help="cases whose name has this in it")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    chosen, start = [name for name in (*names(), *plug_ins()) if options.only in name], time.monotonic()
    work = partial(alarms, seeds=range(1, options.seeds + 1))
    count = 0
    with Parallel(options.workers, batch_size=1, return_as="generator") as workers:
        for name, said in zip(chosen, workers(delayed(work)(name) for name in chosen), strict=True):
            print(f"{len(said)} alarms: {name}", *said, sep="\n    ", flush=True)
            count += len(said)
    tried = len(chosen) * options.seeds
    print(f"{count} false alarms in {tried} checks of {len(chosen)} cases, {time.monotonic() - start:.0f} s")
    return int(count > 0)


if __name__ == "__main__":
    sys.exit(main())
