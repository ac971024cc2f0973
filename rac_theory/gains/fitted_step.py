r"""What a step that fits the draw is worth: :math:`\nu = \lambda_{\min}(E[2M - MQM])`.

As no draw is longer than gamma, it is at least :math:`\gamma (2 - \gamma)` times that of E[M] at gamma = 1.

Over a support it is a sum. Otherwise it is bounded from draws. M is at most :math:`(Q + cI)^{-1}` if c I is added to Q,
which makes M smaller. So with T fixed before they are drawn, :math:`T^{1/2} M T^{1/2}` lies between 0 and b I, b the
largest eigenvalue of :math:`T^{1/2} (Q + cI)^{-1} T^{1/2}`, and a bound for the smallest eigenvalue of a mean of
projections serves for its mean: :math:`E[M] \ge l\, b\, T^{-1}`. T is the inverse of the mean of a first few draws, so
that all directions are treated alike, and c is what promises most by these.

**A range that rotations leave alone**, of Haar or Gaussian matrices, has the law of a range U in the eigenbasis of S
again, and that of DU for every diagonal D of signs, so that E[M] is diagonal. At rank one both kinds of step are
:math:`u u^\top / (u^\top S u)`, and for a standard normal g in the place of u, with
:math:`1/y = \int_0^\infty e^{-sy} ds`,

.. math:: E \frac{g_i^2}{\sum_j s_j g_j^2}
    = \int_0^\infty (1 + 2 s s_i)^{-1} \prod_j (1 + 2 s s_j)^{-1/2} \, ds ,

which is smallest where :math:`s_i` is largest. Above rank one :math:`s_i M_{ii}` lies in [0, 1], as M is at most the
inverse of S, and its mean is bounded from draws. So is that of :math:`\max(s_i, c)\, M_{ii}` if curvatures in the range
are raised to c where they are smaller; c is what promises most by a first few draws.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from rac_theory.algorithms import FittedDescent, SeenCurvature
from rac_theory.base import Array
from rac_theory.gains.step_gain import StepGain
from rac_theory.numerics import (
    EPS,
    Randomness,
    empirical_bernstein_lower,
    extreme_eigenvalues,
    generator,
    kl_lower,
    orthonormal_range,
    seed_sequence,
)
from rac_theory.problems import Smoothness
from rac_theory.sketches import Moments, draw_ranges

_WIDTH = 0.25
"""Of the intervals of log s: the integrand has no singularity within pi of the real line, so that no digit is lost."""

_ENDS = (-60.0, 200.0)  # of log(2 s s_max): what is left out is positive
_DOWN = 1 - 1e-10  # for what is rounded
_FIRST_FOR_FLOOR = 16  # one draw of so many decides about the floor
_ENTRIES = 1 << 20
"""The most diagonal entries that are looked at: 16,384 draws at dim 64, which are enough for a few per cent."""

_ENTRIES_AT_ONCE = 1 << 18  # numbers of ranges at once


def on_a_line(spectrum: Array) -> float:
    """Return the smallest eigenvalue of ``E[u u' / (u'Su)]`` for eigenvalues of S, (d,), all positive; rounded down.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.gains.fitted_step import on_a_line
    >>> round(on_a_line(np.array([4.0, 1.0])), 9)  # 1 / (s + sqrt(s t)) in the plane, s the larger
    0.166666667
    """
    scaled = spectrum / spectrum.max()
    x = np.arange(*_ENDS, _WIDTH)
    logs = x - np.log1p(np.exp(x)) - 0.5 * sum(np.log1p(np.exp(x) * ratio) for ratio in scaled)
    return float(np.exp(logs).sum() * _WIDTH / (2 * spectrum.max()) * _DOWN)


def in_a_range(
    algorithm: FittedDescent, spectrum: Array, alpha: float, draws: int, rng: np.random.Generator
) -> tuple[float, int]:
    """Return a lower bound of the smallest eigenvalue of E[M], and from how many draws."""
    n = max(2, min(draws, _ENTRIES // len(spectrum)))
    first = max(1, n // _FIRST_FOR_FLOOR)
    at_once = _ENTRIES_AT_ONCE // (algorithm.sketch.dim * algorithm.sketch.rank)
    pilot = list(_ranges(algorithm, first, rng, at_once))
    floors = [float(spectrum.max()) * 2.0**-k for k in range(1, 13)]
    floor = max(floors, key=lambda height: _promised(algorithm, spectrum, height, pilot, alpha, n - first))
    return _bound(algorithm, spectrum, floor, list(_ranges(algorithm, n - first, rng, at_once)), alpha), n - first


def _ranges(algorithm: FittedDescent, n: int, rng: np.random.Generator, at_once: int) -> Iterator[Array]:
    for start in range(0, n, max(1, at_once)):
        yield draw_ranges(algorithm.sketch, rng, min(max(1, at_once), n - start))


def _promised(
    algorithm: FittedDescent, spectrum: Array, floor: float, pilot: list[Array], alpha: float, n: int
) -> float:
    """Estimate from a pilot what n draws will promise: sample means less the margins of their variances."""
    X = np.concatenate([_diagonals(algorithm, spectrum, floor, U) for U in pilot])
    cost = np.log(2 * len(spectrum) / alpha) / n
    return float((X.mean(axis=0) - np.sqrt(2 * cost * X.var(axis=0)) - cost / np.maximum(spectrum, floor)).min())


def _bound(algorithm: FittedDescent, spectrum: Array, floor: float, ranges: list[Array], alpha: float) -> float:
    """Bound E[M] by the diagonals of M, with the curvatures of a range raised to a floor, which makes M smaller."""
    most = np.maximum(spectrum, floor)  # 1 / M_ii is at least that
    X = np.concatenate([_diagonals(algorithm, spectrum, floor, U) for U in ranges]) * most
    level = alpha / (2 * len(spectrum))
    variance = empirical_bernstein_lower(np.clip(X, 0.0, 1.0), level)
    mean = [kl_lower(float(sample_mean), len(X), level) for sample_mean in np.clip(X.mean(axis=0), 0.0, 1.0)]
    return float((np.maximum(variance, mean) / most).min() * _DOWN)


def _diagonals(algorithm: FittedDescent, spectrum: Array, floor: float, U: Array) -> Array:
    Ut = U.mT
    values, V = np.linalg.eigh(Ut @ (spectrum[:, None] * U))
    blocks = (V * np.maximum(values, floor)[:, None]) @ V.mT
    moved = algorithm.fitted(blocks[:, None], Ut[:, None])[:, 0]
    return np.asarray(np.einsum("kia,kai->ki", U, moved))


_FLOORS = tuple(2.0**-k for k in (34, 28, 22, 16, 10, 7))
_CAPS = tuple(2.0**-k for k in range(1, 13))
_NUMBERS = 1 << 26
"""The most numbers in matrices that are looked at: 16,384 draws at dim 64."""

_BLOCK = 1 << 20  # of them at once

LARGEST_STACK = 1 << 24
"""The most numbers in the matrices of a support."""

_ROUNDING = 1e-9
_FIRST = 16  # one draw of so many is for T and c


def fitted_step(algorithm: FittedDescent, Q: Smoothness, *, alpha: float, draws: int, rng: Randomness) -> StepGain:
    """Return the gain of a step that fits the draw; ``alpha``, ``draws`` and ``rng`` matter where it is sampled."""
    longest = algorithm.gamma * (1 + _ROUNDING)
    support = Moments(algorithm.sketch).support
    n = Q.shape[1 if algorithm.side == "left" else 0]
    if support is not None and len(support[0]) * algorithm.sketch.dim**2 * n <= LARGEST_STACK:
        U, weights = orthonormal_range(support[0]), support[1].astype(np.float64)
        return StepGain(_listed(algorithm, Q, U, weights), longest, "enumerated over the support")
    if not algorithm.gamma < 2:
        return StepGain(longest=longest)
    unit, factor = replace(algorithm, gamma=1.0), algorithm.gamma * (2 - algorithm.gamma) * (1 - _ROUNDING)
    random = generator(seed_sequence(rng))
    if not Moments(algorithm.sketch).is_uniform:
        least, n = _sampled(unit, Q, alpha, draws, random)
        bound = "a Chernoff-Hoeffding bound"
    else:
        curvature = SeenCurvature.of(Q, algorithm.side).highest
        spectrum = np.maximum(np.linalg.eigvalsh(curvature.S[0]) + _ROUNDING * Q.largest, curvature.floor)
        if algorithm.sketch.rank == 1:
            return StepGain(factor * on_a_line(spectrum), longest, "an integral over lines")
        least, n = in_a_range(unit, spectrum, alpha, draws, random)
        bound = "empirical Bernstein bounds"
    how = f"safe end of {bound} at level {alpha:g} from {n} draws of the step"
    return StepGain(factor * least, longest, how, alpha)


def _listed(algorithm: FittedDescent, Q: Smoothness, U: Array, weights: Array) -> float:
    """The smallest eigenvalue, rounded down; that of a larger Q where rounding would leave nothing of it.

    Where some draws see next to no curvature, their steps are so long that all else is rounding beside them.
    """
    gamma, unit = algorithm.gamma, replace(algorithm, gamma=1.0)
    gains = [_least(algorithm, SeenCurvature.of(Q, algorithm.side), U, weights, bent=True)]
    if gamma < 2:
        factor = gamma * (2 - gamma) * (1 - _ROUNDING)
        curvatures = (SeenCurvature.of(Q, algorithm.side, floor) for floor in _FLOORS)
        gains += [factor * _least(unit, curvature, U, weights, bent=False) for curvature in curvatures]
    return max(gains)


def _least(algorithm: FittedDescent, curvature: SeenCurvature, U: Array, weights: Array, *, bent: bool) -> float:
    """The smallest eigenvalue of E[M], or of E[2M - M S_j M] if ``bent``, rounded down."""
    bounds = []
    for M, D in zip(algorithm.matrices(curvature, U), curvature.D.T, strict=True):
        S = np.tensordot(D, curvature.S, axes=1) + curvature.floor * np.eye(len(curvature.S[0]))
        N = np.tensordot(weights, 2 * M - M @ S @ M if bent else M, axes=1)
        size, length = float(np.linalg.norm(S)), float(np.sqrt((M * M).sum(axis=(1, 2)).max()))
        error = (8 * len(S) + len(weights) + 64) * EPS * length * (1 + size * length)
        bounds.append(extreme_eigenvalues((N + N.T) / 2)[0] - error)
    return min(bounds)


def _sampled(
    algorithm: FittedDescent, Q: Smoothness, alpha: float, draws: int, rng: np.random.Generator
) -> tuple[float, int]:
    """A lower bound for the smallest eigenvalue of E[M], and from how many draws."""
    draws = max(2, min(draws, _NUMBERS // algorithm.sketch.dim**2))
    first = max(1, draws // _FIRST)
    at_once = _BLOCK // algorithm.sketch.dim**2
    pilot = list(_ranges(algorithm, first, rng, at_once))
    n = draws - first
    promised = []
    for cap in _CAPS:
        curvature = SeenCurvature.of(Q, algorithm.side, cap).highest
        mean = _mean(algorithm, curvature, pilot)
        b = _reach(curvature, mean)
        promised.append((kl_lower(1 / b, n, alpha) * b * extreme_eigenvalues(mean)[0], curvature, mean, b))
    _, curvature, before, b = max(promised, key=lambda promise: promise[0])
    root = _inverse_root(before)
    mean = root @ _mean(algorithm, curvature, _ranges(algorithm, n, rng, at_once)) @ root / b
    least = min(1.0, max(0.0, extreme_eigenvalues((mean + mean.T) / 2)[0]))
    return kl_lower(least, n, alpha) * b * max(0.0, extreme_eigenvalues(before)[0]), n


def _mean(algorithm: FittedDescent, curvature: SeenCurvature, blocks: Iterable[Array]) -> Array:
    total, n = np.zeros(curvature.S.shape[1:]), 0
    for U in blocks:
        total += algorithm.matrices(curvature, U)[0].sum(axis=0)
        n += len(U)
    return (total + total.T) / (2 * n)


def _inverse_root(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors / np.sqrt(np.maximum(values, EPS * values[-1])) @ vectors.T)


def _reach(curvature: SeenCurvature, mean: Array) -> float:
    """The largest eigenvalue of ``T^(1/2) (S + cI)^-1 T^(1/2)``, rounded up, T the inverse of a mean."""
    root = _inverse_root(mean)
    S = curvature.D[0, 0] * curvature.S[0] + curvature.floor * np.eye(len(mean))
    inside = root @ np.linalg.solve(S, root)
    return max(1.0, extreme_eigenvalues((inside + inside.T) / 2)[1] * (1 + _ROUNDING))
