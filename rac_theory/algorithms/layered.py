"""RAC-LoRA with several sketches: a coin decides which side is drawn, or each of several matrices has its own."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource, Step
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.algorithms.rac_lora import RACLoRA, sketched_steps
from rac_theory.algorithms.side import Side, check_dim
from rac_theory.base import Array, Value, being, checks, repr_of
from rac_theory.numerics import Account, Randomness, child, rounded, seed_sequence
from rac_theory.problems import Layers
from rac_theory.sketches import Sketch, Spectrum, check_draws, is_deterministic, spectrum

_OUTWARDS = {
    "lambda_min": -math.inf,
    "lambda_max": math.inf,
    "lambda_min_upper": math.inf,
    "lambda_max_lower": -math.inf,
}


@dataclass(frozen=True, eq=False)
class Bernoulli(ProjectedDescent, Value):
    r"""Bernoulli-LoRA: with probability p the left step, with a fresh B, else the right step, with a fresh A.

    As an operator on matrices E[H] is :math:`p\, E[H_B] \otimes I + (1 - p)\, I \otimes E[H_A]`, a Kronecker sum: its
    eigenvalues are all the sums :math:`p \lambda + (1 - p) \nu` of one of each.

    Parameters
    ----------
    left, right : Sketch
        The laws of B (``dim`` = m) and of the transpose of A (``dim`` = n).
    gamma : float
        The size of one gradient step, > 0.
    p : float
        Probability of a left step, in [0, 1].
    gradients : GradientSource
        Where gradients come from; by default the exact gradient.

    References
    ----------
    arXiv:2508.03820.

    Examples
    --------
    >>> from rac_theory import Bernoulli
    >>> from rac_theory.sketches import Coordinate
    >>> algorithm = Bernoulli(left=Coordinate(4, 1), right=Coordinate(8, 4), gamma=0.1, p=0.5)
    >>> algorithm.projection(alpha=1e-3, draws=1, rng=0).lambda_min  # the mean of 1/4 and 1/2
    0.375
    """

    left: Sketch
    right: Sketch
    gamma: float
    p: float = 0.5
    gradients: GradientSource = field(default_factory=Exact)

    one_projection = False

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "p", checks.finite("p", self.p, at_least=0))
        if self.p > 1:
            raise ValueError(f"p must be a probability in [0, 1], got {self.p:g}")
        check_draws(self.left)
        check_draws(self.right)

    def projection(self, *, alpha: float, draws: int, rng: Randomness) -> Spectrum:
        """Return the extreme eigenvalues of the Kronecker sum; what has to be sampled shares ``alpha``."""
        root, account = seed_sequence(rng), Account(alpha)
        p = Fraction(self.p)
        sides = ((p, self.left), (1 - p, self.right))
        # A side that is never drawn adds zero, whatever its law.
        terms = [
            (weight, spectrum(sketch, alpha=account.draw(f"side {i}", alpha / 2), draws=draws, rng=child(root, i)))
            for i, (weight, sketch) in enumerate(sides)
            if weight > 0
        ]
        low, high, low_upper, high_lower = (
            rounded(sum((weight * Fraction(getattr(term, name)) for weight, term in terms), Fraction(0)), towards)
            for name, towards in _OUTWARDS.items()
        )
        sampled = [term for _, term in terms if term.how == "sampled"]
        how = "sampled" if sampled else terms[0][1].how
        spent = math.fsum(term.alpha for term in sampled)
        return Spectrum(low, high, low_upper, high_lower, np.empty((0, 0)), how, spent, draws if sampled else 0)

    def check_shape(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if a sketch does not fit matrices of this shape."""
        check_dim("left", self.left, "left", shape)
        check_dim("right", self.right, "right", shape)

    def low_rank_steps(self, rng: np.random.Generator, W: Array) -> Iterator[Step]:
        """Yield steps whose runs go left or right, each by its own coin; a side that never comes up is not drawn."""
        if self.p == 1:
            yield from sketched_steps(self.left, "left", self.gamma, rng, W)
        if self.p == 0:
            yield from sketched_steps(self.right, "right", self.gamma, rng, W)
        left = sketched_steps(self.left, "left", self.gamma, rng, W)
        right = sketched_steps(self.right, "right", self.gamma, rng, W)
        for step_left, step_right in zip(left, right, strict=False):
            yield _Either(rng.random((len(W), 1, 1)) < self.p, step_left, step_right)


@dataclass(frozen=True, eq=False)
class _Either:
    """The left step in some runs, the right step in the others."""

    goes_left: NDArray[np.bool_]
    left: Step
    right: Step

    def __call__(self, W: Array, G: Array) -> Array:
        return np.where(self.goes_left, self.left(W, G), self.right(W, G))


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
        low, high, low_upper, high_lower = (
            (min if "min" in end else max)(getattr(part, end) for part in spectra) for end in _OUTWARDS
        )
        how = max((part.how for part in spectra), key=_HOW.index)
        spent = math.fsum(part.alpha for part in spectra if part.how == "sampled")
        draws, on_trust = draws if how == "sampled" else 0, any(part.on_trust for part in spectra)
        return Spectrum(low, high, low_upper, high_lower, np.empty((0, 0)), how, spent, draws, on_trust)

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
