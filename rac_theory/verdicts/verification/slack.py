"""Slack: how many times a bound is larger than a mean, with an interval."""

from typing import NamedTuple


class Slack(NamedTuple):
    """How many times larger the bound is than the mean at step t, with a confidence interval."""

    t: int
    low: float
    value: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{self.value:.3g}"
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"
