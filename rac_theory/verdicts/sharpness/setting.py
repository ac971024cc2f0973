"""Of which worst case is spoken: a theorem, the constants of its class, a sketch and how many steps."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias

TheoremId: TypeAlias = Literal["T1", "T2", "T3", "T3_isotropic", "T4"]

THEOREMS: tuple[TheoremId, ...] = ("T1", "T2", "T3", "T3_isotropic", "T4")

_CLASSES = {"T1": "smooth", "T2": "smooth PL", "T3": "smooth convex", "T3_isotropic": "smooth convex"}
_METRICS = {"T1": "E|grad f(W^t)|^2, averaged over t < {steps},", "T4": "E|W^{steps} - W*|^2"}
_STARTS = {
    "T1": "f(W^0) - f*",
    "T2": "f(W^0) - f*",
    "T3": "f(W^0) - f* + |W^0 - W*|^2/(2 gamma)",
    "T3_isotropic": "|W^0 - W*|^2/(2 gamma)",
    "T4": "|W^0 - W*|^2",
}


@dataclass(frozen=True)
class Setting:
    """What a worst case is taken over, in exact numbers: a class of functions, steps and a sketch; and of which metric.

    Attributes
    ----------
    theorem : str
        The id of the theorem whose metric and start are meant.
    L, mu, gamma : Fraction
        mu is of PL for T2, of strong convexity for T4, and 0 for others.
    blocks : int
        Of how many blocks of coordinates the sketch draws one; 0 stands for any sketch, in one step.
    steps : int
    share : Fraction
        E[H] = share I; where blocks is 0, for T1 and T2, E[H] is at least that.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from rac_theory.verdicts.sharpness.setting import Setting
    >>> print(Setting("T1", Fraction(1), Fraction(0), Fraction(1), blocks=2, steps=3, share=Fraction(1, 2)).metric)
    E|grad f(W^t)|^2, averaged over t < 3,
    """

    theorem: TheoremId
    L: Fraction
    mu: Fraction
    gamma: Fraction
    blocks: int
    steps: int
    share: Fraction

    def __post_init__(self) -> None:
        if self.theorem not in THEOREMS:
            raise ValueError(f"theorem must be one of {', '.join(THEOREMS)}, got {self.theorem!r}")
        if not (self.gamma > 0 and 0 <= self.mu < self.L):
            raise ValueError(f"L, gamma and L - mu must be above 0, got L={self.L}, gamma={self.gamma}, mu={self.mu}")
        if self.blocks < 0 or self.steps < 1:
            raise ValueError(f"blocks must be >= 0 and steps >= 1, got {self.blocks} and {self.steps}")
        if self.mu and self.theorem not in ("T2", "T4"):
            raise ValueError(f"mu must be 0 for {self.theorem}, which does not read it, got {self.mu}")
        if self.blocks and self.share * self.blocks != 1:
            raise ValueError(f"share must be 1/blocks = 1/{self.blocks}, got {self.share}")
        if not self.blocks and self.steps != 1:
            raise ValueError(f"steps must be 1 for any sketch, got {self.steps}")

    @property
    def unit(self) -> Fraction:
        """Of the metric over the start, where L is the unit: of squared gradients L, else 1."""
        return self.L if self.theorem == "T1" else Fraction(1)

    def __str__(self) -> str:
        """What is bounded, and for which functions and sketches; a number must follow."""
        kind = _CLASSES.get(self.theorem, "smooth strongly convex")
        mu = f", mu = {self.mu}" if self.mu else ""
        which = f"every {kind} f with L = {self.L}{mu} in any dimension, gamma = {self.gamma}"
        return f"for {which} and {self._sketch}: {self.metric} <= {_STARTS[self.theorem]}, times"

    @property
    def metric(self) -> str:
        """What is bounded, in words."""
        return _METRICS.get(self.theorem, "E f(W^{steps}) - f*").format(steps=self.steps)

    @property
    def _sketch(self) -> str:
        if self.blocks:
            return "no sketch" if self.blocks == 1 else f"one of {self.blocks} blocks drawn uniformly"
        return f"any sketch with E[H] {'>=' if self.theorem in ('T1', 'T2') else '='} {self.share} I"


def start_of(theorem: TheoremId, gap: Any, squared_distance: Any, gamma: Any) -> Any:
    """Return what a worst case is a multiple of, from numbers at the start, or from forms in unknown vectors."""
    of_distance = 1 / (2 * gamma) * squared_distance
    starts = {"T3": gap + of_distance, "T3_isotropic": of_distance, "T4": squared_distance}
    return starts.get(theorem, gap)
