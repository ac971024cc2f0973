"""Facts, and the three ways in which one follows from others: sums, products, and a name for what was computed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from typing import Any

from rac_theory.algebra import (
    ONE,
    Expression,
    Let,
    Ratio,
    Relation,
    definitions_in,
    identical,
    lifted,
    polynomial,
    term,
    without_squares,
)
from rac_theory.proofs.missing import Missing, shortened
from rac_theory.proofs.rules import Rule
from rac_theory.statements import Assumption


def read(expression: Expression | int) -> Ratio:
    """Return an expression in normal form, in which equal ones are equal; names that proofs do not open are letters."""
    formula = lifted(expression)
    return polynomial(formula, {name: Ratio(term(name)) for name in letters_in(formula)})


def letters_in(*of: Expression | Relation) -> tuple[Let, ...]:
    """Return the names in expressions that proofs do not open."""
    return tuple(name for name in definitions_in(*of) if name.letter)


@dataclass(frozen=True, eq=False, repr=False)
class Fact:
    """``value >= 0``, or ``> 0`` if it is strict, wherever the assumptions in ``by`` are met.

    Attributes
    ----------
    value : Ratio
    strict : bool
    by : frozenset of Assumption
        What it rests on.
    of : mapping
        Products of facts, and how often each was taken; empty if the fact is taken for granted.
    name : str
        What it is called, and for what is taken for granted why it is true; empty for sums and products.
    said : Relation or None
        How it is written.
    rule : Rule or None
        By what rule it follows from the facts in ``of``, if not as their sum.
    page : str
        Of a lemma that is taken for granted, the page that proves it.
    schema : tuple
        Of an instance of a schema, its name and what is substituted; of what follows by a potential, that.
    number : int
        How many facts were made before it.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.proofs.fact import granted
    >>> x, y = Symbol("x"), Symbol("y")
    >>> granted("One", 1 <= x) + granted("Another", x <= y) * 2
    0 <= -1 - x + 2 y
    """

    value: Ratio
    strict: bool
    by: frozenset[Assumption]
    of: Mapping[tuple["Fact", ...], Fraction] = field(default_factory=dict)
    name: str = ""
    said: Relation | None = None
    rule: Rule | None = None
    page: str = ""
    schema: tuple[Any, ...] = ()
    number: int = field(default_factory=count().__next__, init=False)

    @property
    def parts(self) -> Mapping[tuple["Fact", ...], Fraction]:
        """The products of named facts that it is the sum of."""
        return {(self,): Fraction(1)} if self.name else self.of

    def __add__(self, other: "Fact") -> "Fact":
        sums = dict(self.parts)
        for product, times in other.parts.items():
            sums[product] = sums.get(product, Fraction(0)) + times
        return Fact(self.value + other.value, self.strict or other.strict, self.by | other.by, sums)

    def __mul__(self, other: "Fact | Fraction | int") -> "Fact":
        if not isinstance(other, Fact):
            if other <= 0:
                raise ValueError(f"a fact can be taken a positive number of times, not {other}")
            return self * Fact(read(lifted(other)), True, frozenset(), {(): Fraction(other)})
        products: dict[tuple[Fact, ...], Fraction] = {}
        for left, times in self.parts.items():
            for right, more in other.parts.items():
                product = tuple(sorted((*left, *right), key=lambda fact: (repr(fact), fact.name, fact.number)))
                products[product] = products.get(product, Fraction(0)) + times * more
        return Fact(self.value * other.value, self.strict and other.strict, self.by | other.by, products)

    __rmul__ = __mul__

    def __truediv__(self, other: "Fact") -> "Fact":
        """Divide by what is positive."""
        if not other.strict or not other.name:
            raise ValueError(f"only a named fact that is strict can be divided by, not {other!r}")
        inverse = Ratio(ONE) / other.value
        return self * Fact(inverse, True, other.by, {(other,): Fraction(1)}, f"1 / ({other.value!r})")

    def __repr__(self) -> str:
        return repr(self.said) if self.said is not None else f"0 {'<' if self.strict else '<='} {self.value!r}"


def granted(name: str, relation: Relation, *by: Assumption, page: str = "", schema: tuple[Any, ...] = ()) -> Fact:
    """Return what is taken for granted: that one number is at most another, or less, under assumptions."""
    relation = _rising(relation)
    strict = relation.signs == ("<",)
    return Fact(_difference(relation), strict, frozenset(by), name=name, said=relation, page=page, schema=schema)


def proved(name: str, relation: Relation, fact: Fact) -> Fact:
    """Return a name for a fact that is what is said of it; without a name it is called what is said.

    Raises
    ------
    Missing
        If it is not; the message has what is missing.
    """
    relation = _rising(relation)
    name = name or repr(relation)
    if relation.signs == ("<",) and not fact.strict:
        raise Missing(f"{name}: {relation!r} is not known, but that they may be equal")
    same(fact, relation.terms[1] - relation.terms[0])
    return Fact(_difference(relation), relation.signs == ("<",), fact.by, fact.parts, name, relation)


def follows(rule: Rule, relation: Relation, by: Iterable[Assumption], *facts: Fact, name: str = "") -> Fact:
    """Return what follows from facts by a rule, which has seen to it that it does."""
    relation, by = _rising(relation), frozenset(by).union(*(fact.by for fact in facts))
    return Fact(
        _difference(relation), relation.signs == ("<",), by, {facts: Fraction(1)}, name or rule.value, relation, rule
    )


def same(fact: Fact, value: Expression) -> None:
    """Raise ``Missing`` if a fact is not that a value is at least zero, where names are what they stand for."""
    missing = without_squares(read(value) - fact.value)
    if not missing.is_zero and not identical(missing.expression, 0):
        raise Missing(f"{value!r} >= 0 is not what was computed, it is off by {shortened(missing)}")


def _rising(relation: Relation) -> Relation:
    """The relation with the smaller side first."""
    if relation.signs in ((">=",), (">",)):
        return Relation(relation.terms[::-1], ({">=": "<=", ">": "<"}[relation.signs[0]],))
    if relation.signs not in (("<=",), ("<",)):
        raise ValueError(f"a fact must say that one number is at most another, or less, got {relation!r}")
    return relation


def _difference(relation: Relation) -> Ratio:
    left, right = relation.terms
    return read(right) - read(left)


def facts_in(*facts: Fact) -> Iterator[Fact]:
    """Yield facts and all that they follow from, each once, and none before what it follows from."""
    visited: set[int] = set()

    def walk(fact: Fact) -> Iterator[Fact]:
        if id(fact) not in visited:
            visited.add(id(fact))
            for product in fact.of:
                for factor in product:
                    yield from walk(factor)
            yield fact

    for fact in facts:
        yield from walk(fact)
