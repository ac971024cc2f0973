"""The gain nu of a step: on average f falls by at least nu / 2 times the squared gradient."""

import math
from typing import NamedTuple


class StepGain(NamedTuple):
    r"""What is known of a step :math:`W - M G`, with a random operator M, where f is curved by no more than Q.

    Attributes
    ----------
    nu : float
        The smallest eigenvalue of :math:`E[2M - MQM]`, rounded down; in the units of a step; nan if unknown.
    longest : float
        The largest eigenvalue of :math:`M^{1/2} Q M^{1/2}` over all draws, rounded up; inf if there is no largest, nan
        if unknown. Below 2 no draw goes uphill.
    provenance : str
        Where both come from.
    alpha : float
        The probability with which nu may be too large; 0 where nothing is sampled.
    """

    nu: float = math.nan
    longest: float = math.nan
    provenance: str = "unknown for this sketch"
    alpha: float = 0.0
