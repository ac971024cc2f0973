"""Descent on two factors: what LoRA and Chain of LoRA have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rac_theory.algorithms.gradients.clients import Clients
from rac_theory.algorithms.gradients.gradient_source import GradientSource, check_fits, check_source, never_draws
from rac_theory.algorithms.initialisation import Initialisation
from rac_theory.base import Array, being, checks, shown
from rac_theory.problems import Problem


class Factored(NamedTuple):
    """What a step on factors departs from: the weights (runs, m, n), B (runs, m, r) and A (runs, r, n).

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Initialisation, LoRA
    >>> problem = Quadratic.left(np.eye(3), W_star=np.ones((3, 2)))
    >>> algorithm = LoRA(Initialisation.kaiming((3, 2), rank=1), gamma=0.1)
    >>> state = next(algorithm.factored(problem, np.zeros((5, 3, 2)), np.random.default_rng(0)))
    >>> state.W.shape, state.B.shape, state.A.shape  # of five runs
    ((5, 3, 2), (5, 3, 1), (5, 1, 2))
    """

    W: Array
    B: Array
    A: Array


class FactorDescent(ABC):
    r"""Steps that move both factors at once: :math:`B - \gamma c\, g A^\top` and :math:`A - \gamma c\, B^\top g`.

    Here g is what the gradient source takes for the gradient of f at :math:`W = W^0 + c B A`. By the chain rule these
    are steps along the gradient of :math:`(B, A) \mapsto f(W^0 + c B A)`. They are linear in g, so that the means of
    the factors after a step are those of an exact step if g is unbiased. That of W is not: W moves by
    :math:`-\gamma c^2 (g A^\top A + B B^\top g) + \gamma^2 c^3 g A^\top B^\top g`, with g twice in the last term.

    ``Local(K)`` makes K such steps, ``Reshuffled()`` an epoch of them. ``Clients`` is refused, as the mean of products
    of rank r has a higher rank as a rule, and so no factors.

    A subclass is a frozen dataclass with the fields ``initialisation``, ``gamma``, ``gradients`` and ``lora_alpha``.
    """

    initialisation: Initialisation
    gamma: float
    gradients: GradientSource
    lora_alpha: float | None

    def __post_init__(self) -> None:
        being("initialisation", self.initialisation, Initialisation)
        object.__setattr__(self, "gamma", checks.positive("gamma", self.gamma))
        check_source("gradients", self.gradients)
        if self.lora_alpha is not None:
            object.__setattr__(self, "lora_alpha", checks.positive("lora_alpha", self.lora_alpha))

    @property
    def deterministic(self) -> bool:
        """Whether the factors always start alike and the gradients are not random."""
        return self.initialisation.deterministic and never_draws(self.gradients)

    @property
    def scale(self) -> float:
        """The factor c of the product B A."""
        return 1.0 if self.lora_alpha is None else self.lora_alpha / self.initialisation.rank

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the factors or the gradients do not fit the problem."""
        self.initialisation.check(problem.shape)
        if isinstance(self.gradients, Clients):
            raise ValueError(
                "gradients must move one pair of factors, as Minibatch(size) or Local(steps) do: the mean of the "
                f"clients' products need not have factors of rank {self.initialisation.rank}, "
                f"got {shown(self.gradients)}"
            )
        check_fits(self.gradients, problem)

    @abstractmethod
    def factored(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Factored]:
        """Yield what each step departs from, the start first, without end."""

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Yield the weights after 1, 2, ... steps: blocks (runs, m, n)."""
        states = self.factored(problem, W, rng)
        next(states)
        return (state.W for state in states)

    def descent(self, problem: Problem, start: Factored, rng: np.random.Generator) -> Iterator[Factored]:
        """Yield what each step departs from, endlessly; the weights beneath the factors make W the start."""
        c, now = self.scale, start
        beneath = now.W - c * (now.B @ now.A) if now.B.any() and now.A.any() else now.W

        def step(W: Array, G: Array) -> Array:
            nonlocal now
            self._check_goes_on(W, now.W)
            B = now.B - self.gamma * c * (G @ np.swapaxes(now.A, 1, 2))
            A = now.A - self.gamma * c * (np.swapaxes(now.B, 1, 2) @ G)
            now = Factored(beneath + c * (B @ A), B, A)
            return now.W

        while True:
            yield now
            self._check_goes_on(self.gradients.descend(problem, now.W, step, rng), now.W)

    def _check_goes_on(self, W: Array, last: Array) -> None:
        """Raise a ``ValueError`` if a gradient source leaves the weights of the factors, which cannot follow it."""
        if W is not last and not np.array_equal(W, last, equal_nan=True):
            raise ValueError(
                "gradients must take each step from where the last one led, and return where the last one leads, for "
                f"two factors to move with W, got another W from {shown(self.gradients)}"
            )
