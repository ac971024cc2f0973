r"""The moment maps of steps that draw from several sketches: one for each layer, or for each side by a coin.

A Hessian may couple layers, so that one map has all entries. The projections of different layers are independent: block
(i, j) of E[P M P] is :math:`E[P_i] M_{ij} E[P_j]` off the diagonal, and the second moment of one layer,
:math:`E[P_i M_{ii} P_i]`, on it.

The map of Bernoulli-LoRA is the weighted mean of those of its two sides. In general it acts on all m n numbers, where
:math:`E[P M P]` is the mean of the two lifted second moments. Where f has one Hessian S for all columns, rows will do:
with :math:`x_i` the energy of row i in the eigenbasis of S, the right step multiplies it by :math:`1 - c\, (2 h_i -
h_i^2)` if E[H] = c I on the right (see ``diagonal_map``), and the left step acts on x as it does alone if it has two
invariants.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rac_theory.algorithms import Bernoulli, LayeredRACLoRA
from rac_theory.base import Array
from rac_theory.problems import Problem
from rac_theory.runs.expectations.diagonal_map import DiagonalMap, two_invariants
from rac_theory.runs.expectations.frame import Frame, frame_of, whole_frame
from rac_theory.runs.expectations.matrix_map import MatrixMap, matrix_map
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


def bernoulli_map(algorithm: Bernoulli, problem: Problem) -> DiagonalMap | MatrixMap:
    """Return the map on rows where there is one, else on all m n numbers, up to 64; or raise ``Unsupported``."""
    rows = _on_rows(algorithm, problem)
    return on_all_numbers(algorithm, problem)[1] if rows is None else rows


def on_all_numbers(algorithm: Bernoulli, problem: Problem) -> tuple[Frame, MatrixMap]:
    """Return the map on all m n numbers, up to 64, and their frame."""
    p, left = algorithm.p, known_second_moment(Moments(algorithm.left))
    on_left = lifted(left, problem.shape, "left")
    on_right = lifted(known_second_moment(Moments(algorithm.right)), problem.shape, "right")

    def mixed(_: SecondMoment) -> SecondMoment:
        return lambda M: p * on_left(M) + (1 - p) * on_right(M)

    frame = whole_frame(problem, mixed)
    return frame, matrix_map(frame, algorithm.gamma, left)


def _on_rows(algorithm: Bernoulli, problem: Problem) -> DiagonalMap | None:
    eigenbasis = getattr(problem, "eigenbasis", None)
    invariants, share = Moments(algorithm.left).invariants, Moments(algorithm.right).share
    if eigenbasis is None or eigenbasis.curvatures.shape[1] > 1 or invariants is None or share is None:
        return None
    p, frame = algorithm.p, frame_of(problem, "left")
    left = two_invariants(frame, algorithm.gamma, *map(float, invariants))
    right_decay = 1 - share * (2 * left.h - left.h**2)
    return replace(
        left,
        decay=p * left.decay + (1 - p) * right_decay,
        coupling=p * left.coupling,
        spread=p * left.spread + (1 - p) * share * frame.columns * left.h,
    )
