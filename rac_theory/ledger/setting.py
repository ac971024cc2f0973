"""A setting: one way to run RAC-LoRA, and the theorems that it serves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from problems.checks import Array
from problems.problem import Problem
from rac_theory.algorithms import Bernoulli, ProjectedDescent, RACLoRA
from rac_theory.algorithms.gradients import Exact
from rac_theory.algorithms.gradients.gradient_source import GradientSource
from rac_theory.cases.constants import Constants
from rac_theory.sketches.sketch import Sketch

MakeSketch = Callable[[int, int], Sketch]
"""(dim, rank) to a sketch."""

LONGEST = 2_000
"""No ensemble of the ledger takes more steps than this."""

USUAL_REDUCTION = 10.0
"""By how much every bound of an ensemble is to fall."""

USUAL_SKETCHES = ("haar", "coordinate", "weighted_coordinate")


@dataclass(frozen=True)
class Setting:
    """One way to run RAC-LoRA, and the ids of the theorems about it.

    Attributes
    ----------
    claims : tuple of str
        All that can be tried here, whether or not the step is short enough for them.
    elsewhere : tuple of str
        Those of them that the ledger tries in another setting alone.
    step : callable
        (constants, d, r) to the gamma that is used, for a sketch of d x r matrices.
    gradients : callable
        (problem, start) to the gradient source.
    prepare : callable
        What is done to a problem first, such as to divide it among clients.
    needs : str
        A member that a problem must have.
    plain : bool
        Whether the step is the plain one, with tau = gamma.
    both_sides : bool
        Whether a coin decides the side: Bernoulli-LoRA.
    sketches : tuple of str
        The sketches that are tried unless others are selected.
    longest : int
        The largest number of steps.
    reduction : float
        Steps are taken until every bound is this many times below what descent alone says, or has levelled off.
    costly : bool
        Whether a step costs so much that a large problem affords fewer runs.
    """

    claims: tuple[str, ...]
    step: Callable[[Constants, int, int], float]
    gradients: Callable[[Any, Array], GradientSource] = lambda problem, start: Exact()
    prepare: Callable[[Any], Problem] = lambda problem: problem
    needs: str = "value"
    plain: bool = False
    both_sides: bool = False
    elsewhere: tuple[str, ...] = ()
    sketches: tuple[str, ...] = USUAL_SKETCHES
    longest: int = LONGEST
    reduction: float = USUAL_REDUCTION
    costly: bool = False

    @property
    def usual_claims(self) -> tuple[str, ...]:
        """What the ledger tries here."""
        return tuple(claim for claim in self.claims if claim not in self.elsewhere)

    def sides(self, named: Sequence[str], usual: Sequence[str]) -> list[str]:
        """Return the sides to try: those that are named, else the usual ones; "both" is a coin that decides."""
        if self.both_sides:
            return ["both"] if "both" in named or not named else []
        return [side for side in dict.fromkeys(named or usual) if side != "both"]

    def algorithm(
        self, make: MakeSketch, shape: tuple[int, int], rank: int, side: str, gradients: GradientSource, gamma: float
    ) -> ProjectedDescent:
        """Build the algorithm; Bernoulli-LoRA takes as much of the rank on each side as fits."""
        m, n = shape
        if self.both_sides:
            return Bernoulli(make(m, min(rank, m)), make(n, min(rank, n)), gamma, p=0.5, gradients=gradients)
        sketch = make(m if side == "left" else n, rank)
        lora_alpha = float(rank) if self.plain else None
        return RACLoRA(sketch, gamma, side, gradients, lora_alpha)  # type: ignore[arg-type]
