"""The best step size, never at an end of what was tried: its half and its double were tried, and are no better."""

import math
from collections.abc import Callable
from dataclasses import dataclass

COARSE = tuple(4.0**k for k in range(-2, 3))
"""What is tried first; then half and twice the best, as long as they are better, beyond these ends too."""

_ENDS = (4.0**-12, 4.0**12)


@dataclass(frozen=True)
class Chosen:
    """The step size with the smallest loss, and the loss of each that was tried.

    Attributes
    ----------
    gamma : float
        Twice and half of it were tried too, and were no better.
    losses : dict
        From step size to loss, in increasing order of the step size.
    """

    gamma: float
    losses: dict[float, float]


def best_step(loss: Callable[[float], float]) -> Chosen:
    """Return the step size whose loss is smallest; nan counts as infinite, and the shorter of two equal steps is taken.

    Raises
    ------
    ValueError
        If the loss still falls at steps of 4^12 or 4^-12, or is finite nowhere.

    Examples
    --------
    >>> from rac_theory.experiments.step_size import best_step
    >>> found = best_step(lambda gamma: abs(gamma - 300.0))  # beyond the grid that is tried first
    >>> found.gamma, [*found.losses][-3:]
    (256.0, [128.0, 256.0, 512.0])
    """
    losses: dict[float, float] = {}

    def tried(gamma: float) -> None:
        if gamma not in losses:
            found = loss(gamma)
            losses[gamma] = math.inf if math.isnan(found) else found

    def best() -> float:
        return min(losses, key=lambda gamma: (losses[gamma], gamma))

    for gamma in COARSE:
        tried(gamma)
    while not {(gamma := best()) / 2, gamma * 2} <= losses.keys():
        if not (_ENDS[0] < gamma < _ENDS[1]):
            raise ValueError(f"loss must have its smallest value inside the grid, got it at its end, gamma = {gamma:g}")
        tried(gamma / 2)
        tried(gamma * 2)
    return Chosen(gamma, dict(sorted(losses.items())))
