r"""The two moments of the plain step, ``W - gamma P G`` with :math:`P = (\mathrm{lora\_alpha} / r)^2\, B B^\top`.

The mean and the map :math:`M \to E[P M P]` are all that a moment map asks of P, projection or not.

- *Gaussian*: the columns b of B are independent, with :math:`E[b b^\top] = I` and, by Isserlis' theorem,
  :math:`E[b b^\top M b b^\top] = M + M^\top + \mathrm{tr}(M)\, I`. The r squares of a column and the
  :math:`r (r - 1)` pairs of two sum to :math:`E[B B^\top M B B^\top] = r^2 M + r\, (M^\top + \mathrm{tr}(M)\, I)`,
  and :math:`E[B B^\top] = r I`: two invariants again.
- *Orthonormal columns*: :math:`B B^\top = H`, so this is the projected step with another step size.
- *Finite support*: summed.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from problems.checks import Array
from rac_theory.algorithms import RACLoRA
from rac_theory.expectations.moment_map import Unsupported
from rac_theory.sketches import Gaussian
from rac_theory.sketches.declarations import checked_support
from rac_theory.sketches.laws.second_moments import LARGEST_ENUMERATED, SecondMoment, summed
from rac_theory.sketches.sketch import Sketch


class PlainMoments(NamedTuple):
    """The mean of P, (d, d), and the map M -> E[P M P]."""

    mean: Array
    second_moment: SecondMoment


def plain_scale(algorithm: RACLoRA) -> float:
    """Return ``(lora_alpha / r)^2``, by which B B' is multiplied; 1 for the projected step."""
    if algorithm.lora_alpha is None or algorithm.sketch is None:
        return 1.0
    return float((algorithm.lora_alpha / algorithm.sketch.rank) ** 2)


def gaussian_invariants(sketch: Gaussian, scale: float) -> tuple[float, float, float]:
    """Return (q, a, b) with ``E[P] = q I`` and ``E[P M P] = a M + b (M' + trace(M) I)``."""
    r = sketch.rank
    return scale * r, scale**2 * r**2, scale**2 * r


def enumerated_moments(sketch: Sketch, scale: float) -> PlainMoments:
    """Return the moments of a sketch with a listed support, or raise ``Unsupported``."""
    support = checked_support(sketch)
    if support is None or sketch.dim > LARGEST_ENUMERATED:
        raise Unsupported(
            "the plain step (lora_alpha) must have a Gaussian sketch, orthonormal columns, or a listed support at "
            f"dim <= {LARGEST_ENUMERATED}, got {sketch!r}"
        )
    B, probabilities = support
    P, weights = scale * (B @ np.swapaxes(B, 1, 2)), probabilities.astype(np.float64)
    return PlainMoments(np.tensordot(weights, P, axes=1), summed(P, weights))


def times(mean: Array) -> SecondMoment:
    """M -> E[P] M, in the form that a frame can lift."""
    return partial(np.matmul, mean)
