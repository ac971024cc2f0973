r"""Preconditioned steps on one factor: what is seen of the gradient, each part with a weight of its own."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from rac_theory.algorithms.rac_lora import RACLoRA, plain_step
from rac_theory.algorithms.side import OneSided, Side, on_side
from rac_theory.base import Array, repr_of
from rac_theory.problems import Problem
from rac_theory.sketches import Sketch, ranges


@dataclass(frozen=True, eq=False, repr=False)
class Preconditioned(OneSided):
    r"""The step :math:`W \leftarrow W - \gamma B D B^\top \nabla f(W)`, with B an orthonormal basis of a fresh range.

    D is diagonal, and its weights lie between :math:`a > 0` and A. In the coordinates of the factor this is a step of
    gradient descent with a learning rate for each row.

    Parameters
    ----------
    sketch : Sketch
        The law of the range on the left, or on the right.
    gamma : float
        The size of one gradient step, > 0.
    weights : (r,)
        What the directions of a draw are multiplied by, > 0, one for each column of the sketch.
    side : Side
        Which side of the gradient is projected.

    Raises
    ------
    ValueError
        If a weight is not positive, or there are not as many as columns.

    Examples
    --------
    >>> import numpy as np
    >>> from rac_theory import Case, simulate, verify
    >>> from rac_theory.algorithms import Preconditioned
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Haar
    >>> problem = Quadratic.left(np.diag([1.0, 0.5, 0.25]), np.ones((3, 1)))
    >>> case = Case(Preconditioned(Haar(3, 2), gamma=0.5, weights=[0.5, 2.0]), problem, steps=50)
    >>> bool((np.diff(simulate(case, runs=4, rng=0).values) <= 0).all())  # gamma L A = 1: no step goes uphill
    True
    >>> print(verify("T26_pl", case, rng=0).status)
    HOLDS
    """

    sketch: Sketch
    gamma: float
    weights: Array
    side: Side = "left"

    def __post_init__(self) -> None:
        super().__post_init__()
        weights = np.array(self.weights, dtype=np.float64)
        if weights.shape != (self.sketch.rank,) or not np.all((weights > 0) & np.isfinite(weights)):
            raise ValueError(
                f"weights must be positive numbers, one for each of {self.sketch.rank} columns, got {self.weights!r}"
            )
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)

    @property
    def projector(self) -> RACLoRA:
        """The projected step of the same draws."""
        return RACLoRA(self.sketch, self.gamma, self.side)

    @property
    def letters(self) -> Mapping[str, float]:
        """a and A, the smallest and the largest weight."""
        return {"a": float(self.weights.min()), "A": float(self.weights.max())}

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Draw one range for each run and step along it, again and again: blocks (runs, m, n)."""
        scale = (self.gamma * self.weights[:, None]).astype(W.dtype)
        for B in ranges(self.sketch, rng, len(W), W.dtype.type):
            W = on_side(self.side, partial(plain_step, B, scale), W, problem.gradient(W))
            yield W

    def __repr__(self) -> str:
        weights = np.array2string(self.weights, separator=", ", threshold=8)
        letters = f"gamma={self.gamma!r}, weights={weights}, side={self.side!r}"
        return f"{type(self).__name__}({repr_of(self.sketch)}, {letters})"
