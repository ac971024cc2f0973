"""A method: what one step makes of its matrices, written once; it is run, expected exactly, checked and printed.

A step sees the states before it, takes gradients at named points, all with one draw of data, draws one projection H,
applies it to one combination, and moves every state linearly. Coefficients are expressions, and every letter in them
gets a number where the method is called.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from itertools import permutations
from numbers import Complex
from typing import Any, ClassVar, NamedTuple, TypeAlias, overload

from rac_theory.algebra import (
    Expression,
    Negative,
    Number,
    Product,
    Quotient,
    Sum,
    Symbol,
    identical,
    lifted,
    symbols_of,
)
from rac_theory.algorithms.gradients.exact import Exact
from rac_theory.algorithms.gradients.gradient_source import GradientSource
from rac_theory.algorithms.side import Side
from rac_theory.base import Value, checks, shown
from rac_theory.problems import Layers
from rac_theory.sketches import Sketch

_ONE = lifted(1)
_RESERVED = ("sketch", "side", "gradients", "layers")


@dataclass(frozen=True)
class State:
    """A matrix that a method keeps, as it is before the step."""

    name: str


@dataclass(frozen=True)
class Gradient:
    """The gradient at a point."""

    at: "Combination"


@dataclass(frozen=True)
class Projected:
    """H applied to a combination."""

    of: "Combination"


Atom: TypeAlias = State | Gradient | Projected
"""What a combination is linear in."""


@dataclass(frozen=True, eq=False, repr=False)
class Combination:
    """A linear combination of states, gradients and one projected combination; equal to another that is the same.

    ``state``, ``gradient`` and ``H`` make the first ones, ``+``, ``-``, and products and quotients by expressions and
    exact numbers all others.

    Attributes
    ----------
    terms : tuple of pairs
        Each atom once, with its coefficient, which is not zero.
    how : tuple
        How it was written: a sign and two parts; nothing for an atom.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.algorithms import H, gradient, state
    >>> W, M = state("W", "M")
    >>> beta = Symbol("beta")
    >>> beta * M + H(gradient(W))
    beta M + H(grad f(W))
    >>> (W + M) / 2 - M / 2 == W / 2
    True
    """

    terms: tuple[tuple[Atom, Expression], ...]
    how: tuple[Any, ...] = ()

    __array_ufunc__ = None  # a matrix of NumPy is no coefficient

    def __add__(self, other: object) -> "Combination":
        return self._joined("+", self, other)

    def __radd__(self, other: object) -> "Combination":
        return self._joined("+", other, self)

    def __sub__(self, other: object) -> "Combination":
        return self._joined("-", self, other)

    def __rsub__(self, other: object) -> "Combination":
        return self._joined("-", other, self)

    def __neg__(self) -> "Combination":
        return Combination(_scaled(self.terms, -_ONE), ("*", -_ONE, self))

    def __mul__(self, factor: object) -> "Combination":
        if not isinstance(factor, Expression | Complex):
            raise ValueError(f"a step must be linear in its matrices, got the product of {self!r} and {factor!r}")
        return Combination(_scaled(self.terms, lifted(factor)), ("*", lifted(factor), self))

    __rmul__ = __mul__

    def __truediv__(self, factor: object) -> "Combination":
        if not isinstance(factor, Expression | Complex):
            raise ValueError(f"a step must be linear in its matrices, got the quotient of {self!r} and {factor!r}")
        return Combination(_scaled(self.terms, 1 / lifted(factor)), ("/", lifted(factor), self))

    def _refused(self, *_: object) -> "Combination":
        raise ValueError(f"a step must be linear in its matrices, got a power of {self!r}, or a quotient by it")

    __rtruediv__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _refused

    @staticmethod
    def _joined(sign: str, left: object, right: object) -> "Combination":
        pair = [_ZERO if isinstance(part, Complex) and part == 0 else part for part in (left, right)]
        for part in pair:
            if not isinstance(part, Combination):
                raise ValueError(
                    f"a step must add matrices of the shape of W to one another, got {left!r} {sign} {right!r}"
                )
        first, second = pair
        assert isinstance(first, Combination)
        assert isinstance(second, Combination)
        terms = [*first.terms, *(second.terms if sign == "+" else _scaled(second.terms, -_ONE))]
        return Combination(_merged(terms), (sign, first, second))

    @property
    def coefficients(self) -> dict[Atom, Expression]:
        """The coefficient of each atom."""
        return dict(self.terms)

    def within(self) -> Iterator[Atom]:
        """Yield its atoms, each after those that it is made of."""
        for atom, _ in self.terms:
            if not isinstance(atom, State):
                yield from (atom.at if isinstance(atom, Gradient) else atom.of).within()
            yield atom

    def symbols(self) -> Iterator[Symbol]:
        """Yield the letters of its coefficients, and of what its atoms are made of."""
        for atom, coefficient in self.terms:
            yield from symbols_of(coefficient)
            if not isinstance(atom, State):
                yield from (atom.at if isinstance(atom, Gradient) else atom.of).symbols()

    def renamed(self, names: Mapping[str, str]) -> "Combination":
        """Return the same of states with other names, and of letters that are their names and nothing else."""

        def atom(old: Atom) -> Atom:
            if isinstance(old, State):
                return State(names[old.name])
            return Gradient(old.at.renamed(names)) if isinstance(old, Gradient) else Projected(old.of.renamed(names))

        letters = {symbol: Symbol(symbol.name) for symbol in self.symbols()}
        return Combination(tuple((atom(old), coefficient.at(letters)) for old, coefficient in self.terms))

    def expression(self, named: Callable[["Combination"], Expression | None]) -> Expression:
        """Return it as it was written, in names for some of its parts; atoms must have one."""
        name = named(self)
        if name is not None:
            return name
        match self.how:
            case ("+", first, second):
                return Sum((first.expression(named), second.expression(named)))
            case ("-", first, second):
                return Sum((first.expression(named), Negative(second.expression(named))))
            case ("*", Negative(Number(value)), part) if value == 1:
                return Negative(part.expression(named))
            case ("*", factor, part):
                return Product((*factor.parts(Product), *part.expression(named).parts(Product)))
            case ("/", factor, part):
                return Quotient(part.expression(named), factor)
        parts = [coefficient * Combination(((atom, _ONE),)).expression(named) for atom, coefficient in self.terms]
        return Sum(tuple(parts)) if len(parts) > 1 else parts[0] if parts else lifted(0)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Combination):
            return NotImplemented
        own, others = self.coefficients, other.coefficients
        return own.keys() == others.keys() and all(identical(value, others[atom]) for atom, value in own.items())

    def __hash__(self) -> int:
        return hash(frozenset(atom for atom, _ in self.terms))

    def __repr__(self) -> str:
        return repr(self.expression(_plainly))


_ZERO = Combination(())


def _plainly(part: Combination) -> Expression | None:
    """Name the atoms as they are called in Python, for a sentence."""
    if part.how or len(part.terms) != 1 or part.terms[0][1] != _ONE:
        return None
    match part.terms[0][0]:
        case State(name):
            return Symbol(name)
        case Gradient(at):
            return Symbol(f"grad f({at!r})")
        case Projected(of):
            return Symbol(f"H({of!r})")


def _scaled(terms: Sequence[tuple[Atom, Expression]], factor: Expression) -> tuple[tuple[Atom, Expression], ...]:
    scaled = ((atom, factor if coefficient == _ONE else factor * coefficient) for atom, coefficient in terms)
    return tuple((atom, coefficient) for atom, coefficient in scaled if not identical(coefficient, 0))


def _merged(terms: Sequence[tuple[Atom, Expression]]) -> tuple[tuple[Atom, Expression], ...]:
    """Add up coefficients of equal atoms, and leave out what cancels."""
    sums: dict[Atom, list[Expression]] = {}
    for atom, coefficient in terms:
        sums.setdefault(atom, []).append(coefficient)
    merged = ((atom, each[0] if len(each) == 1 else sum(each[1:], each[0])) for atom, each in sums.items())
    return tuple((atom, total) for atom, total in merged if len(sums[atom]) == 1 or not identical(total, 0))


@overload
def state(name: str, /) -> Combination: ...
@overload
def state(name: str, second: str, /, *more: str) -> tuple[Combination, ...]: ...
def state(*names: str) -> Any:
    """Return the matrices that a method keeps, as they are before a step: one, or a tuple of several.

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
    states = tuple(Combination(((State(name), _ONE),)) for name in names)
    return states[0] if len(states) == 1 else states


def gradient(at: Combination) -> Combination:
    """Return the gradient at a point: a state, or a combination of states and gradients.

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
    if not isinstance(at, Combination):
        raise ValueError(f"a gradient must be taken at a combination of states, such as gradient(W), got {at!r}")
    if any(isinstance(atom, Projected) for atom in at.within()):
        raise ValueError(
            f"a gradient must be taken where H has not moved yet, got gradient({at!r}): that is the next step"
        )
    return Combination(((Gradient(at), _ONE),))


def H(of: Combination) -> Combination:
    """Return what the projection of this step leaves of a combination: one fresh H, applied to one combination.

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
    if not isinstance(of, Combination) or not of.terms:
        raise ValueError(
            f"H must be applied to a combination of states and gradients, such as H(gradient(W)), got {of!r}"
        )
    if any(isinstance(atom, Projected) for atom in of.within()):
        raise ValueError(f"H must be applied once, as H H = H, got H inside of H({of!r})")
    return Combination(((Projected(of), _ONE),))


def letter(name: str, meaning: str = "", unit: str = "1") -> Symbol:
    """Return a letter for coefficients of a method that theorems about it may use: ``Constants`` has its number.

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
    report : Combination, optional
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

    lines: Mapping[Combination, Combination]
    _: KW_ONLY
    start: Mapping[Combination, Any] = field(default_factory=dict)  # combinations, or 0
    report: Combination | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.lines, Mapping) or not self.lines:
            raise ValueError(
                f"lines must be a mapping such as {{W: W - gamma * H(gradient(W))}}, got {shown(self.lines)}"
            )
        lines = {key: _combination(f"line {_name_of(key)}", line) for key, line in self.lines.items()}
        start = {key: _combination(f"start of {_name_of(key)}", line) for key, line in self.start.items()}
        vars(self).update(lines=lines, start=start)
        if self.report is None:
            vars(self).update(report=next(iter(lines)))
        super().__post_init__()
        self._check_states()
        self._check_projection()
        self._check_letters()

    def _check_states(self) -> None:
        first = self.names[0]
        for name in self.names:
            if name != first and name not in map(_name_of, self.start):
                raise ValueError(f"line {name}: {name} must have a start, such as start={{{name}: 0}}")
        for key, begin in self.start.items():
            name = _name_of(key)
            if name not in self.names[1:]:
                raise ValueError(f"start of {name} must be that of a state with a line, and {first} starts at W0")
            if not all(isinstance(atom, State) and atom.name == first for atom in begin.within()):
                raise ValueError(f"start of {name} must be 0 or a multiple of {first}, got {begin!r}")
        for where, line in (*self._lines, ("report", self.reported)):
            for atom in line.within():
                if isinstance(atom, State) and atom.name not in self.names:
                    raise ValueError(
                        f"{where}: {atom.name} must have a line of its own, the method has {', '.join(self.names)}"
                    )
                if where == "report" and not isinstance(atom, State):
                    raise ValueError(f"report must be a combination of states, got {line!r}")

    def _check_projection(self) -> None:
        applied: Projected | None = None
        for where, line in self._lines:
            for atom in line.within():
                if isinstance(atom, Projected):
                    if applied is not None and atom != applied:
                        raise ValueError(
                            f"{where}: H must be applied to one combination, got {atom.of!r} beside {applied.of!r}"
                        )
                    applied = atom

    def _check_letters(self) -> None:
        letters: dict[str, Symbol] = {}
        for where, line in (*self._lines, *((f"start of {key!r}", line) for key, line in self.start.items())):
            for symbol in line.symbols():
                name = symbol.name
                if name in (*self.names, *_RESERVED) or not name.isidentifier():
                    raise ValueError(f"{where}: the letter {name} must have a name of its own, which Python can write")
                if letters.setdefault(name, symbol) != symbol:
                    raise ValueError(f"{where}: {name} must be one letter, it is the name of two")
        vars(self).update(letters=tuple(letters))

    letters: tuple[str, ...] = field(init=False, compare=False, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the states, the iterate first."""
        return tuple(map(_name_of, self.lines))

    @property
    def starts(self) -> dict[Combination, Combination]:
        """What each state is at first, in the order of the lines: the first is W0, as a state of its name."""
        begins = {_name_of(key): line for key, line in self.start.items()}
        return {key: begins.get(_name_of(key), key) for key in self.lines}

    @property
    def reported(self) -> Combination:
        """What is recorded and judged."""
        assert self.report is not None  # filled in by __post_init__
        return self.report

    @property
    def _lines(self) -> list[tuple[str, Combination]]:
        return [(f"line {key!r}", line) for key, line in self.lines.items()]

    @cached_property
    def atoms(self) -> tuple[Atom, ...]:
        """What its registers hold: states, gradients, each after those that it needs, and what H leaves."""
        within = dict.fromkeys(atom for _, line in self._lines for atom in line.within())
        gradients = (atom for atom in within if isinstance(atom, Gradient))
        return (*map(State, self.names), *gradients, *(atom for atom in within if isinstance(atom, Projected)))

    def program(self, read: Callable[[Expression], Any]) -> Program:
        """Return the method in numbers, as ``read`` reads coefficients; those that are zero are left out."""
        place = {atom: i for i, atom in enumerate(self.atoms)}

        def row(combination: Combination) -> Row:
            pairs = ((place[atom], read(coefficient)) for atom, coefficient in combination.terms)
            return tuple((i, value) for i, value in sorted(pairs, key=lambda pair: pair[0]) if value != 0)

        first = State(self.names[0])
        return Program(
            tuple(row(atom.at) for atom in self.atoms if isinstance(atom, Gradient)),
            next((row(atom.of) for atom in self.atoms if isinstance(atom, Projected)), ()),
            tuple(map(row, self.lines.values())),
            tuple(read(begin.coefficients.get(first, lifted(0))) for begin in self.starts.values()),
            row(self.reported),
        )

    def is_like(self, other: object) -> bool:
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
        if not isinstance(other, Method) or len(other.names) != len(self.names):
            return False
        first, *rest = self.names
        own = self._renamed(dict(zip(self.names, self.names, strict=True)))
        renamings = (dict(zip(other.names, (first, *order), strict=True)) for order in permutations(rest))
        return any(own == other._renamed(names) for names in renamings)

    def _renamed(self, names: Mapping[str, str]) -> "Method":
        lines, start = (
            {key.renamed(names): line.renamed(names) for key, line in each.items()} for each in (self.lines, self.start)
        )
        return Method(lines, start=start, report=self.reported.renamed(names))

    def reporting(self, report: Combination) -> "Method":
        """Return the same method with another point recorded and judged.

        Examples
        --------
        >>> from rac_theory.algorithms import H, Method, gradient, state
        >>> from rac_theory.statements.symbols import gamma
        >>> X, D = state("X", "D")
        >>> v = D + gamma * gradient(X)
        >>> feedback = Method({X: X - H(v), D: v - H(v)}, start={D: 0}, report=X - D)
        >>> feedback.reporting(X).reported
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
        report = "" if self.reported == next(iter(self.lines)) else f", report={self.reported!r}"
        return f"{type(self).__name__}({{{lines}}}{f', start={{{start}}}' * bool(start)}{report})"


def _name_of(key: object) -> str:
    """The name of a state; refuse what is none."""
    match key:
        case Combination(((State(name), coefficient),)) if coefficient == _ONE:
            return name
    raise ValueError(f"a line must be that of a state, such as W, got {key!r}: does a name of Python hide the state?")


def _combination(name: str, line: object) -> Combination:
    if isinstance(line, Complex) and line == 0:
        return _ZERO
    if not isinstance(line, Combination):
        function = ", a function" if inspect.isroutine(line) else ""
        raise ValueError(f"{name} must be a combination of states, gradients and H(...), got {shown(line)}{function}")
    return line
