"""The share of runs that do something: how many did, and what that says of its probability."""

import math
from dataclasses import dataclass

from scipy.special import betainccinv, betaincinv

from rac_theory.numerics import divergence
from rac_theory.verdicts import Status


@dataclass(frozen=True)
class Share:
    """Whether a run does something with probability at least ``claimed``, from independent runs.

    No law of the runs is assumed, and no run that was not seen matters: counts are binomial, and the limits are those
    of Clopper and Pearson.

    Attributes
    ----------
    count, runs : int
        How many runs did it, out of how many.
    claimed : float
        In (0, 1).
    alpha : float
        The level of each limit; 0 where one run decides because the method is deterministic.

    References
    ----------
    C. J. Clopper & E. S. Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 1934.

    Examples
    --------
    >>> from rac_theory.testing.assertions.share import Share
    >>> for runs in (60, 132):
    ...     found = Share(count=runs, runs=runs, claimed=0.9, alpha=1e-6)
    ...     print(f"{found.status}: at least {found.low:.4f}")
    UNDECIDED: at least 0.7943
    HOLDS: at least 0.9006
    """

    count: int
    runs: int
    claimed: float
    alpha: float

    @property
    def low(self) -> float:
        """Lower confidence limit of the probability, at level alpha."""
        if self.alpha == 0:
            return float(self.count)
        return float(betaincinv(self.count, self.runs - self.count + 1, self.alpha)) if self.count else 0.0

    @property
    def high(self) -> float:
        """Upper confidence limit of the probability, at level alpha."""
        if self.alpha == 0:
            return float(self.count)
        missing = self.runs - self.count
        return float(betainccinv(self.count + 1, missing, self.alpha)) if missing else 1.0

    @property
    def status(self) -> Status:
        """HOLDS where the lower limit is at least what is claimed, VIOLATED where the upper one is below it."""
        if self.low >= self.claimed:
            return Status.HOLDS
        return Status.VIOLATED if self.high < self.claimed else Status.UNDECIDED

    @property
    def reason(self) -> str:
        """One sentence: what decided."""
        if self.alpha == 0:
            return "the method is deterministic, and its run " + ("does." if self.count else "does not.")
        seen = (
            f"{self.count} of {self.runs} runs do: a probability of {self.low:.3g}..{self.high:.3g} at level "
            f"{self.alpha:g}, at least {self.claimed:g} is claimed"
        )
        return f"{seen}; {self._needed()}." if self.status is Status.UNDECIDED else f"{seen}."

    def _needed(self) -> str:
        """How many runs would decide, if as large a share of them did it: Chernoff's bound."""
        p, q = self.count / self.runs, self.claimed
        rate = float(divergence(p, q))
        if rate * self.runs * 100 < math.log(1 / self.alpha):
            return "the share is too close to tell, however many runs there are"
        return f"it takes about {math.ceil(math.log(1 / self.alpha) / rate)} runs to tell"
