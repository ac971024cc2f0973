"""RAC-LoRA with the projected step, and gradient descent as its case H = I."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from problems import checks
from problems.checks import Array
from problems.problem import Problem
from rac_theory.gradients import Exact, GradientSource, Step
from rac_theory.linalg import project
from rac_theory.sketch import Sketch, check_draws, draw, is_deterministic

Side: TypeAlias = Literal["left", "right"]
"""Which side of the gradient is projected."""


@dataclass(frozen=True, eq=False)
class RACLoRA:
    r"""Randomized Asymmetric Chain of LoRA: :math:`W \leftarrow W - \gamma H \nabla f(W)`, a fresh sketch each step.

    :math:`H = B (B^\top B)^\dagger B^\top` acts from the left, or :math:`H = A^\top (A A^\top)^\dagger A` from the
    right, where a draw of the sketch is :math:`A^\top`.

    Parameters
    ----------
    sketch : Sketch or None
        The law of B (``dim`` = m) or of the transpose of A (``dim`` = n); None is no sketch at all, H = I.
    gamma : float
        The size of one gradient step, > 0.
    side : Side
        Which side of the gradient is projected.
    gradients : GradientSource
        Where gradients come from; the exact gradient unless told otherwise.

    References
    ----------
    arXiv:2410.08305, Algorithm 1, with the exact step.
    """

    sketch: Sketch | None
    gamma: float
    side: Side = "left"
    gradients: GradientSource = field(default_factory=Exact)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gamma", checks.finite("gamma", self.gamma, above=0))
        checks.one_of("side", self.side, ("left", "right"))
        if not hasattr(self.gradients, "descend"):
            raise ValueError(f"gradients must be a gradient source, such as Exact(), got {self.gradients!r}")
        if self.sketch is not None:
            for member in ("dim", "rank", "sample"):
                if not hasattr(self.sketch, member):
                    raise ValueError(f"sketch must have {member!r}, got {self.sketch!r} without it")
            check_draws(self.sketch)

    @property
    def deterministic(self) -> bool:
        """Whether every draw of the sketch is the same and the gradient exact."""
        return isinstance(self.gradients, Exact) and (self.sketch is None or is_deterministic(self.sketch))

    def check(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if the sketch does not fit matrices of this shape."""
        if self.sketch is None:
            return
        here, there = shape if self.side == "left" else reversed(shape)
        if self.sketch.dim != here:
            letter, other = ("m", "right") if self.side == "left" else ("n", "left")
            hint = f"; did you mean side={other!r}?" if self.sketch.dim == there else ""
            raise ValueError(
                f"sketch.dim must be {letter}={here} for side={self.side!r} and W of shape {shape}, "
                f"got {self.sketch.dim}{hint}"
            )

    def step(self, problem: Problem, W: Array, rng: np.random.Generator) -> Array:
        """Draw one sketch for each run and descend under it: (runs, m, n) to (runs, m, n)."""
        return self.gradients.descend(problem, W, self._low_rank_step(len(W), rng), rng)

    def _low_rank_step(self, runs: int, rng: np.random.Generator) -> Step:
        if self.sketch is None:
            return lambda W, G: W - self.gamma * G
        S = draw(self.sketch, rng, runs)
        if self.side == "left":
            return lambda W, G: W - self.gamma * project(S, G)
        return lambda W, G: W - self.gamma * np.swapaxes(project(S, np.swapaxes(G, -1, -2)), -1, -2)

    def __repr__(self) -> str:
        if self.sketch is None:
            return f"GD(gamma={self.gamma:.4g})"
        return f"RACLoRA({self.sketch!r}, gamma={self.gamma:.4g}, side={self.side!r})"


def GD(gamma: float) -> RACLoRA:
    r"""Full gradient descent, :math:`W \leftarrow W - \gamma \nabla f(W)`: RAC-LoRA without a sketch."""
    return RACLoRA(sketch=None, gamma=gamma)
