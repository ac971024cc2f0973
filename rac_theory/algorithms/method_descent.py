"""A method that runs: an expression with a sketch, gradients and numbers, as batched iterates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from rac_theory.algebra import Expression, number
from rac_theory.algorithms.decreasing import Decreasing
from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource
from rac_theory.algorithms.layered import LayeredRACLoRA
from rac_theory.algorithms.method import Method, Program, state
from rac_theory.algorithms.momentum_across_redraws import MomentumInLinks
from rac_theory.algorithms.preconditioned import Preconditioned
from rac_theory.algorithms.projected_descent import PLAIN, ProjectedDescent
from rac_theory.algorithms.rac_lora import RACLoRA
from rac_theory.algorithms.steepest_step import SteepestStep
from rac_theory.base import Array, Value, being, checks, repr_of
from rac_theory.problems import Layers, Problem


@dataclass(frozen=True, eq=False, repr=False)
class MethodDescent(Value):
    """A ``Method`` with a law of H, gradients and a number for every letter; made by calling the method.

    Attributes
    ----------
    method : Method
    projector : ProjectedDescent
        What draws H, with steps of size 1, and knows where gradients come from.
    letters : mapping
        The number of each letter.

    Raises
    ------
    ValueError
        From ``check``, for a problem that the sketch or the gradients do not fit, and for a source that takes several
        steps under one sketch; later, if a gradient that is known along H alone is used beside H.

    Examples
    --------
    >>> from rac_theory.algorithms import H, Method, gradient, letter, state
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Coordinate
    >>> from rac_theory import Case, simulate
    >>> from rac_theory.statements.symbols import gamma
    >>> W, M = state("W", "M")
    >>> m = letter("beta") * M + H(gradient(W))
    >>> heavy_ball = Method({W: W - gamma * m, M: m}, start={M: 0})
    >>> algorithm = heavy_ball(Coordinate(2, 1), gamma=0.5, beta=0.5)
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 1.0]], W_star=[[1.0], [1.0]])
    >>> run = simulate(Case(algorithm, problem, steps=40), runs=4, rng=0, record=["states"])
    >>> run.states["M"].shape, bool((run.gaps[:, -1] < 1e-3).all())
    ((4, 41, 2, 1), True)
    """

    method: Method
    projector: ProjectedDescent
    letters: Mapping[str, float]

    def __post_init__(self) -> None:
        letters = {name: _exactly(name, self.letters[name]) for name in self.method.letters}
        vars(self).update(letters=letters)
        super().__post_init__()
        begins = dict(enumerate(self.program.start))
        if abs(sum(factor * begins[i] for i, factor in self.program.report) - 1) > 1e-12:
            raise ValueError(
                f"report must start at W0, as bounds say what becomes of f(W0), got {self.method.report!r}"
            )

    @property
    def gamma(self) -> float:
        """The letter gamma; nan where the method has none."""
        return float(self.letters.get("gamma", np.nan))

    @property
    def gradients(self) -> GradientSource:
        """Where gradients come from."""
        return self.projector.gradients

    @property
    def deterministic(self) -> bool:
        """Whether H never changes and the gradients are not random."""
        return self.projector.deterministic

    @property
    def has_projection(self) -> bool:
        """Whether there is an H other than the identity."""
        return not (isinstance(self.projector, RACLoRA) and self.projector.sketch is None)

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the algorithm cannot run on this problem."""
        self.projector.check(problem)
        if type(self.gradients) is not Exact:
            W, rng = np.zeros((1, *problem.shape)), np.random.default_rng(0)
            self._gradient_of_source(problem, W, next(self.projector.low_rank_steps(rng, W)), rng)

    @property
    def at_iterate(self) -> "MethodDescent":
        """The same algorithm, which reports its first state, the iterate itself."""
        return replace(self, method=self.method.reporting(state(self.method.names[0])))

    def with_letters(self, **letters: float) -> "MethodDescent":
        """Return the same algorithm with other numbers for some letters."""
        for name in letters:
            checks.one_of("letters", name, self.method.letters)
        return replace(self, letters={**self.letters, **letters})

    @cached_property
    def program(self) -> Program:
        """The method in numbers."""
        values = {name: float(value) for name, value in self.letters.items()}
        return self.method.program(lambda expression: _finite(expression, float(number(expression, values))))

    def iterates(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[Array]:
        """Yield what is reported after each step: blocks (runs, m, n)."""
        walk = self.states(problem, W, rng)
        last = next(walk)[-1]
        for registers in walk:
            reported = registers[-1]
            yield reported if reported is not last else reported.copy()
            last = reported

    def states(self, problem: Problem, W: Array, rng: np.random.Generator) -> Iterator[list[Array]]:
        """Yield the states, in the order of their lines, and then what is reported, at t = 0, 1, ..., without end."""
        program = self.program
        zero = np.zeros_like(W)
        now = [W if begin == 1 else begin * W if begin else zero for begin in program.start]
        for step in self.projector.low_rank_steps(rng, W):
            yield [*now, program.total(program.report, now)]
            registers = now[:]
            draws = rng.bit_generator.state if len(program.points) > 1 else None
            for point in program.points:
                if draws is not None:  # gradients at all points are of the same data
                    rng.bit_generator.state = draws
                at, exact = program.total(point, registers), type(self.gradients) is Exact
                registers.append(problem.gradient(at) if exact else self._gradient_of_source(problem, at, step, rng))
            of = program.total(program.projected, registers)
            if program.projected and self.has_projection:
                moved = step(zero, of)
                of = np.negative(moved, out=moved)
            registers.append(of)
            now = [program.total(row, registers) for row in program.lines]

    def _gradient_of_source(self, problem: Problem, W: Array, step: Any, rng: np.random.Generator) -> Array:
        """What the source puts into one step from W; a mean over clients is that of their steps."""
        probe = _Probe(step, W, beside=self.has_projection and self._is_beside)
        end = self.gradients.descend(problem, W, probe, rng)
        if not probe.given or probe.moved:
            raise ValueError(
                f"gradients must be one at each point of a method, got {repr_of(self.gradients)}, which takes several "
                "steps under one sketch, or none"
            )
        return probe.given[0] if len(probe.given) == 1 and end is probe.end else W - end

    @cached_property
    def _is_beside(self) -> bool:
        """Whether a gradient goes anywhere but into H."""
        k, p = len(self.method.names), len(self.program.points)
        rows = (*self.program.points, *self.program.lines)
        return any(k <= i < k + p for row in rows for i, _ in row)

    def __repr__(self) -> str:
        projector: Any = self.projector
        letters = ", ".join(f"{name}={value!r}" for name, value in self.letters.items())
        parts = [repr_of(projector.sketch) if isinstance(projector, RACLoRA) else repr_of(projector), letters]
        if isinstance(projector, RACLoRA):
            parts += [f"side={projector.side!r}"] * (projector.side != "left")
            parts += [f"gradients={repr_of(self.gradients)}"] * (type(self.gradients) is not Exact)
        return f"{self.method!r}({', '.join(filter(None, parts))})"


def projector_of(algorithm: object) -> ProjectedDescent | None:
    """Return what draws a fresh H for each step of an algorithm of this library, None where there is no such H.

    Parameters
    ----------
    algorithm : object

    Returns
    -------
    ProjectedDescent or None

    Examples
    --------
    >>> from rac_theory import GD, Decreasing
    >>> from rac_theory.algorithms import projector_of
    >>> projector_of(Decreasing(GD(0.1), offset=2))
    GD(gamma=0.1)
    """
    match algorithm:
        case ProjectedDescent():
            return algorithm
        case MethodDescent(projector=own) | Preconditioned(projector=own) | MomentumInLinks(projector=own):
            return own
        case Decreasing(algorithm=own) | SteepestStep(algorithm=own):
            return own
    return None


class _Probe:
    """A step that keeps the gradients that are put into it, and where they are put."""

    def __init__(self, step: Any, W: Array, beside: bool) -> None:
        self._step, self._W, self._beside = step, W, beside
        self.given: list[Array] = []
        self.moved, self.end = False, W

    def __call__(self, V: Array, G: Array) -> Array:
        self.moved |= V is not self._W
        self.given.append(G)
        self.end = np.asarray(V - G)
        return self.end

    def __getattr__(self, name: str) -> Any:
        if name not in ("directions", "turned"):
            raise AttributeError(name)
        return getattr(self._step, name)

    def by_derivatives(self, W: Array, derivatives: Array) -> Array:
        """Take what is known of a gradient along H, which is H times it, for the gradient."""
        if self._beside:
            raise ValueError(
                "gradients must be known beyond H where a method uses them outside of H(...), got those of directional "
                "derivatives"
            )
        return self(W, -self._step.by_derivatives(np.zeros_like(W), derivatives))


def called(
    method: Method,
    sketch: Any,
    side: Any,
    gradients: GradientSource,
    layers: Layers | None,
    letters: Mapping[str, float],
) -> RACLoRA | LayeredRACLoRA | MethodDescent:
    """Return the algorithm that a method is with these parts."""
    is_plain = method.is_like(PLAIN)
    gamma = float(_exactly("gamma", letters["gamma"])) if is_plain else 1.0
    if layers is not None:
        being("layers", layers, Layers, ", such as problem.layers")
        projector: RACLoRA | LayeredRACLoRA = LayeredRACLoRA(layers, sketch, gamma, side, gradients)
    else:
        projector = RACLoRA(sketch, gamma, side, gradients)
    return projector if is_plain else MethodDescent(method, projector, letters)


def _exactly(name: str, value: Any) -> float | Fraction:
    return value if isinstance(value, Fraction) else checks.finite(name, value)


def _finite(expression: Expression, value: float) -> float:
    if not np.isfinite(value):
        raise ValueError(
            f"the coefficient {expression!r} must be finite, got {value:g}: look at the numbers of its letters"
        )
    return value
