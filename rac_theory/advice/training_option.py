"""One way to train a matrix: full, or one side, rank and sketch; what is promised, and what it costs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rac_theory.advice.model_shapes import MatrixShape
from rac_theory.sketches.spectra import slowdown

FLOPS = (
    "Flops of y = W x at one gradient step per sketch; a multiplication and an addition count as 2. An example: 4 m n "
    "+ 2 r (m + n), for y, the gradient of x and, from zero, that of the factor that is trained; 6 m n where all of W "
    "is trained. A step, whatever the batch: 2 m n r + 2 (m + n) r^2 + r^3/3, to normalise and to merge; 2 m n where "
    "all of W is trained. Drawing the sketch is left out, and so is what a sparse sketch would save."
)
"""How ``flops_per_example`` and ``flops_per_step`` are counted."""

_ROUNDING = 1 + 1e-9

Trained: TypeAlias = Literal["full", "left", "right", "mixture"]


@dataclass(frozen=True)
class Option:
    """One way to train an m x n matrix.

    Attributes
    ----------
    shape : MatrixShape
    side : Trained
        "left": the factor B, m x r, is drawn and frozen, A is trained. "right": A, r x n, is drawn and frozen, B is
        trained. "mixture": either, at random. "full": no sketch, all of W is trained.
    sketch : str
        By name; "-" for full training.
    rank : int
    lambda_min : float
        Smallest eigenvalue of the expected projection of W, or a lower bound; dimensionless.
    how : str
        How it is known.
    trained : float
        Numbers trained in one step, on average.

    Examples
    --------
    >>> from rac_theory.advice.training_option import Option
    >>> option = Option((64, 256), "left", "gaussian", 4, lambda_min=4 / 64, how="closed form", trained=4 * 256)
    >>> option.slowdown, option.budget  # sixteen times the steps, a sixteenth of the numbers in each
    (16.0, 1.0)
    """

    shape: MatrixShape
    side: Trained
    sketch: str
    rank: int
    lambda_min: float
    how: str
    trained: float

    @property
    def slowdown(self) -> float:
        """The steps promised relative to full training, see ``rac_theory.sketches.spectra.slowdown``."""
        return slowdown(self.lambda_min)

    @property
    def budget(self) -> float:
        """Steps promised times numbers trained a step, relative to full training."""
        return self.slowdown * self.trained / (self.shape[0] * self.shape[1])

    @property
    def flops_per_example(self) -> float:
        """Floating point operations of y = W x, forth and back; see ``FLOPS``."""
        m, n = self.shape
        return 6.0 * m * n if self.side == "full" else 4.0 * m * n + 2.0 * self.rank * (m + n)

    @property
    def flops_per_step(self) -> float:
        """Floating point operations once a step, whatever the batch; see ``FLOPS``."""
        (m, n), r = self.shape, self.rank
        return 2.0 * m * n if self.side == "full" else 2.0 * m * n * r + 2.0 * (m + n) * r**2 + r**3 / 3


def efficient(options: Sequence[Option]) -> list[bool]:
    """Tell which options are on the frontier: no other one of the same shape is better in one of two, worse in neither.

    The two are the steps promised and the numbers trained a step.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.training_option import efficient
    >>> options, notes = advise([(64, 256)], ranks=[4], sketches=["gaussian", "coordinate_with_replacement"])
    >>> [(option.side, option.sketch) for option, best in zip(options, efficient(options)) if not best]
    [('left', 'coordinate_with_replacement'), ('right', 'coordinate_with_replacement')]
    """

    def better(one: Option, other: Option) -> bool:
        fewer = one.slowdown * _ROUNDING < other.slowdown, one.trained * _ROUNDING < other.trained
        more = one.slowdown > other.slowdown * _ROUNDING, one.trained > other.trained * _ROUNDING
        return any(fewer) and not any(more)

    return [
        math.isfinite(option.slowdown) and not any(better(o, option) for o in options if o.shape == option.shape)
        for option in options
    ]
