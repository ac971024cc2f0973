"""LoRA: simultaneous gradient descent on two factors."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from rac_theory.algorithms.factor_descent import FactorDescent, Factored
from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource
from rac_theory.algorithms.initialisation import Initialisation
from rac_theory.base import Array, Value
from rac_theory.problems import Problem


@dataclass(frozen=True, eq=False)
class LoRA(FactorDescent, Value):
    r"""Gradient descent on :math:`(B, A) \mapsto f(W^0 + c B A)` with :math:`c = \mathrm{lora\_alpha}/r`.

    Both factors move at once: :math:`B \leftarrow B - \gamma c\, g A^\top` and
    :math:`A \leftarrow A - \gamma c\, B^\top g`, with g a gradient of f at the weights before the step.

    Parameters
    ----------
    initialisation : Initialisation
        How the factors start; ``Initialisation.kaiming(shape, rank)`` is what is usual.
    gamma : float
        The size of one gradient step, > 0.
    gradients : GradientSource
        Where gradients come from, except ``Clients``; by default the exact gradient. ``Local`` and
        ``Reshuffled`` make several steps on the factors in one outer step.
    lora_alpha : float, optional
        The scaling of LoRA, > 0; None is c = 1.

    References
    ----------
    Hu et al., arXiv:2106.09685.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, Initialisation, LoRA, simulate
    >>> problem = Quadratic.left(np.eye(3), W_star=np.diag([3.0, 2.0, 1.0]))
    >>> case = Case(LoRA(Initialisation.kaiming((3, 3), rank=1), gamma=0.1), problem, steps=200)
    >>> print(f"{simulate(case, rng=0).values[0, -1]:.4f}")  # (2^2 + 1^2) / 2: rank one cannot come nearer
    2.5000
    """

    initialisation: Initialisation
    gamma: float
    gradients: GradientSource = field(default_factory=Exact)
    lora_alpha: float | None = None

    def factored(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Factored]:
        """Yield what each step departs from, the start first, without end."""
        return self.descent(problem, Factored(W, *self.initialisation.draw(rng, W)), rng)
