r"""What the plain step ``W - tau B B' G`` is worth: the number nu that stands for gamma lambda_min in its theorems.

.. math:: \nu = \lambda_{\min}\big( E[2 \tau B B^\top - L \tau^2 (B B^\top)^2] \big), \qquad
    \tau = \gamma\, (\mathrm{lora\_alpha} / r)^2 .

It is known for sketches with finite support, for those whose draws have orthonormal columns, where
:math:`B B^\top = H`, and for Gaussian entries, where :math:`E[B B^\top] = r I` and
:math:`E[(B B^\top)^2] = r (d + r + 1)\, I`. Proofs are on the page of T12.
"""

import math
from typing import NamedTuple

import numpy as np

from problems.eigenvalues import extreme_eigenvalues
from rac_theory.algorithms import RACLoRA
from rac_theory.sketch import checked_support, is_orthonormal
from rac_theory.sketches import Gaussian
from rac_theory.spectra import Spectrum


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
    """Return what is known of the plain step of an algorithm on an L-smooth function."""
    sketch = algorithm.sketch
    if sketch is None or algorithm.lora_alpha is None:
        return PlainStep()
    tau, d, r = algorithm.gamma * (algorithm.lora_alpha / sketch.rank) ** 2, sketch.dim, sketch.rank
    if isinstance(sketch, Gaussian):
        nu = 2 * r * tau - L * r * (d + r + 1) * tau**2
        return PlainStep(_down(nu), math.inf, "moments of Gaussian matrices")
    if is_orthonormal(sketch):
        gain = 2 * tau - L * tau**2
        nu = gain * float(projection.lambda_min if gain > 0 else projection.lambda_max)
        return PlainStep(_down(nu), L * tau, "columns are orthonormal: B B' = H, " + projection.provenance)
    support = checked_support(sketch)
    if support is None:
        return PlainStep()
    B, probabilities = support
    M = B @ np.swapaxes(B, 1, 2)
    mean = np.tensordot(probabilities.astype(np.float64), 2 * tau * M - L * tau**2 * (M @ M), axes=1)
    longest = L * tau * float(np.linalg.norm(B, 2, axis=(1, 2)).max()) ** 2 * (1 + 1e-12)
    return PlainStep(_down(extreme_eigenvalues(mean)[0]), longest, "enumerated over the support")


def _down(nu: float) -> float:
    return nu - 1e-12 * abs(nu)
