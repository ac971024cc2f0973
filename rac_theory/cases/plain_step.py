r"""What the plain step ``W - tau B B' G`` is worth: the number nu that stands for gamma lambda_min in its theorems.

.. math:: \nu = \lambda_{\min}\big( E[2 \tau B B^\top - L \tau^2 (B B^\top)^2] \big), \qquad
    \tau = \gamma\, (\mathrm{lora\_alpha} / r)^2 .

It is known for sketches with finite support, for those whose draws have orthonormal columns, where
:math:`B B^\top = H`, and for Gaussian entries, where :math:`E[B B^\top] = r I` and
:math:`E[(B B^\top)^2] = r (d + r + 1)\, I`. Proofs are on the page of T12.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from problems.eigenvalues import extreme_eigenvalues
from problems.rounding import rounded
from rac_theory.algorithms import RACLoRA
from rac_theory.sketches.laws.finite import Support
from rac_theory.sketches.moments import Moments
from rac_theory.sketches.spectra import Spectrum

_EPS = float(np.finfo(float).eps)
_ORTHONORMAL = Fraction(1, 10**11)  # relative: columns that are orthonormal up to rounding may be longer than one


class PlainStep(NamedTuple):
    """What is known of a plain step.

    Attributes
    ----------
    nu : float
        Rounded down; in the units of gamma; nan if unknown.
    longest : float
        ``L tau ||B||_2^2`` at its largest over all draws, rounded up; inf if there is no largest, nan if unknown.
    provenance : str
        Where both come from.
    """

    nu: float = math.nan
    longest: float = math.nan
    provenance: str = "unknown for this sketch"


def plain_step(algorithm: RACLoRA, L: float, projection: Spectrum) -> PlainStep:
    """Return what is known of an algorithm with the plain step on an L-smooth function."""
    sketch = algorithm.sketch
    assert sketch is not None  # there is no lora_alpha without one
    known, tau = Moments(sketch), algorithm.gamma * algorithm.plain_scale
    step, smoothness = Fraction(tau), Fraction(L)  # both as they are used: only what follows is rounded
    if known.products == "gaussian":
        d, r = sketch.dim, sketch.rank
        nu = 2 * r * step - smoothness * r * (d + r + 1) * step**2
        return PlainStep(rounded(nu, -math.inf), math.inf, "moments of Gaussian matrices")
    if known.products == "orthonormal":
        gain = 2 * step - smoothness * step**2
        nu = gain * Fraction(float(projection.lambda_min if gain > 0 else projection.lambda_max))
        longest = rounded(smoothness * step * (1 + _ORTHONORMAL), math.inf)
        return PlainStep(rounded(nu, -math.inf), longest, "columns are orthonormal: B B' = H, " + projection.provenance)
    return PlainStep() if known.support is None else _enumerated(known.support, tau, L)


def _enumerated(support: Support, tau: float, L: float) -> PlainStep:
    B, probabilities = support
    k, d, r = B.shape
    M, lengths = B @ np.swapaxes(B, 1, 2), np.linalg.norm(B, 2, axis=(1, 2)) ** 2
    mean = np.tensordot(probabilities.astype(np.float64), 2 * tau * M - L * tau**2 * (M @ M), axes=1)
    # Sums of at most d, r and k products each, of terms no larger than these.
    largest = float(lengths.max())
    error = (d + r + k + 8) * _EPS * (2 * tau * largest + L * tau**2 * largest**2)
    longest = L * tau * largest * (1 + 1e-12)
    return PlainStep(extreme_eigenvalues(mean)[0] - error, longest, "enumerated over the support")
