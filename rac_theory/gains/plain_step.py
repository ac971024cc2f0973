r"""What the plain step ``W - tau B B' G`` is worth: the gain nu of its theorems.

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
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms import RACLoRA, Side
from rac_theory.gains.common_basis import Part, Parts, in_common_basis, terms_of_side
from rac_theory.gains.effective_dimension import ends_of_side
from rac_theory.gains.projected_step import Moment, gain_at, projected_step
from rac_theory.gains.ratio import largest_ratio
from rac_theory.gains.step_gain import StepGain
from rac_theory.numerics import matrix, multiple_of_identity, rounded
from rac_theory.problems import Smoothness
from rac_theory.sketches import Moments, Sketch, Spectrum
from rac_theory.sketches.laws import Support

_EPS = float(np.finfo(float).eps)
_ORTHONORMAL = Fraction(1, 10**11)  # relative: columns that are orthonormal up to rounding may be longer than one


def plain_step(algorithm: RACLoRA, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    """Return what is known of an algorithm with the plain step on a function that is curved by no more than Q."""
    sketch = algorithm.sketch
    assert sketch is not None  # there is no lora_alpha without one
    tau = algorithm.gamma * algorithm.plain_scale
    if Moments(sketch).products == "orthonormal":
        gain = projected_step(replace(algorithm, gamma=tau, lora_alpha=None), Q, L_H, projection)
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
    known = Moments(sketch)
    if known.products == "gaussian":
        return GaussianProducts(sketch.rank, _gaussian_curvature(sketch, Q, side))
    return None if known.support is None else _listed_products(known.support, Q, side)


def _gaussian_curvature(sketch: Sketch, Q: Smoothness, side: Side) -> Fraction:
    """Return c with ``E[BB'QBB'] <= c E[BB']`` for Gaussian entries: the smallest such number for common bases.

    It is ``lambda_max((r + 1) Q + E)``, E with the trace of each S in its place.
    """
    d, r = sketch.dim, sketch.rank
    of_L, ends = (d + r + 1) * Fraction(Q.largest), ends_of_side(Q, side)
    return of_L if ends is None else min(of_L, max((r + 1) * one.largest + one.trace for one in ends))


def _listed_products(support: Support, Q: Smoothness, side: Side) -> ListedProducts:
    """Return what a support says of products B B'; of L I in the place of a Q that loses more in a common basis."""
    B, probabilities = support
    k, d, r = B.shape
    L, weights = Q.largest, probabilities.astype(np.float64)
    P = B @ np.swapaxes(B, 1, 2)
    largest, heaviest = (float(np.linalg.norm(B, kind, axis=(1, 2)).max()) ** 2 for kind in (2, "fro"))
    mean = np.tensordot(weights, P, axes=1)
    parts = in_common_basis(terms_of_side(Q, side))
    if parts is None or not parts.exact or all(multiple_of_identity(part.S) is not None for part in parts.parts):
        parts = Parts([Part(L * np.eye(d), 0.0)])
    moments, longest = [], 0.0
    for part, off in parts.parts:
        S = matrix(part)
        seen = np.tensordot(weights, P @ S @ P + off * (P @ P), axes=1)
        size = off + float(np.linalg.norm(S))
        # Sums of at most d, r and k products each; of absolute values B B' has a norm of no more than this.
        rounding = (2 * (d + r) + k + 8) * _EPS * heaviest
        moments.append(Moment(mean, parts.stretch * seen, rounding, parts.stretch * size * heaviest * rounding))
        met = float(np.linalg.eigvalsh(np.swapaxes(B, 1, 2) @ S @ B)[:, -1].max())
        longest = max(longest, met + (off + 8 * (d + r) * _EPS * size) * largest)
    return ListedProducts(moments, min(parts.stretch * longest, L * largest) * (1 + 1e-12))


def _ratio(moment: Moment) -> float:
    K = moment.mean
    drawn = np.diagonal(K)[np.diagonal(K) > 0]
    diagonal = np.count_nonzero(K) == np.count_nonzero(np.diagonal(K)) and drawn.size > 0
    off = moment.off_mean / float(drawn.min()) if diagonal else moment.off_mean  # relative to each entry there
    return largest_ratio(moment.seen, K, off_T=moment.off_seen, off_K=off)
