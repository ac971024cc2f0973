# ruff: noqa: D100, D102
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PseudoHuber:
    """The sum of sqrt(1 + x^2) - 1 over the entries x of W - target: a square near zero, an absolute value far off."""

    target: NDArray[np.float64] = field(repr=False)

    L = 1.0  # second derivatives are (1 + x^2)^(-3/2), at most 1
    mu = 0.0  # the gradient is bounded and the value is not, so there is none
    strong_convexity = 0.0
    convex = True
    f_star = 0.0  # at the target
    f_lower = 0.0

    @property
    def shape(self) -> tuple[int, int]:
        m, n = self.target.shape
        return m, n

    @property
    def W_star(self) -> NDArray[np.float64]:
        return self.target

    def value(self, W: NDArray[np.float64], /) -> NDArray[np.float64]:
        x = W - self.target
        return np.asarray(np.sum(x**2 / (1 + np.sqrt(1 + x**2)), axis=(-2, -1)))

    def gradient(self, W: NDArray[np.float64], /) -> NDArray[np.float64]:
        x = W - self.target
        return np.asarray(x / np.sqrt(1 + x**2))
