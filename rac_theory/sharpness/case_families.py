"""The families of small cases that are searched for the hardest: a sketch or two, a shape, and what is free in them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from problems.checks import Array
from problems.problem import Problem
from problems.quadratic import Quadratic
from rac_theory.algorithms import Bernoulli, RACLoRA
from rac_theory.algorithms.gradients import Exact, Noisy
from rac_theory.algorithms.gradients.gradient_source import GradientSource
from rac_theory.cases.case import Case
from rac_theory.cases.constants import Constants
from rac_theory.sketches import Coordinate, Gaussian, Haar, WeightedCoordinate
from rac_theory.sketches.sketch import Sketch
from rac_theory.theorems.theorem import Theorem

CONDITION = 100.0
"""The largest condition number that is searched."""

_HALVINGS = 40  # by which the largest step is found


@dataclass(frozen=True)
class Method:
    """What a theorem is about: exact gradients or additive noise, projected or plain steps."""

    noisy: bool = False
    plain: bool = False

    def gradients(self, point: Array, problem: Problem, W0: Array) -> GradientSource:
        """Return the source of gradients: without noise to speak of T5 and T6 would only be T1 and T2."""
        if not self.noisy:
            return Exact()
        return Noisy((0.1 + 0.9 * float(point[0])) * float(np.linalg.norm(problem.gradient(W0[None]))))


@dataclass(frozen=True, eq=False)
class Family:
    """Cases with one kind of algorithm, on diagonal quadratics of one shape.

    Attributes
    ----------
    shape : (int, int)
    parameters : int
        How many numbers the algorithm reads.
    method : Method
    algorithm : callable
        Parameters in [0, 1], gamma and the source of gradients to an algorithm.
    """

    shape: tuple[int, int]
    parameters: int
    method: Method
    algorithm: Callable[[Array, float, GradientSource], RACLoRA | Bernoulli]

    @property
    def dim(self) -> int:
        """How many curvatures there are."""
        return self.shape[0] * self.shape[1]

    @property
    def size(self) -> int:
        """How many numbers in [0, 1] make a case: curvatures, start, parameters, noise."""
        return 2 * self.dim + self.parameters + self.method.noisy

    def case(self, point: Array, gamma: float, steps: int) -> Case:
        """Return the case at a point; L is 1."""
        exponents, start, parameters, noise = np.split(point, np.cumsum([self.dim, self.dim, self.parameters]))
        curvatures = CONDITION ** -(exponents - exponents.min())
        W0 = 1e-3 + start.reshape(self.shape)
        if self.shape[1] == 1:
            problem = Quadratic.left(np.diag(curvatures), np.zeros(self.shape))
        else:
            problem = Quadratic.full(np.diag(curvatures), np.zeros(self.shape))
        gradients = self.method.gradients(noise, problem, W0)
        return Case(self.algorithm(parameters, gamma, gradients), problem, W0, steps=steps)

    def unmet(self, theorem: Theorem, steps: int, gamma: float = 1e-6) -> tuple[str, ...]:
        """Return the assumptions that the case in the middle does not meet; short steps meet what any step meets."""
        case = self.case(np.full(self.size, 0.5), gamma, steps)
        return theorem.unmet(case, Constants.of(case))

    def admits(self, theorem: Theorem, steps: int) -> bool:
        """Whether a theorem is about the algorithm."""
        return not self.unmet(theorem, steps)

    def largest_step(self, theorem: Theorem, steps: int) -> float:
        """Return the largest gamma up to 2/L that meets the assumptions on the case in the middle, by bisection."""
        low = 0.0 if self.unmet(theorem, steps, 1.0) else 1.0
        high = low + 1.0
        last = high - 2.0**-_HALVINGS  # where halving ends that meets them all the way, as is commonest: 1/L rounded
        if not self.unmet(theorem, steps, last):
            return last
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (low, middle) if self.unmet(theorem, steps, middle) else (middle, high)
        return low


def families(method: Method) -> Iterator[Family]:
    """Yield left steps in dimension 2 and 3, and for projected steps right and Bernoulli ones on 2 x 2."""
    for d in (2, 3):
        fixed: list[Sketch] = [Haar(d, rank) for rank in range(1, d + 1)]
        fixed += [Coordinate(d, rank) for rank in range(1, d)]
        if method.plain:
            fixed += [Gaussian(d, rank) for rank in (1, d)]
        yield from (Family((d, 1), 0, method, _left(sketch, method)) for sketch in fixed)
        if not method.plain:
            yield Family((d, 1), d, method, _weighted(d))
    if not method.plain:
        for sketch in (Haar(2, 1), Coordinate(2, 1)):
            yield Family((2, 2), 0, method, _right(sketch))
            yield Family((2, 2), 1, method, _either(sketch))


def _left(sketch: Sketch, method: Method) -> Callable[[Array, float, GradientSource], RACLoRA]:
    lora_alpha = float(sketch.rank) if method.plain else None
    return lambda _, gamma, gradients: RACLoRA(sketch, gamma, "left", gradients, lora_alpha)


def _right(sketch: Sketch) -> Callable[[Array, float, GradientSource], RACLoRA]:
    return lambda _, gamma, gradients: RACLoRA(sketch, gamma, "right", gradients)


def _either(sketch: Sketch) -> Callable[[Array, float, GradientSource], Bernoulli]:
    return lambda parameters, gamma, gradients: Bernoulli(sketch, sketch, gamma, float(parameters[0]), gradients)


def _weighted(d: int) -> Callable[[Array, float, GradientSource], RACLoRA]:
    return lambda parameters, gamma, gradients: RACLoRA(
        WeightedCoordinate(d, 1, 0.05 + parameters), gamma, "left", gradients
    )
