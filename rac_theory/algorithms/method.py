"""A method: what one step makes of its matrices, written once; it is run, expected exactly, checked and printed.

A step sees the states before it, takes gradients at named points, all with one draw of data, draws one projection H,
applies it to one combination, and moves every state linearly. States, gradients and what H leaves are symbols of
``algebra``, so that a line is an expression like any other: linear in them, with coefficients in which every letter
gets a number where the method is called.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, cached_property, lru_cache
from itertools import chain, count, permutations
from numbers import Complex
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias, overload

from rac_theory.algebra import (
    Expression,
    Negative,
    Product,
    Quotient,
    Sum,
    Symbol,
    lifted,
    polynomial,
    simplified,
    symbols_of,
)
from rac_theory.algebra import identical as are_identical
from rac_theory.algebra import latex as typeset
from rac_theory.algebra import text as written
from rac_theory.algorithms.gradients.gradient_source import Exact, GradientSource
from rac_theory.algorithms.side import Side
from rac_theory.base import Value, checks, shown
from rac_theory.problems import Layers
from rac_theory.sketches import Sketch

_ONE = lifted(1)
_RESERVED = ("sketch", "side", "gradients", "layers")
identical = lru_cache(4096)(are_identical)  # one pair is asked for many times, as matrices are keys


class Matrix(Symbol):
    """A matrix of a step: a state, or what is made of its ``argument``, equal however that is written."""

    form: ClassVar[str]

    @classmethod
    def made(cls, argument: Expression) -> Self:
        """Return the gradient at a combination, or what H leaves of it."""
        return cls(cls.form.format(argument), argument=argument)

    def at(self, values: Mapping[Any, Any]) -> Expression:
        """Return it with others in the place of some, here and in what it is made of."""
        if self in values or self.argument is None:
            return lifted(values.get(self, self))
        return type(self).made(self.argument.at(values))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Matrix) or type(self) is not type(other):
            return False
        if self.argument is None or other.argument is None:
            return self.name == other.name
        return identical(self.argument, other.argument)

    def __hash__(self) -> int:
        return hash((type(self).__name__, "" if self.argument else self.name))


class State(Matrix):
    """A matrix that a method keeps, as it is before the step."""


class Gradient(Matrix):
    """The gradient at a point."""

    form = "grad f({!r})"


class Projected(Matrix):
    """H applied to a combination."""

    form = "H({!r})"


@cache
def coefficients(combination: Expression) -> Mapping[Matrix, Expression]:
    """Return the coefficient of each matrix in a combination, those that are zero left out.

    Raises
    ------
    ValueError
        If it is not linear in its matrices.
    """
    match combination:
        case Matrix():
            return {combination: _ONE}
        case _ if not _has_matrix(combination) and identical(combination, 0):
            return {}
        case Sum(terms):
            sums: dict[Matrix, Expression] = {}
            for matrix, coefficient in chain.from_iterable(coefficients(term).items() for term in terms):
                sums[matrix] = sums[matrix] + coefficient if matrix in sums else coefficient
            return {matrix: total for matrix, total in sums.items() if not identical(total, 0)}
        case Negative(part):
            return _scaled(part, -_ONE)
        case Product(factors) if len(parts := [factor for factor in factors if _has_matrix(factor)]) == 1:
            others = [factor for factor in factors if factor is not parts[0]]
            return _scaled(parts[0], Product(tuple(others)) if len(others) > 1 else others[0])
        case Quotient(part, divisor) if not _has_matrix(divisor):
            return _scaled(part, 1 / divisor)
    raise ValueError(f"a step must be linear in its matrices, got {combination!r}")


def _scaled(part: Expression, factor: Expression) -> Mapping[Matrix, Expression]:
    scaled = {matrix: factor if share == _ONE else factor * share for matrix, share in coefficients(part).items()}
    return {matrix: coefficient for matrix, coefficient in scaled.items() if not identical(coefficient, 0)}


def _has_matrix(expression: Expression) -> bool:
    return any(isinstance(symbol, Matrix) for symbol in expression.symbols)


def matrices_in(combination: Expression) -> Iterator[Matrix]:
    """Yield the matrices of a combination, each after those that it is made of."""
    for matrix in coefficients(combination):
        if matrix.argument is not None:
            yield from matrices_in(matrix.argument)
        yield matrix


def _letters_in(combination: Expression) -> Iterator[Symbol]:
    for matrix, coefficient in coefficients(combination).items():
        yield from symbols_of(coefficient)
        if matrix.argument is not None:
            yield from _letters_in(matrix.argument)


def _combination(rule: str, value: object) -> Expression:
    """Return a combination; refuse what is none, or not linear."""
    if isinstance(value, Complex) and value == 0:
        return lifted(0)
    try:
        if isinstance(value, Expression) and coefficients(value) is not None:
            return value
    except ValueError:
        pass
    linear = ", which is not linear in matrices" * (isinstance(value, Expression) and _has_matrix(value))
    raise ValueError(f"{rule}, got {shown(value)}{linear}{', a function' * inspect.isroutine(value)}")


@overload
def state(name: str, /) -> State: ...
@overload
def state(name: str, second: str, /, *more: str) -> tuple[State, ...]: ...
def state(*names: str) -> Any:
    """Return the matrices that a method keeps, as they are before a step: one, or a tuple of several.

    Parameters
    ----------
    *names : str
        One name for each state, such as "W".

    Returns
    -------
    State or tuple of State
        One state for one name, else a tuple.

    Examples
    --------
    >>> from rac_theory.algorithms import state
    >>> W, M = state("W", "M")
    >>> W - M
    W - M
    """
    for name in names:
        if not (isinstance(name, str) and name.isidentifier()):
            raise ValueError(f"a state must have a name such as W, got {shown(name)}")
    states = tuple(map(State, names))
    return states[0] if len(states) == 1 else states


def gradient(at: Expression) -> Gradient:
    """Return the gradient at a point: a state, or a combination of states and gradients.

    Parameters
    ----------
    at : Expression
        A state, or a combination of states and gradients.

    Returns
    -------
    Gradient

    Raises
    ------
    ValueError
        If the point is none, or H has moved it: a step takes its gradients before it draws H.

    Examples
    --------
    >>> from rac_theory.algorithms import gradient, state
    >>> W, Z = state("W", "Z")
    >>> gradient((W + Z) / 2)
    grad f((W + Z) / 2)
    """
    at = _combination("a gradient must be taken at a combination of states, such as gradient(W)", at)
    if any(isinstance(matrix, Projected) for matrix in matrices_in(at)):
        raise ValueError(
            f"a gradient must be taken where H has not moved yet, got gradient({at!r}): that is the next step"
        )
    return Gradient.made(at)


def H(of: Expression) -> Projected:
    """Return what the projection of this step leaves of a combination: one fresh H, applied to one combination.

    Parameters
    ----------
    of : Expression
        A combination of states and gradients.

    Returns
    -------
    Projected

    Raises
    ------
    ValueError
        If there is nothing to project, or H in it already.

    Examples
    --------
    >>> from rac_theory.algorithms import H, gradient, state
    >>> W = state("W")
    >>> W - H(gradient(W))
    W - H(grad f(W))
    """
    rule = "H must be applied to a combination of states and gradients, such as H(gradient(W))"
    if not coefficients(_combination(rule, of)):
        raise ValueError(f"{rule}, got {of!r}")
    if any(isinstance(matrix, Projected) for matrix in matrices_in(of)):
        raise ValueError(f"H must be applied once, as H H = H, got H inside of H({of!r})")
    return Projected.made(of)


def letter(name: str, meaning: str = "", unit: str = "1") -> Symbol:
    """Return a letter for coefficients of a method that theorems about it may use: ``Constants`` has its number.

    Parameters
    ----------
    name : str
        How it is written, and how its number is given when the method is called.
    meaning : str, optional
        In words, for statements.
    unit : str
        Its unit; "1" where it has none.

    Returns
    -------
    Symbol

    Examples
    --------
    >>> from rac_theory.algorithms import letter
    >>> beta = letter("beta", "momentum")
    >>> 1 - beta, beta.constant
    (1 - beta, 'letters.beta')
    """
    return Symbol(name, constant=f"letters.{name}", meaning=meaning or f"the letter {name} of the method", unit=unit)


Row: TypeAlias = tuple[tuple[int, Any], ...]
"""A combination in numbers: registers and coefficients."""


class Program(NamedTuple):
    """A method in numbers. Registers hold the states, then the gradients, then what H leaves of ``projected``.

    Attributes
    ----------
    points : tuple of Row
        Where gradients are taken, each in registers before its own.
    projected : Row
        What H is applied to; empty where there is no H.
    lines : tuple of Row
        The next states.
    start : tuple
        What each state is at first, as a multiple of W0.
    report : Row
        What is reported, of the states.
    """

    points: tuple[Row, ...]
    projected: Row
    lines: tuple[Row, ...]
    start: tuple[Any, ...]
    report: Row

    @property
    def kick(self) -> list[Any]:
        """What each next state has of what H leaves."""
        return [dict(row).get(len(self.lines) + len(self.points), 0) for row in self.lines]

    def before(self, states: Sequence[Any], gradient: Callable[[Any], Any]) -> tuple[list[Any], list[Any], Any]:
        """Return the registers before H acts, the next states but for what H leaves, and what it is applied to."""
        registers = [*states]
        for point in self.points:
            registers.append(gradient(self.total(point, registers)))
        lines = [self.total(row[:-1] if row and row[-1][0] == len(registers) else row, registers) for row in self.lines]
        return registers, lines, self.total(self.projected, registers)

    @staticmethod
    def total(row: Row, registers: Sequence[Any]) -> Any:
        """Return a combination of registers, whatever they hold; it may be one of them."""
        if not row:
            return 0 * registers[0]
        if len(row) > 1 and row[0][1] == 1:  # one pass over memory fewer
            row = (row[1], row[0], *row[2:])
        (start, value), *others = row
        result = registers[start] if value == 1 and not others else value * registers[start]
        for i, value in others:
            result += registers[i] if value == 1 else value * registers[i]
        return result


@dataclass(frozen=True, eq=False, repr=False)
class Method(Value):
    """A method as one expression: a line for every state. Called with a sketch and numbers, it is an algorithm.

    Right sides see the states before the step. The first state is the iterate, which starts at W0.

    Parameters
    ----------
    lines : mapping
        What a step makes of each state.
    start : mapping
        What every other state is at first: 0, or a multiple of the first one.
    report : Expression, optional
        What is recorded and judged, of the states; the iterate by default.

    Raises
    ------
    ValueError
        One sentence that names the line, for what is no such step.

    Examples
    --------
    Heavy ball, whose momentum sees only what H leaves of a gradient:

    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.algorithms import H, Method, gradient, state
    >>> from rac_theory.problems import Quadratic
    >>> from rac_theory.sketches import Coordinate
    >>> from rac_theory import Case, exact_rate, expected
    >>> W, M = state("W", "M")
    >>> gamma, beta = Symbol("gamma"), Symbol("beta")
    >>> m = beta * M + H(gradient(W))
    >>> heavy_ball = Method({W: W - gamma * m, M: m}, start={M: 0})
    >>> print(heavy_ball)
    W^0 = W0, M^0 = 0
    for t = 0, 1, 2, ...
        draw a projection H, independent of the past
        G = grad f(W^t)
        P = H G
        M^{t+1} = beta M^t + P
        W^{t+1} = W^t - gamma M^{t+1}
    >>> problem = Quadratic.left([[1.0, 0.0], [0.0, 0.25]], W_star=[[1.0], [1.0]])
    >>> case = Case(heavy_ball(Coordinate(2, 1), gamma=1.0, beta=0.25), problem, steps=2)
    >>> print(f"{exact_rate(case):.4f}, {expected(case, exact=True).gap[1]}")
    0.7102, 89/256
    """

    lines: Mapping[Expression, Expression]
    _: KW_ONLY
    start: Mapping[Expression, Any] = field(default_factory=dict)  # combinations, or 0
    report: Any = None

    letters: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.lines, Mapping) or not self.lines:
            raise ValueError(
                f"lines must be a mapping such as {{W: W - gamma * H(gradient(W))}}, got {shown(self.lines)}"
            )
        rule = "must be a combination of states, gradients and H(...)"
        lines = {_state(key): _combination(f"line {key!r} {rule}", line) for key, line in self.lines.items()}
        start = {_state(key): _combination(f"start of {key!r} {rule}", line) for key, line in self.start.items()}
        report = next(iter(lines)) if self.report is None else _combination(f"report {rule}", self.report)
        vars(self).update(lines=lines, start=start, report=report)
        super().__post_init__()
        self._check_states()
        self._check_letters()

    def _check_states(self) -> None:
        first, *others = self.lines
        for key in others:
            if key not in self.start:
                raise ValueError(f"line {key!r}: {key!r} must have a start, such as start={{{key!r}: 0}}")
        for key, begin in self.start.items():
            if key not in others:
                raise ValueError(f"start of {key!r} must be that of a state with a line, and {first!r} starts at W0")
            if set(coefficients(begin)) - {first}:
                raise ValueError(f"start of {key!r} must be 0 or a multiple of {first!r}, got {begin!r}")
        applied: list[Matrix] = []
        for where, line in (*self._lines, ("report", self.report)):
            for matrix in matrices_in(line):
                if where == "report" and not isinstance(matrix, State):
                    raise ValueError(f"report must be a combination of states, got {line!r}")
                if isinstance(matrix, State) and matrix not in self.lines:
                    names = ", ".join(self.names)
                    raise ValueError(f"{where}: {matrix!r} must have a line of its own, the method has {names}")
                applied += [matrix] * isinstance(matrix, Projected)
                if applied and applied[0] != applied[-1]:
                    two = f"{applied[-1].argument!r} beside {applied[0].argument!r}"
                    raise ValueError(f"{where}: H must be applied to one combination, got {two}")

    def _check_letters(self) -> None:
        letters: dict[str, Symbol] = {}
        for where, line in (*self._lines, *((f"start of {key!r}", line) for key, line in self.start.items())):
            for symbol in _letters_in(line):
                name = symbol.name
                if name in (*self.names, *_RESERVED) or not name.isidentifier():
                    raise ValueError(f"{where}: the letter {name} must have a name of its own, which Python can write")
                if letters.setdefault(name, symbol) != symbol:
                    raise ValueError(f"{where}: {name} must be one letter, it is the name of two")
        vars(self).update(letters=tuple(letters))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the states, the iterate first."""
        return tuple(map(repr, self.lines))

    @property
    def starts(self) -> dict[Expression, Expression]:
        """What each state is at first, in the order of the lines: the first is W0, as a state of its name."""
        return {key: self.start.get(key, key) for key in self.lines}

    @property
    def _lines(self) -> list[tuple[str, Expression]]:
        return [(f"line {key!r}", line) for key, line in self.lines.items()]

    @cached_property
    def matrices(self) -> tuple[Matrix, ...]:
        """What its registers hold: states, gradients, each after those that it needs, and what H leaves."""
        within = dict.fromkeys(matrix for line in self.lines.values() for matrix in matrices_in(line))
        states: Any = tuple(self.lines)
        return (*states, *(matrix for kind in (Gradient, Projected) for matrix in within if isinstance(matrix, kind)))

    def program(self, read: Callable[[Expression], Any]) -> Program:
        """Return the method in numbers, as ``read`` reads coefficients; those that are zero are left out."""
        register = {matrix: i for i, matrix in enumerate(self.matrices)}

        def row(combination: Any) -> Row:
            terms = coefficients(combination).items()
            values = sorted((register[matrix], read(coefficient)) for matrix, coefficient in terms)
            return tuple((i, value) for i, value in values if value != 0)

        first: Any = next(iter(self.lines))
        return Program(
            tuple(row(matrix.argument) for matrix in self.matrices if isinstance(matrix, Gradient)),
            next((row(matrix.argument) for matrix in self.matrices if isinstance(matrix, Projected)), ()),
            tuple(map(row, self.lines.values())),
            tuple(read(coefficients(begin).get(first, lifted(0))) for begin in self.starts.values()),
            row(self.report),
        )

    def is_like(self, method: object) -> bool:
        """Whether another is the same method up to the names of its states, the iterate aside.

        Examples
        --------
        >>> from rac_theory import GD
        >>> from rac_theory.algorithms import H, Method, gradient, state
        >>> from rac_theory.statements.symbols import gamma
        >>> X = state("X")
        >>> Method({X: X - gamma * H(gradient(X))}).is_like(GD(0.1).method)
        True
        """
        if not isinstance(method, Method) or len(method.names) != len(self.names):
            return False
        first, *rest = self.lines
        expressions = self._with(dict(zip(self.lines, self.lines, strict=True)))
        others = (method._with(dict(zip(method.lines, (first, *order), strict=True))) for order in permutations(rest))
        return any(all(identical(line, expressions[key]) for key, line in renamed.items()) for renamed in others)

    def _with(self, places: Mapping[Expression, Expression]) -> dict[Any, Expression]:
        """All that it says, with others in the place of states, and of letters what is their name and nothing else."""
        letters: dict[Expression, Expression] = {
            letter: Symbol(letter.name) for line in self.lines.values() for letter in _letters_in(line)
        }
        values = {**letters, **places}
        expressions: dict[Any, Expression] = {"report": self.report.at(values)}
        for which, equations in enumerate((self.lines, self.starts)):
            expressions.update({(places[key], which): line.at(values) for key, line in equations.items()})
        return expressions

    def reporting(self, report: Expression) -> "Method":
        """Return the same method with another point recorded and judged.

        Examples
        --------
        >>> from rac_theory.algorithms import H, Method, gradient, state
        >>> from rac_theory.statements.symbols import gamma
        >>> X, D = state("X", "D")
        >>> v = D + gamma * gradient(X)
        >>> feedback = Method({X: X - H(v), D: v - H(v)}, start={D: 0}, report=X - D)
        >>> feedback.reporting(X).report
        X
        """
        return Method(self.lines, start=self.start, report=report)

    def __call__(
        self,
        sketch: Sketch | Sequence[Sketch | None] | None,
        *,
        side: Side | Sequence[Side] = "left",
        gradients: GradientSource | None = None,
        layers: Layers | None = None,
        **letters: float,
    ) -> Any:
        """Return the algorithm with a sketch and a number for every letter.

        Parameters
        ----------
        sketch : Sketch or None
            The law of H; None is H = I. With ``layers``, one for each.
        side : Side
            Which side of matrices H acts on. With ``layers``, the same or one for each.
        gradients : GradientSource, optional
            Where gradients come from, one a point; by default the exact gradient.
        layers : Layers, optional
            Those of the problem, if H is to act in each by itself.
        **letters : float
            A number for every letter; all have to be given.

        Returns
        -------
        RACLoRA, LayeredRACLoRA or MethodDescent
            The first two where the method is ``W - gamma H(gradient(W))``: they are the same algorithm.

        Raises
        ------
        ValueError
            If a letter has no number, or a number no letter, or the parts do not fit together.
        """
        source = Exact() if gradients is None else gradients
        for name in letters:
            checks.one_of("letters", name, self.letters)
        for name in self.letters:
            if name not in letters:
                raise ValueError(f"{name} must have a number, such as {name}=0.1: no letter of a method is guessed")
        return self._algorithm(sketch, side, source, layers, letters)

    _algorithm: ClassVar[Callable[..., Any]]
    """What makes the algorithm, which knows the method that it is an instance of: the door of the room gives it."""

    def __repr__(self) -> str:
        lines = ", ".join(f"{key!r}: {line!r}" for key, line in self.lines.items())
        start = ", ".join(f"{key!r}: {line!r}" for key, line in self.start.items())
        report = "" if self.report == next(iter(self.lines)) else f", report={self.report!r}"
        return f"{type(self).__name__}({{{lines}}}{f', start={{{start}}}' * bool(start)}{report})"

    def __str__(self) -> str:
        starts, steps, report = self._written(written)
        draw = ["    draw a projection H, independent of the past"] * self._draws
        steps = [*draw, *(f"    {line}" for line in steps)]
        return "\n".join([", ".join(starts), "for t = 0, 1, 2, ...", *steps, *(f"report {value}" for value in report)])

    @property
    def latex(self) -> str:
        r"""The algorithm box as an ``aligned`` environment, for a formula of its own.

        Examples
        --------
        >>> from rac_theory import GD
        >>> print(GD(0.1).method.latex)
        \begin{aligned}
        & W^{0} \text{ given} \\
        & \text{for } t = 0, 1, 2, \dots \text{ draw a projection } H \text{, independent of the past} \\
        & \quad G = \nabla f(W^{t}) \\
        & \quad P = H G \\
        & \quad W^{t+1} = W^{t} - \gamma P
        \end{aligned}
        """
        (_, *starts), steps, report = self._written(typeset)
        given = rf"{typeset(_at(next(iter(self.lines)), '0'))} \text{{ given}}"
        draw = r" \text{ draw a projection } H \text{, independent of the past}" * self._draws
        lines = [",\\; ".join([given, *starts]), rf"\text{{for }} t = 0, 1, 2, \dots{draw}"]
        lines += [*(rf"\quad {line}" for line in steps), *(rf"\text{{report }} {value}" for value in report)]
        return "\n".join([r"\begin{aligned}", " \\\\\n".join(f"& {line}" for line in lines), r"\end{aligned}"])

    def _written(self, write: Callable[[Expression], str]) -> list[list[str]]:
        """The starts, the steps and what is reported, in the writing of a box."""
        starts, steps, report = _box(self)
        equations = ([f"{write(name)} = {write(value)}" for name, value in part] for part in (starts, steps))
        return [*equations, [write(value) for value in report]]

    @property
    def _draws(self) -> bool:
        return any(isinstance(matrix, Projected) for matrix in self.matrices)

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"


def _state(key: object) -> State:
    if isinstance(key, State):
        return key
    raise ValueError(f"a line must be that of a state, such as W, got {key!r}: does a name of Python hide the state?")


_Equations: TypeAlias = list[tuple[Symbol, Expression]]


def _box(method: Method) -> tuple[_Equations, _Equations, list[Expression]]:
    """The starts, the steps and what is reported; what is used more than once, or inside of f or H, has a name."""
    names: dict[Expression, Symbol] = {key: _at(key, "t") for key in method.lines}
    taken = {*method.names, *method.letters, "H", "f", "t"}
    first, *others = method.lines
    steps: _Equations = []

    def fresh(candidates: str) -> Symbol:
        """The first of these names that nothing has, or the first with a number."""
        numbered = (f"{candidates[0]}_{i}" for i in count(1))
        name = next(candidate for candidate in chain(candidates, numbered) if candidate not in taken)
        taken.add(name)
        return Symbol(name)

    for matrix in method.matrices:  # gradients, and the projection
        if matrix.argument is None:
            continue
        is_gradient, inside = isinstance(matrix, Gradient), _read(matrix.argument, names)
        if not isinstance(inside, Symbol):
            name = fresh("YXU" if is_gradient else "VUA")
            steps.append((name, inside))
            names[matrix.argument] = inside = name
        names[matrix] = fresh("G" if is_gradient else "PN")
        text, tex = ("grad f({})", r"\nabla f({})") if is_gradient else ("H {}", "H {}")
        steps.append((names[matrix], Symbol(text.format(inside.name), tex.format(typeset(inside)))))
    left, mark = dict(method.lines), Symbol("")

    def uses(key: Expression) -> int:
        """How many other states are written in the next one of this."""
        line = left[key]
        return sum(mark in _read(term, {line: mark}).symbols for k, term in left.items() if k != key and term != line)

    while left:
        key = max(left, key=uses)
        line, name = left.pop(key), _at(key, "{t+1}")
        steps.append((name, _read(line, names)))
        if len(coefficients(line)) > 1:
            names[line] = name
    W0 = _at(first, "0")
    starts: _Equations = [(W0, Symbol("W0")), *((_at(key, "0"), method.starts[key].at({first: W0})) for key in others)]
    return starts, steps, [] if method.report == first else [_read(method.report, names)]


def _at(state: Expression, index: str) -> Symbol:
    return Symbol(f"{state!r}^{index}", f"{typeset(state)}^{{{index.strip('{}')}}}")


def _read(part: Expression, names: Mapping[Expression, Symbol]) -> Expression:
    """A combination with names for some of its parts, also where these are some of the terms of a sum."""
    terms = part.parts(Sum)
    for expression, name in names.items():
        some = expression.parts(Sum)
        for i in range(len(terms) - len(some) + 1 if len(some) > 1 else 0):
            if terms[i : i + len(some)] == some:
                terms = (*terms[:i], name, *terms[i + len(some) :])
    return (Sum(terms) if len(terms) > 1 else terms[0]).at(names)


class Move(NamedTuple):
    """The reported point W moves by ``-length H g``, with g a gradient at W, or ahead of it along what is kept.

    Attributes
    ----------
    length : Expression
    memory, ahead : Expression, optional
        Where g is a gradient at ``W + ahead M``: M is zero at first, and after a step it is ``memory M + H g``.
    is_whole : bool
        Whether W moves by all of ``-length g``, and M is after a step what H leaves out of ``M + g``: error feedback.
    """

    length: Expression
    memory: Expression | None = None
    ahead: Expression | None = None
    is_whole: bool = False


def move_of(method: Method) -> Move:
    """Return what a step does to the reported point: all that theorems about it rest on.

    Parameters
    ----------
    method : Method

    Returns
    -------
    Move

    Raises
    ------
    ValueError
        If it is no move along H of a gradient at that point, or ahead of it by a vector that is kept, and no error
        feedback.

    Examples
    --------
    However states are called, scaled and shifted:

    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.algorithms import H, Method, gradient, move_of, state
    >>> X, D = state("X", "D")
    >>> gamma, b = Symbol("gamma"), Symbol("b")
    >>> P = H(2 * gradient(X + b * D))
    >>> move_of(Method({X: X - gamma * P, D: b * D - gamma * P}, start={D: 0}))
    Move(length=2 gamma, memory=b, ahead=-2 b gamma, is_whole=False)
    >>> move_of(Method({X: X - gamma * gradient(X)}))
    Traceback (most recent call last):
    ValueError: a step must move what is reported along H of a gradient, here it is moved by (-gamma) (grad f(X))
    """
    W = method.report
    moved = coefficients(W.at(method.lines) - W)
    drawn = next(iter(moved), W)
    if len(moved) == 1 and isinstance(drawn, Gradient) and _is_kept_back(method, drawn, -moved[drawn]):
        return Move(_plain(-moved[drawn]), lifted(1), _plain(-moved[drawn]), is_whole=True)
    inside = coefficients(drawn.argument) if isinstance(drawn, Projected) and drawn.argument is not None else {}
    point = next(iter(inside), W)
    if len(moved) != 1 or len(inside) != 1 or not isinstance(point, Gradient) or point.argument is None:
        parts = tuple(_plain(coefficient) * matrix for matrix, coefficient in moved.items())
        by = parts[0] if len(parts) == 1 else Sum(parts)
        raise ValueError(f"a step must move what is reported along H of a gradient, here it is moved by {by!r}")
    factor, ahead = inside[point], point.argument - W  # M times what is ahead
    length = _plain(-moved[drawn] * factor)
    if not coefficients(ahead):
        return Move(length)
    first, times = next(iter(coefficients(ahead).items()))
    after = ahead.at(method.lines)
    memory = _plain(coefficients(after).get(first, lifted(0)) / times)
    added = coefficients(after - memory * ahead)
    if set(added) != {drawn} or coefficients(ahead.at(method.starts)):
        raise ValueError(
            f"a gradient must be taken at what is reported, or ahead of it by what is kept, 0 at first, got one at "
            f"{point.argument!r}"
        )
    return Move(length, memory, _plain(added[drawn] * factor))


def _is_kept_back(method: Method, drawn: Gradient, length: Expression) -> bool:
    """Whether what is kept is nothing at first, and after a step what H leaves out of it and of the step."""
    if drawn.argument is None:
        return False
    error = drawn.argument - method.report
    shifted = error + length * drawn
    left = coefficients(error.at(method.lines) - shifted)
    part = next(iter(left), error)
    if len(left) != 1 or not isinstance(part, Projected) or part.argument is None:
        return False
    is_all = not coefficients(left[part] * part.argument + shifted)
    return is_all and bool(coefficients(error)) and not coefficients(error.at(method.starts))


def _plain(expression: Expression) -> Expression:
    """Without what cancels."""
    return simplified(polynomial(expression)).expression
