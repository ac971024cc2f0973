"""The search for the hardest case: small quadratics by families, and where a bound is closest to what it bounds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy  # whose parts are loaded when they are first used: optimize takes longer than all else here
from scipy.linalg import hadamard

from rac_theory.algorithms import Bernoulli, FittedDescent, InverseOnRange, ProjectedDescent, RACLoRA, Side, StepPerDraw
from rac_theory.algorithms.gradients import Exact, GradientSource, Noisy
from rac_theory.base import Array, Value, checks, progress, type_name
from rac_theory.cases import Case, Constants
from rac_theory.gains import smoothness_along
from rac_theory.numerics import Randomness, generator, seed_sequence
from rac_theory.problems import Problem, Quadratic
from rac_theory.sketches import Coordinate, Gaussian, Haar, Sketch, WeightedCoordinate
from rac_theory.statements import Theorem
from rac_theory.statements.symbols import L_H
from rac_theory.theorems import theorem_named
from rac_theory.verdicts.sharpness.tightness import tightness

CONDITION = 100.0
"""The largest condition number that is searched."""

_FINEST = 2.0**-40  # the longest step is found to this


@dataclass(frozen=True)
class Method:
    """What a theorem is about: exact gradients or additive noise, and which kind of steps.

    Attributes
    ----------
    noisy, plain, fitted : bool
    uses_L_H : bool
        Whether steps are as long as smoothness along the sketch allows, L_H, and not smoothness in all directions.
    """

    noisy: bool = False
    plain: bool = False
    fitted: bool = False
    uses_L_H: bool = False

    def gradients(self, point: Array, problem: Problem, W0: Array) -> GradientSource:
        """Return the source of gradients: without noise to speak of T5 and T6 would only be T1 and T2."""
        if not self.noisy:
            return Exact()
        return Noisy((0.1 + 0.9 * float(point[0])) * float(np.linalg.norm(problem.gradient(W0[None]))))


@dataclass(frozen=True, eq=False)
class Family:
    """Cases with one kind of algorithm, on quadratics of one shape that curve in the same directions.

    Attributes
    ----------
    shape : (int, int)
    parameters : int
        How many numbers the algorithm reads.
    method : Method
    algorithm : callable
        Parameters in [0, 1], gamma and the source of gradients to an algorithm.
    directions : (m n, k), optional
        In which f curves, as columns that are orthogonal and equally long. It is flat in others. By default the axes.
    """

    shape: tuple[int, int]
    parameters: int
    method: Method
    algorithm: Callable[[Array, float, GradientSource], RACLoRA | Bernoulli | FittedDescent]
    directions: Array | None = None

    @property
    def curved(self) -> Array:
        """The directions, (m n, k)."""
        return np.eye(self.shape[0] * self.shape[1]) if self.directions is None else self.directions

    @property
    def size(self) -> int:
        """How many numbers in [0, 1] make a case: curvatures, start, parameters, noise."""
        return 2 * len(self.curved.T) + self.parameters + self.method.noisy

    def case(self, point: Array, gamma: float, steps: int) -> Case:
        """Return the case at a point; L is 1, and gamma is in units of 1/L, or of 1/L_H where the method uses it."""
        k = len(self.curved.T)
        exponents, start, parameters, noise = np.split(point, np.cumsum([k, k, self.parameters]))
        curvatures = CONDITION ** -(exponents - exponents.min())
        W0 = (self.curved @ (1e-3 + start)).reshape(self.shape)
        problem = self._problem(curvatures)
        gradients = self.method.gradients(noise, problem, W0)
        if self.method.uses_L_H:
            algorithm = self.algorithm(parameters, gamma, gradients)
            assert isinstance(algorithm, ProjectedDescent)
            gamma /= smoothness_along(algorithm, problem.smoothness, draws=0).L_H
        return Case(self.algorithm(parameters, gamma, gradients), problem, W0, steps=steps)

    @cached_property
    def _last(self) -> dict[bytes, Quadratic]:
        """The quadratic that was made last: many lengths of steps are tried on the one in the middle."""
        return {}

    def _problem(self, curvatures: Array) -> Quadratic:
        key = curvatures.tobytes()
        if key not in self._last:
            self._last.clear()
            self._last[key] = self._made(curvatures)
        return self._last[key]

    def _made(self, curvatures: Array) -> Quadratic:
        V = self.curved
        # V has whole entries, by which rows that are equal stay equal: the rank is certain, and with it mu.
        Q = (V * (curvatures / (V[:, 0] @ V[:, 0]))) @ V.T
        nothing = np.zeros(self.shape)
        if self.shape[1] == 1:
            return Quadratic.left(Q, nothing)
        return Quadratic.kronecker(np.eye(1), Q, nothing) if self.shape[0] == 1 else Quadratic.full(Q, nothing)

    def unmet(self, theorem: Theorem, steps: int, gamma: float = 1e-6) -> tuple[str, ...]:
        """Return the assumptions that the case in the middle does not meet; short steps meet what any step meets."""
        case = self.case(np.full(self.size, 0.5), gamma, steps)
        return theorem.unmet(case, Constants.of(case))

    def largest_step(self, theorem: Theorem, steps: int) -> float:
        """Return the largest gamma up to 2 that meets the assumptions on the case in the middle, by bisection."""
        low, high = (0.0, 1.0) if self.unmet(theorem, steps, 1.0) else (1.0, 2.0)
        probes = [low + 4 * _FINEST, high - 4 * _FINEST]  # the commonest answers are ends
        while high - low > _FINEST:
            gamma = probes.pop() if probes else (low + high) / 2
            low, high = (low, gamma) if self.unmet(theorem, steps, gamma) else (max(low, gamma), high)
        return low


def families(method: Method) -> Iterator[Family]:
    """Yield those of quadratics that a sketch seldom meets where steps go by L_H, else of diagonal ones."""
    yield from _fitted(method) if method.fitted else _seldom_met(method) if method.uses_L_H else _diagonal(method)


def _fitted(method: Method) -> Iterator[Family]:
    """Yield left steps that fit the draw in dimension 2 and 3; gamma is what they are multiplied by."""
    for d in (2, 3):
        sketches: list[Sketch] = [Haar(d, 1), *(Coordinate(d, rank) for rank in range(1, d))]
        for sketch in sketches:
            for kind in (StepPerDraw, InverseOnRange):
                yield Family((d, 1), 0, method, _by_kind(kind, sketch))


def _by_kind(kind: type[FittedDescent], sketch: Sketch) -> Callable[[Array, float, GradientSource], FittedDescent]:
    return lambda _, gamma, gradients: kind(sketch, gamma)


def _diagonal(method: Method) -> Iterator[Family]:
    """Yield left steps in dimension 2 and 3, and for projected steps right and Bernoulli ones on 2 x 2."""
    for d in (2, 3):
        fixed: list[Sketch] = [Haar(d, rank) for rank in range(1, d + 1)]
        fixed += [Coordinate(d, rank) for rank in range(1, d)]
        if method.plain:
            fixed += [Gaussian(d, rank) for rank in (1, d)]
        yield from (Family((d, 1), 0, method, _on_side("left", sketch, method)) for sketch in fixed)
        if not method.plain:
            yield Family((d, 1), d, method, _weighted(d))
    if not method.plain:
        for sketch in (Haar(2, 1), Coordinate(2, 1)):
            yield Family((2, 2), 0, method, _on_side("right", sketch, method))
            yield Family((2, 2), 1, method, _either(sketch))


def _seldom_met(method: Method) -> Iterator[Family]:
    """Yield left and right steps in dimension 8, and a coin on 5 x 5, where f is flat but for two directions.

    A uniform range meets all directions alike. For coordinates the two are rows of a Hadamard matrix, of which no axis
    has more than an eighth; with weights they are of four axes, which are drawn least. All ranks are there for which
    L_H is at most L/2 whatever the two curvatures are.
    """
    axes, across = np.eye(8)[:, :2], hadamard(8)[:, :2].astype(np.float64)
    for rank in (1, 2):
        yield Family((8, 1), 0, method, _on_side("left", Haar(8, rank), method), axes)
    for rank in (1, 2, 3):
        yield Family((8, 1), 0, method, _on_side("left", Coordinate(8, rank), method), across)
    yield Family((8, 1), 4, method, _weighted(8, seldom=4), across * (np.arange(8) < 4)[:, None])
    yield Family((1, 8), 0, method, _on_side("right", Haar(8, 1), method), axes)
    yield Family((1, 8), 0, method, _on_side("right", Coordinate(8, 1), method), across)
    yield Family((5, 5), 1, method, _either(Haar(5, 1)), np.eye(25)[:, [0, 6]])


def _on_side(side: Side, sketch: Sketch, method: Method) -> Callable[[Array, float, GradientSource], RACLoRA]:
    lora_alpha = float(sketch.rank) if method.plain else None
    return lambda _, gamma, gradients: RACLoRA(sketch, gamma, side, gradients, lora_alpha)


def _either(sketch: Sketch) -> Callable[[Array, float, GradientSource], Bernoulli]:
    return lambda parameters, gamma, gradients: Bernoulli(sketch, sketch, gamma, float(parameters[0]), gradients)


def _weighted(d: int, seldom: int = 0) -> Callable[[Array, float, GradientSource], RACLoRA]:
    """Weights of 1/20 for axes that are seldom drawn, the first, and a parameter more for each of the others."""

    def algorithm(parameters: Array, gamma: float, gradients: GradientSource) -> RACLoRA:
        weights = 0.05 + np.concatenate([np.zeros(seldom), parameters])
        return RACLoRA(WeightedCoordinate(d, 1, weights), gamma, "left", gradients)

    return algorithm


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

    Returns
    -------
    HardestCase

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
        if not family.unmet(theorem, _STEPS)
    ]
    if not searches:
        reason = "; ".join(next(families(Method())).unmet(theorem, _STEPS))
        raise ValueError(f"theorem must hold for some case that is searched, got {theorem.id}: {reason}")
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
    uses_L_H = L_H in theorem.symbols
    projected, others = (
        (Method(noisy=True, uses_L_H=uses_L_H), Method(uses_L_H=uses_L_H)),
        (Method(plain=True), Method(fitted=True)),
    )

    def is_about(method: Method) -> bool:
        return not all(family.unmet(theorem, _STEPS) for family in families(method))

    return [*[*filter(is_about, projected)][:1], *filter(is_about, others)]


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
        cube = scipy.optimize.Bounds(np.zeros(first.shape[1]), np.ones(first.shape[1]))
        result = scipy.optimize.differential_evolution(
            self.cost, cube, maxiter=generations, init=first, tol=0, polish=False, seed=rng
        )
        self.population = result.population

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
            self.reason = f"in {_STEPS} steps its bound does not fall to half of the start"
            return float(min(1 + promised[-1], 2.0))
        ratios = np.where(telling, 1 / tightness(self.theorem, case, constants=constants), np.nan)
        if np.isnan(ratios).all():
            self.reason = "where its bound has fallen to half of the start it is below all numbers that can be compared"
            return 2.0
        t = int(np.nanargmax(ratios))
        if ratios[t] > self.ratio:
            self.case, self.t, self.ratio = case, t, float(ratios[t])
        return -float(ratios[t])
