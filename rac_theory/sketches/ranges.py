"""Fresh draws of a sketch and their ranges, one batch a step; those of several steps are made at once."""

from collections.abc import Iterator

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.numerics import orthonormal_range
from rac_theory.sketches.declarations import is_orthonormal
from rac_theory.sketches.draws import draw
from rac_theory.sketches.sketch import Sketch

_NUMBERS = 1 << 17  # in one draw: enough that its fixed cost does not matter; twice as many gain nothing
_STEPS = (1, 2, 5, 10, 25, 50)  # divisors of a hundred: people ask for round numbers, and what is left over is in vain


def steps_ahead(dim: int, rank: int, runs: int) -> int:
    """Return for how many steps sketches are drawn at once, by their size alone."""
    return max(steps for steps in _STEPS if steps == 1 or steps * runs * dim * rank <= _NUMBERS)


def draws_ahead(sketch: Sketch, rng: np.random.Generator, runs: int, dtype: type = np.float64) -> Iterator[Array]:
    """Yield fresh draws, (runs, dim, rank), without end.

    Drawing ahead changes no law, as no draw depends on a state; and how far ahead depends on sizes alone, so that fewer
    steps are the first of more.
    """
    ahead = steps_ahead(sketch.dim, sketch.rank, runs)
    while True:
        S: Array = draw(sketch, rng, ahead * runs)
        yield from S.astype(dtype, copy=False).reshape(ahead, runs, *S.shape[1:])


def draw_ranges(sketch: Sketch, rng: np.random.Generator, size: int) -> Array:
    """Draw orthonormal bases of ranges, (size, dim, min(dim, rank)).

    Where the sketch says that its columns are orthonormal they are taken as they come: some were looked at when the
    algorithm was made.
    """
    S: Array = draw(sketch, rng, size)
    return S if is_orthonormal(sketch) else orthonormal_range(S)


def ranges(sketch: Sketch, rng: np.random.Generator, runs: int, dtype: type = np.float64) -> Iterator[Array]:
    """Yield orthonormal bases of the ranges of fresh draws, (runs, dim, min(dim, rank)), without end."""
    ahead = steps_ahead(sketch.dim, sketch.rank, runs)
    while True:
        Q: Array = draw_ranges(sketch, rng, ahead * runs).astype(dtype, copy=False)
        yield from Q.reshape(ahead, runs, *Q.shape[1:])
