"""Whether the members of a projected descent, its steps, their spectrum and its gradients, are what they promise."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from rac_theory.algorithms import ProjectedDescent
from rac_theory.algorithms.gradients import Noise
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.numerics import either_side, excess, log_wealth, log_wealth_without_range
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim, name_of
from rac_theory.testing.algorithms.course import Course
from rac_theory.testing.failures import Refuted
from rac_theory.testing.projections import Mapped, beyond

_RUNS, _STEPS = 8, 6
_ROUNDING = 1e-8  # relative to what is projected
RANK = 1e-6  # of a singular value, relative to the largest: a step may be computed in single precision
_MEAN_ROUNDING = 1e-18  # of a squared mean, relative to the squares that enter it


def projected(algorithm: ProjectedDescent, step: Any, M: Array) -> Array:
    """``H M`` for the projection H of a step: (runs, m, n) to (runs, m, n)."""
    return np.asarray(-step(np.zeros_like(M), M) / algorithm.gamma)


def check_steps(algorithm: ProjectedDescent, problem: Problem, seed: int) -> None:
    """Raise ``Refuted`` if steps are not the projections that ``low_rank_steps`` promises."""
    name, rng = f"{type(algorithm).__name__}.low_rank_steps", np.random.default_rng([seed, 2])
    W, A, B = rng.standard_normal((3, _RUNS, *problem.shape))
    steps = algorithm.low_rank_steps(np.random.default_rng(seed), W)
    elsewhere = algorithm.low_rank_steps(np.random.default_rng(seed), 10 * B)
    for _, step, same in zip(range(_STEPS), steps, elsewhere, strict=False):
        H = Mapped(partial(projected, algorithm, step), A, B)
        moved = -(step(W, A) - W) / algorithm.gamma
        large = 1e-12 * float(np.abs(W).max()) / algorithm.gamma
        errors = {
            "must yield step(W, G) = W - gamma H G": _largest(moved - H.HA) - large,
            "must yield steps that are linear in G: H must not depend on the gradient": _largest(H.bend),
            "must yield orthogonal projections: H applied twice, or turned around, is not H": np.maximum(
                _largest(H.HHA - H.HA), np.abs(H.skew) / A[0].size
            ),
            "must draw the same projections whatever W is": _largest(projected(algorithm, same, A) - H.HA),
        }
        for promise, error in errors.items():
            if not error[worst := np.argmax(error)] <= _ROUNDING:  # the first nan, where there is one
                raise Refuted(f"{name} {promise}", G=A[worst])


def _largest(matrices: Array) -> Array:
    """The largest entry of each matrix by its size: (runs, m, n) to (runs,)."""
    return np.asarray(np.abs(matrices).max(axis=(-2, -1)))


def check_spectrum(algorithm: ProjectedDescent, problem: Problem, draws: int, alpha: float, seed: int) -> None:
    """The extreme eigenvalues of E[H] given the past: along what the last H dropped, and along what it kept."""
    projection = algorithm.projection(alpha=alpha / 3, draws=4096, rng=seed)
    M = np.random.default_rng([seed, 5]).standard_normal((draws, *problem.shape))
    steps = algorithm.low_rank_steps(np.random.default_rng([seed, 6]), M)
    HM = projected(algorithm, next(steps), M)
    fresh = next(steps)
    for V, sign, bound, what in (
        (M - HM, -1, float(projection.lambda_min), "dropped the next keeps at least lambda_min"),
        (HM, 1, float(projection.lambda_max), "kept the next keeps at most lambda_max"),
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
                f"{name_of(claim.algorithm)} must move by a matrix of rank at most {max(ranks)}, that of its sketch: "
                f"singular value {max(ranks) + 1} is {more[i]:.3g}, the largest "
                f"{np.linalg.norm((W - before)[i], 2):.3g}",
                change=(W - before)[i],
            )


@dataclass(frozen=True, eq=False)
class GradientSample:
    """One outer step of many runs from one W, (m, n).

    Attributes
    ----------
    W, G : (m, n)
        G is what the mean of g should be: the gradient, times a step of the source's own.
    g : (runs, m, n)
        The stochastic gradients.
    step : callable
        The algorithm's low-rank step that they were put into.
    """

    W: Array
    G: Array
    g: Array
    step: Any


def check_gradients(claim: Claim, problem: Problem, course: Course, alpha: float) -> None:
    """Raise ``Refuted`` if a claim about the gradients of one step of many runs from one W is contradicted.

    Nothing is claimed where a source makes several steps, and nothing seen where the algorithm does not use its source.
    """
    request, W, level = course.requests[0], course.W[0, 0], alpha / 4
    _check_single(claim.declared.gradients, problem, W)
    if request is None:
        return
    noise = _declared(claim.declared, problem)
    sample = GradientSample(W, _signal(claim.source, problem, W), request.g, request.step)
    name = type(claim.declared.gradients).__name__
    _check_mean(name, noise, problem, sample, level)
    if noise is not None:
        _check_noise(name, noise, problem, sample, level)
    _check_independence(claim.declared, sample, level)


def _signal(source: Any, problem: Problem, W: Array) -> Array:
    """The gradient at W, times the step of a source that has steps of its own."""
    G = np.asarray(problem.gradient(W))
    return np.asarray(source.step_sizes(problem, W[None], G[None])[0] * G) if hasattr(source, "step_sizes") else G


def _check_single(source: Any, problem: Problem, W: Array) -> None:
    """What declares noise makes one step from W, with one gradient."""
    if not hasattr(source, "noise"):
        return
    last: list[Array] = []

    def step(V: Array, G: Array) -> Array:
        last[:] = V, V - G
        return last[1]

    block = np.repeat(W[None], 2, axis=0)
    end = source.descend(problem, block.copy(), step, np.random.default_rng(0))
    if not last or not np.array_equal(last[0], block) or not np.array_equal(last[1], end, equal_nan=True):
        raise Refuted(
            f"{type(source).__name__}.descend must return step(W, g) for one gradient g, as a source that declares "
            "noise: it makes another step, or several",
            W=W,
        )


def _declared(algorithm: ProjectedDescent, problem: Problem) -> Noise | None:
    """The noise that the source declares, if it declares all of it."""
    if not hasattr(algorithm.gradients, "noise"):
        return None
    noise: Noise = algorithm.gradients.noise(problem)
    return noise if all(map(math.isfinite, (noise.A, noise.beta, noise.C))) else None


def _stray(noise: Noise, problem: Problem, W: Array) -> float:
    reference = problem.f_star if math.isfinite(problem.f_star) else problem.f_lower
    if noise.A == 0:
        return noise.C
    return 2 * noise.A * max(float(problem.value(W)) - float(reference), 0.0) + noise.C


def _check_noise(name: str, noise: Noise, problem: Problem, sample: GradientSample, alpha: float) -> None:
    """The inequality for H = I, and for the H that leaves out the direction of the gradient."""
    G, square = sample.G, float(np.sum(sample.G**2))
    unit = G / max(math.sqrt(square), 1e-300)
    across = sample.g - np.sum(sample.g * unit, axis=(1, 2))[:, None, None] * unit
    for g, signal, H in ((sample.g, square, "I"), (across, 0.0, "I without the direction of grad f")):
        bound = noise.beta * signal + _stray(noise, problem, sample.W)
        bound += 1e-20 * square + 1e-300  # rounding
        squares = squared_norms(g)
        if log_wealth(excess(squares, np.array(bound))).max() >= math.log(2 / alpha):
            raise Refuted(
                f"{name}.noise must bound E||Hg||^2 by beta <G, E[H] G> + lambda_max (2 A (f - f*) + C): for H = {H} "
                f"the bound is {bound:.6g}, {len(squares)} draws have mean {squares.mean():.6g}",
                W=sample.W,
            )


def _check_mean(name: str, noise: Noise | None, problem: Problem, sample: GradientSample, alpha: float) -> None:
    """Half of the draws say in which direction the mean is off, bets are made on the other half."""
    n = sample.g - sample.G
    half, square = len(n) // 2, float(np.sum(sample.G**2))
    declared = None if noise is None else max((noise.beta - 1) * square, 0.0) + _stray(noise, problem, sample.W)
    variance = _variance(n[:half], declared)
    U = _unit(n[:half].mean(axis=0))
    parts = np.sum(n[half:] * U, axis=(1, 2))
    if log_wealth_without_range(parts, variance + _MEAN_ROUNDING * square) >= math.log(1 / alpha):
        size = float(np.linalg.norm(sample.G))
        raise Refuted(
            f"{name} must give gradients of mean grad f: {len(parts)} draws are off by {parts.mean():.6g} along U on "
            f"average, where the gradient has norm {size:.6g}; is it biased?",
            W=sample.W,
            U=U,
        )


def _variance(noise: Array, declared: float | None) -> float:
    """The declared variance; more where draws say so, lest noise that is understated looks like a bias."""
    sample = float(squared_norms(noise).mean())
    return 2 * sample if declared is None else max(declared, 1.2 * sample)


def _check_independence(algorithm: ProjectedDescent, sample: GradientSample, alpha: float) -> None:
    """Pairs of runs exchange their noise: if it tells nothing of the sketch, no mean changes.

    With c(H, n) one of ``||Hn||^2 / ||n||^2`` and ``<U, Hn> / ||n||``, the variable ``c(H, n) + c(H', n') - c(H, n') -
    c(H', n)`` of two runs changes its sign when they exchange their noise. So it is symmetric, and has mean zero also
    when it is cut at a size that the first half of the pairs suggests.
    """
    name = type(algorithm).__name__
    n = sample.g - sample.G
    lengths = np.sqrt(squared_norms(n))
    if not (lengths > 1e-9 * float(np.linalg.norm(sample.G))).any():
        return
    n = n / np.where(lengths > 0, lengths, 1.0)[:, None, None]
    pairs = len(n) // 2  # runs come in eights
    swapped = n.reshape(pairs, 2, *n.shape[1:])[:, ::-1].reshape(n.shape)
    HN, crossed = (projected(algorithm, sample.step, noise) for noise in (n, swapped))
    half = pairs // 2
    U = _unit((HN - crossed)[: 2 * half].mean(axis=0))
    forms = {
        "the share of its noise that the projection keeps": (squared_norms(HN) - squared_norms(crossed)),
        "the noise that it keeps along a direction": np.sum((HN - crossed) * U, axis=(1, 2)),
    }
    for what, difference in forms.items():
        sums = difference.reshape(pairs, 2).sum(axis=1)
        cut = 3 * float(np.sqrt(np.mean(sums[:half] ** 2))) + 1e-9
        Z = np.clip(sums[half:] / cut, -1.0, 1.0)
        if either_side(Z) >= math.log(4 / alpha):
            raise Refuted(
                f"{name} must draw sketch and gradient independently: {what} differs by {sums.mean() / 2:+.3g} on "
                "average from that with the noise of another run; does one know the other?",
                W=sample.W,
            )


def _unit(V: Array) -> Array:
    return np.asarray(V / max(float(np.linalg.norm(V)), 1e-300))
