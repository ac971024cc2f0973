r"""What a projected step of gamma is worth: :math:`\nu = \lambda_{\min}(2 \gamma E[H] - \gamma^2 E[HQH])`.

It is at least :math:`\gamma (2 - \gamma L_H) \lambda_{\min}(E[H])`, and just that where E[H] is a multiple of the
identity. Where it is not, the direction that decides about the length of a step need not be the one that a sketch
seldom meets, and nu may be several times as large. At the best step it is as large as it can be.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms import LayeredRACLoRA, ProjectedDescent, RACLoRA
from rac_theory.base.checks import Array
from rac_theory.gains.common_basis import in_common_basis, terms_of_side
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.layered import blocks
from rac_theory.gains.one_side import Pair, moments_of
from rac_theory.gains.step_gain import StepGain
from rac_theory.numerics import extreme_eigenvalues, matrix, rounded
from rac_theory.problems import Smoothness
from rac_theory.sketches import Moments, Spectrum

LARGEST = 1024
"""The largest dim at which matrices of a sketch that is not even are looked at, as L_H and lambda_min may do."""

_EPS = float(np.finfo(float).eps)


def projected_step(algorithm: ProjectedDescent, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    """Return the gain of the projected steps of an algorithm; ``L_H`` and ``projection`` are what is known of it."""
    gamma = Fraction(algorithm.gamma)
    factor = gamma * (2 - gamma * Fraction(L_H))
    end = projection.lambda_min if factor > 0 else projection.lambda_max
    if not math.isfinite(float(end)):
        return StepGain()
    least = rounded(factor * Fraction(float(end)), -math.inf)
    whole = _by_matrices(algorithm, Q) if isinstance(algorithm, RACLoRA) else None
    if whole is not None and whole > least:
        return StepGain(whole, provenance="the smallest eigenvalue of 2 gamma E[H] - gamma^2 E[HQH]")
    if isinstance(algorithm, LayeredRACLoRA) and (own := _by_layers(algorithm, Q)) > least:
        return StepGain(own, provenance="the smallest of all layers, each with its own lambda_min and L_H")
    return StepGain(least, provenance=f"gamma (2 - gamma L_H) lambda_min, {projection.provenance}")


def _by_matrices(algorithm: RACLoRA, Q: Smoothness) -> float | None:
    """By both moments of a sketch that is not even, where these are known; None elsewhere."""
    uneven = uneven_moments(algorithm, Q)
    return None if uneven is None else min(gain_at(algorithm.gamma, moment) for moment in uneven)


def _by_layers(algorithm: LayeredRACLoRA, Q: Smoothness) -> float:
    """The smallest gain over layers, where nothing of them has to be sampled; -inf elsewhere."""
    gains = []
    for layer, block in zip(algorithm.of_layers, blocks(Q, algorithm.layers).each, strict=True):
        if layer.sketch is not None and Moments(layer.sketch).mean is None:
            return -math.inf
        along = smoothness_along(layer, block, draws=0)
        projection = layer.projection(alpha=0.5, draws=1, rng=0)  # neither of which is used
        gains.append(projected_step(layer, block, along.L_H, projection).nu)
    return min(gains)


class Moment(NamedTuple):
    """E[M] and E[M S M] at a step of one, (d, d), and how far either may be off in the spectral norm."""

    mean: Array
    seen: Array
    off_mean: float
    off_seen: float


def uneven_moments(algorithm: RACLoRA, Q: Smoothness) -> list[Moment] | None:
    """Return the moments for each matrix of the sketched side, where E[H] is known and no multiple of the identity."""
    if algorithm.sketch is None or not algorithm.is_projected or algorithm.sketch.dim > LARGEST:
        return None
    known = Moments(algorithm.sketch)
    if known.mean is None or known.share is not None:
        return None
    parts, pair = in_common_basis(terms_of_side(Q, algorithm.side)), moments_of(known)
    if parts is None or pair is None or pair.basis is not None:
        return None
    return [_moment(pair, matrix(part.S), part.off, parts.stretch) for part in parts.parts]


def _moment(pair: Pair, S: Array, off: float, stretch: float) -> Moment:
    seen = stretch * (pair.second(S) + off * pair.mean)
    return Moment(pair.mean, seen, pair.off, stretch * pair.off * (float(np.linalg.norm(S)) + off))


def gain_at(gamma: float, moment: Moment) -> float:
    """``lambda_min(2 gamma E[M] - gamma^2 E[MSM])``, rounded down."""
    N = 2 * gamma * moment.mean - gamma**2 * moment.seen
    sizes = 2 * gamma * float(np.linalg.norm(moment.mean)) + gamma**2 * float(np.linalg.norm(moment.seen))
    rounding = 8 * _EPS * sizes
    off = 2 * gamma * moment.off_mean + gamma**2 * moment.off_seen
    return extreme_eigenvalues((N + N.T) / 2)[0] - off - rounding
