"""One way to train a matrix: full, or one side, rank and sketch; what is promised, and what it costs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rac_theory.advice.gain_of_side import Gain
from rac_theory.advice.model_shapes import MatrixShape

FLOPS = (
    "Flops of y = W x at one gradient step per sketch; a multiplication and an addition count as 2. An example: 4 m n "
    "+ 2 r (m + n), for y, the gradient of x and, from zero, that of the factor that is trained; 6 m n where all of W "
    "is trained. A step, whatever the batch: 2 m n r + 2 (m + n) r^2 + r^3/3, to normalise and to merge; 2 m n where "
    "all of W is trained. Drawing the sketch is left out, and so is what a sparse sketch would save."
)
"""How ``flops_per_example`` and ``flops_per_step`` are counted."""

ROUNDING = 1 + 1e-9
"""What is nearer than that counts as alike."""

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
    gain : Gain
        What is promised of a step, and how that is known.
    trained : float
        Numbers trained in one step, on average.
    layer : str
        Which layer it is, where that is more than its shape.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> options, notes = advise([(64, 256)], ranks=[4])
    >>> left = options[1]
    >>> left.slowdown, left.budget  # sixteen times the steps, a sixteenth of the numbers in each
    (16.0, 1.0)
    """

    shape: MatrixShape
    side: Trained
    sketch: str
    rank: int
    gain: Gain
    trained: float
    layer: str = ""

    @property
    def label(self) -> str:
        """The layer and its shape: what competes with each other has the same."""
        return f"{self.layer} {self.shape[0]}x{self.shape[1]}".strip()

    @property
    def lambda_min(self) -> float:
        """Smallest eigenvalue of the expected projection of W, or a lower bound; dimensionless."""
        return self.gain.lambda_min

    @property
    def L_H(self) -> float:
        """Smoothness along the sketch, in units of L: 1 where Q = L I, and for full training."""
        return self.gain.L_H

    @property
    def step(self) -> float:
        """The step gamma with the best promise, in units of 1/L."""
        return self.gain.step

    @property
    def nu(self) -> float:
        """The gain of that step, in units of 1/L, rounded down; 1 for full training."""
        return self.gain.nu

    @property
    def how(self) -> str:
        """How the gain is known."""
        return self.gain.how

    @property
    def slowdown(self) -> float:
        """The steps promised relative to full training at 1/L: 1/nu by T15, at least that by T15_pl; inf for none."""
        return 1 / self.nu if self.nu > 0 else math.inf

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

    def flops(self, examples: int) -> float:
        """Floating point operations of a step with the gradient of so many examples.

        Parameters
        ----------
        examples : int

        Returns
        -------
        float
        """
        return examples * self.flops_per_example + self.flops_per_step


def of_layers(options: Sequence[Option]) -> dict[str, list[Option]]:
    """Return the options of each layer, by its label."""
    groups: dict[str, list[Option]] = {}
    for option in options:
        groups.setdefault(option.label, []).append(option)
    return groups


def efficient(options: Sequence[Option]) -> list[bool]:
    """Tell which options are on the frontier: none that competes is better in one of two, worse in neither.

    The two are the steps promised and the numbers trained a step. Options compete if they have the same label.

    Parameters
    ----------
    options : sequence of Option

    Returns
    -------
    list of bool
        In the order of the options.

    Examples
    --------
    >>> from rac_theory.advice import advise
    >>> from rac_theory.advice.training_option import efficient
    >>> options, notes = advise([(64, 256)], ranks=[4], sketches=["gaussian", "coordinate_with_replacement"])
    >>> [(option.side, option.sketch) for option, best in zip(options, efficient(options)) if not best]
    [('left', 'coordinate_with_replacement'), ('right', 'coordinate_with_replacement')]
    """

    def better(rival: Option, option: Option) -> bool:
        fewer = rival.slowdown * ROUNDING < option.slowdown, rival.trained * ROUNDING < option.trained
        more = rival.slowdown > option.slowdown * ROUNDING, rival.trained > option.trained * ROUNDING
        return any(fewer) and not any(more)

    groups = of_layers(options)
    return [
        math.isfinite(option.slowdown) and not any(better(rival, option) for rival in groups[option.label])
        for option in options
    ]
