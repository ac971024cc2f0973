# ruff: noqa: D100, D102
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rac_theory import project
from rac_theory.problems import Problem
from rac_theory.sketches import Sketch


@dataclass(frozen=True)
class HeavyBall:
    """RAC-LoRA with momentum: W moves along H grad f(W), and by a part of its last move."""

    sketch: Sketch
    gamma: float
    momentum: float

    deterministic = False

    def check(self, problem: Problem, /) -> None:
        if self.sketch.dim != problem.shape[0]:
            raise ValueError(f"sketch.dim must be m={problem.shape[0]}, got {self.sketch.dim}")

    def iterates(
        self, problem: Problem, W: NDArray[np.float64], rng: np.random.Generator, /
    ) -> Iterator[NDArray[np.float64]]:
        move = np.zeros_like(W)
        while True:
            S = self.sketch.sample(rng, len(W))
            move = self.momentum * move - self.gamma * project(S, problem.gradient(W))
            W = W + move
            yield W
