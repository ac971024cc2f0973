"""What an exact expectation saves: its time against that of simulating 1,000 runs, at m = n = 100, T = 1,000, r = 4."""

import time

import numpy as np

from rac_theory import Case, RACLoRA, expected, simulate, sketches
from rac_theory.problems import Quadratic

RUNS, STEPS, PLAYED = 1_000, 1_000, 128


def seconds(play):
    """Return how long a call takes."""
    begin = time.perf_counter()
    play()
    return time.perf_counter() - begin


def main():
    """Print both times; the ensemble is played in part and scaled up, as its time is proportional to its size."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 100))
    problem = Quadratic.left(X.T @ X / 200, rng.standard_normal((100, 100)))
    algorithm = RACLoRA(sketches.Haar(100, 4), gamma=1 / problem.L)
    simulate(Case(algorithm, problem, steps=2), runs=32, n_jobs=2)  # the decomposition, the check at the door, the pool
    exact = np.median([seconds(lambda: expected(Case(algorithm, problem, steps=STEPS))) for _ in range(7)])
    case = Case(algorithm, problem, steps=STEPS)
    part = min(seconds(lambda: simulate(case, runs=PLAYED, n_jobs=2, rng=0)) for _ in range(2))
    sampled = part * RUNS / PLAYED
    print(f"exact {exact * 1e3:.1f} ms, {RUNS} runs on two workers {sampled:.1f} s: {sampled / exact:.0f} times")


if __name__ == "__main__":
    main()
