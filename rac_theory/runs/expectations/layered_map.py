r"""The moment map of RAC-LoRA on several layers, on all entries at once, as a Hessian may couple them.

The projections of different layers are independent. So block (i, j) of E[P M P] is :math:`E[P_i] M_{ij} E[P_j]` off the
diagonal, and the second moment of one layer, :math:`E[P_i M_{ii} P_i]`, on it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rac_theory.algorithms import LayeredRACLoRA
from rac_theory.base.checks import Array
from rac_theory.problems import Problem
from rac_theory.runs.expectations.frame import Frame, whole_frame
from rac_theory.runs.expectations.step_moments import known_second_moment
from rac_theory.sketches import Moments, Sketch
from rac_theory.sketches.laws import SecondMoment, lifted, on_blocks


def layered_frame(algorithm: LayeredRACLoRA, problem: Problem) -> Frame:
    """Return the frame of all entries of all layers, up to 64, which lifts whatever it is given to all projections."""
    moment = by_layers(algorithm, _second_moment)
    return whole_frame(problem, lambda _: moment)


def by_layers(
    algorithm: LayeredRACLoRA, of_sketch: Callable[[Sketch | None], SecondMoment], identity: Any = 1.0
) -> SecondMoment:
    """Return M -> E[P M P] on the column of all layers, (..., size, size), from that of each sketch."""
    shapes = algorithm.layers.shapes
    moments = [
        lifted(of_sketch(layer.sketch), shape, layer.side)
        for layer, shape in zip(algorithm.of_layers, shapes, strict=True)
    ]
    return on_blocks(moments, [m * n for m, n in shapes], identity)


def listed_by_layers(layers: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """Return all block diagonal matrices, (k, size, size), of independent blocks (k_i, s_i, s_i), and probabilities."""
    P, weights = layers[0]
    for blocks, probabilities in layers[1:]:
        before, size = P.shape[-1], blocks.shape[-1]
        joined = np.zeros((len(P), len(blocks), before + size, before + size))
        joined[..., :before, :before] = P[:, None]
        joined[..., before:, before:] = blocks
        P, weights = joined.reshape(-1, *joined.shape[2:]), np.outer(weights, probabilities).ravel()
    return P, weights


def _second_moment(sketch: Sketch | None) -> SecondMoment:
    return np.asarray if sketch is None else known_second_moment(Moments(sketch))
