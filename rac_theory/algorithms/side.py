"""One side of matrices: a right step is the left one of the transposed matrices, with a sketch of that side."""

from dataclasses import fields
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Exact, Step
from rac_theory.base import Array, Value, checks, repr_of
from rac_theory.problems import Problem
from rac_theory.sketches import Sketch, check_draws, is_deterministic

Side: TypeAlias = Literal["left", "right"]
"""Which side of the gradient is projected."""


def on_side(side: Side, step: Step, W: Array, G: Array) -> Array:
    """Make a left step on the given side: the right step is the left one of the transposed matrices."""
    if side == "left":
        return step(W, G)
    return np.swapaxes(step(np.swapaxes(W, -1, -2), np.swapaxes(G, -1, -2)), -1, -2)


def check_dim(name: str, sketch: Sketch, side: Side, shape: tuple[int, int]) -> None:
    """Raise a ``ValueError`` if the columns of a sketch are not as long as the side of the matrices it is for."""
    length, width = shape if side == "left" else reversed(shape)
    if sketch.dim != length:
        letter, opposite = ("m", "right") if side == "left" else ("n", "left")
        hint = f"; did you mean side={opposite!r}?" if sketch.dim == width else ""
        raise ValueError(
            f"{name}.dim must be {letter}={length} for side={side!r} and W of shape {shape}, got {sketch.dim}{hint}"
        )


class OneSided(Value):
    """What algorithms have in common that draw one sketch, for one side, and see exact gradients.

    A subclass is a frozen dataclass with the fields ``sketch``, ``gamma`` and ``side``, the sketch first.
    """

    sketch: Sketch
    gamma: float
    side: Side

    gradients: ClassVar[Exact] = Exact()

    def __post_init__(self) -> None:
        check_draws(self.sketch)
        object.__setattr__(self, "gamma", checks.positive("gamma", self.gamma))
        checks.one_of("side", self.side, ("left", "right"))

    @property
    def deterministic(self) -> bool:
        """Whether every draw of the sketch is the same."""
        return is_deterministic(self.sketch)

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the sketch does not fit the problem."""
        check_dim("sketch", self.sketch, self.side, problem.shape)

    def __repr__(self) -> str:
        _, *rest = fields(self)  # type: ignore[arg-type]
        parts = (f"{field.name}={getattr(self, field.name)!r}" for field in rest)
        return f"{type(self).__name__}({', '.join([repr_of(self.sketch), *parts])})"
