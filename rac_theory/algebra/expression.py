"""Expressions: numbers and named quantities, joined by the operations of bounds; readings are files beside it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, wraps
from numbers import Complex, Rational
from operator import is_
from typing import Any, Literal

from rac_theory.algebra.node import Node
from rac_theory.algebra.relation import Relation


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
    """An exact number."""

    value: Fraction


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
    of : Expression, optional
        The index of what is another quantity at each index: a sum of these is no multiple of one.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, identical, total
    >>> 2 * Symbol("f(W^0) - f*", is_sum=True)
    2 (f(W^0) - f*)
    >>> [identical(total(Symbol("t"), 9, x), 9 * x) for x in (Symbol("x"), Symbol("x_t", of=Symbol("t")))]
    [True, False]
    """

    name: str
    latex: str = ""
    constant: str = ""
    meaning: str = ""
    unit: str = ""
    side: Literal["up", "down", "exact"] = "exact"
    is_sum: bool = False
    of: Expression | None = None

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

    of: tuple[Expression, ...]


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
        symbol.name == index.name or symbol.of == index for symbol in expression.symbols
    )


def _at(value: Any, values: Mapping[Any, Expression | int | Fraction]) -> Any:
    if isinstance(value, Expression | Relation):
        return value.at(values)
    if not isinstance(value, tuple):
        return value
    placed = tuple(_at(member, values) for member in value)
    return value if all(map(is_, placed, value)) else placed
