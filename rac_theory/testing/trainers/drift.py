"""What many merges in low precision lose, held against what one rounding of the final weights would."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.testing.refuted import Refuted
from rac_theory.testing.trainers.arrays import FORMATS, Format
from rac_theory.testing.trainers.trainer import Link, of

_ONE = 2.0  # times what one rounding takes away: a sum that is compensated may be off by one rounding more
_DEVIATIONS = 5.0  # of roundings without bias, which make more with probability 6e-7
_OWN = 4.0  # roundings of double precision in each merge: of a product and of sums, here and in the trainer


@dataclass(frozen=True, eq=False)
class Sum:
    """What the merges of a layer came to: what was learned, what is off, and what roundings may make of it."""

    layer: str
    kind: Format
    D: Array  # the sum of the products that were merged
    E: Array  # what the weights have gained, less D
    once: Array  # the error of one rounding of the final weights
    variance: Array  # of roundings without bias, one in each merge
    most: Array  # what roundings of any kind may come to
    own: Array  # what this sum itself may be off by


def check_drift(links: Sequence[Link]) -> None:
    r"""Raise ``Refuted`` if the weights have lost some of what the adapters learned, beyond what rounding must take.

    With D the sum of the products that were merged, in double precision, the error is :math:`E = W_k - W_0 - D`. What
    is lost is its part along D, :math:`-\langle E, D \rangle / \lVert D \rVert^2`, of all layers together. One rounding
    of :math:`W_0 + D` may take away twice that of its own error; roundings without bias, one in each merge, have
    variances of at most :math:`f (s - f)`, where s is the spacing and f how far an entry is beyond a number of the
    format, and are allowed five standard deviations. Rounding to nearest in each merge has a bias where moves are
    shorter than half a spacing: they are all lost.
    """
    layers = [layer for layer in links[0].begin.adapters if layer in links[0].begin.weights]
    sums = [_sum(links, layer) for layer in layers]
    for one in sums:
        if (np.abs(one.E) > one.most + one.own).any():
            raise _off(one, len(links), one.most + one.own, "is there another that trains or decays them?")
    _check_lost(sums, len(links))
    for one in sums:
        noise = 2 * np.sqrt(one.once**2 + one.variance) + one.own
        if np.linalg.norm(one.E) > np.linalg.norm(noise):
            raise _off(one, len(links), noise, "are bits cut off, in place of rounding?")


def _sum(links: Sequence[Link], layer: str) -> Sum:
    W0, kind = links[0].begin.weights[layer]
    D, variance, most, own = (np.zeros_like(W0) for _ in range(4))
    for link in links:
        one, left = link.end.adapters[layer], link.after.adapters[layer]
        target = link.end.weights[layer][0] + one.product - left.product
        spacing, beyond = kind.spacing(target), np.mod(target, kind.spacing(target))
        product = max(one.unit, kind.unit) * (one.size + left.size)  # which may be rounded before it is added
        D += one.product - left.product
        variance += beyond * (spacing - beyond) + product**2
        most += 2 * spacing + 8 * product
        own += _OWN * FORMATS["float64"].unit * (np.abs(target) + np.abs(D) + one.size + left.size)
    end = W0 + D
    variance += kind.spacing(end) ** 2 / 12
    E = links[-1].after.weights[layer][0] - end
    return Sum(layer, kind, D, E, kind.rounded(end) - end, variance, most, own)


def _check_lost(sums: Sequence[Sum], merges: int) -> None:
    learned = sum(float(np.sum(one.D**2)) for one in sums)
    along = sum(float(np.sum(one.E * one.D)) for one in sums)
    once = abs(sum(float(np.sum(one.once * one.D)) for one in sums))
    deviation = math.sqrt(sum(float(np.sum(one.variance * one.D**2)) for one in sums))
    allowed = _ONE * once + _DEVIATIONS * deviation + sum(float(np.sum(one.own * np.abs(one.D))) for one in sums)
    if abs(along) > allowed:
        worst = min(sums, key=lambda one: float(np.sum(one.E * one.D)) / max(float(np.sum(one.D**2)), 1e-300))
        raise Refuted(
            f"merges must keep what the adapters learned: after {merges} of them {abs(along) / learned:.2f} of it is "
            f"{'lost to' if along < 0 else 'added by'} {worst.kind.name}, {abs(along) / allowed:.3g} times what "
            "rounding allows; keep the weights in float32 (master weights), or what rounding takes away",
            error=worst.E,
            learned=worst.D,
        )


def _off(one: Sum, merges: int, allowed: Array, cause: str) -> Refuted:
    size, off = float(np.linalg.norm(one.D)), float(np.linalg.norm(one.E))
    return Refuted(
        f"weights must be those of the start and what was merged: after {merges} merges they are off by "
        f"{off / max(size, 1e-300):.2g} of it{of(one.layer)}, {off / float(np.linalg.norm(allowed)):.3g} times what "
        f"rounding allows; {cause}",
        error=one.E,
        learned=one.D,
    )
