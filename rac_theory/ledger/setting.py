"""A setting: one way to run RAC-LoRA, as a line of a table, and the theorems that it serves."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rac_theory.algorithms import Algorithm, Bernoulli, GaLore, LayeredRACLoRA, RACLoRA, Side
from rac_theory.algorithms.gradients import CertifiedStep, Exact, GradientSource
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants, starting_point
from rac_theory.problems import Problem, layers_of
from rac_theory.sketches import Factory, Sketch, sketch_factory

StepSize: TypeAlias = Callable[[Constants, Case], float]
"""(the constants of a case at the step 1/L, that case) to the step that is taken."""

Build: TypeAlias = Callable[[Sketch, float, Side, GradientSource], Algorithm]
"""A sketch, a step, a side and a gradient source to an algorithm."""

LONGEST = 2_000
"""No ensemble of the ledger takes more steps than this."""

USUAL_REDUCTION = 10.0
"""By how much every bound of an ensemble is to fall."""

LEADING = "leading"
"""What stands for a sketch where the subspace is that of the gradient."""

USUAL_SKETCHES = ("haar", "coordinate", "weighted_coordinate")


def unchanged(problem: Any) -> Problem:
    """Return the problem itself."""
    return problem  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Setting:
    """One way to run RAC-LoRA, and the ids of the theorems about it.

    Attributes
    ----------
    claims : tuple of str
        All that can be tried here, whether or not the step is short enough for them.
    step : callable
        The step size, from the constants of the case at the step 1/L.
    gradients : GradientSource or callable
        Where gradients come from; where that depends on the problem, (problem, start) to the source.
    needs : str
        A member that a problem must have.
    prepare : callable
        What is done to a problem first, such as to divide it among clients.
    sides : tuple of str
        The sides on which it can be run; "both" is a coin that decides in every step: Bernoulli-LoRA, or both at once,
        of the leading part of a gradient.
    build : callable
        A sketch, the step 1/L, a side and a gradient source to the algorithm.
    shorten : callable, optional
        What takes its place, where that depends on constants: the algorithm at that step, and its constants, to one
        with steps that decrease, say.
    elsewhere : tuple of str
        Those of the claims that the ledger tries in another setting alone.
    sketches : tuple of str
        The sketches that are tried unless others are selected.
    only : tuple of str
        The sketches with which it can be run, where that is what its name means; by default any.
    longest : int
        The largest number of steps.
    reduction : float
        Steps are taken until every bound is this many times below what descent alone implies, or has levelled off.
    layered : bool
        Whether it can be run on several matrices at once.
    costly : bool
        Whether a step costs so much that a large problem affords fewer runs.
    """

    claims: tuple[str, ...]
    step: StepSize
    gradients: GradientSource | Callable[[Any, Array], GradientSource] = field(default_factory=Exact)
    needs: str = "value"
    prepare: Callable[[Any], Problem] = unchanged
    sides: tuple[str, ...] = ("left", "right")
    build: Build = RACLoRA
    shorten: Callable[[Any, Constants], Algorithm] | None = None
    elsewhere: tuple[str, ...] = ()
    sketches: tuple[str, ...] = USUAL_SKETCHES
    only: tuple[str, ...] = ()
    longest: int = LONGEST
    reduction: float = USUAL_REDUCTION
    layered: bool = True
    costly: bool = False

    @property
    def usual_claims(self) -> tuple[str, ...]:
        """What the ledger tries here."""
        return tuple(claim for claim in self.claims if claim not in self.elsewhere)

    def unsuited(self, problem: Problem) -> str | None:
        """Say why a problem cannot be tried here; None where it can."""
        if not hasattr(problem, self.needs):
            return "the problem is no finite sum"
        if not (math.isfinite(problem.L) or isinstance(self.gradients, CertifiedStep)):
            return "its L is unknown"
        if layers_of(problem) is not None and not self.layered:
            return "it is about one matrix"
        return None

    def sides_of(self, sides: Iterable[str]) -> list[str]:
        """Return those of some sides on which it can be run."""
        return [side for side in dict.fromkeys(sides) if side in self.sides]

    def sketches_of(self, selected: Sequence[str]) -> list[str]:
        """Return those of the sketches that are selected with which it can be run; the usual ones if none is."""
        usual = list(self.only or self.sketches)
        return [sketch for sketch in selected if not self.only or sketch in self.only] if selected else usual

    def source(self, problem: Problem, start: Array) -> GradientSource:
        """Return where the gradients of a problem come from, which is prepared."""
        return self.gradients(problem, start) if callable(self.gradients) else self.gradients

    def named_case(self, problem: Problem, W0: Array | None, sketch: str, rank: int, side: str) -> Case:
        """Return the case at the step 1/L of a problem that is prepared, with the sketch of a name, or GaLore."""
        if sketch == LEADING:
            start = starting_point(problem, W0)
            return Case(GaLore(rank, 1 / problem.L, self.source(problem, start)), problem, start)
        return self.case(problem, W0, sketch_factory(sketch), rank, side)

    def case(self, problem: Problem, W0: Array | None, make: Factory, rank: int, side: str) -> Case:
        """Return the case at the step 1/L of a problem that is prepared, with a given sketch."""
        start = starting_point(problem, W0)
        algorithm = self._algorithm(make, problem, rank, side, self.source(problem, start))
        return Case(algorithm, problem, start)

    def _algorithm(self, make: Factory, problem: Problem, rank: int, side: Any, gradients: GradientSource) -> Algorithm:
        """Build the algorithm; with a coin the rank is that of both sides."""
        (m, n), gamma = problem.shape, 1 / problem.L if math.isfinite(problem.L) else 1.0  # there is no 1/L
        if (layers := layers_of(problem)) is not None:
            sketches = [make(shape[0] if side == "left" else shape[1], rank) for shape in layers.shapes]
            return LayeredRACLoRA(layers, sketches, gamma, side, gradients)
        if side == "both":
            return Bernoulli(make(m, rank), make(n, rank), gamma, p=0.5, gradients=gradients)
        return self.build(make(m if side == "left" else n, rank), gamma, side, gradients)
