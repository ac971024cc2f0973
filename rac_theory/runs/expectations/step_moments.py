r"""The two moments of a step ``W - gamma P G``: all that a moment map asks of P, be it a projection or not.

P is H for the projected step. For the plain one it is :math:`(\mathrm{lora\_alpha} / r)^2\, B B^\top`, whose mean and
map :math:`M \to E[P M P]` are known for

- *Gaussian entries*: the columns b of B are independent, with :math:`E[b b^\top] = I` and, by Isserlis' theorem,
  :math:`E[b b^\top M b b^\top] = M + M^\top + \mathrm{tr}(M)\, I`. The r squares of a column and the
  :math:`r (r - 1)` pairs of two sum to :math:`E[B B^\top M B B^\top] = r^2 M + r\, (M^\top + \mathrm{tr}(M)\, I)`,
  and :math:`E[B B^\top] = r I`: two invariants again.
- *Orthonormal columns*: :math:`B B^\top = H`, so this is the projected step with another step size.
- *Finite support*: summed.

For ``Preconditioned`` it is :math:`B D B^\top` with orthonormal B. Equal weights are a projected step of another size.
If rotations leave the law of B alone there are two invariants, and :math:`t = \mathrm{tr}\, D` and
:math:`s = \mathrm{tr}\, D^2` tell them: :math:`E\, \mathrm{tr}(P^2) = s` is :math:`a + (d + 1)\, b = s / d`, and
:math:`E[(\mathrm{tr}\, P)^2] = t^2` is :math:`d\, a + 2\, b = t^2 / d`. Otherwise it is summed over a finite support.

**Several sketches**, one for each layer, or for each side by a coin. A Hessian may couple layers, so that one map has
all entries. The projections of different layers are independent: block (i, j) of E[P M P] is :math:`E[P_i] M_{ij}
E[P_j]` off the diagonal, and the second moment of one layer, :math:`E[P_i M_{ii} P_i]`, on it.

The map of Bernoulli-LoRA is the weighted mean of those of its two sides. In general it acts on all m n numbers, where
:math:`E[P M P]` is the mean of the two lifted second moments. Where f has one Hessian S for all columns, rows will do:
with :math:`x_i` the energy of row i in the eigenbasis of S, the right step multiplies it by :math:`1 - c\, (2 h_i -
h_i^2)` if E[H] = c I on the right (see ``matrix_map``), and the left step acts on x as it does alone if it has two
invariants.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from rac_theory.algorithms import Bernoulli, LayeredRACLoRA, Preconditioned, RACLoRA
from rac_theory.base import Array
from rac_theory.numerics import orthonormal_range
from rac_theory.problems import Problem
from rac_theory.runs.expectations.frame import Frame, frame_of, whole_frame
from rac_theory.runs.expectations.matrix_map import DiagonalMap, MatrixMap, matrix_map, two_invariants
from rac_theory.runs.expectations.moment_map import Unsupported
from rac_theory.sketches import LARGEST_ENUMERATED, Moments, Sketch
from rac_theory.sketches.laws import SecondMoment, from_invariants, lifted, on_blocks, summed

Covered: TypeAlias = RACLoRA | Bernoulli | LayeredRACLoRA
"""The algorithms that draw one projection after the other, and of which moments are known."""


class StepMoments(NamedTuple):
    """M -> E[P M P], and M -> E[P] M; the latter is None for a projection, whose mean is E[P I P]."""

    second_moment: SecondMoment
    mean_times: SecondMoment | None = None


class StepInvariants(NamedTuple):
    """``E[P M P] = a M + b (M' + trace(M) I)``, and q with ``E[P] = q I``, None for a projection as above."""

    a: float
    b: float
    q: float | None = None


def projected(algorithm: Covered) -> Covered:
    """Return the same steps as projected ones where they can be: B B' = H where columns are orthonormal."""
    if not isinstance(algorithm, RACLoRA) or algorithm.sketch is None or algorithm.is_projected:
        return algorithm
    if Moments(algorithm.sketch).products != "orthonormal":
        return algorithm
    return replace(algorithm, gamma=algorithm.gamma * algorithm.plain_scale, lora_alpha=None)


def weighted(algorithm: Preconditioned) -> RACLoRA | Preconditioned:
    """Return the same steps as projected ones where all weights are equal."""
    (least, largest), plain = algorithm.letters.values(), algorithm.projector
    return replace(plain, gamma=plain.gamma * least) if least == largest else algorithm


def step_invariants(algorithm: RACLoRA | Preconditioned, law: Moments) -> StepInvariants | None:
    """Return the invariants of a step with this sketch, or None."""
    d, r = law.sketch.dim, law.sketch.rank
    if isinstance(algorithm, Preconditioned):
        t, s = float(algorithm.weights.sum()), float(np.square(algorithm.weights).sum())
        b = (s - t**2 / d) / ((d - 1) * (d + 2))
        return StepInvariants(s / d - (d + 1) * b, b, t / d) if law.is_uniform else None
    if algorithm.is_projected:
        return None if law.invariants is None else StepInvariants(*map(float, law.invariants))
    if law.products != "gaussian":
        return None
    scale = algorithm.plain_scale
    return StepInvariants(scale**2 * r**2, scale**2 * r, scale * r)


def step_moments(algorithm: RACLoRA | Preconditioned) -> StepMoments:
    """Return the moments of a step on its side, or raise ``Unsupported``."""
    if algorithm.sketch is None:
        return StepMoments(np.asarray)
    law = Moments(algorithm.sketch)
    if isinstance(algorithm, RACLoRA) and algorithm.is_projected:
        return StepMoments(known_second_moment(law))
    if (invariants := step_invariants(algorithm, law)) is not None:
        a, b, q = invariants
        return StepMoments(partial(from_invariants, a, b), partial(np.multiply, q))
    if law.support is None or law.sketch.dim > LARGEST_ENUMERATED:
        rule = (
            "the plain step (lora_alpha) must have a Gaussian sketch, orthonormal columns,"
            if isinstance(algorithm, RACLoRA)
            else "weights that differ must have Haar or Gaussian columns"
        )
        raise Unsupported(f"{rule} or a listed support at dim <= {LARGEST_ENUMERATED}, got {law.sketch!r}")
    B, weights = law.support[0], law.support[1].astype(np.float64)
    if isinstance(algorithm, Preconditioned):
        B = orthonormal_range(B)
        P = (B * algorithm.weights) @ B.mT
    else:
        P = algorithm.plain_scale * (B @ B.mT)
    return StepMoments(summed(P, weights), partial(np.matmul, np.tensordot(weights, P, axes=1)))


def known_second_moment(law: Moments) -> SecondMoment:
    """Return M -> E[H M H], or raise ``Unsupported``."""
    if law.second_moment is None:
        raise Unsupported(
            "the sketch must have invariants, a second moment in closed form, or a listed support at "
            f"dim <= {LARGEST_ENUMERATED}, got {law.sketch!r}"
        )
    return law.second_moment


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
        (k, before, _), (more, size, _) = P.shape, blocks.shape
        joined = np.zeros((k, more, before + size, before + size))
        joined[..., :before, :before] = P[:, None]
        joined[..., before:, before:] = blocks
        P, weights = joined.reshape(k * more, before + size, before + size), np.outer(weights, probabilities).ravel()
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
