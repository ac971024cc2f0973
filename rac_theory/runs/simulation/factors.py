"""Factors beside the iterates of a block: those of ``factored``, once they are shown to be those of these iterates."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rac_theory.algorithms import Factored
from rac_theory.base.checks import Array
from rac_theory.runs.simulation.kernels.kernel import Visit
from rac_theory.runs.simulation.kernels.stepping import Stepping
from rac_theory.runs.simulation.remembered_gradient import RememberingProblem


def beside(path: Iterator[Visit], kernel: Stepping, rng: np.random.Generator) -> Iterator[tuple[Visit, Factored]]:
    """Pass a path on, with what ``factored`` yields beside it from the same random numbers.

    They are the factors of this path only if their weights are its iterates, to the last bit, which is checked. Their
    gradients are then those of the path, and need not be computed again.
    """
    problem = RememberingProblem(kernel.problem)
    algorithm: Any = kernel.algorithm
    states = algorithm.factored(problem, np.repeat(kernel.start[None], kernel.block, axis=0), rng)
    rank: int | None = None
    for t, visit in enumerate(path):
        name = f"{type(algorithm).__name__}.factored at t={t}"
        state = next(states, None) if isinstance(states, Iterator) else states
        if state is None:
            raise ValueError(f"{name} must yield Factored(W, B, A) without end, got nothing more, or no yield")
        W = visit.W(0)
        factored = _of_shape(name, state, W, rank)
        _check_weights(name, factored.W, W)
        rank = factored.B.shape[2]
        factored.W.flags.writeable = False
        assert visit.gradient is not None  # the kernel computes it
        # A copy, as the algorithm may write to the other one; its layout in memory matters to the last bit.
        problem.remember(factored.W, visit.gradient.copy(order="K"))
        yield visit, factored


def _of_shape(name: str, state: Any, W: Array, rank: int | None) -> Factored:
    """Return a state with the shapes and the type that go with W, (runs, m, n), and the rank of the step before."""
    parts: list[Any] = [getattr(state, letter, None) for letter in Factored._fields]
    runs, m, n = W.shape
    r = rank or (np.shape(parts[1]) or (0,))[-1]
    fits = all(isinstance(part, np.ndarray) and part.dtype == W.dtype for part in parts)
    if not fits or [part.shape for part in parts] != [(runs, m, n), (runs, m, r), (runs, r, n)]:
        shapes = (f"{p.dtype} {p.shape}" if isinstance(p, np.ndarray) else type(p).__name__ for p in parts)
        raise ValueError(
            f"{name} must yield W {W.dtype} {W.shape}, and of the same type B (runs, m, r) and A (runs, r, n) with "
            f"r={r}, got {', '.join(shapes)}"
        )
    return Factored(*parts)


def _check_weights(name: str, weights: Array, W: Array) -> None:
    if not np.array_equal(weights, W, equal_nan=True):
        raise ValueError(
            f"{name} must yield the weights that iterates yields, to the last bit, got some that are off by "
            f"{np.abs(weights - W).max():.3g}; let iterates yield the W of factored, as LoRA does"
        )
