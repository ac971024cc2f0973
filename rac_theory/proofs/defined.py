"""Where an expression is what its normal form is: what it divides by is positive, and what counts is a whole number.

As a number ``C (C / C^2)`` is 0 at ``C = 0``, and ``x^(2 gamma)`` may be a root; the normal forms are 1, and a power.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from rac_theory.algebra import Expression, Let, Symbol
from rac_theory.algebra.division import divided
from rac_theory.algebra.expression import Number, Power, Powers, Product, Quotient, Sum, Total
from rac_theory.algebra.polynomials import ONE, Polynomial
from rac_theory.proofs.fact import NAMES, Fact, read
from rac_theory.proofs.missing import Missing
from rac_theory.theorems.symbols import K, N, T

_COUNTS = frozenset({T, N, K})
_HALF = Number(Fraction(1, 2))


class Defined:
    """What is known of signs, and what may be divided by with it.

    Parameters
    ----------
    facts : sequence of Fact
        Of constants alone.
    """

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._signs: Mapping[Any, bool] = dict(sorted(_signs(facts), key=lambda pair: pair[1]))
        strict = [fact.value for fact in facts if fact.strict and fact.value.denominator == ONE]
        self._sums = [value.numerator for value in strict if len(value.numerator.terms) > 1]

    def check(self, expression: Expression, counts: frozenset[Symbol] = _COUNTS) -> None:
        """Raise ``Missing`` if an expression divides by what may be zero, or counts what may be no whole number."""
        match expression:
            case Let() if expression in NAMES:
                return
            case Quotient(_, divisor) if not self._is_positive(divisor):
                raise Missing(f"{expression!r} divides by {divisor!r}, which is not known to be positive")
            case Power(base, exponent) if not _is_count(exponent, counts) and exponent != _HALF:
                if not (isinstance(exponent, Number) and exponent.value.denominator == 1 and self._is_positive(base)):
                    raise Missing(f"{exponent!r} in {expression!r} is not known to be a whole number")
            case Powers(_, first, last) if not (_is_count(first, counts) and _is_count(last - first + 1, counts)):
                raise Missing(f"{expression!r} is not known to have a whole number of terms")
            case Total(index, steps, term):
                if not _is_count(steps, counts):
                    raise Missing(f"{expression!r} is not known to have a whole number of terms")
                self.check(term, counts | {index})
                return
        for each in expression.inside:
            self.check(each, counts)

    def _is_positive(self, expression: Expression) -> bool:
        match expression:
            case Let(value=value):
                return self._signs.get(expression, False) or self._is_positive(value)
            case Product(factors):
                return all(map(self._is_positive, factors))
            case Quotient(above, below):
                return self._is_positive(above) and self._is_positive(below)
            case Power(base) | Powers(base) | Total(term=base) if self._is_positive(base):
                return True
            case Sum(terms) if all(map(self._is_at_least_zero, terms)):
                return any(map(self._is_positive, terms))
        ratio = read(expression)
        return all(map(self._is_positive_polynomial, (ratio.numerator, ratio.denominator)))

    def _is_at_least_zero(self, expression: Expression) -> bool:
        match expression:
            case Let(value=value):
                return expression in self._signs or self._is_at_least_zero(value)
            case Product(parts):
                return all(map(self._is_at_least_zero, parts))
            case Quotient(above, below):
                return self._is_at_least_zero(above) and self._is_positive(below)
            case Power(base, exponent):
                is_even = isinstance(exponent, Number) and exponent.value % 2 == 0
                return is_even or self._is_at_least_zero(base)
            case Total(term=term):
                return self._is_at_least_zero(term)
        return expression in self._signs or self._is_positive(expression)

    def _is_positive_polynomial(self, p: Polynomial) -> bool:
        """Whether each of its terms is at least zero and one is positive, or so is what a positive sum leaves of it."""
        letters = [[(self._signs.get(letter), power) for letter, power in monomial] for monomial, _ in p.terms]
        if all(times > 0 for _, times in p.terms) and all(sign is not None for pairs in letters for sign, _ in pairs):
            return any(all(pair[0] for pair in pairs) for pairs in letters)
        left = (divided(p, each) for each in self._sums)
        return any(each is not None and (each == ONE or self._is_positive_polynomial(each)) for each in left)


def _is_count(expression: Expression, counts: frozenset[Symbol]) -> bool:
    """Whether it is a whole number that is not negative, for all values of what counts."""
    ratio = read(expression)
    return ratio.denominator == ONE and all(
        times > 0 and times.denominator == 1 and all(letter in counts and power > 0 for letter, power in monomial)
        for monomial, times in ratio.numerator.terms
    )


def _signs(facts: Sequence[Fact]) -> Iterator[tuple[Any, bool]]:
    """The letters that facts say are not negative, and whether they are positive."""
    for fact in facts:
        terms = fact.value.numerator.terms if fact.value.denominator == ONE else ()
        for monomial, times in terms if len(terms) == 1 else ():
            if times > 0 and len(monomial) == 1:
                ((letter, power),) = monomial
                if power == 1:
                    yield letter, fact.strict
