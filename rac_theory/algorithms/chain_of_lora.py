"""Chain of LoRA (COLA): LoRA for some steps, merge, start the factors anew, repeat."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

import numpy as np

from rac_theory.algorithms.factor_descent import FactorDescent, Factored
from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource
from rac_theory.algorithms.initialisation import Initialisation
from rac_theory.base import Array, Value, checks
from rac_theory.problems import Problem


@dataclass(frozen=True, eq=False)
class ChainOfLoRA(FactorDescent, Value):
    """Links of ``inner_steps`` LoRA steps each; after a link the product is merged and the factors start anew.

    Every LoRA step is one outer step here, so that runs can be compared with LoRA step by step.

    Parameters
    ----------
    initialisation : Initialisation
        How the factors of a link start.
    gamma : float
        The size of one gradient step, > 0.
    inner_steps : int
        Outer steps of a link, K >= 1. With B or A zero and K = 1 this is RAC-LoRA with the plain step.
    restart : "fresh" or "fixed"
        Whether each link draws its factors, or all links of a run start from its first draw.
    gradients : GradientSource
        As for LoRA; what an outer step is for ``Local`` and ``Reshuffled`` counts as one of a link.
    lora_alpha : float, optional
        The scaling of LoRA, > 0; None is c = 1.

    References
    ----------
    Xia, Qin & Hazan, arXiv:2401.04151.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, ChainOfLoRA, Initialisation, simulate
    >>> problem = Quadratic.left(np.eye(3), W_star=np.diag([3.0, 2.0, 1.0]))
    >>> chain = ChainOfLoRA(Initialisation.kaiming((3, 3), rank=1), gamma=0.1, inner_steps=40)
    >>> run = simulate(Case(chain, problem, steps=400), rng=0)
    >>> bool(run.values[0, -1] < 1e-3)  # where LoRA of rank one ends at 2.5
    True
    """

    initialisation: Initialisation
    gamma: float
    inner_steps: int
    restart: Literal["fresh", "fixed"] = "fresh"
    gradients: GradientSource = field(default_factory=Exact)
    lora_alpha: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.count("inner_steps", self.inner_steps)
        checks.one_of("restart", self.restart, ("fresh", "fixed"))

    def factored(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Factored]:
        """Yield what each step departs from, the start first, endlessly; after a link with the factors of the next."""
        first = factors = self.initialisation.draw(rng, W)
        while True:
            link = self.descent(problem, Factored(W, *factors), rng)
            yield from islice(link, self.inner_steps)
            W = next(link).W
            factors = self.initialisation.draw(rng, W) if self.restart == "fresh" else first
