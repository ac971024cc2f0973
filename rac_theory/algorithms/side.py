"""The side on which a gradient is projected: a right step is the left one of the transposed matrices."""

from typing import Literal, TypeAlias

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.base.checks import Array

Side: TypeAlias = Literal["left", "right"]
"""Which side of the gradient is projected."""


def on_side(side: Side, step: Step, W: Array, G: Array) -> Array:
    """Make a left step on the given side: the right step is the left one of the transposed matrices."""
    if side == "left":
        return step(W, G)
    return np.swapaxes(step(np.swapaxes(W, -1, -2), np.swapaxes(G, -1, -2)), -1, -2)
