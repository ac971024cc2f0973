"""A method that runs: an expression with a sketch, gradients and numbers, as batched iterates."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from rac_theory.algebra import Expression, number
from rac_theory.algorithms.gradients.exact import Exact
from rac_theory.algorithms.gradients.gradient_source import GradientSource
from rac_theory.algorithms.layered import LayeredRACLoRA
from rac_theory.algorithms.method import Method, Program, Row, state
from rac_theory.algorithms.projected_descent import PLAIN, ProjectedDescent
from rac_theory.algorithms.rac_lora import RACLoRA
from rac_theory.base import Value, being, checks, repr_of
from rac_theory.base.checks import Array
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
                f"report must start at W0, as bounds say what becomes of f(W0), got {self.method.reported!r}"
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
    def is_projected(self) -> bool:
        """Whether there is an H other than the identity."""
        return not (isinstance(self.projector, RACLoRA) and self.projector.sketch is None)

    def check(self, problem: Problem) -> None:
        """Raise a ``ValueError`` if the algorithm cannot run on this problem."""
        self.projector.check(problem)
        if type(self.gradients) is not Exact:
            W, rng = np.zeros((1, *problem.shape)), np.random.default_rng(0)
            self._asked(problem, W, next(self.projector.low_rank_steps(rng, W)), rng)

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

    @cached_property
    def _order(self) -> tuple[tuple[int, Row], ...]:
        """Lines in the order in which they are computed, in registers that hold the next states after all others."""
        lines = dict(enumerate(self.program.lines))
        first_new = len(self.method.names) + len(self.program.points) + 1
        shorter = {i: new for i, row in lines.items() if (new := _in_terms_of(lines, i, first_new)) is not None}
        kept = {i: row for i, row in lines.items() if i not in shorter or _is_used(i, shorter, first_new)}
        return tuple({**kept, **{i: row for i, row in shorter.items() if i not in kept}}.items())

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
        program, k = self.program, len(self.method.names)
        zero = np.zeros_like(W)
        now = [W if begin == 1 else begin * W if begin else zero for begin in program.start]
        for step in self.projector.low_rank_steps(rng, W):
            reported = _sum(program.report, now)
            yield [*now, reported]
            registers = now[:]
            draws = rng.bit_generator.state if len(program.points) > 1 else None
            for point in program.points:
                if draws is not None:  # gradients at all points are of the same data
                    rng.bit_generator.state = draws
                at = reported if point == program.report else _sum(point, registers)
                registers.append(self._gradient(problem, at, step, rng))
            if program.projected:
                of = _sum(program.projected, registers)
                registers.append(-step(zero, of) if self.is_projected else of)
            else:
                registers.append(zero)
            registers += [zero] * k
            for i, row in self._order:
                registers[-k + i] = _sum(row, registers)
            now = registers[-k:]

    def _gradient(self, problem: Problem, W: Array, step: Any, rng: np.random.Generator) -> Array:
        if type(self.gradients) is Exact:
            return problem.gradient(W)
        return self._asked(problem, W, step, rng)

    def _asked(self, problem: Problem, W: Array, step: Any, rng: np.random.Generator) -> Array:
        """What the source puts into one step from W; a mean over clients is that of their steps."""
        asked = _Asked(step, W, beside=self.is_projected and self._is_beside)
        end = self.gradients.descend(problem, W, asked, rng)
        if not asked.given or asked.moved:
            raise ValueError(
                f"gradients must be one at each point of a method, got {repr_of(self.gradients)}, which takes several "
                "steps under one sketch, or none"
            )
        return asked.given[0] if len(asked.given) == 1 and end is asked.end else W - end

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


class _Asked:
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

    def along(self, W: Array, derivatives: Array) -> Array:
        """Take what is known of a gradient along H, which is H times it, for the gradient."""
        if self._beside:
            raise ValueError(
                "gradients must be known beyond H where a method uses them outside of H(...), got those of directional "
                "derivatives"
            )
        return self(W, -self._step.along(np.zeros_like(W), derivatives))


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


def _sum(row: Row, registers: Sequence[Array]) -> Array:
    """A combination of registers, a new array unless it is one of them."""
    if not row:
        return np.zeros_like(registers[0])
    (i, factor), *others = row
    total: Array
    if not others:
        return registers[i] if factor == 1 else np.asarray(factor * registers[i])
    if factor == 1:  # one pass over memory fewer
        (j, second), *others = others
        total = second * registers[j]
        np.add(registers[i], total, out=total)
    else:
        total = factor * registers[i]
    for j, factor in others:
        if factor == 1:
            total += registers[j]
        elif factor == -1:
            total -= registers[j]
        else:
            total += factor * registers[j]
    return total


def _in_terms_of(lines: Mapping[int, Row], i: int, first_new: int) -> Row | None:
    """Line i as a multiple of another and fewer terms than it has; None if there is no such way to write it."""
    own, best = dict(lines[i]), lines[i]
    for j, row in lines.items():
        if j == i:
            continue
        other = dict(row)
        for shared in own.keys() & other.keys():
            factor = own[shared] / other[shared]
            rest = {s: own.get(s, 0.0) - factor * other.get(s, 0.0) for s in own | other if s != shared}
            kept = tuple((s, value) for s, value in rest.items() if abs(value) > 1e-15 * abs(own.get(s, 0.0)))
            if len(kept) + 1 < len(best):
                best = (*kept, (first_new + j, factor))
    return None if best is lines[i] else best


def _is_used(i: int, shorter: Mapping[int, Row], first_new: int) -> bool:
    return any(first_new + i == register for row in shorter.values() for register, _ in row)
