"""Chain of LoRA (COLA): LoRA for some steps, merge, start the factors anew, repeat."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms.initialisation import Initialisation
from rac_theory.algorithms.lora import Factored, check_steps, factor_descent, weights_after


@dataclass(frozen=True, eq=False)
class ChainOfLoRA:
    """Links of ``inner_steps`` LoRA steps each; after a link the product is merged and the factors start anew.

    Every LoRA step is one outer step here, so that runs can be compared with LoRA step by step.

    Parameters
    ----------
    initialisation : Initialisation
        How the factors of a link start.
    gamma : float
        The size of one gradient step, > 0.
    inner_steps : int
        Steps of a link, K >= 1. With B or A zero and K = 1 this is RAC-LoRA with the plain step.
    restart : "fresh" or "fixed"
        Whether each link draws its factors, or all links of a run start from its first draw.
    lora_alpha : float, optional
        The scaling of LoRA, > 0; None is c = 1.

    References
    ----------
    Xia, Qin & Hazan, arXiv:2401.04151.
    """

    initialisation: Initialisation
    gamma: float
    inner_steps: int
    restart: Literal["fresh", "fixed"] = "fresh"
    lora_alpha: float | None = None

    def __post_init__(self) -> None:
        check_steps(self)
        checks.count("inner_steps", self.inner_steps)
        checks.one_of("restart", self.restart, ("fresh", "fixed"))

    @property
    def deterministic(self) -> bool:
        """Whether the factors always start alike."""
        return self.initialisation.deterministic

    @property
    def scale(self) -> float:
        """The factor c of the product B A."""
        return 1.0 if self.lora_alpha is None else self.lora_alpha / self.initialisation.rank

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the factors do not fit the problem."""
        self.initialisation.check(problem.shape)

    def factored(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Factored]:
        """Yield what each step departs from, the start first, for ever; after a link with the factors of the next."""
        first = self.initialisation.draw(rng, W)
        B, A = first
        while True:
            link = factor_descent(problem, W, B, A, self.gamma, self.scale)
            yield from islice(link, self.inner_steps)
            W = next(link).W
            B, A = self.initialisation.draw(rng, W) if self.restart == "fresh" else first

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Yield the weights after 1, 2, ... steps: blocks (runs, m, n)."""
        return weights_after(self.factored(problem, W, rng))
