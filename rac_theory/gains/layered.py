r"""Smoothness of several layers, for projections that act in each of them by itself.

A block B of Q that couples layers i and j adds :math:`2 \langle x, B y \rangle \le \|B\| (\|x\|^2 + \|y\|^2)`. So Q
is at most the block diagonal operator of :math:`Q_{ii} + \sum_j \|Q_{ij}\| I`, whose layers have their smoothness along
their own sketches, and the largest of these is one for all layers.
"""

import math
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms import LayeredRACLoRA
from rac_theory.base import Array
from rac_theory.gains.one_side import moments_of
from rac_theory.gains.ratio import largest_ratio
from rac_theory.numerics import EPS, identity, multiple_of_identity, raised
from rac_theory.problems import LARGEST_SIDE, Layers, Smoothness, largest_gram_eigenvalue, of_blocks
from rac_theory.sketches import Moments
from rac_theory.sketches.laws import SecondMoment, lifted, on_blocks

LARGEST_WHOLE = 256
"""The most entries of all layers together on which E[H] and E[HQH] are formed."""


class Blocks(NamedTuple):
    """The smoothness of each layer, and whether their sum is Q itself (``exact``) or only an upper bound of it."""

    smoothness: list[Smoothness]
    exact: bool


def blocks(Q: Smoothness, layers: Layers) -> Blocks:
    """Return a bound of Q without coupling between layers."""
    if layers.shapes == (layers.shape,):
        return Blocks([Q], exact=True)
    is_scalar = all(multiple_of_identity(factor) is not None for term in Q.terms for factor in term)
    if is_scalar or layers.shape[0] > LARGEST_SIDE:
        smoothness = [Smoothness.of_terms([(identity(m, Q.largest), identity(n))]) for m, n in layers.shapes]
        return Blocks(smoothness, exact=is_scalar)
    M, smoothness, replaced = Q.dense, [], False
    parts = [*layers.slices()]
    coupled = [
        math.fsum(_norm(M[part, column]) for j, column in enumerate(parts) if j != i) for i, part in enumerate(parts)
    ]
    for part, shape, more in zip(parts, layers.shapes, coupled, strict=True):
        raised_block = raised(M[part, part], more * (1 + 4 * EPS))
        factored = of_blocks(raised_block, shape)
        largest = Smoothness.of_terms([(raised_block, identity(1))]).largest
        smoothness.append(
            Smoothness.of_terms([(identity(shape[0], largest), identity(shape[1]))]) if factored is None else factored
        )
        replaced = replaced or factored is None
    return Blocks(smoothness, exact=not replaced and not any(coupled))


def along_all_layers(algorithm: LayeredRACLoRA, Q: Smoothness) -> tuple[float, str] | None:
    """Return L_H as an eigenvalue of matrices on all entries of all layers, and how it is known; None where it is not.

    There is none where entries are many, or where a sketch has no moments, or leaves a direction alone.
    """
    size = algorithm.layers.shape[0]
    if size > LARGEST_WHOLE:
        return None
    second_moments: list[SecondMoment] = []
    off, how = 0.0, list[str]()
    for layer, shape in zip(algorithm.of_layers, algorithm.layers.shapes, strict=True):
        if layer.sketch is None:
            second_moments.append(lambda M: M)
            continue
        moments = Moments(layer.sketch)
        second, pair = moments.second_moment, moments_of(moments)
        if second is None or pair is None or pair.basis is not None:
            return None
        second_moments.append(lifted(second, shape, layer.side))
        off, how = max(off, pair.off), [*how, pair.how]
    moment = on_blocks(second_moments, [m * n for m, n in algorithm.layers.shapes])
    M = Q.dense
    K, T = moment(np.eye(size)), moment(M)
    # E[H_i] M_ij E[H_j] is off by both means, and no block by more than that.
    off_T = 2.01 * off * len(second_moments) * float(np.linalg.norm(M))
    bound = largest_ratio((T + T.T) / 2, (K + K.T) / 2, off_T=off_T, off_K=off)
    return (bound, "; ".join(dict.fromkeys(how))) if bound < math.inf else None


def _norm(B: Array) -> float:
    """The spectral norm, rounded up."""
    return math.sqrt(largest_gram_eigenvalue(B)) * (1 + 4 * EPS) if B.any() else 0.0
