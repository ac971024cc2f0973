"""Descent on two factors: how they start, and LoRA, Chain of LoRA, and Asymmetric LoRA, which freezes one of them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, repeat
from typing import Literal, NamedTuple

import numpy as np

from rac_theory.algorithms.gradients.clients import Clients
from rac_theory.algorithms.gradients.gradient_source import (
    Exact,
    GradientSource,
    Step,
    check_fits,
    check_source,
    never_draws,
)
from rac_theory.algorithms.rac_lora import SketchedDescent, plain_step
from rac_theory.algorithms.side import check_dim, on_side
from rac_theory.base import Array, Value, being, checks, matrix_shape, shown
from rac_theory.numerics import Randomness, orthonormal_range
from rac_theory.problems import Problem
from rac_theory.sketches import UNKNOWN, Gaussian, Sketch, Spectrum, check_draws, draw, is_deterministic, spectrum


@dataclass(frozen=True, eq=False)
class Initialisation(Value):
    r"""The law of the factors B (m x r) and A (r x n) at the start; where one is None it is zero.

    A run starts at W^0 whatever the factors are: where both are drawn, the weights that stay frozen beneath them are
    W^0 less their product.

    Parameters
    ----------
    B : Sketch, optional
        The law of B, ``dim`` = m; ``sketches.Frozen`` is a fixed matrix.
    A : Sketch, optional
        The law of the transpose of A, ``dim`` = n. At least one of the two is given.
    scale : float
        Multiplies every draw, > 0; dimensionless.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Initialisation
    >>> from rac_theory.sketches import Haar
    >>> start = Initialisation(B=Haar(3, 2), A=Haar(4, 2), scale=0.5)
    >>> B, A = start.draw(np.random.default_rng(0), np.zeros((7, 3, 4)))
    >>> B.shape, A.shape, start.rank
    ((7, 3, 2), (7, 2, 4), 2)
    """

    B: Sketch | None = None
    A: Sketch | None = None
    scale: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", checks.positive("scale", self.scale))
        laws = [law for law in (self.B, self.A) if law is not None]
        if not laws:
            raise ValueError("B or A must be a sketch, got None for both: a pair of zero factors never moves")
        for law in laws:
            check_draws(law)
        if laws[0].rank != laws[-1].rank:
            raise ValueError(f"B and A must have one rank, got {laws[0].rank} and {laws[-1].rank}")

    @classmethod
    def kaiming(cls, shape: tuple[int, int], rank: int) -> "Initialisation":
        """B is zero and A Gaussian with variance 1/n, which is how LoRA is started as a rule.

        Examples
        --------
        >>> import numpy as np
        >>> from rac_theory import Initialisation
        >>> B, A = Initialisation.kaiming((3, 4), rank=2).draw(np.random.default_rng(0), np.zeros((1, 3, 4)))
        >>> bool((B == 0).all()), bool((A == 0).any())
        (True, False)
        """
        _, n = matrix_shape(shape)
        return cls(A=Gaussian(n, rank), scale=n**-0.5)

    @property
    def rank(self) -> int:
        """The number r of columns of B and rows of A."""
        law = self.A if self.B is None else self.B
        assert law is not None  # or it were refused
        return law.rank

    @property
    def deterministic(self) -> bool:
        """Whether every draw is the same."""
        return all(law is None or is_deterministic(law) for law in (self.B, self.A))

    def check(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if the factors do not fit matrices of this shape."""
        if self.B is not None:
            check_dim("B", self.B, "left", shape)
        if self.A is not None:
            check_dim("A", self.A, "right", shape)

    def draw(self, rng: np.random.Generator, W: Array) -> tuple[Array, Array]:
        """Return B and A for each matrix of a block, (runs, m, n): (runs, m, r) and (runs, r, n)."""
        runs, m, n = W.shape
        B = np.zeros((runs, m, self.rank)) if self.B is None else self.scale * draw(self.B, rng, runs)
        A = np.zeros((runs, n, self.rank)) if self.A is None else self.scale * draw(self.A, rng, runs)
        return B.astype(W.dtype, copy=False), np.swapaxes(A, 1, 2).astype(W.dtype, copy=False)


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


@dataclass(frozen=True, eq=False)
class AsymmetricLoRA(SketchedDescent):
    r"""RAC-LoRA whose sketch is drawn once a run and then frozen, so that a run never leaves one subspace.

    Without ``lora_alpha`` the step is projected, :math:`W \leftarrow W - \gamma H \nabla f(W)`, which is gradient
    descent on the trained factor after the columns of the frozen one were made orthonormal. With it the frozen factor
    is as it was drawn: :math:`W \leftarrow W - \gamma (\mathrm{lora\_alpha}/r)^2 B B^\top \nabla f(W)`.

    Parameters
    ----------
    sketch : Sketch
        The law of the frozen factor: B (``dim`` = m), or the transpose of A (``dim`` = n).
    gamma : float
        The size of one gradient step, > 0.
    side : Side
        "left" freezes B, "right" freezes A.
    gradients : GradientSource
        Where gradients come from; by default the exact gradient.
    lora_alpha : float, optional
        The scaling of LoRA, > 0; None is the projected step.

    References
    ----------
    Zhu et al., *Asymmetry in low-rank adapters of foundation models*, arXiv:2402.16842.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import AsymmetricLoRA, Case, simulate
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> run = simulate(Case(AsymmetricLoRA(Coordinate(2, 1), gamma=1.0), problem, steps=50), rng=0)
    >>> print(f"{run.gaps[0, -1]:.4f}")  # of 1: the other coordinate never moves
    0.5000
    """

    sketch: Sketch

    def __post_init__(self) -> None:
        check_draws(self.sketch)
        super().__post_init__()

    @property
    def scale(self) -> float:
        """The factor c of the product of the factors."""
        return 1.0 if self.lora_alpha is None else self.lora_alpha / self.sketch.rank

    def projection(self, *, alpha: float, draws: int, rng: Randomness) -> Spectrum:
        """Return the spectrum of H given the past, which is what the theorems ask for: 0 and 1, for H is not fresh.

        Only where every draw has full rank is H the identity; of the plain step nothing is known then.
        """
        if self.sketch.rank == self.sketch.dim:
            spectrum_of_H = spectrum(self.sketch, alpha=alpha, draws=draws, rng=rng)
            if spectrum_of_H.how != "sampled" and spectrum_of_H.lambda_min == 1:
                return spectrum_of_H if self.lora_alpha is None else UNKNOWN
        return Spectrum(0.0, 1.0, 0.0, 1.0, np.empty((0, 0)), "closed form")

    def low_rank_steps(self, rng: np.random.Generator, W: Array) -> Iterator[Step]:
        """Yield the same step again and again, with one frozen factor a run."""
        return repeat(self._step(self._frozen(rng, W)))

    def factored(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Factored]:
        """Yield what each step departs from, the start first, without end."""
        F, W0 = self._frozen(rng, W), W
        inverse = np.linalg.pinv(F) / self.scale
        step = self._step(F)
        while True:
            if self.side == "left":
                yield Factored(W, F, inverse @ (W - W0))
            else:
                yield Factored(W, (W - W0) @ np.swapaxes(inverse, 1, 2), np.swapaxes(F, 1, 2))
            W = self.gradients.descend(problem, W, step, rng)

    def _frozen(self, rng: np.random.Generator, W: Array) -> Array:
        """Draw the frozen factors of a block, as columns: (runs, dim, r)."""
        F = draw(self.sketch, rng, len(W))
        return (orthonormal_range(F) if self.lora_alpha is None else F).astype(W.dtype, copy=False)

    def _step(self, F: Array) -> Step:
        return partial(on_side, self.side, partial(plain_step, F, self.gamma * self.plain_scale))
