"""RAC-LoRA, with the projected step of the theorems or the plain step of practice; gradient descent is H = I."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource, Step
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.algorithms.side import Side, check_dim, on_side
from rac_theory.base import Array, Value, checks, repr_of
from rac_theory.numerics import Randomness, project_onto
from rac_theory.sketches import (
    NO_SKETCH,
    Sketch,
    Spectrum,
    check_draws,
    draws_ahead,
    is_deterministic,
    ranges,
    spectrum,
)


@dataclass(frozen=True, eq=False)
class LowRankStep:
    r"""The step :math:`W - s\, U U^\top G`, which needs no more of G than the products :math:`c = U^\top G`.

    An entry of c is the derivative of f along the matrix that has a column of U in one column, and else zeros: there
    are as many as U has columns, times the columns of W. For a right step it is all transposed.

    Attributes
    ----------
    move : Step
        The left step, ``move(W, G)``.
    directions : (runs, d, r)
        U: for the projected step an orthonormal basis of the range of the sketch, with zeros where a draw has lost
        rank; for the plain one the draw itself. One for all runs where it never changes.
    scale : float
        s, in the units of a step.
    side : Side

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import RACLoRA
    >>> from rac_theory.sketches import Coordinate
    >>> W, G = np.zeros((2, 3, 1)), np.ones((2, 3, 1))
    >>> step = next(RACLoRA(Coordinate(3, 2), gamma=0.5).low_rank_steps(np.random.default_rng(0), W))
    >>> derivatives = np.swapaxes(step.directions, 1, 2) @ G
    >>> bool((step.by_derivatives(W, derivatives) == step(W, G)).all())
    True
    """

    move: Step
    directions: Array
    scale: float
    side: Side

    def __call__(self, W: Array, G: Array) -> Array:
        """Step with the gradient G, (runs, m, n)."""
        return on_side(self.side, self.move, W, G)

    def by_derivatives(self, W: Array, derivatives: Array) -> Array:
        """Step with derivatives c that are known or estimated, (runs, r, n); for a right step (runs, r, m)."""
        return np.asarray(self.turned(self.turned(W) - self.directions @ (self.scale * derivatives)))

    def turned(self, W: Array) -> Array:
        """Return W as the step sees it: transposed, if it is a right step."""
        return W if self.side == "left" else np.swapaxes(W, -1, -2)


@dataclass(frozen=True, eq=False)
class SketchedDescent(ProjectedDescent, Value):
    """Steps on one side along the draws of one sketch: its fields, their checks, and the scale of the plain step."""

    sketch: Sketch | None
    gamma: float
    side: Side = "left"
    gradients: GradientSource = field(default_factory=Exact)
    lora_alpha: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.one_of("side", self.side, ("left", "right"))
        if self.sketch is not None:
            check_draws(self.sketch)
        if self.lora_alpha is not None:
            object.__setattr__(self, "lora_alpha", checks.positive("lora_alpha", self.lora_alpha))
            if self.sketch is None:
                raise ValueError(f"lora_alpha must be None without a sketch to scale, got {self.lora_alpha:g}")

    @property
    def one_projection(self) -> bool:
        """Whether every draw of the sketch is the same."""
        return self.sketch is None or is_deterministic(self.sketch)

    @property
    def is_projected(self) -> bool:
        """Whether the step is the projected one."""
        return self.lora_alpha is None

    @property
    def plain_scale(self) -> float:
        """``(lora_alpha / r)^2``, by which the plain step multiplies B B'; 1 for the projected step."""
        return 1.0 if self.sketch is None or self.lora_alpha is None else (self.lora_alpha / self.sketch.rank) ** 2

    def check_shape(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if the sketch does not fit matrices of this shape."""
        if self.sketch is not None:
            check_dim("sketch", self.sketch, self.side, shape)


@dataclass(frozen=True, eq=False)
class RACLoRA(SketchedDescent):
    r"""Randomized Asymmetric Chain of LoRA: :math:`W \leftarrow W - \gamma H \nabla f(W)`, a fresh sketch each step.

    :math:`H = B (B^\top B)^\dagger B^\top` acts from the left, or :math:`H = A^\top (A A^\top)^\dagger A` from the
    right, where a draw of the sketch is :math:`A^\top`.

    With ``lora_alpha`` the step is the one that is trained in practice, a gradient step on the other factor from zero,
    merged: :math:`W - \gamma (\mathrm{lora\_alpha}/r)^2 B B^\top \nabla f(W)`, which is no projection. The gradient
    source ``Local(K)`` then makes K steps on that factor before the merge.

    Parameters
    ----------
    sketch : Sketch or None
        The law of B (``dim`` = m) or of the transpose of A (``dim`` = n); None is no sketch at all, H = I.
    gamma : float
        The size of one gradient step, > 0.
    side : Side
        Which side of the gradient is projected.
    gradients : GradientSource
        Where gradients come from; by default the exact gradient.
    lora_alpha : float, optional
        The scaling of LoRA, > 0; None is the projected step.

    References
    ----------
    arXiv:2410.08305, Algorithm 1, with the exact step.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import Case, RACLoRA, exact_rate
    >>> from rac_theory.sketches import Coordinate
    >>> problem = Quadratic.left(np.diag([1.0, 2.0, 2.0, 2.0]), W_star=np.ones((4, 3)))
    >>> case = Case(RACLoRA(Coordinate(4, 1), gamma=1 / problem.L), problem)
    >>> print(f"{exact_rate(case):.4f}")  # of E f - f*, a step; T2 promises 1 - gamma mu lambda_min = 1 - 1/8
    0.8125
    """

    @property
    def _is_plain(self) -> bool:
        return type(self) is RACLoRA and self.lora_alpha is None

    def projection(self, *, alpha: float, draws: int, rng: Randomness) -> Spectrum:
        """Return the spectrum of E[H] of the sketch; 1 without a sketch."""
        return NO_SKETCH if self.sketch is None else spectrum(self.sketch, alpha=alpha, draws=draws, rng=rng)

    def directions(self, shape: tuple[int, int]) -> int:
        """Return how many directional derivatives a step on matrices of this shape asks for: m n without a sketch."""
        m, n = shape
        if self.sketch is None:
            return m * n
        rank = min(self.sketch.rank, self.sketch.dim) if self.is_projected else self.sketch.rank
        return rank * (n if self.side == "left" else m)

    def low_rank_steps(self, rng: np.random.Generator, W: Array) -> Iterator[Step]:
        """Yield one step with fresh sketches after the other."""
        if self.sketch is None:
            identity = np.eye(W.shape[-2])[None]
            return repeat(LowRankStep(lambda W, G: np.asarray(W - self.gamma * G), identity, self.gamma, "left"))
        if self.lora_alpha is None:
            return sketched_steps(self.sketch, self.side, self.gamma, rng, W)
        plain = draws_ahead(self.sketch, rng, len(W), W.dtype.type)
        scale = self.gamma * self.plain_scale
        return (LowRankStep(partial(plain_step, B, scale), B, scale, self.side) for B in plain)

    def __repr__(self) -> str:
        gradients = "" if type(self.gradients) is Exact else f", gradients={repr_of(self.gradients)}"
        plain = "" if self.lora_alpha is None else f", lora_alpha={self.lora_alpha!r}"
        if self.sketch is None and type(self) is RACLoRA:
            return f"{'SGD' if gradients else 'GD'}(gamma={self.gamma!r}{gradients})"
        return (
            f"{type(self).__name__}({repr_of(self.sketch)}, gamma={self.gamma!r}, side={self.side!r}{gradients}{plain})"
        )


def GD(gamma: float) -> RACLoRA:
    r"""Full gradient descent, :math:`W \leftarrow W - \gamma \nabla f(W)`: RAC-LoRA without a sketch.

    Parameters
    ----------
    gamma : float
        The size of a step, > 0.

    Returns
    -------
    RACLoRA

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, simulate
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 2.0]], W_star=[[1.0], [1.0]])
    >>> simulate(Case(GD(gamma=0.5), problem, steps=3)).values.tolist()  # the second coordinate arrives at once
    [[1.5, 0.125, 0.03125, 0.0078125]]
    """
    return RACLoRA(sketch=None, gamma=gamma)


def SGD(gamma: float, gradients: GradientSource) -> RACLoRA:
    r"""Stochastic gradient descent, :math:`W \leftarrow W - \gamma g`, such as ``SGD(0.1, Minibatch(8))``.

    Parameters
    ----------
    gamma : float
        The size of a step, > 0.
    gradients : GradientSource
        Where gradients come from, such as ``Minibatch(8)``.

    Returns
    -------
    RACLoRA

    Examples
    --------
    >>> from rac_theory.problems import LeastSquares
    >>> from rac_theory import SGD, Case, Minibatch, expected
    >>> problem = LeastSquares([[1.0], [1.0]], Y=[0.0, 2.0])  # components that disagree
    >>> case = Case(SGD(0.5, Minibatch(1)), problem, steps=6)
    >>> print([f"{gap:.4f}" for gap in expected(case).gap])  # down to a floor, 1/6
    ['0.5000', '0.2500', '0.1875', '0.1719', '0.1680', '0.1670', '0.1667']
    """
    return RACLoRA(sketch=None, gamma=gamma, gradients=gradients)


def sketched_steps(
    sketch: Sketch, side: Side, gamma: float, rng: np.random.Generator, W: Array
) -> Iterator[LowRankStep]:
    """Yield projected steps on one side, with a fresh sketch for every run each time."""
    drawn = ranges(sketch, rng, len(W), W.dtype.type)
    return (LowRankStep(partial(projected_step, Q, gamma), Q, gamma, side) for Q in drawn)


def projected_step(Q: Array, gamma: float, W: Array, G: Array) -> Array:
    """Return ``W - gamma Q Q' G`` in one array of its own."""
    move = project_onto(Q, G, gamma)
    return np.subtract(W, move, out=move)


def plain_step(B: Array, scale: float | Array, W: Array, G: Array) -> Array:
    """Return ``W - B (scale B' G)``; the scale is one number, or one for each column of B, (r, 1)."""
    return np.asarray(W - B @ (scale * (np.swapaxes(B, -1, -2) @ G)))
