# ruff: noqa: D100, D102
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from rac_theory import Exact, Spectrum
from rac_theory.algorithms import ProjectedDescent
from rac_theory.algorithms.gradients import GradientSource, Step


@dataclass(frozen=True, eq=False)
class RandomEntries(ProjectedDescent):
    """Each step moves a random part of the entries of W along the gradient: H sets the others to zero."""

    part: float
    gamma: float
    gradients: GradientSource = field(default_factory=Exact)

    one_projection = False

    def projection(self, *, alpha: float, draws: int, rng: object) -> Spectrum:
        """E[H] is ``part`` times the identity."""
        return Spectrum(self.part, self.part, self.part, self.part, np.empty((0, 0)), "closed form")

    def check_shape(self, shape: tuple[int, int]) -> None:
        pass

    def low_rank_steps(self, rng: np.random.Generator, W: NDArray[np.float64]) -> Iterator[Step]:
        while True:
            yield partial(self._step, rng.random(W.shape) < self.part)

    def _step(self, moves: NDArray[np.bool_], W: NDArray[np.float64], G: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(moves, W - self.gamma * G, W)
