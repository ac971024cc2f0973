"""Asymmetric LoRA: one factor is drawn once and frozen, the other is trained."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat

import numpy as np

from rac_theory.algorithms.factor_descent import Factored
from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource, Step
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.algorithms.side import Side, check_dim, on_side
from rac_theory.base import Array, Value, checks
from rac_theory.numerics import Randomness, orthonormal_range
from rac_theory.problems import Problem
from rac_theory.sketches import UNKNOWN, Sketch, Spectrum, check_draws, draw, is_deterministic, spectrum


@dataclass(frozen=True, eq=False)
class AsymmetricLoRA(ProjectedDescent, Value):
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
    gamma: float
    side: Side = "left"
    gradients: GradientSource = field(default_factory=Exact)
    lora_alpha: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        checks.one_of("side", self.side, ("left", "right"))
        check_draws(self.sketch)
        if self.lora_alpha is not None:
            object.__setattr__(self, "lora_alpha", checks.positive("lora_alpha", self.lora_alpha))

    @property
    def one_projection(self) -> bool:
        """Whether all runs freeze the same factor."""
        return is_deterministic(self.sketch)

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

    def check_shape(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if the sketch does not fit matrices of this shape."""
        check_dim("sketch", self.sketch, self.side, shape)

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
        return partial(on_side, self.side, partial(_along, F, self.gamma * self.scale**2))


def _along(F: Array, gamma: float, W: Array, G: Array) -> Array:
    """Return ``W - gamma F F' G``."""
    return np.asarray(W - F @ (gamma * (np.swapaxes(F, -1, -2) @ G)))
