"""Whether the steps of a projected descent are orthogonal projections, of the rank of the sketch, that know no W."""

from typing import Any

import numpy as np

from problems.batch import squared_norms
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.testing.refuted import Refuted

_RUNS, _STEPS = 8, 6
_ROUNDING = 1e-8  # relative to what is projected


def check_steps(algorithm: ProjectedDescent, problem: Problem, seed: int) -> None:
    """Raise ``Refuted`` if steps are not what ``low_rank_steps`` promises, or leave the range of a sketch."""
    if is_projected(algorithm):
        _check_projections(algorithm, problem, seed)
    _check_rank(algorithm, problem, seed)


def is_projected(algorithm: ProjectedDescent) -> bool:
    """Whether the step claims to be the projected one; with ``lora_alpha`` it is the plain one."""
    return bool(getattr(algorithm, "is_projected", True)) and getattr(algorithm, "lora_alpha", None) is None


def projected(algorithm: ProjectedDescent, step: Any, M: Array) -> Array:
    """``H M`` for the projection H of a step: (runs, m, n) to (runs, m, n)."""
    return np.asarray(-step(np.zeros_like(M), M) / algorithm.gamma)


def _check_projections(algorithm: ProjectedDescent, problem: Problem, seed: int) -> None:
    name, rng = f"{type(algorithm).__name__}.low_rank_steps", np.random.default_rng([seed, 2])
    W, A, B = rng.standard_normal((3, _RUNS, *problem.shape))
    here = algorithm.low_rank_steps(np.random.default_rng(seed), W)
    there = algorithm.low_rank_steps(np.random.default_rng(seed), 10 * B)
    for _, step, same in zip(range(_STEPS), here, there, strict=False):
        HA, HB = projected(algorithm, step, A), projected(algorithm, step, B)
        moved = -(step(W, A) - W) / algorithm.gamma
        large = 1e-12 * float(np.abs(W).max()) / algorithm.gamma
        _require(np.abs(moved - HA).max() <= _ROUNDING + large, f"{name} must yield step(W, G) = W - gamma H G", A)
        _require(
            np.abs(projected(algorithm, step, 2 * A - B) - (2 * HA - HB)).max() <= _ROUNDING,
            f"{name} must yield steps that are linear in G: H must not depend on the gradient",
            A,
        )
        _require(
            np.abs(projected(algorithm, step, HA) - HA).max() <= _ROUNDING
            and np.abs(np.sum(HA * B - A * HB, axis=(1, 2))).max() <= _ROUNDING * A[0].size,
            f"{name} must yield orthogonal projections: H applied twice, or turned around, is not H",
            A,
        )
        _require(
            np.abs(projected(algorithm, same, A) - HA).max() <= _ROUNDING,
            f"{name} must draw the same projections whatever W is",
            A,
        )


def _require(true: Any, sentence: str, A: Array) -> None:
    if not true:
        raise Refuted(sentence, G=A[0])


def _check_rank(algorithm: ProjectedDescent, problem: Problem, seed: int) -> None:
    """What an outer step changes has at most the rank of the sketch, whatever the gradient source does in it."""
    sketches = [getattr(algorithm, side, None) for side in ("sketch", "left", "right")]
    ranks = [int(sketch.rank) for sketch in sketches if sketch is not None]
    if not ranks or max(ranks) >= min(problem.shape):
        return
    W = np.random.default_rng([seed, 3]).standard_normal((_RUNS, *problem.shape))
    iterates = algorithm.iterates(problem, W, np.random.default_rng(seed))
    for _ in range(_STEPS):
        before, W = W, np.array(next(iterates))
        if not np.isfinite(W).all():
            return
        values = np.linalg.svd(W - before, compute_uv=False)
        size = np.sqrt(squared_norms(W)) + np.sqrt(squared_norms(before))
        beyond = values[:, max(ranks)]
        i = int(np.argmax(beyond - _ROUNDING * values[:, 0] - 1e-12 * size))
        if beyond[i] > _ROUNDING * values[i, 0] + 1e-12 * size[i]:
            raise Refuted(
                f"{type(algorithm).__name__} must move by a matrix of rank at most {max(ranks)}, that of its sketch: "
                f"singular value {max(ranks) + 1} is {beyond[i]:.3g}, the largest {values[i, 0]:.3g}",
                change=(W - before)[i],
            )
