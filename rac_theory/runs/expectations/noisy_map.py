"""The moment map of a step with additive noise: noise that is independent of the iterate adds a fixed state."""

from dataclasses import dataclass

import numpy as np

from rac_theory.base.checks import Array
from rac_theory.runs.expectations.moment_map import MomentMap


@dataclass(frozen=True, eq=False)
class NoisyMap:
    r"""One step of another map, then :math:`\gamma^2 E[Q^{1/2} P n n^\top P Q^{1/2}]`.

    That is the ``unit_noise`` of the other map times the variance of an entry of n. The squared gradient that is read
    out is that of f, without noise. The rate is that at which E f approaches the floor which the noise keeps it from.

    Attributes
    ----------
    moments : MomentMap
        The step without noise.
    variance : float
        Of each entry of the noise.
    """

    moments: MomentMap
    variance: float

    def start(self, W: Array) -> Array:
        """Return the state at W."""
        return self.moments.start(W)

    def step(self, state: Array) -> Array:
        """One step."""
        return np.asarray(self.moments.step(state) + self.variance * self.moments.unit_noise())

    def readout(self, state: Array) -> tuple[float, float, float]:
        """Read what the map without noise reads."""
        return self.moments.readout(state)

    def unit_noise(self) -> Array:
        """Return that of the map without noise."""
        return self.moments.unit_noise()

    def rate(self, smallest: float) -> float:
        """Return that of the map without noise."""
        return self.moments.rate(smallest)
