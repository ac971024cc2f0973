"""What no engine can avoid: the products of a dense gradient alone, and the random numbers alone, on two cores."""

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from timing import Contestant

from rac_theory.numerics.randomness import standard_normals

_BLOCK_NUMBERS = 1 << 15  # of the iterates that are multiplied at once, or of the random numbers drawn at once


def gradient_products(case):
    """The matrix products of one gradient at each step, and nothing else.

    The runs of a block are stacked into one large product: ``S E`` for a quadratic, ``X W`` and ``X'R`` for data.
    """
    m, n = case.shape
    block = max(1, _BLOCK_NUMBERS // (m * n))
    factors = (case.arrays[0],) if case.arrays[0].shape == (m, m) else (case.arrays[0].T, case.arrays[0])

    def play(runs, steps, seed):
        _on_two_cores(_multiply, np.ones((block * n, m)), factors, steps, times=-(-runs // block))

    return Contestant("gradient products", play, block)


def random_numbers(case):
    """One sketch for each run and step."""
    size = case.shape[0] * case.rank

    def play(runs, steps, seed):
        blocks = max(2, runs * steps * size // _BLOCK_NUMBERS)
        _on_two_cores(_draw, runs * steps * size // blocks, seed, times=blocks)

    return Contestant("random numbers", play)


def _on_two_cores(work, *arguments, times):
    """Share equal pieces of work between two processes."""
    halves = (times // 2, times - times // 2)
    Parallel(n_jobs=2)(delayed(_repeated)(work, arguments, half) for half in halves)


def _repeated(work, arguments, times):
    with threadpool_limits(1):
        for _ in range(times):
            work(*arguments)


def _multiply(start, factors, steps):
    buffers = [start, *(np.empty((len(start), factor.shape[1])) for factor in factors)]
    for _ in range(steps):
        for factor, before, after in zip(factors, buffers, buffers[1:], strict=False):
            np.matmul(before, factor, out=after)


def _draw(size, seed):
    standard_normals(np.random.Generator(np.random.SFC64(seed)), (size,))
