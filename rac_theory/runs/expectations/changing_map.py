"""The moment map of steps that change with t: at each t that of the algorithm with the step size of that t."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rac_theory.base.checks import Array
from rac_theory.runs.expectations.moment_map import MomentMap, Unsupported


@dataclass(frozen=True, eq=False)
class ChangingMap:
    """A state holds t beside that of the maps, which all have the same: energy coordinates do not depend on the step.

    Attributes
    ----------
    at : callable
        t to the map of the step from t to t + 1.
    """

    at: Callable[[int], MomentMap]

    @cached_property
    def first(self) -> MomentMap:
        """The map of the first step, which reads what all have."""
        return self.at(0)

    def start(self, W: Array) -> Any:
        """Return the state at W, for t = 0."""
        return 0, self.first.start(W)

    def step(self, state: Any) -> Any:
        """One step, of the size that it has at t."""
        t, moments = state
        return t + 1, self.at(t).step(moments)

    def readout(self, state: Any) -> tuple[float, float, float]:
        """Read what the maps read."""
        return self.first.readout(state[1])

    def unit_noise(self) -> Array:
        """Not known: it is another at each t."""
        raise Unsupported("additive noise must be in the maps of steps that change, and not around them")

    def rate(self, smallest: float) -> float:
        """Not known: there is none."""
        raise Unsupported("steps must have one size to have a rate: where they decrease, no factor a step is the last")
