"""Where an expression has a value: what it divides by is not zero, what is under a root is not negative, what counts is
a whole number that is not negative. All is judged by facts about constants, for all values that they leave.

A normal form may have a value where its expression has none: ``C (C / C^2)`` at ``C = 0``, ``sqrt(-mu)^2``, the sum of
no powers times its inverse. What is said there is nothing, and so it is refused.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any, Self

from rac_theory.algebra import (
    ONE,
    Atom,
    Choice,
    Expression,
    Let,
    Maximum,
    Monomial,
    Number,
    Polynomial,
    Power,
    Powers,
    Product,
    Quotient,
    Ratio,
    Sum,
    Symbol,
    Total,
    divided,
)
from rac_theory.proofs.fact import Fact, facts_in, letters_in, read
from rac_theory.proofs.missing import Missing
from rac_theory.proofs.schemas import is_meant
from rac_theory.statements import symbols
from rac_theory.statements.symbols import K, N, T

_COUNTS = frozenset({T, N, K})
_CONSTANTS = frozenset(
    symbol.name for symbol in vars(symbols).values() if isinstance(symbol, Symbol) and (symbol.constant or symbol == T)
)
_ZERO, _HALF = Number(Fraction(0)), Number(Fraction(1, 2))


class Defined:
    """What is known of signs, and what has a value with that.

    Parameters
    ----------
    facts : sequence of Fact
        Of constants alone. A root is judged by those that rest on none.
    counts : frozenset of Symbol
        What stands for whole numbers that are not negative.
    """

    def __init__(self, facts: Sequence[Fact], counts: frozenset[Symbol] = _COUNTS) -> None:
        self._facts, self._counts = facts, counts
        self._sums = [
            (fact.value.numerator, fact.strict)
            for fact in facts
            if fact.value.denominator == ONE and len(fact.value.numerator.terms) > 1
        ]

    @cached_property
    def _signs(self) -> Mapping[Any, bool]:
        """The letters that are not negative, and whether they are positive."""
        letters = dict.fromkeys(self._counts, False)
        return letters | dict(sorted(_signs(self._facts), key=lambda pair: pair[1]))

    @cached_property
    def _granted(self) -> frozenset[Let]:
        """The names that instances of schemas are about: that these have a value is granted with them."""
        statements = (fact.said for fact in self._facts if fact.schema and not fact.of and fact.said is not None)
        return frozenset(name for statement in statements for name in letters_in(statement) if is_meant(name))

    @cached_property
    def _without_roots(self) -> Self:
        """The same by facts that rest on no root: else the square of a root would say that there is one."""
        rootless = [fact for fact in self._facts if not _has_root(fact)]
        return self if len(rootless) == len(self._facts) else type(self)(rootless, self._counts)

    def _inside(self, index: Symbol) -> Self:
        """The same in a sum, whose index is nothing outside."""
        facts = [fact for fact in self._facts if index.name not in _names(fact.value)]
        return type(self)(facts, frozenset(symbol for symbol in self._counts if symbol.name != index.name) | {index})

    def check(self, expression: Expression) -> None:
        """Raise ``Missing`` if an expression has no value somewhere; a name has one if a schema is about it."""
        match expression:
            case Let(letter=letter) if letter and expression in self._granted:
                return
            case Quotient(_, divisor) if not (self.sign(divisor) or self.sign(-divisor)):
                raise Missing(f"{expression!r} divides by {divisor!r}, which is not known to be positive")
            case Power(base, exponent) if exponent == _HALF:
                if self._without_roots.sign(base) is None:
                    raise Missing(f"{base!r} under a root is not known not to be negative")
            case Power(base, exponent) | Powers(base, exponent) if not self._is_exponent(exponent, base):
                raise Missing(f"{exponent!r} in {expression!r} is not known to be a whole number that is not negative")
            case Powers(_, first, last) if not self._is_count(last - first + 1):
                raise Missing(f"{expression!r} is not known to have a whole number of terms")
            case Total(index, steps, summand):
                if index.constant or index.name in _CONSTANTS:
                    raise Missing(f"the index of {expression!r} is called like the constant {index!r}")
                if not self._is_count(steps):
                    raise Missing(f"{expression!r} is not known to have a whole number of terms")
                self.check(steps)
                self._inside(index).check(summand)
                return
        for part in expression.inside:
            self.check(part)

    def _is_exponent(self, exponent: Expression, base: Expression) -> bool:
        return self._is_count(exponent) or (self._is_whole(exponent) and bool(self.sign(base)))

    def sign(self, expression: Expression) -> bool | None:
        """True if an expression is positive wherever it has a value, False if it is not negative, None if not known."""
        by_rule = self._sign_by_rule(expression)
        return True if by_rule else _better(by_rule, self._sign_by_terms(expression))

    def _sign_by_rule(self, expression: Expression) -> bool | None:
        match expression:
            case Let(value=value, letter=""):
                return _better(self._signs.get(expression), self.sign(value))
            case Product(factors):
                return _product(map(self.sign, factors))
            case Quotient(above, below):
                return self.sign(above) if self.sign(below) else None
            case Power(base, exponent):
                is_even = isinstance(exponent, Number) and exponent.value % 2 == 0
                return _better(self.sign(base), False if is_even or exponent == _HALF else None)
            case Powers(base, first, last):
                of_base = self.sign(base)
                has_positive = (of_base or first == _ZERO) and self.sign(last - first + 1)
                return None if of_base is None else bool(has_positive)
            case Total(index, steps, summand):
                return _product([self._inside(index).sign(summand), bool(self.sign(steps))])
            case Sum(terms):
                signs = [*map(self.sign, terms)]
                return None if None in signs else any(signs)
            case Maximum(of):
                return reduce(_better, map(self.sign, of))
            case Choice(_, then, otherwise):
                return _product([self.sign(then), self.sign(otherwise)])
        return None

    def _sign_by_terms(self, expression: Expression) -> bool | None:
        ratio = read(expression)
        for above, below in ((ratio.numerator, ratio.denominator), (-ratio.numerator, -ratio.denominator)):
            if self._sign_of(below):
                return self._sign_of(above)
        return None

    def _sign_of(self, p: Polynomial, *, less: bool = True) -> bool | None:
        """The sign of all terms, or of what a known sum leaves of it as a factor, or if ``less`` as a term."""
        signs = [self._sign_of_term(monomial, times) for monomial, times in p.terms]
        if None not in signs:
            return any(signs)
        sums = [
            (polynomial, is_positive) for polynomial, is_positive in self._sums if polynomial.letters() <= p.letters()
        ]
        for polynomial, is_positive in sums:
            factor = divided(p, polynomial)
            if factor is not None and (sign := self._sign_of(factor)) is not None:
                return sign and is_positive
        for polynomial, is_positive in sums if less else ():
            if (sign := self._sign_of(p + -polynomial, less=False)) is not None:
                return sign or is_positive
        return None

    def _sign_of_term(self, monomial: Monomial, times: int | Fraction) -> bool | None:
        return _product(self._sign_of_factor(*pair) for pair in monomial) if times > 0 else None

    def _sign_of_factor(self, letter: Any, power: Any) -> bool | None:
        if isinstance(power, Polynomial):  # it is the base, and the letter its exponent
            return self._sign_of(power)
        sign = self._signs.get(letter)
        if sign is None and isinstance(letter, Atom):
            sign = self._sign_by_rule(letter.expression)
        if power < 0:
            return True if sign else None
        return _better(sign, False if power % 2 == 0 else None)

    def _is_count(self, expression: Expression) -> bool:
        """Whether it is a whole number that is not negative, for all values of what counts."""
        return self._is_whole(expression) and self._sign_by_terms(expression) is not None

    def _is_whole(self, expression: Expression) -> bool:
        ratio = read(expression)
        return ratio.denominator == ONE and all(
            times.denominator == 1 and all(letter in self._counts and power > 0 for letter, power in monomial)
            for monomial, times in ratio.numerator.terms
        )


def atoms(fact: Fact) -> Iterator[Expression]:
    """Yield the roots, sums, maxima and choices in the value of a fact."""
    letters = (letter for side in (fact.value.numerator, fact.value.denominator) for letter in side.symbols())
    return (letter.expression for letter in letters if isinstance(letter, Atom))


def _has_root(fact: Fact) -> bool:
    """Whether there is a root in a fact, or in what it follows from: in its value, or as it is written."""
    return any(
        isinstance(part, Power) and part.exponent == _HALF
        for premise in facts_in(fact)
        for expression in (*atoms(premise), *(premise.said.terms if premise.said is not None else ()))
        for part in expression.within()
    )


def _better(sign: bool | None, second: bool | None) -> bool | None:
    """What two say of one sign, that do not contradict each other."""
    return True if sign or second else sign if second is None else second


def _product(signs: Iterable[bool | None]) -> bool | None:
    values = [*signs]
    return None if None in values else all(values)


def _names(ratio: Ratio) -> set[str]:
    """The names of the symbols that a quotient is of: not those that sums in it bind."""
    letters = (*_letters(ratio.numerator), *_letters(ratio.denominator))
    written = (letter.expression if isinstance(letter, Atom) else letter for letter in letters)
    return {symbol.name for expression in written for symbol in expression.symbols}


def _letters(p: Polynomial) -> Iterator[Any]:
    for monomial, _ in p.terms:
        for letter, power in monomial:
            if isinstance(power, Polynomial):
                yield from (*_letters(Polynomial(frozenset({(letter, 1)}))), *_letters(power))
            else:
                yield letter


def _signs(facts: Sequence[Fact]) -> Iterator[tuple[Any, bool]]:
    """The letters that facts say are not negative, and whether they are positive."""
    for fact in facts:
        terms = fact.value.numerator.terms if fact.value.denominator == ONE else ()
        for monomial, times in terms if len(terms) == 1 else ():
            if times > 0 and len(monomial) == 1:
                ((letter, power),) = monomial
                if power == 1:
                    yield letter, fact.strict
