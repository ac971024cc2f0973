"""What each kernel gains over the simpler ones, in turn, on cases of the ledger and of a notebook; run this file.

In the processor's time on one core with one BLAS thread, so that what runs beside it counts for little.
"""

import time
from functools import partial

import numpy as np
from timing import Spread

from rac_theory import RACLoRA, sketches
from rac_theory.algorithms import ACCELERATED, FEEDBACK, HEAVY_BALL, MOMENTUM
from rac_theory.base.blas import keep_freed_memory, one_blas_thread
from rac_theory.ledger.default_problems import DEFAULT_PROBLEMS
from rac_theory.problems import Quadratic
from rac_theory.runs.simulation.history import record
from rac_theory.runs.simulation.kernels.choice import kernel_for
from rac_theory.runs.simulation.kernels.diagonal import Diagonal
from rac_theory.runs.simulation.kernels.runs_last import RunsLast
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.runs.simulation.kernels.thin_products import ThinProducts

_STEPS, _ROUNDS, _SECONDS = 100, 7, 0.12


def cases():
    """Yield a name, a problem, a sketch, and which kernels for quadratics are tried, the one that serves it first."""
    for name, ranks in (("linnerud", (1, 2)), ("quadratic", (1, 4)), ("diabetes", (1, 4))):
        problem = DEFAULT_PROBLEMS[name].build()
        for rank in ranks:
            yield name, problem, sketches.Gaussian(problem.shape[0], rank), (RunsLast, ThinProducts)
    problem = Quadratic.left(np.diag(np.geomspace(0.01, 1, 64)), np.ones((64, 10)))
    yield "notebook 02", problem, sketches.WeightedCoordinate(64, 8, np.linspace(1, 4, 64)), (ThinProducts,)


def seconds(kernel, seed):
    """Time one call of a kernel, for one step of one run."""
    rngs = [np.random.default_rng(seed + 1000 * stream) for stream in range(kernel.streams)]
    begin = time.process_time()
    record(kernel.path(rngs, _STEPS), _STEPS)
    return (time.process_time() - begin) / (_STEPS * kernel.streams * kernel.block)


def compete(kernels):
    """Return the spread of each kernel, round by round in turn."""
    once = [max(seconds(kernel, seed) for seed in range(2)) * kernel.streams * kernel.block for kernel in kernels]
    calls = [max(1, int(_SECONDS / (_STEPS * taken))) for taken in once]
    rounds = [
        [np.mean([seconds(kernel, 100 * r + i) for i in range(n)]) for kernel, n in zip(kernels, calls, strict=True)]
        for r in range(_ROUNDS)
    ]
    return [Spread(tuple(1e6 * np.array(taken))) for taken in zip(*rounds, strict=True)]


def main():
    """Print one line for each case: microseconds, and the ratios to them."""
    keep_freed_memory()
    for name, problem, sketch, kinds in cases():
        algorithm, start = RACLoRA(sketch, 1 / problem.L), np.zeros(problem.shape)
        case = Diagonal.of(algorithm, problem, start, distances=False)
        kernels = [*(kind(case) for kind in kinds), Stepping(algorithm, problem, start)]
        report(f"{name}, {sketch!r}", dict(zip((type(kernel).__name__ for kernel in kernels), kernels, strict=True)))
    for m, n, rank in ((3, 3, 1), (16, 8, 2), (64, 10, 4), (100, 100, 8)):
        problem, sketch = Quadratic.left(wishart(m), np.ones((m, n))), sketches.Haar(m, rank)
        plain = Stepping(RACLoRA(sketch, 0.5), problem, np.zeros((m, n)))
        serving = {name: kernel_for(method(sketch), problem, np.zeros((m, n))) for name, method in METHODS.items()}
        report(f"{m} x {n}, {sketch!r}", {"plain steps by Stepping": plain, **serving})


def report(name, kernels):
    """Print what the first takes, and how many times as long the others."""
    first, *others = compete([*kernels.values()])
    ratios = (f"{other} {spread.over(first)}" for other, spread in zip([*kernels][1:], others, strict=True))
    print(f"{name}: {next(iter(kernels))} {first} us,", *ratios, flush=True)


def wishart(m):
    """A dense matrix with eigenvalues in [0, 1]."""
    X = np.random.default_rng(0).standard_normal((m, m))
    return X @ X.T / np.linalg.norm(X, 2) ** 2


METHODS = {
    "heavy ball": partial(HEAVY_BALL, gamma=0.1, beta=0.5),
    "momentum": partial(MOMENTUM, gamma=0.5, b=0.1),
    "feedback": partial(FEEDBACK, gamma=0.05),
    "acceleration": partial(ACCELERATED, gamma=1.0, alpha=0.1, s=0.1, lambda_min=0.1),
}


if __name__ == "__main__":
    with one_blas_thread():
        main()
