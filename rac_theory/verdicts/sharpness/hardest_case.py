"""The search for the hardest case: where on small quadratics a bound comes closest to what it bounds."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, differential_evolution

from rac_theory.base import Value, checks, progress, type_name
from rac_theory.base.checks import Array
from rac_theory.cases import Case, Constants
from rac_theory.numerics import Randomness, generator, seed_sequence
from rac_theory.statements import Theorem
from rac_theory.statements.symbols import L_H
from rac_theory.theorems import theorem_named
from rac_theory.verdicts.sharpness.case_families import CONDITION, Family, Method, families
from rac_theory.verdicts.sharpness.tightness import tightness

_STEPS = 64
_START_CONDITION = 10.0  # the smallest that the search starts from
_POPULATION = 12
_FINALISTS = 3  # families that share the second half of the budget
_EDGE = 0.1  # the share of a coordinate at each end that stands for the end itself: extremes are hit, not approached


@dataclass(frozen=True, eq=False)
class HardestCase(Value):
    """The case that comes closest to a bound, of those that were tried; ``tightness(theorem, case)`` replays it.

    Attributes
    ----------
    theorem : Theorem
    case : Case
    t : int
        The step at which exact / bound is largest.
    ratio : float
        exact / bound there: 1 if the theorem is tight, above 1 only if it is false.
    evaluations : int
        How many cases were tried.

    Examples
    --------
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory import GD, Case, HardestCase, theorems, tightness
    >>> case = Case(GD(gamma=0.5), Quadratic.left([[1.0]], W_star=[[1.0]]), steps=3)
    >>> found = HardestCase(theorems.T2, case, t=3, ratio=1 / 8, evaluations=1)  # as ``hardest_case`` returns
    >>> print(f"{found.ratio:.4f}, replayed: {1 / tightness(found.theorem, found.case)[found.t]:.4f}")
    0.1250, replayed: 0.1250
    """

    theorem: Theorem
    case: Case
    t: int
    ratio: float
    evaluations: int

    def __repr__(self) -> str:
        condition = f"condition number {self.case.problem.L / self.case.problem.mu:.3g}"
        ratio = f"exact / bound = {self.ratio:.6f} at t = {self.t}"
        return f"<{type_name(self)} of {self.theorem.id}: {ratio} of {self.case!r}, {condition}>"


def hardest_case(theorem: Theorem | str, budget: int = 2000, *, rng: Randomness = None) -> HardestCase:
    """Search for the case with the largest exact / bound, by differential evolution.

    Searched are diagonal quadratics with 2 to 4 curvatures and condition number up to 100, starts, step sizes up to the
    largest that the theorem allows, uniform ranges, uniform and weighted coordinates, all ranks, the left side, and on
    2 x 2 the right side and a coin for both; additive noise of at least a tenth of the first gradient where the theorem
    allows it, where it is about them plain steps, Gaussian ones too, and steps that fit the draw; and all t up to 64 at
    which the bound is at most half of what it is at t = 0 and of what descent alone promises: before that every bound
    is nearly met by a method that has hardly moved. In the first generation all condition numbers are at least 10.

    For a theorem that reads L_H, f is flat but for two directions of eight, so that a sketch seldom meets them, and L_H
    is at most L/2; steps are up to 2/L_H, which is beyond 4/L. Coordinates, right sides and the coin, on 5 x 5, are of
    that kind too. Where L_H is L, such a theorem is another one, which says the same with L.

    Parameters
    ----------
    theorem : Theorem or str
    budget : int
        About how many cases to try, half of them spread evenly over shapes, ranks and sketches.
    rng : seed, SeedSequence or Generator

    Raises
    ------
    ValueError
        If no case of this kind meets the assumptions of the theorem, or its expectation is unsupported.

    Examples
    --------
    >>> from rac_theory import hardest_case
    >>> found = hardest_case("T2_sharp", budget=1, rng=0)
    >>> print(f"{found.ratio:.4f}")  # of exact / bound: some case attains the bound, and none exceeds it
    1.0000
    """
    theorem = theorem_named(theorem)
    checks.integer("budget", budget, 1)
    searches = [
        _Search(theorem, family)
        for method in _methods(theorem)
        for family in families(method)
        if family.admits(theorem, _STEPS)
    ]
    if not searches:
        raise ValueError(f"theorem must hold for some case that is searched, got {theorem.id}: {_reason(theorem)}")
    random = generator(seed_sequence(rng))
    with progress.task("cases", budget):
        for search in searches:
            search.run(budget // 2 // len(searches), random)
        promising = sorted(searches, key=lambda search: -search.ratio)[:_FINALISTS]
        for search in promising:
            search.run((budget - budget // 2) // len(promising), random)
    best = max(searches, key=lambda search: search.ratio)
    if best.case is None:
        raise ValueError(f"theorem must hold for some case that is searched, got {theorem.id}: {best.reason}")
    return HardestCase(theorem, best.case, best.t, best.ratio, sum(search.evaluations for search in searches))


def _methods(theorem: Theorem) -> list[Method]:
    """Return what a theorem is about: of projected steps the richest method, of others each."""
    along = L_H in theorem.symbols
    projected, others = (
        (Method(noisy=True, along=along), Method(along=along)),
        (Method(plain=True), Method(fitted=True)),
    )
    return [
        *[method for method in projected if _is_about(theorem, method)][:1],
        *(method for method in others if _is_about(theorem, method)),
    ]


def _is_about(theorem: Theorem, method: Method) -> bool:
    return any(family.admits(theorem, _STEPS) for family in families(method))


def _reason(theorem: Theorem) -> str:
    """Why a theorem says nothing on the first of the families."""
    return "; ".join(next(families(Method())).unmet(theorem, _STEPS))


class _Search:
    """One family of cases, and the hardest of them so far."""

    def __init__(self, theorem: Theorem, family: Family) -> None:
        self.theorem, self.family = theorem, family
        self.largest_step = family.largest_step(theorem, _STEPS)
        self.case: Case | None = None
        self.t, self.ratio, self.evaluations, self.reason = 0, -np.inf, 0, "nothing was tried"
        self.population: Array | None = None

    def run(self, evaluations: int, rng: np.random.Generator) -> None:
        """Evolve a population of points of the unit cube: those of the family, and a step; or go on evolving it."""
        first = self._first(rng) if self.population is None else self.population
        generations = max(1, evaluations // _POPULATION - 1)
        cube = Bounds(np.zeros(first.shape[1]), np.ones(first.shape[1]))
        found = differential_evolution(self.cost, cube, maxiter=generations, init=first, tol=0, polish=False, seed=rng)
        self.population = found.population

    def _first(self, rng: np.random.Generator) -> Array:
        """The first generation, with no condition number below 10."""
        first = rng.random((_POPULATION, self.family.size + 1))
        spread = np.log(_START_CONDITION) / np.log(CONDITION)
        first[:, 0] = 0.0
        first[:, 1] = _EDGE + (1 - 2 * _EDGE) * (spread + (1 - spread) * first[:, 1])
        return first

    def cost(self, point: Array) -> float:
        """Minus the largest exact / bound; positive where the bound says too little, or nothing."""
        self.evaluations += 1
        progress.advance()
        point = np.clip((np.asarray(point) - _EDGE) / (1 - 2 * _EDGE), 0.0, 1.0)
        case = self.family.case(point[:-1], (0.1 + 0.9 * point[-1]) * self.largest_step, _STEPS)
        constants = Constants.of(case)
        if unmet := self.theorem.unmet(case, constants):
            self.reason = "; ".join(unmet)
            return 3.0
        bound = self.theorem.bound(constants, _STEPS)
        promised = bound / np.nanmin([bound[0], self.theorem.metric.ceiling(constants)])
        telling = promised <= 0.5
        if not telling.any():
            return float(min(1 + promised[-1], 2.0))
        ratios = np.where(telling, 1 / tightness(self.theorem, case, constants=constants), np.nan)
        if np.isnan(ratios).all():  # the bound has fallen below all numbers that can be compared
            return 2.0
        t = int(np.nanargmax(ratios))
        if ratios[t] > self.ratio:
            self.case, self.t, self.ratio = case, t, float(ratios[t])
        return -float(ratios[t])
