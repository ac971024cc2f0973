"""How long E[H] takes by sampling, beside the loop that everybody writes; run this file.

100,000 draws of a 64 x 4 Gaussian on one core, five rounds of both, interleaved. Not part of the test run.
"""

import statistics
import time

import numpy as np
from threadpoolctl import threadpool_limits

from rac_theory import spectrum

DIM, RANK, DRAWS = 64, 4, 100_000


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


def seconds(job):
    """Time one call."""
    begin = time.perf_counter()
    job()
    return time.perf_counter() - begin


def main():
    """Print the median times and their ratio."""
    ours, loop = [], []
    with threadpool_limits(1):
        for _ in range(5):
            ours.append(seconds(lambda: spectrum(Gaussian(), draws=DRAWS, rng=0)))
            loop.append(10 * seconds(lambda: by_pseudo_inverse(np.random.default_rng(0), DRAWS // 10)))
    ratios = [b / a for a, b in zip(ours, loop, strict=True)]
    print(f"ours {statistics.median(ours):.3f} s, loop {statistics.median(loop):.3f} s (a tenth of it, times ten)")
    print(f"ratio {statistics.median(ratios):.1f}, {min(ratios):.1f} to {max(ratios):.1f}")


if __name__ == "__main__":
    main()
