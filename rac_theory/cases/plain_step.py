r"""What the plain step ``W - tau B B' G`` is worth: the gain nu of its theorems.

.. math:: \nu = \lambda_{\min}\big( E[2 \tau B B^\top - \tau^2 B B^\top Q B B^\top] \big), \qquad
    \tau = \gamma\, (\mathrm{lora\_alpha} / r)^2 ,

with matrix smoothness Q, which is L I where no more is known. It is known for sketches with finite support, for those
whose draws have orthonormal columns, where :math:`B B^\top = H`, and for Gaussian entries, where
:math:`E[B B^\top] = r I` and :math:`E[B B^\top S B B^\top] = r\, ((r + 1) S + \mathrm{tr}(S)\, I)` for symmetric S on
the side of B, so that :math:`E[(B B^\top)^2] = r (d + r + 1)\, I`. Proofs are on the page of T12.
"""

import math
from fractions import Fraction

import numpy as np

from problems.checks import Array
from problems.eigenvalues import extreme_eigenvalues
from problems.largest_eigenvalue import largest_eigenvalue
from problems.rounding import rounded
from problems.smoothness import Smoothness
from rac_theory.algorithms import RACLoRA
from rac_theory.cases.common_basis import Terms, in_common_basis, terms_of_side
from rac_theory.cases.one_side import exact_trace, multiple_of_identity
from rac_theory.cases.step_gain import StepGain
from rac_theory.sketches.laws.finite import Support
from rac_theory.sketches.moments import Moments
from rac_theory.sketches.sketch import Sketch
from rac_theory.sketches.spectra import Spectrum

_EPS = float(np.finfo(float).eps)
_ORTHONORMAL = Fraction(1, 10**11)  # relative: columns that are orthonormal up to rounding may be longer than one


def plain_step(algorithm: RACLoRA, Q: Smoothness, L_H: float, projection: Spectrum) -> StepGain:
    """Return what is known of an algorithm with the plain step on a function that is curved by no more than Q."""
    sketch = algorithm.sketch
    assert sketch is not None  # there is no lora_alpha without one
    known, tau = Moments(sketch), algorithm.gamma * algorithm.plain_scale
    L, terms = Q.largest, terms_of_side(Q, algorithm.side)
    step = Fraction(tau)  # as it is used: only what follows is rounded
    if known.products == "gaussian":
        r, curvature = sketch.rank, _gaussian(sketch, L, terms)
        nu = 2 * r * step - r * curvature * step**2
        return StepGain(rounded(nu, -math.inf), math.inf, "moments of Gaussian matrices")
    if known.products == "orthonormal":
        gain = 2 * step - Fraction(L_H) * step**2
        nu = gain * Fraction(float(projection.lambda_min if gain > 0 else projection.lambda_max))
        longest = rounded(Fraction(L) * step * (1 + _ORTHONORMAL), math.inf)
        return StepGain(rounded(nu, -math.inf), longest, "columns are orthonormal: B B' = H, " + projection.provenance)
    return StepGain() if known.support is None else _enumerated(known.support, tau, L, terms)


def _gaussian(sketch: Sketch, L: float, terms: Terms) -> Fraction:
    """``lambda_max((r + 1) Q + E)``, E with the trace of each S in its place, or a bound: exact for common bases."""
    d, r = sketch.dim, sketch.rank
    of_L = (d + r + 1) * Fraction(L)
    parts = in_common_basis(terms)
    if parts is None:
        return of_L
    sums = (
        (r + 1) * Fraction(largest_eigenvalue(part.S)) + exact_trace(part.S) + (d + r + 1) * Fraction(part.off)
        for part in parts.parts
    )
    return min(of_L, max(sums) * Fraction(parts.stretch))


def _enumerated(support: Support, tau: float, L: float, terms: Terms) -> StepGain:
    B, probabilities = support
    k, d, r = B.shape
    M, lengths = B @ np.swapaxes(B, 1, 2), np.linalg.norm(B, 2, axis=(1, 2)) ** 2
    S, off = _one_matrix(terms)
    weights = probabilities.astype(np.float64)
    if S is None:
        mean = np.tensordot(weights, 2 * tau * M - L * tau**2 * (M @ M), axes=1)
    else:
        mean = np.tensordot(weights, 2 * tau * M - tau**2 * (M @ S @ M + off * (M @ M)), axes=1)
    # Sums of at most d, r and k products each, of terms no larger than these.
    largest, size = float(lengths.max()), L if S is None else L + off + float(np.linalg.norm(S))
    error = ((d if S is None else 2 * d) + r + k + 8) * _EPS * (2 * tau * largest + size * tau**2 * largest**2)
    longest = L * tau * largest * (1 + 1e-12)
    if S is not None:
        seen = float(np.linalg.eigvalsh(np.swapaxes(B, 1, 2) @ S @ B)[:, -1].max())
        longest = min(longest, tau * (seen + (off + 8 * (d + r) * _EPS * float(np.linalg.norm(S))) * largest))
    return StepGain(extreme_eigenvalues(mean)[0] - error, longest, "enumerated over the support")


def _one_matrix(terms: Terms) -> tuple[Array | None, float]:
    """S and e with ``Q <= (S + e I) (x) I``, if there is one such S that says all; else None, for L I."""
    parts = in_common_basis(terms)
    if parts is None or len(parts.parts) > 1 or parts.stretch > 1:
        return None, 0.0
    if multiple_of_identity(parts.parts[0].S) is not None:
        return None, 0.0
    return parts.parts[0]
