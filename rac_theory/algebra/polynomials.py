"""Exact arithmetic of quotients of polynomials in symbols, in powers with symbolic exponents, and in what is neither.

A monomial has a whole exponent, of either sign, for each symbol and each ``Atom``; and for each symbolic exponent a
base, itself a polynomial, since ``b^T c^T`` is ``(b c)^T``. So equal polynomials are equal sets of terms, and equal
quotients are those whose products crosswise are equal: no common divisor is looked for.
"""

import math
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, reduce
from operator import mul
from typing import Any, TypeAlias

from rac_theory.algebra.expression import Expression, Negative, Number, Power, Quotient, Sum, Symbol, lifted

Monomial: TypeAlias = frozenset[tuple[Any, Any]]
"""Pairs of a ``Symbol`` or ``Atom`` and its exponent, and of a ``Monomial`` and the ``Polynomial`` that has it as
exponent."""


@dataclass(frozen=True)
class Atom:
    """What is no polynomial, such as a maximum: known by its kind and its parts, and by nothing else."""

    kind: str
    parts: Hashable
    expression: Expression = field(compare=False)


@dataclass(frozen=True, repr=False)
class Polynomial:
    """A sum of terms, a monomial and its coefficient each, no coefficient of zero among them.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial
    >>> x, T = Symbol("x"), Symbol("T")
    >>> one, other = (polynomial(each).numerator for each in ((1 + x) ** T, (1 - x) ** T))
    >>> one * other, one + other, (one + other) ** 2 == one**2 + other**2 + one * other + other * one
    ((1 - x^2)^T, (1 + x)^T + (1 - x)^T, True)
    """

    terms: frozenset[tuple[Monomial, Fraction]]

    def __add__(self, other: "Polynomial") -> "Polynomial":
        return _gathered((*self.terms, *other.terms))

    def __neg__(self) -> "Polynomial":
        return Polynomial(frozenset((monomial, -times) for monomial, times in self.terms))

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        if other == ONE:
            return self
        return _gathered((_together(m, n), a * b) for m, a in self.terms for n, b in other.terms)

    def __pow__(self, exponent: int) -> "Polynomial":
        half = self ** (exponent // 2) if exponent > 1 else ONE
        return half * half * self if exponent % 2 else half * half

    def __repr__(self) -> str:
        return repr(self.expression)

    def symbols(self) -> Iterator[Any]:
        """Yield the symbols and atoms in it, in bases and exponents too."""
        for monomial, _ in self.terms:
            yield from symbols_in(monomial)

    @property
    def expression(self) -> Expression:
        """The polynomial as an expression, terms of low degree first."""
        terms = [_term(monomial, times) for monomial, times in sorted(self.terms, key=_order)]
        return Sum(tuple(terms)) if len(terms) > 1 else (*terms, Number(Fraction(0)))[0]


def term(factor: Any, power: Any = 1, times: Fraction = Fraction(1)) -> Polynomial:
    """Return a polynomial of one term with one factor: a symbol or atom to a power, or an exponent and its base."""
    return Polynomial(frozenset({(frozenset({(factor, power)}), times)}))


def constant(value: Fraction | int) -> Polynomial:
    """Return a number as a polynomial."""
    return Polynomial(frozenset({(frozenset(), Fraction(value))} if value else ()))


ZERO, ONE = constant(0), constant(1)


@dataclass(frozen=True, eq=False, repr=False)
class Ratio:
    """A quotient of polynomials; infinite if the denominator alone is zero, and unknown if both are.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial
    >>> x, T = Symbol("x"), Symbol("T")
    >>> ratio = polynomial((1 - x**2) ** T / (2 * T) + 1 / (1 + x))
    >>> ratio.numerator.expression, ratio.denominator.expression
    (1 + (1 - x^2)^T / (2 T) + (1 - x^2)^T x / (2 T), 1 + x)
    """

    numerator: Polynomial
    denominator: Polynomial = ONE

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Ratio):
            return NotImplemented
        return self.numerator * other.denominator == other.numerator * self.denominator

    def __hash__(self) -> int:
        return hash(Ratio)  # equal ones look different, as (1 - x) / (1 - x^2) and 1 / (1 + x) do

    def __add__(self, other: "Ratio") -> "Ratio":
        if self.denominator == other.denominator != ZERO:
            return over(self.numerator + other.numerator, self.denominator)
        crosswise = self.numerator * other.denominator + other.numerator * self.denominator
        return over(crosswise, self.denominator * other.denominator)

    def __neg__(self) -> "Ratio":
        return Ratio(-self.numerator, self.denominator)

    def __sub__(self, other: "Ratio") -> "Ratio":
        return self + -other

    def __mul__(self, other: "Ratio") -> "Ratio":
        one, two = over(self.numerator, other.denominator), over(other.numerator, self.denominator)
        return over(one.numerator * two.numerator, one.denominator * two.denominator)

    def __truediv__(self, other: "Ratio") -> "Ratio":
        return self * Ratio(other.denominator, other.numerator)

    def __pow__(self, exponent: int) -> "Ratio":
        above, below = self.numerator ** abs(exponent), self.denominator ** abs(exponent)
        return over(above, below) if exponent >= 0 else over(below, above)

    @property
    def is_zero(self) -> bool:
        """Whether it is zero, and not unknown."""
        return self.numerator == ZERO != self.denominator

    @property
    def number(self) -> Fraction | None:
        """Its value, if it is a number."""
        value = dict(self.numerator.terms).get(frozenset(), Fraction(0))
        return value if self.denominator == ONE and self.numerator == constant(value) else None

    @property
    def expression(self) -> Expression:
        """The quotient as an expression."""
        above, below = self.numerator.expression, self.denominator.expression
        return above if self.denominator == ONE else Quotient(above, below)

    def __repr__(self) -> str:
        return repr(self.expression)


def over(above: Polynomial, below: Polynomial) -> Ratio:
    """Return a quotient, without a denominator where that has one term or is the numerator times a number."""
    if below in (ZERO, ONE):
        return Ratio(above, below)
    monomial, times = next(iter(below.terms))
    value = dict(above.terms).get(monomial, Fraction(0)) / times
    if above == below * constant(value):
        return Ratio(constant(value))
    unit = _common(below)
    return Ratio(above * unit, below * unit)


def _common(polynomial: Polynomial) -> Polynomial:
    """The inverse of the product of symbols that all terms have, and of the number that leaves coprime coefficients."""
    terms = [(dict(monomial), times) for monomial, times in polynomial.terms]
    plain = {key for powers, _ in terms for key, power in powers.items() if isinstance(power, int)}
    least = ((key, min(powers.get(key, 0) for powers, _ in terms)) for key in plain)
    times = Fraction(math.lcm(*(t.denominator for _, t in terms)), math.gcd(*(t.numerator for _, t in terms)))
    first = dict(polynomial.terms).get(frozenset(), times)
    common = frozenset((key, -power) for key, power in least if power)
    return Polynomial(frozenset({(common, times if first > 0 else -times)}))


def symbols_in(monomial: Monomial) -> Iterator[Any]:
    """Yield the symbols and atoms in a monomial, in bases and exponents too."""
    for key, value in monomial:
        if isinstance(value, Polynomial):
            yield from symbols_in(key)
            yield from value.symbols()
        else:
            yield key
            yield from key.expression.within() if isinstance(key, Atom) else ()


def _together(one: Monomial, other: Monomial) -> Monomial:
    """The product of monomials: exponents of a symbol add, bases of an exponent multiply."""
    joined = dict(one)
    for key, value in other:
        if key in joined:
            value = joined.pop(key) + value if isinstance(value, int) else _bases(joined.pop(key), value)
        if value not in (0, ONE):
            joined[key] = value
    return frozenset(joined.items())


@lru_cache(maxsize=4096)
def _bases(one: Polynomial, other: Polynomial) -> Polynomial:
    return one * other  # of few, and again and again


def _gathered(terms: Iterable[tuple[Monomial, Fraction]]) -> Polynomial:
    sums: dict[Monomial, Fraction] = {}
    for monomial, times in terms:
        sums[monomial] = sums.get(monomial, Fraction(0)) + times
    return Polynomial(frozenset((monomial, times) for monomial, times in sums.items() if times))


def _order(term: tuple[Monomial, Fraction]) -> tuple[int, int, str]:
    powers = [power for _, power in term[0] if isinstance(power, int)]
    return len(term[0]) - len(powers), sum(map(abs, powers)), repr(_term(term[0], Fraction(1)))


def _term(monomial: Monomial, times: Fraction) -> Expression:
    above, below = [lifted(abs(times.numerator))], [lifted(times.denominator)]
    factors = [_factor(key, value) for key, value in monomial]
    for factor, is_above in sorted(factors, key=lambda pair: repr(pair).lower()):
        (above if is_above else below).append(factor)
    written, divisor = (reduce(mul, [each for each in side if each != lifted(1)] or side) for side in (above, below))
    whole = written if divisor == lifted(1) else written / divisor
    return Negative(whole) if times < 0 else whole


def _factor(key: Any, value: Any) -> tuple[Expression, bool]:
    """A factor of a monomial, and whether it stands above the line."""
    if isinstance(value, Polynomial):
        return Power(value.expression, _term(key, Fraction(1))), True
    base = key if isinstance(key, Symbol) else key.expression
    return (base if abs(value) == 1 else base ** abs(value)), value > 0
