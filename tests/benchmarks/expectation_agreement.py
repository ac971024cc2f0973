"""Exact expectations against 10,000 runs: twenty random cases of every kind, in standard errors at each step."""

import numpy as np

from rac_theory import Bernoulli, Case, Minibatch, Noisy, RACLoRA, expected, simulate, sketches
from rac_theory.problems import LeastSquares, Quadratic

CASES, RUNS, STEPS = 20, 10_000, 5


def a_problem(rng, kind):
    """Return a 4 x 3 problem with a random spectrum and minimiser."""
    m, n = 4, 3
    X, Y, W_star = rng.standard_normal((12, m)), rng.standard_normal((12, n)), rng.standard_normal((m, n))
    S, R = (A.T @ A / len(A) for A in (X, rng.standard_normal((9, n))))
    Q = rng.standard_normal((20, m * n))
    return {
        "left": lambda: Quadratic.left(S, W_star),
        "kronecker": lambda: Quadratic.kronecker(S, R, W_star),
        "full": lambda: Quadratic.full(Q.T @ Q / 20, W_star),
        "least squares": lambda: LeastSquares(X, Y, l2=0.1),
    }[kind]()


def algorithms(rng, problem):
    """Yield names and one algorithm of every kind, with a random step."""
    m, n = problem.shape
    gamma = rng.uniform(0.3, 1.5) / problem.L
    for name in ("haar", "gaussian", "coordinate", "count_sketch"):
        yield f"{name} left", RACLoRA(sketches.named_sketch(name, m, 2), gamma)
        yield f"{name} right", RACLoRA(sketches.named_sketch(name, n, 2), gamma, side="right")
    yield "weighted rank one", RACLoRA(sketches.WeightedCoordinate(m, 1, weights=rng.uniform(0.5, 2, m)), gamma)
    yield "bernoulli", Bernoulli(sketches.Haar(m, 1), sketches.Coordinate(n, 1), gamma, p=rng.uniform(0.2, 0.8))
    yield "additive noise", RACLoRA(sketches.Haar(m, 2), gamma, gradients=Noisy(1.0))
    yield "plain", RACLoRA(sketches.Gaussian(m, 1), gamma / (m + 2), lora_alpha=1.0)
    if isinstance(problem, LeastSquares):
        yield "minibatch", RACLoRA(sketches.Haar(m, 2), gamma / 4, gradients=Minibatch(4))


def main():
    """Print the largest deviation of every kind, in standard errors."""
    worst = {}
    for seed in range(CASES):
        for kind in ("left", "kronecker", "full", "least squares"):
            rng = np.random.default_rng([seed, len(kind)])
            problem = a_problem(rng, kind)
            for name, algorithm in algorithms(rng, problem):
                exact = expected(Case(algorithm, problem, steps=STEPS))
                ran = simulate(Case(algorithm, problem, steps=STEPS), runs=RUNS, rng=seed)
                for curves, mean in ((ran.gaps, exact.gap), (ran.squared_gradients, exact.squared_gradient)):
                    error = curves.std(axis=0)[1:] / np.sqrt(RUNS) + 1e-12 * np.abs(mean[1:])
                    z = float(np.max(np.abs(curves.mean(axis=0) - mean)[1:] / error))
                    worst[kind, name] = max(worst.get((kind, name), 0.0), z)
    for (kind, name), z in worst.items():
        print(f"{kind:14} {name:18} {z:.2f}")
    print(f"largest of {len(worst) * CASES * 2 * STEPS} deviations: {max(worst.values()):.2f} standard errors")


if __name__ == "__main__":
    main()
