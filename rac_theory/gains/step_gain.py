r"""The gain nu of a step: on average f falls by at least nu / 2 times the squared gradient.

**A projected step** of gamma has :math:`\nu = \lambda_{\min}(2 \gamma E[H] - \gamma^2 E[HQH])`. It is at least
:math:`\gamma (2 - \gamma L_H) \lambda_{\min}(E[H])`, and just that where E[H] is a multiple of the identity. Where it
is not, the direction that decides about the length of a step need not be the one that a sketch seldom meets, and nu may
be several times as large. At the best step it is as large as it can be.

**The plain step** ``W - tau B B' G`` has

.. math:: \nu = \lambda_{\min}\big( E[2 \tau B B^\top - \tau^2 B B^\top Q B B^\top] \big), \qquad
    \tau = \gamma\, (\mathrm{lora\_alpha} / r)^2 ,

with matrix smoothness Q, which is L I where no more is known. It is known for sketches with finite support, for those
whose draws have orthonormal columns, where :math:`B B^\top = H`, and for Gaussian entries, where
:math:`E[B B^\top] = r I` and :math:`E[B B^\top S B B^\top] = r\, ((r + 1) S + \mathrm{tr}(S)\, I)` for symmetric S on
the side of B, so that :math:`E[(B B^\top)^2] = r (d + r + 1)\, I`. Proofs are on the page of T12.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import singledispatch
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms import LayeredRACLoRA, ProjectedDescent, RACLoRA, Side
from rac_theory.base import Array
from rac_theory.gains.common_basis import Part, Parts, in_common_basis, terms_of_side
from rac_theory.gains.effective_dimension import ends_of_side
from rac_theory.gains.gain import smoothness_along
from rac_theory.gains.layered import blocks
from rac_theory.gains.one_side import Pair, moments_of
from rac_theory.gains.ratio import largest_ratio
from rac_theory.numerics import EPS, extreme_eigenvalues, matrix, multiple_of_identity, rounded
from rac_theory.problems import Smoothness
from rac_theory.sketches import Moments, Sketch, Spectrum
from rac_theory.sketches.laws import Support


class StepGain(NamedTuple):
    r"""What is known of a step :math:`W - M G`, with a random operator M, where f is curved by no more than Q.

    Attributes
    ----------
    nu : float
        The smallest eigenvalue of :math:`E[2M - MQM]`, rounded down; in the units of a step; nan if unknown.
    longest : float
        The largest eigenvalue of :math:`M^{1/2} Q M^{1/2}` over all draws, rounded up; inf if there is no largest, nan
        if unknown. Below 2 no draw goes uphill.
    provenance : str
        Where both come from.
    alpha : float
        The probability with which nu may be too large; 0 where nothing is sampled.
    """

    nu: float = math.nan
    longest: float = math.nan
    provenance: str = "unknown for this sketch"
    alpha: float = 0.0


LARGEST = 1024
"""The largest dim at which matrices of a sketch that is not even are looked at, as L_H and lambda_min may do."""


@singledispatch
def step_gain(algorithm: ProjectedDescent, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    """Return the gain of the steps of an algorithm that draws its projections, by the kind of algorithm.

    Parameters
    ----------
    algorithm : ProjectedDescent
    Q : Smoothness
        What f is curved by at most.
    L_H : float
        Smoothness along the sketch.
    projection : Spectrum
        That of E[H].

    Returns
    -------
    StepGain
    """
    return _promised(algorithm, L_H, projection)


@step_gain.register
def _of_sketch(algorithm: RACLoRA, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    """By both moments of a sketch where E[H] is known and no multiple of the identity, else by L_H and lambda_min."""
    if not algorithm.is_projected:
        return _plain_step(algorithm, Q, L_H, projection)
    uneven, promised = uneven_moments(algorithm, Q), _promised(algorithm, L_H, projection)
    nu = -math.inf if uneven is None else min(gain_at(algorithm.gamma, moment) for moment in uneven)
    of_moments = StepGain(nu, provenance="the smallest eigenvalue of 2 gamma E[H] - gamma^2 E[HQH]")
    return of_moments if nu > promised.nu else promised


@step_gain.register
def _of_layers(algorithm: LayeredRACLoRA, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    """By the smallest gain of a layer, where no layer has to be sampled and that is more."""
    promised, gains = _promised(algorithm, L_H, projection), []
    for layer, block in zip(algorithm.of_layers, blocks(Q, algorithm.layers).smoothness, strict=True):
        if layer.sketch is not None and Moments(layer.sketch).mean is None:
            return promised
        smoothness = smoothness_along(layer, block, draws=0)
        spectrum = layer.projection(alpha=0.5, draws=1, rng=0)  # neither of which is used
        gains.append(step_gain(layer, block, smoothness.L_H, spectrum).nu)
    apart = StepGain(min(gains), provenance="the smallest of all layers, each with its own lambda_min and L_H")
    return apart if apart.nu > promised.nu else promised


def _promised(algorithm: ProjectedDescent, L_H: float, projection: Spectrum) -> StepGain:
    """What L_H and an end of the spectrum promise of a projected step."""
    gamma = Fraction(algorithm.gamma)
    factor = gamma * (2 - gamma * Fraction(L_H))
    end = projection.lambda_min if factor > 0 else projection.lambda_max
    if not math.isfinite(float(end)):
        return StepGain()
    nu = rounded(factor * Fraction(float(end)), -math.inf)
    return StepGain(nu, provenance=f"gamma (2 - gamma L_H) lambda_min, {projection.provenance}")


class Moment(NamedTuple):
    """E[M] and E[M S M] at a step of one, (d, d), and how far either may be off in the spectral norm."""

    mean: Array
    second: Array
    off_mean: float
    off_second: float


def uneven_moments(algorithm: RACLoRA, Q: Smoothness) -> list[Moment] | None:
    """Return the moments of projected steps, for each matrix of the sketched side.

    None where E[H] is unknown, or a multiple of the identity.
    """
    if algorithm.sketch is None or algorithm.sketch.dim > LARGEST:
        return None
    moments = Moments(algorithm.sketch)
    if moments.mean is None or moments.share is not None:
        return None
    parts, pair = in_common_basis(terms_of_side(Q, algorithm.side)), moments_of(moments)
    if parts is None or pair is None or pair.basis is not None:
        return None
    return [_moment(pair, matrix(part.S), part.off, parts.stretch) for part in parts.parts]


def _moment(pair: Pair, S: Array, off: float, stretch: float) -> Moment:
    second = stretch * (pair.second(S) + off * pair.mean)
    return Moment(pair.mean, second, pair.off, stretch * pair.off * (float(np.linalg.norm(S)) + off))


def gain_at(gamma: float, moment: Moment) -> float:
    """``lambda_min(2 gamma E[M] - gamma^2 E[MSM])``, rounded down."""
    N = 2 * gamma * moment.mean - gamma**2 * moment.second
    sizes = 2 * gamma * float(np.linalg.norm(moment.mean)) + gamma**2 * float(np.linalg.norm(moment.second))
    rounding = 8 * EPS * sizes
    off = 2 * gamma * moment.off_mean + gamma**2 * moment.off_second
    return extreme_eigenvalues((N + N.T) / 2)[0] - off - rounding


_ORTHONORMAL = Fraction(1, 10**11)  # relative: columns that are orthonormal up to rounding may be longer than one


def _plain_step(algorithm: RACLoRA, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    """Return what is known of an algorithm with the plain step on a function that is curved by no more than Q."""
    sketch = algorithm.sketch
    assert sketch is not None  # there is no lora_alpha without one
    tau = algorithm.gamma * algorithm.plain_scale
    if Moments(sketch).products == "orthonormal":
        gain = step_gain(replace(algorithm, gamma=tau, lora_alpha=None), Q, L_H, projection)
        longest = rounded(Fraction(Q.largest) * Fraction(tau) * (1 + _ORTHONORMAL), math.inf)
        return StepGain(gain.nu, longest, "columns are orthonormal: B B' = H, " + gain.provenance)
    products = known_products(sketch, Q, algorithm.side)
    return StepGain() if products is None else products.gain(tau)


class GaussianProducts(NamedTuple):
    """Of Gaussian entries: r, with ``E[BB'] = r I``, and c with ``E[BB'QBB'] <= c r I``."""

    r: int
    c: Fraction

    @property
    def moments(self) -> Sequence[Moment]:
        """None are needed, as E[BB'] is a multiple of the identity."""
        return ()

    def gain(self, tau: float) -> StepGain:
        """What a step of this length is worth."""
        step = Fraction(tau)  # as it is used: only what follows is rounded
        nu = self.r * step * (2 - self.c * step)
        return StepGain(rounded(nu, -math.inf), math.inf, "moments of Gaussian matrices")


class ListedProducts(NamedTuple):
    """Over a support: E[BB'] and E[BB'SBB'] for each matrix of the side, and the largest eigenvalue of all draws."""

    moments: Sequence[Moment]
    longest: float

    @property
    def c(self) -> float:
        """A number with ``E[BB'QBB'] <= c E[BB']``, rounded up; inf where there is none."""
        return max(map(_ratio, self.moments))

    def gain(self, tau: float) -> StepGain:
        """What a step of this length is worth."""
        least = min(gain_at(tau, moment) for moment in self.moments)
        return StepGain(least, tau * self.longest, "enumerated over the support")


def known_products(sketch: Sketch, Q: Smoothness, side: Side) -> GaussianProducts | ListedProducts | None:
    """Return what is known of the products B B' of a sketch whose columns need not be orthonormal."""
    moments = Moments(sketch)
    if moments.products == "gaussian":
        return GaussianProducts(sketch.rank, _gaussian_curvature(sketch, Q, side))
    return None if moments.support is None else _listed_products(moments.support, Q, side)


def _gaussian_curvature(sketch: Sketch, Q: Smoothness, side: Side) -> Fraction:
    """Return c with ``E[BB'QBB'] <= c E[BB']`` for Gaussian entries: the smallest such number for common bases.

    It is ``lambda_max((r + 1) Q + E)``, E with the trace of each S in its place.
    """
    d, r = sketch.dim, sketch.rank
    of_L, ends = (d + r + 1) * Fraction(Q.largest), ends_of_side(Q, side)
    return of_L if ends is None else min(of_L, max((r + 1) * end.largest + end.trace for end in ends))


def _listed_products(support: Support, Q: Smoothness, side: Side) -> ListedProducts:
    """Return what a support says of products B B'; of L I in the place of a Q that loses more in a common basis."""
    B, probabilities = support
    k, d, r = B.shape
    L, weights = Q.largest, probabilities.astype(np.float64)
    P = B @ B.mT
    largest, heaviest = (float(np.linalg.norm(B, kind, axis=(1, 2)).max()) ** 2 for kind in (2, "fro"))
    mean = np.tensordot(weights, P, axes=1)
    parts = in_common_basis(terms_of_side(Q, side))
    if parts is None or not parts.exact or all(multiple_of_identity(part.S) is not None for part in parts.parts):
        parts = Parts([Part(L * np.eye(d), 0.0)])
    moments, longest = [], 0.0
    for part, off in parts.parts:
        S = matrix(part)
        second = np.tensordot(weights, P @ S @ P + off * (P @ P), axes=1)
        size = off + float(np.linalg.norm(S))
        # Sums of at most d, r and k products each; of absolute values B B' has a norm of no more than this.
        rounding = (2 * (d + r) + k + 8) * EPS * heaviest
        moments.append(Moment(mean, parts.stretch * second, rounding, parts.stretch * size * heaviest * rounding))
        met = float(np.linalg.eigvalsh(B.mT @ S @ B)[:, -1].max())
        longest = max(longest, met + (off + 8 * (d + r) * EPS * size) * largest)
    return ListedProducts(moments, min(parts.stretch * longest, L * largest) * (1 + 1e-12))


def _ratio(moment: Moment) -> float:
    K = moment.mean
    drawn = np.diagonal(K)[np.diagonal(K) > 0]
    diagonal = np.count_nonzero(K) == np.count_nonzero(np.diagonal(K)) and drawn.size > 0
    off = moment.off_mean / float(drawn.min()) if diagonal else moment.off_mean  # relative to each entry there
    return largest_ratio(moment.second, K, off_T=moment.off_second, off_K=off)
