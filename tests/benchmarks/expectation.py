"""What closed forms and many draws at once save, in times of the plain way; run this file.

An exact expectation beside 1,000 runs, at m = n = 100, T = 1,000, r = 4; E[H] by 100,000 draws of a 64 x 4 Gaussian on
one core beside a pseudo-inverse for each, five rounds of both, interleaved.
"""

import numpy as np
from threadpoolctl import threadpool_limits
from timing import Spread, seconds

from rac_theory import Case, RACLoRA, expected, simulate, sketches, spectrum
from rac_theory.problems import Quadratic

RUNS, STEPS, PLAYED = 1_000, 1_000, 128
DIM, RANK, DRAWS = 64, 4, 100_000


def expectation():
    """Print both times; the ensemble is played in part and scaled up, as its time is proportional to its size."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 100))
    problem = Quadratic.left(X.T @ X / 200, rng.standard_normal((100, 100)))
    case = Case(RACLoRA(sketches.Haar(100, 4), gamma=1 / problem.L), problem, steps=STEPS)
    simulate(case, runs=2, n_jobs=2)  # the decomposition, the check at the door, the pool
    exact = np.median([seconds(expected, case) for _ in range(7)])
    sampled = min(seconds(simulate, case, runs=PLAYED, n_jobs=2, rng=0) for _ in range(2)) * RUNS / PLAYED
    print(f"exact {exact * 1e3:.1f} ms, {RUNS} runs on two workers {sampled:.1f} s: {sampled / exact:.0f} times")


class Gaussian:
    """A Gaussian sketch that does not know its closed form."""

    dim, rank = DIM, RANK

    def sample(self, rng, size):
        """Draw (size, dim, rank)."""
        return rng.standard_normal((size, DIM, RANK))


def by_pseudo_inverse(rng, draws):
    """Average the projections, one draw and one pseudo-inverse after the other."""
    total = np.zeros((DIM, DIM))
    for _ in range(draws):
        B = rng.standard_normal((DIM, RANK))
        total += B @ np.linalg.pinv(B)
    return total / draws


def projection():
    """Print the median times, of the loop from a tenth of it, and their ratio."""
    ours, loop = [], []
    with threadpool_limits(1):
        for _ in range(5):
            ours.append(seconds(spectrum, Gaussian(), draws=DRAWS, rng=0))
            loop.append(10 * seconds(by_pseudo_inverse, np.random.default_rng(0), DRAWS // 10))
    print(
        f"ours {Spread(tuple(ours))} s, loop {Spread(tuple(loop))} s: {Spread(tuple(loop)).over(Spread(tuple(ours)))}"
    )


if __name__ == "__main__":
    expectation()
    projection()
