"""Bernoulli-LoRA: a coin decides for every step which factor is drawn and which is trained."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource, Step
from rac_theory.algorithms.projected_descent import ProjectedDescent
from rac_theory.algorithms.rac_lora import sketched_steps
from rac_theory.algorithms.side import check_dim
from rac_theory.base import Array, Value, checks
from rac_theory.numerics import Account, Randomness, child, rounded, seed_sequence
from rac_theory.sketches import Sketch, Spectrum, check_draws, spectrum

_OUTWARDS = {
    "lambda_min": -math.inf,
    "lambda_max": math.inf,
    "lambda_min_upper": math.inf,
    "lambda_max_lower": -math.inf,
}


@dataclass(frozen=True, eq=False)
class Bernoulli(ProjectedDescent, Value):
    r"""Bernoulli-LoRA: with probability p the left step, with a fresh B, else the right step, with a fresh A.

    As an operator on matrices E[H] is :math:`p\, E[H_B] \otimes I + (1 - p)\, I \otimes E[H_A]`, a Kronecker sum: its
    eigenvalues are all the sums :math:`p \lambda + (1 - p) \nu` of one of each.

    Parameters
    ----------
    left, right : Sketch
        The laws of B (``dim`` = m) and of the transpose of A (``dim`` = n).
    gamma : float
        The size of one gradient step, > 0.
    p : float
        Probability of a left step, in [0, 1].
    gradients : GradientSource
        Where gradients come from; by default the exact gradient.

    References
    ----------
    arXiv:2508.03820.

    Examples
    --------
    >>> from rac_theory import Bernoulli
    >>> from rac_theory.sketches import Coordinate
    >>> algorithm = Bernoulli(left=Coordinate(4, 1), right=Coordinate(8, 4), gamma=0.1, p=0.5)
    >>> algorithm.projection(alpha=1e-3, draws=1, rng=0).lambda_min  # the mean of 1/4 and 1/2
    0.375
    """

    left: Sketch
    right: Sketch
    gamma: float
    p: float = 0.5
    gradients: GradientSource = field(default_factory=Exact)

    one_projection = False

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "p", checks.finite("p", self.p, at_least=0))
        if self.p > 1:
            raise ValueError(f"p must be a probability in [0, 1], got {self.p:g}")
        check_draws(self.left)
        check_draws(self.right)

    def projection(self, *, alpha: float, draws: int, rng: Randomness) -> Spectrum:
        """Return the extreme eigenvalues of the Kronecker sum; what has to be sampled shares ``alpha``."""
        root, account = seed_sequence(rng), Account(alpha)
        p = Fraction(self.p)
        sides = ((p, self.left), (1 - p, self.right))
        # A side that is never drawn adds zero, whatever its law.
        terms = [
            (weight, spectrum(sketch, alpha=account.draw(f"side {i}", alpha / 2), draws=draws, rng=child(root, i)))
            for i, (weight, sketch) in enumerate(sides)
            if weight > 0
        ]
        low, high, low_upper, high_lower = (
            rounded(sum((weight * Fraction(getattr(term, name)) for weight, term in terms), Fraction(0)), towards)
            for name, towards in _OUTWARDS.items()
        )
        sampled = [term for _, term in terms if term.how == "sampled"]
        how = "sampled" if sampled else terms[0][1].how
        spent = math.fsum(term.alpha for term in sampled)
        return Spectrum(low, high, low_upper, high_lower, np.empty((0, 0)), how, spent, draws if sampled else 0)

    def check_shape(self, shape: tuple[int, int]) -> None:
        """Raise a ``ValueError`` if a sketch does not fit matrices of this shape."""
        check_dim("left", self.left, "left", shape)
        check_dim("right", self.right, "right", shape)

    def low_rank_steps(self, rng: np.random.Generator, W: Array) -> Iterator[Step]:
        """Yield steps whose runs go left or right, each by its own coin; a side that never comes up is not drawn."""
        if self.p == 1:
            yield from sketched_steps(self.left, "left", self.gamma, rng, W)
        if self.p == 0:
            yield from sketched_steps(self.right, "right", self.gamma, rng, W)
        left = sketched_steps(self.left, "left", self.gamma, rng, W)
        right = sketched_steps(self.right, "right", self.gamma, rng, W)
        for step_left, step_right in zip(left, right, strict=False):
            yield _Either(rng.random((len(W), 1, 1)) < self.p, step_left, step_right)


@dataclass(frozen=True, eq=False)
class _Either:
    """The left step in some runs, the right step in the others."""

    goes_left: NDArray[np.bool_]
    left: Step
    right: Step

    def __call__(self, W: Array, G: Array) -> Array:
        return np.where(self.goes_left, self.left(W, G), self.right(W, G))
