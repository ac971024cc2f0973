"""A setting: one way to run RAC-LoRA, as a line of a table, the theorems that it serves, and the step sizes at which
they are tried, from the constants of a case at the step 1/L.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from rac_theory.algebra import Relation
from rac_theory.algorithms import (
    Algorithm,
    Bernoulli,
    Decreasing,
    GaLore,
    LayeredRACLoRA,
    NormalisedStep,
    ProjectedDescent,
    RACLoRA,
    Side,
)
from rac_theory.algorithms.gradients import CertifiedStep, Exact, GradientSource
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants, starting_point
from rac_theory.problems import Problem, layers_of
from rac_theory.sketches import Factory, Sketch, sketch_factory
from rac_theory.statements import Theorem
from rac_theory.statements.symbols import A, C, D, D_in, L, L_max, beta, gap0_upper, lambda_max, lambda_min, mu, read
from rac_theory.theorems import federated, reshuffling, stochastic

StepSize = Callable[[Constants, Case], float]
"""(the constants of a case at the step 1/L, that case) to the step that is taken."""

HORIZON = 400
"""The number of steps for which T5_step is tried."""

_LEAST_BETA = 0.1  # noise alone would allow any step at beta = 0

_BEST_OF_T6 = 1 / (L * (beta + lambda_max * A / (lambda_min * mu)))  # where its rho is the smallest
_QUIET = gap0_upper * lambda_min / (2 * lambda_max * C)  # where C costs a quarter of what gradients allow
_STAYS = lambda_max * (federated.v * D + federated.u * D_in)  # that of T9rr, times lambda_min


def over_L(multiple: float) -> StepSize:
    """Return the step ``multiple / L``: T1 to T4 allow 1/L, their sharp forms anything below 2/L."""
    return lambda c, case: multiple / c.L


def along_step(c: Constants, case: Case) -> float:
    """T13: 1/L_H, where its gain is the largest; 1/L where no L_H is known."""
    return 1 / (c.L_H if c.L_H > 0 else c.L)


def cycle_step(c: Constants, case: Case) -> float:
    """T18: where the gain of a cycle is the largest, 1/(L_H + L ell); 1/L where no L_H is known."""
    return 1 / (c.L_H + c.L * c.ell) if c.L_H > 0 else 1 / c.L


def seen_over_L(share: float) -> StepSize:
    """Return the step ``share lambda_min / L``: for T25 a third, where its theta is at least 1/2; for T27 a quarter."""
    return lambda c, case: share * (c.lambda_min if c.lambda_min > 0 else 1.0) / c.L


def unscaled_step(c: Constants, case: Case) -> float:
    """T12, T15, T16: what a step that fits the draw, or is certified, is multiplied by: 1, where most is gained."""
    return 1.0


def noisy_step(c: Constants, case: Case) -> float:
    """T5, T6: the best step of T6, or one at which noise costs at most a quarter of what there is to gain.

    Where no PL constant is known, 1/(L (beta + 1)) is the best.
    """
    if not c.lambda_min > 0:
        return 1 / c.L
    c = replace(c, beta=max(c.beta, _LEAST_BETA))
    best, quiet = (_BEST_OF_T6, _QUIET * mu / L) if c.mu > 0 else (1 / (L * (beta + 1)), _QUIET)
    return min(float(read(best, c)), float(read(quiet, c)))


def horizon_step(c: Constants, case: Case) -> float:
    """T5_step: the longest step that it allows over the horizon."""
    return _longest(stochastic.T5_step, replace(c, beta=max(c.beta, _LEAST_BETA)), T=HORIZON)


def root_steps(algorithm: ProjectedDescent, c: Constants) -> Decreasing:
    """T19: steps that fall like 1/sqrt(t) from 1/(2 L beta) on, or from less, so that Q comes to a half at most.

    At most 500 of them, whose squares sum up to 6.8 times the first.
    """
    gamma = 1 / (2 * c.L * max(c.beta, _LEAST_BETA))
    growth = c.L * c.A * c.lambda_max * 6.8
    if growth > 0:
        gamma = min(gamma, math.sqrt(1 / (2 * growth)))
    return Decreasing(_with_step(algorithm, gamma), offset=1.0, power=1 / 2)


def harmonic_steps(algorithm: ProjectedDescent, c: Constants) -> Decreasing:
    """T19_pl: steps of 1/(mu lambda_min (t + t_0)) with the least t_0 that it allows, if one is known."""
    if not (c.mu > 0 and c.lambda_min > 0):
        return Decreasing(algorithm, offset=1.0)
    fastest = 1 / (c.mu * c.lambda_min)
    offset = c.L * fastest * (c.beta + c.lambda_max * c.A * fastest) + 1
    return Decreasing(_with_step(algorithm, fastest / offset), offset=offset)


def normalised_steps(algorithm: ProjectedDescent, c: Constants) -> NormalisedStep:
    """T24: of one length, with which both of its terms are as large after the horizon."""
    return NormalisedStep(_with_step(algorithm, math.sqrt(2 * c.gap0_upper / (c.L * HORIZON))))


def _with_step(algorithm: ProjectedDescent, gamma: float) -> ProjectedDescent:
    changed: Any = replace(algorithm, gamma=gamma)  # type: ignore[type-var]
    return changed  # type: ignore[no-any-return]


def epoch_step(c: Constants, case: Case) -> float:
    """T7 and T8 with their other forms: half of the longest step of T7d and T8d, as noise grows with its square.

    The growth q of T8d is proportional to the cube of the step, and what q must stay below to the step.
    """
    longest = _longest(reshuffling.T7, c)
    if not _falls(c):
        return longest / 2
    falling = c.gamma * math.sqrt(read(reshuffling.loss, c) / read(reshuffling.q, c))
    return min(longest, falling) / 2


def round_step(c: Constants, case: Case) -> float:
    """T9 and T10 with their other forms: halved until drift costs at most a third of the rate of T10d."""
    c = replace(c, gamma=_longest(federated.T9, c))
    share = float(read(mu * lambda_min / (L_max * lambda_max), c)) if _falls(c) else 1.0
    while read(federated.a, c) > share / (3 + share):
        c = replace(c, gamma=c.gamma / 2)
    return c.gamma


def client_epochs_step(c: Constants, case: Case) -> float:
    """T9rr and T10rr: halved until drift and sampling take at most a third off the rate of T10rr, and what stays is at
    most a quarter of what there is to gain, before that third."""
    c = replace(c, gamma=_longest(federated.T9rr, c))
    share = float(read(mu * lambda_min / (L_max * lambda_max), c)) if _falls(c) else 1.0
    most = gap0_upper * lambda_min * (mu if _falls(c) else L_max) / 2
    while read(federated.v, c) > share / 3 or read(_STAYS, c) > read(most, c) > 0:
        c = replace(c, gamma=c.gamma / 2)
    return c.gamma


def plain_gaussian_step(c: Constants, case: Case) -> float:
    """T12_gaussian: where nu is the largest, which is ``2 r tau - r x tau^2`` with one number x; tau is gamma here."""
    rank = case.algorithm.sketch.rank  # type: ignore[attr-defined]  # of one side, as all plain steps are
    return float(rank * c.gamma**2 / (2 * rank * c.gamma - c.nu)) if math.isfinite(c.nu) else 1 / c.L


def _longest(theorem: Theorem, c: Constants, **letters: float) -> float:
    """The longest step that the relations of a theorem allow, all of which read ``gamma^k rest <= bound``."""
    relations = (given for given in theorem.relations if given.signs in (("<=",), ("<",)))
    return min(_allowed(relation, c, **letters) for relation in relations)


def _allowed(relation: Relation, c: Constants, **letters: float) -> float:
    at_gamma, twice = (
        float(read(relation.terms[0] / relation.terms[1], replace(c, gamma=gamma), **letters))
        for gamma in (c.gamma, 2 * c.gamma)
    )
    return math.inf if at_gamma == 0 else c.gamma * (1 / at_gamma) ** (1 / math.log2(twice / at_gamma))


def _falls(c: Constants) -> bool:
    """Whether a claim about PL problems promises a factor below one."""
    return c.mu > 0 and c.lambda_min > 0


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
