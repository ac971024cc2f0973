"""A low-rank step: it sees a gradient through its directional derivatives alone, and moves along their directions."""

from dataclasses import dataclass

import numpy as np

from rac_theory.algorithms.gradients.gradient_source import Step
from rac_theory.algorithms.side import Side, on_side
from rac_theory.base.checks import Array


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
    >>> bool((step.along(W, derivatives) == step(W, G)).all())
    True
    """

    move: Step
    directions: Array
    scale: float
    side: Side

    def __call__(self, W: Array, G: Array) -> Array:
        """Step with the gradient G, (runs, m, n)."""
        return on_side(self.side, self.move, W, G)

    def along(self, W: Array, derivatives: Array) -> Array:
        """Step with derivatives c that are known or estimated, (runs, r, n); for a right step (runs, r, m)."""
        return np.asarray(self.turned(self.turned(W) - self.directions @ (self.scale * derivatives)))

    def turned(self, W: Array) -> Array:
        """Return W as the step sees it: transposed, if it is a right step."""
        return W if self.side == "left" else np.swapaxes(W, -1, -2)
