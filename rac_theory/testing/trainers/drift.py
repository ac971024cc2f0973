"""What many merges in low precision lose, held against what one rounding of the final weights would."""

import math
from collections.abc import Sequence

import numpy as np

from rac_theory.testing.refuted import Refuted
from rac_theory.testing.trainers.arrays import FORMATS
from rac_theory.testing.trainers.trainer import Link, of

_ONE = 2.0  # times what one rounding takes away: a sum that is compensated may be off by one rounding more
_DEVIATIONS = 5.0  # of roundings without bias, which make more with probability 6e-7
_OWN = 4.0  # roundings of double precision in each merge: of a product and of sums, here and in the trainer


def check_drift(links: Sequence[Link]) -> None:
    r"""Raise ``Refuted`` if the weights have lost some of what the adapters learned, beyond what rounding must take.

    With D the sum of the products that were merged, in double precision, the error is :math:`E = W_k - W_0 - D`. What
    is lost is its part along D, :math:`-\langle E, D \rangle / \lVert D \rVert^2`. One rounding of :math:`W_0 + D` may
    take away that of its own error; roundings without bias, one in each merge, have variances :math:`f (s - f)`, where
    s is the spacing and f how far an entry is beyond a number of the format, and are allowed five standard deviations.
    Rounding to nearest in each merge has a bias where moves are shorter than half a spacing: they are all lost.
    """
    for layer in (layer for layer in links[0].begin.adapters if layer in links[0].begin.weights):
        W0, kind = links[0].begin.weights[layer]
        D, variance, own = np.zeros_like(W0), np.zeros_like(W0), np.zeros_like(W0)
        for link in links:
            one, left = link.end.adapters[layer], link.after.adapters[layer]
            target = link.end.weights[layer][0] + one.product - left.product
            spacing = kind.spacing(target)
            beyond = np.mod(target, spacing)
            unit = max(one.unit, kind.unit)
            variance += beyond * (spacing - beyond) + (unit * (one.size + left.size)) ** 2
            D += one.product - left.product
            own += _OWN * FORMATS["float64"].unit * (np.abs(target) + np.abs(D) + one.size + left.size)
        end = W0 + D
        variance += kind.spacing(end) ** 2 / 12
        E, once = links[-1].after.weights[layer][0] - end, kind.rounded(end) - end
        learned = float(np.sum(D**2))
        along = float(np.sum(E * D))
        allowed = _ONE * abs(float(np.sum(once * D))) + _DEVIATIONS * math.sqrt(float(np.sum(variance * D**2)))
        allowed += float(np.sum(own * np.abs(D)))
        if abs(along) > allowed:
            raise Refuted(
                f"merges must keep what the adapters learned: after {len(links)} of them {abs(along) / learned:.2f} of "
                f"it is {'lost to' if along < 0 else 'added by'} {kind.name}{of(layer)}, {abs(along) / allowed:.3g} "
                "times what rounding allows; keep the weights in float32 (master weights), or what rounding takes away",
                error=E,
                learned=D,
            )
        noise = 2 * math.sqrt(float(np.sum(once**2 + variance))) + float(np.linalg.norm(own))
        if np.linalg.norm(E) > noise:
            raise Refuted(
                f"weights must be those of the start and what was merged: after {len(links)} merges they are off by "
                f"{float(np.linalg.norm(E)) / max(math.sqrt(learned), 1e-300):.2f} of it{of(layer)}, "
                f"{float(np.linalg.norm(E)) / noise:.3g} times what rounding allows; is there another "
                "that trains or decays them?",
                error=E,
                learned=D,
            )
