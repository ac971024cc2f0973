"""The search for the hardest case: where on small quadratics a bound comes closest to what it bounds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import Bounds, differential_evolution

from problems import checks
from problems.checks import Array
from problems.quadratic import Quadratic
from rac_theory import theorems
from rac_theory.algorithms import RACLoRA
from rac_theory.case import Case
from rac_theory.constants import Constants
from rac_theory.randomness import Randomness, generator, seed_sequence
from rac_theory.sketch import Sketch
from rac_theory.sketches import Coordinate, Haar, WeightedCoordinate
from rac_theory.theorem import Theorem
from rac_theory.tightness_meter import tightness

_STEPS = 64
_CONDITION = 100.0  # the largest that is searched
_START_CONDITION = 10.0  # the smallest that the search starts from
_POPULATION = 12
_EDGE = 0.1  # the share of a coordinate at each end that stands for the end itself: extremes are hit, not approached


@dataclass(frozen=True, eq=False)
class HardestCase:
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
    """

    theorem: Theorem
    case: Case
    t: int
    ratio: float
    evaluations: int

    def __repr__(self) -> str:
        algorithm, problem = self.case.algorithm, self.case.problem
        condition = f"condition {problem.L / problem.mu:.3g}"
        return f"<{self.theorem.id}: exact / bound = {self.ratio:.6f} at t = {self.t}, {algorithm!r}, {condition}>"


def hardest_case(theorem: Theorem | str, budget: int = 2000, *, rng: Randomness = None) -> HardestCase:
    """Search for the case with the largest exact / bound, by differential evolution.

    Searched are diagonal quadratics of dimension 2 and 3 with condition number up to 100, starts, step sizes up to the
    largest that the theorem allows, uniform ranges, uniform and weighted coordinates, all ranks, and all t up to 64 at
    which the bound is at most half of what it is at t = 0 and of what descent alone promises: before that every bound
    is nearly met by a method that has hardly moved. In the first generation all condition numbers are at least 10.

    Parameters
    ----------
    theorem : Theorem or str
    budget : int
        About how many cases to try, spread evenly over dimensions, ranks and sketches.
    rng : seed, SeedSequence or Generator

    Raises
    ------
    ValueError
        If no case of this kind meets the assumptions of the theorem, or its expectation is unsupported.
    """
    if isinstance(theorem, str):
        theorem = theorems.ALL[checks.one_of("theorem", theorem, theorems.ALL)]
    families = list(_families())
    share = checks.integer("budget", budget, 1) // len(families)
    random = generator(seed_sequence(rng))
    largest_step = _largest_step(theorem, *families[0])
    searches = [_Search(theorem, *family, largest_step) for family in families]
    for search in searches:
        search.run(share, random)
    best = max(searches, key=lambda search: search.ratio)
    if best.case is None:
        raise ValueError(f"theorem must hold for some case that is searched, got {theorem.id}: {best.reason}")
    return HardestCase(theorem, best.case, best.t, best.ratio, sum(search.evaluations for search in searches))


def _families() -> Iterator[tuple[int, Callable[[Array], Sketch]]]:
    """Yield dimension and sketch, as a function of parameters in [0, 1] that only the weighted one reads."""
    for d in (2, 3):
        fixed: list[Sketch] = [Haar(d, rank) for rank in range(1, d + 1)]
        fixed += [Coordinate(d, rank) for rank in range(1, d)]
        yield from ((d, partial(_fixed, sketch)) for sketch in fixed)
        yield d, partial(_weighted, d)


def _fixed(sketch: Sketch, parameters: Array) -> Sketch:
    return sketch


def _weighted(dim: int, parameters: Array) -> Sketch:
    return WeightedCoordinate(dim, 1, 0.05 + parameters)


def _largest_step(theorem: Theorem, dim: int, sketch: Callable[[Array], Sketch]) -> float:
    """Return the largest gamma below 2/L, L = 1, that meets the assumptions of a theorem on one case, by bisection."""
    unit = _Search(theorem, dim, sketch, largest_step=1.0)
    low, high = 0.0, 2.0
    for _ in range(52):  # the digits of a float
        middle = (low + high) / 2
        case = unit.case_at(np.full(3 * dim + 1, 0.5), middle)
        low, high = (low, middle) if theorem.unmet(case, Constants.of(case)) else (middle, high)
    return low or 1.0


@dataclass
class _Search:
    """One family of cases, and the hardest of them so far."""

    theorem: Theorem
    dim: int
    sketch: Callable[[Array], Sketch]
    largest_step: float
    case: Case | None = None
    t: int = 0
    ratio: float = -np.inf
    evaluations: int = 0
    reason: str = "nothing was tried"

    def run(self, evaluations: int, rng: np.random.Generator) -> None:
        """Evolve a population of points of the unit cube: a spectrum, a start, weights and a step."""
        first = rng.random((_POPULATION, 3 * self.dim + 1))
        spread = np.log(_START_CONDITION) / np.log(_CONDITION)
        first[:, 0] = 0.0
        first[:, 1] = _EDGE + (1 - 2 * _EDGE) * (spread + (1 - spread) * first[:, 1])
        generations = max(1, evaluations // _POPULATION - 1)
        cube = Bounds(np.zeros(first.shape[1]), np.ones(first.shape[1]))
        differential_evolution(self.cost, cube, maxiter=generations, init=first, tol=0, polish=False, seed=rng)

    def cost(self, point: Array) -> float:
        """Minus the largest exact / bound; positive where the bound says too little, or nothing."""
        self.evaluations += 1
        point = np.clip((np.asarray(point) - _EDGE) / (1 - 2 * _EDGE), 0.0, 1.0)
        case = self.case_at(point, 0.1 + 0.9 * point[-1])
        constants = Constants.of(case)
        if unmet := self.theorem.unmet(case, constants):
            self.reason = "; ".join(unmet)
            return 3.0
        bound = self.theorem.bound(constants, _STEPS)
        promised = bound / np.nanmin([bound[0], self.theorem.metric.ceiling(constants)])
        telling = np.flatnonzero(promised <= 0.5)
        if not telling.size:
            return float(min(1 + promised[-1], 2.0))
        ratios = 1 / tightness(self.theorem, case, constants=constants)
        t = int(telling[np.nanargmax(ratios[telling])])
        if ratios[t] > self.ratio:
            self.case, self.t, self.ratio = case, t, float(ratios[t])
        return -float(ratios[t])

    def case_at(self, point: Array, step: float) -> Case:
        """Return the case at a point; ``step`` is the share of the largest one."""
        exponents, start, weights = np.split(point[:-1], 3)
        curvatures = _CONDITION ** -(exponents - exponents.min())
        problem = Quadratic.left(np.diag(curvatures), np.zeros((self.dim, 1)))
        algorithm = RACLoRA(self.sketch(weights), step * self.largest_step)
        return Case(algorithm, problem, 1e-3 + start[:, None], _STEPS)
