r"""Whether stochastic gradients have the mean and the noise that they declare, and tell nothing of the sketch.

What is tested is the joint law of sketch and gradient in the algorithm's own steps, see ``course``. Every test is a bet
against a claim, see ``rac_theory.numerics.evidence``.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from rac_theory.algorithms import ProjectedDescent
from rac_theory.algorithms.gradients import Noise
from rac_theory.base import squared_norms
from rac_theory.base.checks import Array
from rac_theory.numerics import either_side, excess, log_wealth, log_wealth_without_range
from rac_theory.problems import Problem
from rac_theory.testing.algorithms.claimed import Claim
from rac_theory.testing.algorithms.course import Course
from rac_theory.testing.algorithms.steps import projected
from rac_theory.testing.refuted import Refuted

_ROUNDING = 1e-18  # of a squared mean, relative to the squares that enter it


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
    asked, W, level = course.asked[0], course.W[0, 0], alpha / 4
    _check_single(claim.declared.gradients, problem, W)
    if asked is None:
        return
    noise = _declared(claim.declared, problem)
    sample = GradientSample(W, _signal(claim.source, problem, W), asked.g, asked.step)
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
        bound = bound * (1 + 1e-9) + 1e-20 * square + 1e-300  # rounding
        seen = squared_norms(g)
        if log_wealth(excess(seen, np.array(bound))).max() >= math.log(2 / alpha):
            raise Refuted(
                f"{name}.noise must bound E||Hg||^2 by beta <G, E[H] G> + lambda_max (2 A (f - f*) + C): for H = {H} "
                f"the bound is {bound:.6g}, {len(seen)} draws have mean {seen.mean():.6g}",
                W=sample.W,
            )


def _check_mean(name: str, noise: Noise | None, problem: Problem, sample: GradientSample, alpha: float) -> None:
    """Half of the draws say in which direction the mean is off, bets are made on the other half."""
    n = sample.g - sample.G
    half, square = len(n) // 2, float(np.sum(sample.G**2))
    declared = None if noise is None else max((noise.beta - 1) * square, 0.0) + _stray(noise, problem, sample.W)
    variance = _variance(n[:half], declared)
    U = _unit(n[:half].mean(axis=0))
    seen = np.sum(n[half:] * U, axis=(1, 2))
    if log_wealth_without_range(seen, variance + _ROUNDING * square) >= math.log(1 / alpha):
        size = float(np.linalg.norm(sample.G))
        raise Refuted(
            f"{name} must give gradients of mean grad f: {len(seen)} draws are off by {seen.mean():.6g} along U on "
            f"average, where the gradient has norm {size:.6g}; is it biased?",
            W=sample.W,
            U=U,
        )


def _variance(seen: Array, declared: float | None) -> float:
    """The declared variance; more where draws say so, lest noise that is understated looks like a bias."""
    sample = float(squared_norms(seen).mean())
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
    pairs = len(n) // 2
    swapped = n[: 2 * pairs].reshape(pairs, 2, *n.shape[1:])[:, ::-1].reshape(2 * pairs, *n.shape[1:])
    own = projected(algorithm, sample.step, n)[: 2 * pairs]
    crossed = projected(algorithm, sample.step, np.concatenate([swapped, n[2 * pairs :]]))[: 2 * pairs]
    half = pairs // 2
    U = _unit((own - crossed)[: 2 * half].mean(axis=0))
    forms = {
        "the share of its noise that the projection keeps": (squared_norms(own) - squared_norms(crossed)),
        "the noise that it keeps along a direction": np.sum((own - crossed) * U, axis=(1, 2)),
    }
    for what, difference in forms.items():
        both = difference.reshape(pairs, 2).sum(axis=1)
        cut = 3 * float(np.sqrt(np.mean(both[:half] ** 2))) + 1e-9
        Z = np.clip(both[half:] / cut, -1.0, 1.0)
        if either_side(Z) >= math.log(4 / alpha):
            raise Refuted(
                f"{name} must draw sketch and gradient independently: {what} differs by {both.mean() / 2:+.3g} on "
                "average from that with the noise of another run; does one know the other?",
                W=sample.W,
            )


def _unit(V: Array) -> Array:
    return np.asarray(V / max(float(np.linalg.norm(V)), 1e-300))
