"""Whether the steps of a projected descent are orthogonal projections, of the rank of the sketch, that know no W."""

import math
from functools import partial
from typing import Any

import numpy as np

from rac_theory.algorithms import ProjectedDescent
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.numerics import log_wealth
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim, called, is_projected
from rac_theory.testing.projections import Mapped, beyond
from rac_theory.testing.refuted import Refuted

_RUNS, _STEPS = 8, 6
_ROUNDING = 1e-8  # relative to what is projected
RANK = 1e-6  # of a singular value, relative to the largest: a step may be computed in single precision


def check_steps(algorithm: ProjectedDescent, problem: Problem, seed: int) -> None:
    """Raise ``Refuted`` if steps are not what ``low_rank_steps`` promises."""
    if is_projected(algorithm):
        _check_projections(algorithm, problem, seed)


def projected(algorithm: ProjectedDescent, step: Any, M: Array) -> Array:
    """``H M`` for the projection H of a step: (runs, m, n) to (runs, m, n)."""
    return np.asarray(-step(np.zeros_like(M), M) / algorithm.gamma)


def _check_projections(algorithm: ProjectedDescent, problem: Problem, seed: int) -> None:
    name, rng = f"{type(algorithm).__name__}.low_rank_steps", np.random.default_rng([seed, 2])
    W, A, B = rng.standard_normal((3, _RUNS, *problem.shape))
    here = algorithm.low_rank_steps(np.random.default_rng(seed), W)
    there = algorithm.low_rank_steps(np.random.default_rng(seed), 10 * B)
    for _, step, same in zip(range(_STEPS), here, there, strict=False):
        H = Mapped(partial(projected, algorithm, step), A, B)
        moved = -(step(W, A) - W) / algorithm.gamma
        large = 1e-12 * float(np.abs(W).max()) / algorithm.gamma
        _require(np.abs(moved - H.HA).max() <= _ROUNDING + large, f"{name} must yield step(W, G) = W - gamma H G", A)
        _require(
            np.abs(H.bend).max() <= _ROUNDING,
            f"{name} must yield steps that are linear in G: H must not depend on the gradient",
            A,
        )
        _require(
            np.abs(H.HHA - H.HA).max() <= _ROUNDING and np.abs(H.skew).max() <= _ROUNDING * A[0].size,
            f"{name} must yield orthogonal projections: H applied twice, or turned around, is not H",
            A,
        )
        _require(
            np.abs(projected(algorithm, same, A) - H.HA).max() <= _ROUNDING,
            f"{name} must draw the same projections whatever W is",
            A,
        )


def check_spectrum(algorithm: ProjectedDescent, problem: Problem, draws: int, alpha: float, seed: int) -> None:
    """The extreme eigenvalues of E[H] given the past: along what the last H dropped, and along what it kept."""
    known = algorithm.projection(alpha=alpha / 3, draws=4096, rng=seed)
    M = np.random.default_rng([seed, 5]).standard_normal((draws, *problem.shape))
    steps = algorithm.low_rank_steps(np.random.default_rng([seed, 6]), M)
    kept = projected(algorithm, next(steps), M)
    fresh = next(steps)
    for V, sign, bound, what in (
        (M - kept, -1, float(known.lambda_min), "dropped the next keeps at least lambda_min"),
        (kept, 1, float(known.lambda_max), "kept the next keeps at most lambda_max"),
    ):
        size = squared_norms(V)
        usable = (size > 1e-12 * squared_norms(M)) & math.isfinite(bound)
        share = np.sum(V * projected(algorithm, fresh, V), axis=(1, 2)) / np.where(usable, size, 1.0)
        Z = np.where(usable, sign * (share - bound), 0.0)
        worst = max(bound if sign == 1 else 1 - bound, 1e-6) if math.isfinite(bound) else 1.0
        if log_wealth(np.maximum(Z, -worst), worst=worst).max() >= math.log(3 / alpha):
            raise Refuted(
                f"{type(algorithm).__name__}.projection must bound E[H] for fresh projections: of what a step {what} = "
                f"{bound:.6g} on average, {len(share)} draws say {share[usable].mean():.6g}; is H drawn afresh each "
                "step?"
            )


def _require(true: Any, sentence: str, A: Array) -> None:
    if not true:
        raise Refuted(sentence, G=A[0])


def check_rank(claim: Claim, problem: Problem, seed: int) -> None:
    """What an outer step changes has at most the rank of the sketch, whatever the gradient source does in it."""
    sketches = [getattr(claim.declared, side, None) for side in ("sketch", "left", "right")]
    ranks = [int(sketch.rank) for sketch in sketches if sketch is not None]
    if not ranks or max(ranks) >= min(problem.shape):
        return
    W = np.random.default_rng([seed, 3]).standard_normal((_RUNS, *problem.shape))
    iterates = claim.algorithm.iterates(problem, W, np.random.default_rng(seed))
    for _ in range(_STEPS):
        before, W = W, np.array(next(iterates))
        if not np.isfinite(W).all():
            return
        size = np.sqrt(squared_norms(W)) + np.sqrt(squared_norms(before))
        more = beyond(W - before, max(ranks), 1e-12 * size, RANK)
        if more.any():
            i = int(np.argmax(more))
            raise Refuted(
                f"{called(claim.algorithm)} must move by a matrix of rank at most {max(ranks)}, that of its sketch: "
                f"singular value {max(ranks) + 1} is {more[i]:.3g}, the largest "
                f"{np.linalg.norm((W - before)[i], 2):.3g}",
                change=(W - before)[i],
            )
