"""Directional derivatives from values of f alone, along the directions of one step."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.base import Array, checks, shown
from rac_theory.numerics import EPS, rounded
from rac_theory.problems import Problem

_SHARE = 1e-6  # of the error h L / 2, which is all that rounding may add to it at the start


@dataclass(frozen=True)
class FiniteDifferences:
    r"""One step from values of f: of the gradient only the derivatives along the directions of the step are estimated.

    The derivative along U is :math:`(f(W + h U) - f(W)) / h`, or central, :math:`(f(W + h U) - f(W - h U)) / (2 h)`.
    Where the gradient is L-Lipschitz either is off by at most :math:`h L \|U\|^2 / 2`; central ones are exact on
    quadratics. A projected step asks along an orthonormal basis of its range, a plain one along the columns of its
    draw. On a column W, ``RACLoRA(Gaussian(d, q), gamma, gradients=FiniteDifferences(h))`` is what arXiv:2509.15552
    calls ZO-Align with q queries, and with ``lora_alpha=q**0.5`` it is ZO-Avg. In the limit h = 0 these are the steps
    with ``Exact()``: a sketched step sees no more of a gradient than its derivatives along the sketch.

    It works with the steps of ``RACLoRA``, with or without a sketch, which show their directions.

    Parameters
    ----------
    h : float
        The distance at which f is asked, > 0, in the units of W.
    central : bool
        Whether f is asked on both sides.

    Raises
    ------
    ValueError
        From ``Case``, if h is so small that a difference at its start would be rounding; later, if an algorithm does
        not show its directions, or W is in single precision.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import SGD, Case, FiniteDifferences, simulate
    >>> problem = Quadratic.left([[2.0]], W_star=[[1.0]])
    >>> for central in (False, True):
    ...     run = simulate(Case(SGD(0.5, FiniteDifferences(0.1, central)), problem, steps=1))
    ...     print(f"{run.W.item():.2f}")  # forward differences stop at 1 - h/2
    0.95
    1.00
    """

    h: float
    central: bool = False

    deterministic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "h", checks.positive("h", self.h))
        object.__setattr__(self, "central", checks.boolean("central", self.central))

    def check(self, problem: Problem) -> None:
        """Accept every problem; where a run starts from is for ``check_start``."""

    def check_start(self, problem: Problem, W: Array) -> None:
        """Raise a ``ValueError`` if rounding, of f or of W + h U at this start, (m, n), is not far below h L / 2."""
        L = float(problem.L)
        if not L > 0:
            return
        value, G = float(problem.value(W[None])[0]), problem.gradient(W[None])[0]
        size = abs(value) + float(np.linalg.norm(G) * np.linalg.norm(W))  # the second is by what rounding of W moves f
        entry = float(np.abs(W).max())
        least = max(math.sqrt(16 * EPS * size / (_SHARE * L)), EPS * entry / _SHARE)
        if self.h < least:
            raise ValueError(
                f"h must be at least {least:.2g} from a start where |f| + |G| |W| is {size:.3g} and entries of W are "
                f"up to {entry:.3g}, lest differences of f be rounding, got {self.h:g}"
            )

    def evaluations(self, directions: int) -> int:
        """Return how many values of f a step along so many directions costs: one more, or twice as many."""
        count = checks.count("directions", directions)
        return 2 * count if self.central else count + 1

    def bias_squared(self, problem: Problem, directions: int) -> float:
        """Return ``directions (h L / 2)^2``, rounded up: the most that squared errors of a projected step sum to."""
        L = float(problem.L)
        if not math.isfinite(L):
            return math.nan
        return rounded(directions * (Fraction(self.h) * Fraction(L) / 2) ** 2, math.inf)

    def descend(self, problem: Problem, W: Array, step: Step, rng: np.random.Generator) -> Array:
        """Return ``step.by_derivatives(W, c)`` with the estimates c of the derivatives."""
        shown_by: Any = step
        if not hasattr(step, "directions"):
            raise ValueError(
                "gradients from FiniteDifferences must go into steps that show their directions, as those of RACLoRA "
                f"do, got {shown(step)}"
            )
        if W.dtype != np.float64:
            raise ValueError(f"W must be in float64 for differences of f, got {W.dtype}")
        U, V = shown_by.directions, shown_by.turned(W)
        c = np.empty((len(V), U.shape[-1], V.shape[-1]))
        values = None if self.central else problem.value(W)
        for i, j in np.ndindex(c.shape[1:]):
            move = np.zeros_like(V)
            move[..., j] = self.h * U[..., i]
            move = shown_by.turned(move)
            if values is None:
                c[:, i, j] = (problem.value(W + move) - problem.value(W - move)) / (2 * self.h)
            else:
                c[:, i, j] = (problem.value(W + move) - values) / self.h
        moved: Array = shown_by.by_derivatives(W, c)
        return moved
