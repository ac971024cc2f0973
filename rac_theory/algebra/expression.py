"""Expressions, and relations between them: numbers and named quantities, joined by the operations of bounds."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, wraps
from numbers import Complex, Rational
from operator import is_
from typing import Any, ClassVar, Literal

from rac_theory.base.checks import one_of


@dataclass(frozen=True, repr=False)
class Relation:
    """Expressions with a sign between each two. It has no truth of its own: constants give it one.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, between
    >>> gamma, L = Symbol("gamma"), Symbol("L")
    >>> between(0, gamma * L, 2)
    0 < gamma L < 2
    >>> 0 < gamma * L < 2
    Traceback (most recent call last):
    TypeError: gamma L > 0 is neither true nor false without constants: for a chain write between(0, gamma L, 2)
    """

    terms: "tuple[Expression, ...]"
    signs: tuple[str, ...]

    _SIGNS: ClassVar = ("<", "<=", ">", ">=", "=")

    def __post_init__(self) -> None:
        for sign in self.signs:
            one_of("sign", sign, self._SIGNS)
        if len(self.signs) != len(self.terms) - 1:
            raise ValueError(f"signs must be one fewer than terms={len(self.terms)}, got {len(self.signs)}")

    def __bool__(self) -> bool:
        raise TypeError(
            f"{self!r} is neither true nor false without constants: for a chain write between(0, gamma L, 2)"
        )

    def at(self, values: "Mapping[Any, Expression | int | Fraction]") -> "Relation":
        """Return the relation with others in the place of some expressions; itself where none is."""
        terms = tuple(term.at(values) for term in self.terms)
        return self if all(map(is_, terms, self.terms)) else Relation(terms, self.signs)

    def within(self) -> "Iterator[Expression]":
        """Yield all expressions that it is about."""
        for term in self.terms:
            yield from term.within()


DEEPEST, LARGEST = 100, 200_000
"""How many levels an expression may have, and how many parts: readings go down it by recursion, and through all."""


class Node:
    """A value that is equal to another of its class with equal arguments, as a frozen dataclass is.

    A hash, as all that is worked out of an expression once, stays with it: without that, looking one up would go
    through all that it is made of, each time. None of this is pickled: another process has other hashes.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> Symbol("x") / 2 == Symbol("x") / 2, (Symbol("x") / 2).arguments
    (True, (x, 2))
    """

    __match_args__: tuple[str, ...] = ()
    arguments: tuple[Any, ...]
    """What its class makes it of, in that order."""
    inside: "tuple[Expression, ...]"
    """The expressions that this one is made of, from left to right."""
    depth: int
    size: int

    def __post_init__(self) -> None:
        arguments = tuple([getattr(self, name) for name in self.__match_args__])
        inside = _nodes(arguments)
        depth = 1 + max([part.depth for part in inside], default=0)
        size = 1 + sum([part.size for part in inside])
        if depth > DEEPEST:
            raise ValueError(
                f"an expression must have at most {DEEPEST} levels, got {depth}: write a chain as one sum or product"
            )
        if size > LARGEST:
            raise ValueError(
                f"an expression must have at most {LARGEST:,} parts, got {size:,}: write powers and totals"
            )
        self.__dict__.update(arguments=arguments, inside=inside, depth=depth, size=size)  # it is frozen

    def parts(self, kind: type) -> "tuple[Expression, ...]":
        """The terms of a sum, or the factors of a product: of what is of no such kind, itself alone."""
        return self.inside if isinstance(self, kind) else (self,)  # type: ignore[return-value]

    @cached_property
    def symbols(self) -> "tuple[Symbol, ...]":
        """The symbols in it that stand for something outside, each once, in the order in which they come up."""
        return tuple(dict.fromkeys(symbol for part in self.inside for symbol in part.symbols))

    @cached_property
    def named(self) -> "tuple[Let, ...]":
        """The definitions that are named in it, each once, and not those that they rest on."""
        return tuple({id(let): let for part in self.inside for let in part.named}.values())

    def within(self) -> "Iterator[Expression]":
        """Yield this expression and all below it, through definitions."""
        yield self  # type: ignore[misc]
        for part in self.inside:
            yield from part.within()

    @cached_property
    def _hash(self) -> int:
        return hash((type(self).__name__, self.arguments))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return type(self) is type(other) and isinstance(other, Node) and self.arguments == other.arguments

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), self.arguments


def _joins(operation: "Callable[[Any, Any], Expression]") -> "Callable[[Any, Expression | int | Fraction], Expression]":
    """Leave what is neither an expression nor a number to the operators of its own class."""

    @wraps(operation)
    def joined(self: Any, operand: object) -> Any:
        return operation(self, operand) if isinstance(operand, Expression | Complex) else NotImplemented

    return joined


class Expression(Node):
    """What adds, subtracts, multiplies, divides, has powers, and compares to a ``Relation``.

    Plain numbers must be exact: whole ones or fractions, for ``18 / 7`` is a float before any expression sees it.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, text
    >>> gamma, L, T = Symbol("gamma"), Symbol("L"), Symbol("T")
    >>> text((1 - gamma * L / 2) ** T), text(gamma * L <= 1)
    ('(1 - gamma L / 2)^T', 'gamma L <= 1')
    """

    __array_ufunc__ = None  # an array of expressions is none: NumPy leaves the operation to us, who refuse it

    @_joins
    def __add__(self, other: object) -> "Expression":
        return Sum((*self.parts(Sum), *lifted(other).parts(Sum)))

    @_joins
    def __radd__(self, other: object) -> "Expression":
        return lifted(other) + self

    @_joins
    def __sub__(self, other: object) -> "Expression":
        return Sum((*self.parts(Sum), Negative(lifted(other))))

    @_joins
    def __rsub__(self, other: object) -> "Expression":
        return lifted(other) - self

    def __neg__(self) -> "Expression":
        return Negative(self)

    @_joins
    def __mul__(self, other: object) -> "Expression":
        return Product((*self.parts(Product), *lifted(other).parts(Product)))

    @_joins
    def __rmul__(self, other: object) -> "Expression":
        return lifted(other) * self

    @_joins
    def __truediv__(self, other: object) -> "Expression":
        return Quotient(self, lifted(other))

    @_joins
    def __rtruediv__(self, other: object) -> "Expression":
        return lifted(other) / self

    @_joins
    def __pow__(self, other: object) -> "Expression":
        return Power(self, lifted(other))

    @_joins
    def __rpow__(self, other: object) -> "Expression":
        return lifted(other) ** self

    def __le__(self, other: object) -> Relation:
        return Relation((self, lifted(other)), ("<=",))

    def __lt__(self, other: object) -> Relation:
        return Relation((self, lifted(other)), ("<",))

    def __ge__(self, other: object) -> Relation:
        return Relation((self, lifted(other)), (">=",))

    def __gt__(self, other: object) -> Relation:
        return Relation((self, lifted(other)), (">",))

    def at(self, values: Mapping[Any, "Expression | int | Fraction"]) -> "Expression":
        """Return the expression with others in the place of some, here and below; itself where none is."""
        if self in values:
            return lifted(values[self])
        arguments = _at(self.arguments, values)
        return self if arguments is self.arguments else type(self)(*arguments)


@dataclass(frozen=True, repr=False, eq=False)
class Number(Expression):
    """An exact number: one that wraps around, as those of NumPy do, would be another when it is squared."""

    value: Fraction

    def __post_init__(self) -> None:
        if type(self.value) is not Fraction or {*map(type, self.value.as_integer_ratio())} != {int}:
            raise TypeError(f"a number must be a Fraction of whole numbers of Python, got {self.value!r}")
        super().__post_init__()


@dataclass(frozen=True, repr=False, eq=False)
class Symbol(Expression):
    """A named quantity.

    Attributes
    ----------
    name, latex : str
        As it is written, and as it is typeset where the name does not say so.
    constant : str
        The field of ``Constants`` that has its number; empty for what is no constant of a case, such as T.
    meaning, unit : str
        One line each, for people.
    side : "up", "down" or "exact"
        To which side its number is rounded.
    is_sum : bool
        Whether its name is written as a sum, and needs brackets beside a factor.
    argument : Expression, optional
        The index of what is another quantity at each index: a sum of these is no multiple of one.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, identical, total
    >>> 2 * Symbol("f(W^0) - f*", is_sum=True)
    2 (f(W^0) - f*)
    >>> [identical(total(Symbol("t"), 9, x), 9 * x) for x in (Symbol("x"), Symbol("x_t", argument=Symbol("t")))]
    [True, False]
    """

    name: str
    latex: str = ""
    constant: str = ""
    meaning: str = ""
    unit: str = ""
    side: Literal["up", "down", "exact"] = "exact"
    is_sum: bool = False
    argument: Expression | None = None

    @property
    def symbols(self) -> "tuple[Symbol, ...]":
        """Itself: its index is no symbol of a bound."""
        return (self,)


@dataclass(frozen=True, repr=False, eq=False)
class Let(Expression):
    """A name for an expression, which is defined where the expression is printed.

    Attributes
    ----------
    name : str
    value : Expression
    meaning : str
    letter : str
        What proofs call it that do not look at its value, empty where they do.

    Examples
    --------
    >>> from rac_theory.algebra import Let, Symbol
    >>> 2 * Let("rho", 1 - Symbol("mu"))
    2 rho
    """

    name: str
    value: Expression
    meaning: str = ""
    letter: str = ""

    def at(self, values: Mapping[Any, "Expression | int | Fraction"]) -> Expression:
        """Return it with others in the place of some; with another value it is no letter of proofs."""
        if self in values:
            return lifted(values[self])
        value = self.value.at(values)
        return self if value is self.value else Let(self.name, value, self.meaning)

    @property
    def named(self) -> "tuple[Let, ...]":
        """Itself."""
        return (self,)


@dataclass(frozen=True, repr=False, eq=False)
class Negative(Expression):
    """Minus an expression."""

    value: Expression


@dataclass(frozen=True, repr=False, eq=False)
class Sum(Expression):
    """A sum; what is subtracted is a ``Negative`` in it."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Product(Expression):
    """A product; it is zero where a factor is, whether or not the others are known."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Quotient(Expression):
    """A quotient; infinite where the denominator alone is zero."""

    numerator: Expression
    denominator: Expression


@dataclass(frozen=True, repr=False, eq=False)
class Power(Expression):
    """A power; an exponent of 1/2 is a square root."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True, repr=False, eq=False)
class Powers(Expression):
    """A sum of consecutive powers, ``base^first + ... + base^last``; nothing where last is first - 1."""

    base: Expression
    first: Expression
    last: Expression


@dataclass(frozen=True, repr=False, eq=False)
class Total(Expression):
    """A sum of terms over ``index = 0, ..., steps - 1``."""

    index: Symbol
    steps: Expression
    term: Expression

    def __post_init__(self) -> None:
        if not isinstance(self.index, Symbol):
            raise TypeError(f"the index of a total must be a symbol, got {self.index!r}")
        super().__post_init__()

    def at(self, values: Mapping[Any, "Expression | int | Fraction"]) -> "Expression":
        """Return the sum with others in the place of some expressions; another symbol for the index is another name.

        Raises
        ------
        ValueError
            If what comes into the term has a symbol that the sum would bind.
        """
        if self in values:
            return lifted(values[self])
        name = values.get(self.index)
        index = name if isinstance(name, Symbol) else self.index
        places = {old: lifted(new) for old, new in values.items() if old != self.index and old in self.term.within()}
        captured = (new for old, new in places.items() if index in new.symbols and not _changes_with(old, self.index))
        if any(captured) or (index.name != self.index.name and index in self.term.symbols):
            raise ValueError(f"{index!r} would be bound by the sum: give the index of {self!r} another name")
        steps, term = self.steps.at(values), self.term.at(places | ({self.index: index} if index != self.index else {}))
        return self if steps is self.steps and term is self.term else Total(index, steps, term)

    @cached_property
    def symbols(self) -> tuple[Symbol, ...]:
        """Those of its parts: an index is bound in its term, and nowhere else."""
        return tuple(
            dict.fromkeys((*self.steps.symbols, *(symbol for symbol in self.term.symbols if symbol != self.index)))
        )


@dataclass(frozen=True, repr=False, eq=False)
class Maximum(Expression):
    """The largest of several."""

    members: tuple[Expression, ...]


@dataclass(frozen=True, repr=False, eq=False)
class Choice(Expression):
    """One expression where a relation holds, another where it does not."""

    condition: Relation
    then: Expression
    otherwise: Expression


def lifted(value: object) -> Expression:
    """Return an expression as it is, and an exact number as one; a ``TypeError`` for anything else."""
    if isinstance(value, Expression):
        return value
    if isinstance(value, Rational) and not isinstance(value, bool):
        return Number(Fraction(int(value.numerator), int(value.denominator)))
    if not isinstance(value, Complex):
        raise TypeError(f"an expression must be made of symbols and exact numbers, got {value!r}")
    hint = "write Fraction(18, 7) for 18 / 7"
    raise TypeError(f"a number in an expression must be whole or a Fraction, got {value!r}; {hint}")


def _changes_with(expression: Any, index: Symbol) -> bool:
    """Whether an expression is another at each index: what has its name is bound, and what is one of many by it."""
    return isinstance(expression, Expression) and any(
        symbol.name == index.name or symbol.argument == index for symbol in expression.symbols
    )


def _at(value: Any, values: Mapping[Any, Expression | int | Fraction]) -> Any:
    if isinstance(value, Expression | Relation):
        return value.at(values)
    if not isinstance(value, tuple):
        return value
    placed = tuple(_at(member, values) for member in value)
    return value if all(map(is_, placed, value)) else placed


def _nodes(values: tuple[Any, ...]) -> tuple[Any, ...]:
    nodes: list[Any] = []
    for value in values:
        if isinstance(value, Node):
            nodes.append(value)
        elif isinstance(value, tuple | Relation):
            nodes += _nodes(value if isinstance(value, tuple) else value.terms)
    return tuple(nodes)


def symbols_of(*expressions: Expression | Relation) -> tuple[Symbol, ...]:
    """Return the symbols in expressions, each once, in the order in which they come up; not the index of a total.

    Parameters
    ----------
    *expressions : Expression or Relation

    Returns
    -------
    tuple of Symbol
        Each once.

    Examples
    --------
    >>> from rac_theory.algebra import Let, Symbol, symbols_of
    >>> mu, lam = Symbol("mu"), Symbol("lambda_min")
    >>> symbols_of(Let("rho", 1 - mu * lam) + mu)
    (mu, lambda_min)
    """
    return tuple(dict.fromkeys(symbol for term in _terms(expressions) for symbol in term.symbols))


def definitions_in(*expressions: Expression | Relation) -> tuple[Let, ...]:
    """Return the definitions that expressions use, each once: first those that are read first, then those of these.

    Parameters
    ----------
    *expressions : Expression or Relation

    Returns
    -------
    tuple of Let

    Examples
    --------
    >>> from rac_theory.algebra import Let, Symbol, definitions_in
    >>> q = Let("q", Symbol("A") * Symbol("gamma") ** 2)
    >>> definitions_in(Let("w", 1 / (1 + q)) + q)
    (w, q)
    """
    lets: dict[Let, None] = {}
    level = _terms(expressions)
    while level:
        # By identity first: to compare two that are equal takes all that they rest on.
        names = {id(let): let for node in level for let in node.named}.values()
        level = [let.value for let in dict.fromkeys(names) if let not in lets]
        lets |= dict.fromkeys(names)
    return tuple(lets)


def _terms(expressions: Iterable[Expression | Relation]) -> list[Expression]:
    return [
        term
        for expression in expressions
        for term in (expression.terms if isinstance(expression, Relation) else (expression,))
    ]
