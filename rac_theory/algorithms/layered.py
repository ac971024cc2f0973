"""RAC-LoRA on several matrices at once: each with a sketch, a rank and a side of its own."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource, Step
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.algorithms.rac_lora import RACLoRA
from rac_theory.algorithms.side import Side, check_dim
from rac_theory.base import Array, Value, being, checks, repr_of
from rac_theory.numerics import Randomness, child, seed_sequence
from rac_theory.problems import Layers
from rac_theory.sketches import Sketch, Spectrum, check_draws, is_deterministic


@dataclass(frozen=True, eq=False)
class LayeredRACLoRA(ProjectedDescent, Value):
    r"""RAC-LoRA on the layers of a network: :math:`W_l \leftarrow W_l - \gamma H_l\, \nabla_l f`, a fresh H for each.

    The layers are packed into one column, on which H is block diagonal: an orthogonal projection again, so that every
    theorem about projected descent holds as it stands. The smallest eigenvalue of E[H] is the smallest of the layers.

    Parameters
    ----------
    layers : Layers
        Those of the problem, ``problem.layers``.
    sketches : sequence of Sketch or None
        One for each layer, of whatever rank; None is no sketch: that layer is trained whole.
    gamma : float
        The size of one gradient step, > 0, the same for all layers.
    sides : Side, or a sequence of them
        Which side of its gradient each layer projects.
    gradients : GradientSource
        Where gradients come from; by default the exact gradient.

    Examples
    --------
    >>> from rac_theory import LayeredRACLoRA
    >>> from rac_theory.problems import Layers
    >>> from rac_theory.sketches import Coordinate, Haar
    >>> layers = Layers([(64, 32), (32, 10)])
    >>> algorithm = LayeredRACLoRA(layers, [Haar(64, 4), Coordinate(10, 4)], gamma=0.1, sides=["left", "right"])
    >>> algorithm.projection(alpha=1e-3, draws=1, rng=0).lambda_min  # 4/64 and 4/10
    0.0625
    """

    layers: Layers
    sketches: Sequence[Sketch | None]
    gamma: float
    sides: Sequence[Side] | Side = "left"
    gradients: GradientSource = field(default_factory=Exact)

    def __post_init__(self) -> None:
        super().__post_init__()
        being("layers", self.layers, Layers, ", such as problem.layers")
        layers, sides = self.layers, self.sides
        sides = layers.per_layer("sides", [sides] * len(layers) if isinstance(sides, str) else sides)
        vars(self).update(sketches=layers.per_layer("sketches", self.sketches), sides=sides)
        for name, shape, sketch, side in zip(layers.names, layers.shapes, self.sketches, sides, strict=True):
            checks.one_of("sides", side, ("left", "right"))
            if sketch is not None:
                check_draws(sketch)
                check_dim(f"sketches[{name}]", sketch, side, shape)

    @property
    def one_projection(self) -> bool:
        """Whether every draw of every sketch is the same."""
        return all(sketch is None or is_deterministic(sketch) for sketch in self.sketches)

    @property
    def _is_plain(self) -> bool:
        return type(self) is LayeredRACLoRA

    def projection(self, *, alpha: float, draws: int, rng: Randomness) -> Spectrum:
        """Return the extreme eigenvalues over all layers; what has to be sampled shares ``alpha``."""
        if len(self.layers) == 1:
            return self.of_layers[0].projection(alpha=alpha, draws=draws, rng=rng)
        root, part = child(seed_sequence(rng), _LAYERS), alpha / len(self.layers)
        spectra = [
            layer.projection(alpha=part, draws=draws, rng=child(root, i)) for i, layer in enumerate(self.of_layers)
        ]
        sampled = [layer_spectrum for layer_spectrum in spectra if layer_spectrum.how == "sampled"]
        return Spectrum(
            min(layer_spectrum.lambda_min for layer_spectrum in spectra),
            max(layer_spectrum.lambda_max for layer_spectrum in spectra),
            min(layer_spectrum.lambda_min_upper for layer_spectrum in spectra),
            max(layer_spectrum.lambda_max_lower for layer_spectrum in spectra),
            np.empty((0, 0)),
            max((layer_spectrum.how for layer_spectrum in spectra), key=_HOW.index),
            math.fsum(layer_spectrum.alpha for layer_spectrum in sampled),
            draws if sampled else 0,
            on_trust=any(layer_spectrum.on_trust for layer_spectrum in spectra),
        )

    @property
    def of_layers(self) -> list[RACLoRA]:
        """What is done to each layer, as an algorithm on it alone."""
        parts: Any = zip(self.sketches, self.sides, strict=True)
        return [RACLoRA(sketch, self.gamma, side, self.gradients) for sketch, side in parts]

    def check_shape(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` unless matrices of this shape are these layers, packed."""
        if tuple(shape) != self.layers.shape:
            raise ValueError(
                f"layers must be those of the problem, whose W has shape {tuple(shape)}, got {self.layers!r} of shape "
                f"{self.layers.shape}"
            )

    def low_rank_steps(self, rng: np.random.Generator, W: Array) -> Iterator[Step]:
        """Yield one step with fresh sketches for all layers after the other."""
        views = self.layers.views(W)
        by_layer = [layer.low_rank_steps(rng, view) for layer, view in zip(self.of_layers, views, strict=True)]
        return (partial(self._step, steps) for steps in zip(*by_layer, strict=False))

    def _step(self, steps: tuple[Step, ...], W: Array, G: Array) -> Array:
        moved = np.empty_like(W)
        for step, *views in zip(steps, *map(self.layers.views, (moved, W, G)), strict=True):
            views[0][...] = step(*views[1:])
        return moved

    def __repr__(self) -> str:
        parts = zip(self.layers.names, self.layers.shapes, self.sides, self.sketches, strict=True)
        layers = "; ".join(f"{name} {m}x{n} {side} {repr_of(sketch)}" for name, (m, n), side, sketch in parts)
        gradients = "" if type(self.gradients) is Exact else f", gradients={repr_of(self.gradients)}"
        return f"{type(self).__name__}({layers}; gamma={self.gamma!r}{gradients})"


_LAYERS = 3  # the stream of their spectra; those of a coin and of L_H are before it
_HOW = ("closed form", "enumerated", "sampled")
