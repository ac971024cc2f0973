"""Exact arithmetic of polynomials in symbols, in powers with symbolic exponents, and in what is neither.

A monomial has a whole exponent, of either sign, for each letter, that is a symbol, an ``Atom``, or any expression that
is read as if it were a symbol; and for each symbolic exponent a base, itself a polynomial, since ``b^T c^T`` is
``(b c)^T``. So equal polynomials are equal sets of terms.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache, reduce
from operator import mul
from typing import Any, TypeAlias

from rac_theory.algebra.expression import Expression, Negative, Number, Power, Sum, lifted

Monomial: TypeAlias = frozenset[tuple[Any, Any]]
"""Pairs of a letter and its exponent, and of a ``Monomial`` and the ``Polynomial`` that has it as exponent."""


Coefficient: TypeAlias = int | Fraction
"""An exact number: whole ones are ``int``, with which Python reckons several times as fast."""

MOST_COPIES, MOST_PRODUCTS, MOST_BITS = 1000, 2**17, 2**20
"""What is multiplied out: sums with themselves and with one another; and how long a number may become."""


@dataclass(frozen=True)
class Atom:
    """What is no polynomial, such as a maximum: known by its kind and its parts, and by nothing else.

    ``level`` is how many sums stand one in another in it.
    """

    kind: str
    parts: Hashable
    expression: Expression = field(compare=False)
    level: int = field(compare=False, default=0)


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

    terms: frozenset[tuple[Monomial, Coefficient]]

    def __add__(self, other: "Polynomial") -> "Polynomial":
        return _gathered((*self.terms, *other.terms))

    def __neg__(self) -> "Polynomial":
        return Polynomial(frozenset((monomial, -times) for monomial, times in self.terms))

    def __mul__(self, other: "Polynomial") -> "Polynomial":
        if other == ONE:
            return self
        if (products := len(self.terms) * len(other.terms)) > MOST_PRODUCTS:
            raise ValueError(
                f"a product must have at most {MOST_PRODUCTS:,} terms before they are gathered, got {products:,}"
            )
        return _gathered((_together(m, n), a * b) for m, a in self.terms for n, b in other.terms)

    def __pow__(self, exponent: int) -> "Polynomial":
        if exponent < 0:
            return self._inverse() ** -exponent
        bits = max((n.bit_length() for _, times in self.terms for n in times.as_integer_ratio()), default=1)
        if (len(self.terms) > 1 and exponent > MOST_COPIES) or (bits > 1 and bits * exponent > MOST_BITS):
            raise ValueError(f"an exponent must be at most {MOST_COPIES} in exact arithmetic, got {exponent:,}")
        half = self ** (exponent // 2) if exponent > 1 else ONE
        return half * half * self if exponent % 2 else half * half

    def __repr__(self) -> str:
        return repr(self.expression)

    def symbols(self) -> Iterator[Any]:
        """Yield the symbols and atoms in it, in bases and exponents too."""
        for monomial, _ in self.terms:
            yield from symbols_in(monomial)

    def letters(self) -> set[Any]:
        """Return what it is a polynomial in: symbols, atoms, other expressions, and symbolic exponents."""
        return {letter for monomial, _ in self.terms for letter, _ in monomial}

    def powers(self, letter: Any) -> dict[Monomial, int]:
        """Return the exponent of a letter in each monomial."""
        return {monomial: dict(monomial).get(letter, 0) for monomial, _ in self.terms}

    def derivative(self, letter: Any) -> "Polynomial":
        """Return the derivative in a letter, all others standing still, and with them what is inside them."""
        powers = self.powers(letter)
        scaled = frozenset((monomial, times * powers[monomial]) for monomial, times in self.terms if powers[monomial])
        return Polynomial(scaled) * term(letter, -1)

    def at(self, values: Mapping[Any, "Polynomial"]) -> "Polynomial":
        """Return it with others in the place of some letters, but not of what is inside letters.

        Raises
        ------
        ZeroDivisionError
            If a letter with a negative exponent has a place that is no single term.

        Examples
        --------
        >>> from rac_theory.algebra import Symbol, polynomial
        >>> x, y = Symbol("x"), Symbol("y")
        >>> p = polynomial((1 - x) ** 2 / y).numerator
        >>> p.derivative(x), p.at({x: polynomial(1 - y).numerator})
        (-2/y + 2 x / y, y)
        """
        return _gathered(pair for monomial, times in self.terms for pair in _placed(monomial, times, values).terms)

    def _inverse(self) -> "Polynomial":
        if len(self.terms) != 1:
            raise ZeroDivisionError(f"only a single term has an inverse that is a polynomial, got {self}")
        ((monomial, times),) = self.terms
        powers = ((key, power**-1 if isinstance(power, Polynomial) else -power) for key, power in monomial)
        return Polynomial(frozenset({(frozenset(powers), 1)})) * constant(1 / Fraction(times))

    @property
    def expression(self) -> Expression:
        """The polynomial as an expression, terms of low degree first."""
        terms = [_term(monomial, times) for monomial, times in sorted(self.terms, key=lambda term: _order(term[0]))]
        return Sum(tuple(terms)) if len(terms) > 1 else (*terms, Number(Fraction(0)))[0]


def term(factor: Any, power: Any = 1, times: Coefficient = 1) -> Polynomial:
    """Return a polynomial of one term with one factor: a symbol or atom to a power, or an exponent and its base."""
    return Polynomial(frozenset({(frozenset({(factor, power)}), times)}))


def constant(value: Coefficient) -> Polynomial:
    """Return a number as a polynomial."""
    times = value.numerator if value.denominator == 1 else value
    return Polynomial(frozenset({(frozenset(), times)} if times else ()))


ZERO, ONE = constant(0), constant(1)


def symbols_in(monomial: Monomial) -> Iterator[Any]:
    """Yield the symbols and atoms in a monomial, in bases and exponents too."""
    for key, value in monomial:
        if isinstance(value, Polynomial):
            yield from symbols_in(key)
            yield from value.symbols()
        else:
            yield key
            below = (key.expression,) if isinstance(key, Atom) else key.inside
            yield from (inner for part in below for inner in part.within())


def _together(left: Monomial, right: Monomial) -> Monomial:
    """The product of monomials: exponents of a symbol add, bases of an exponent multiply."""
    if not right:
        return left
    joined = dict(left)
    for key, value in right:
        if key in joined:
            value = joined[key] + value if isinstance(value, int) else _bases(joined[key], value)
        joined[key] = value
    return frozenset([pair for pair in joined.items() if (pair[1] if isinstance(pair[1], int) else pair[1] != ONE)])


@lru_cache(maxsize=4096)
def _bases(left: Polynomial, right: Polynomial) -> Polynomial:
    return left * right  # of few, and again and again


def _gathered(terms: Iterable[tuple[Monomial, Coefficient]]) -> Polynomial:
    sums: dict[Monomial, Coefficient] = {}
    for monomial, times in terms:
        sums[monomial] = sums[monomial] + times if monomial in sums else times
    return Polynomial(frozenset((monomial, times) for monomial, times in sums.items() if times))


def _placed(monomial: Monomial, times: Coefficient, values: Mapping[Any, Polynomial]) -> Polynomial:
    """The value of a term."""
    remaining = Polynomial(frozenset({(frozenset(pair for pair in monomial if pair[0] not in values), times)}))
    return reduce(mul, (values[letter] ** power for letter, power in monomial if letter in values), remaining)


@lru_cache(maxsize=4096)  # of few, as bases
def _order(monomial: Monomial) -> tuple[int, int, str]:
    powers = [power for _, power in monomial if isinstance(power, int)]
    return len(monomial) - len(powers), sum(map(abs, powers)), repr(_term(monomial, 1))


def _term(monomial: Monomial, times: Coefficient) -> Expression:
    above, below = _sides(monomial)
    product = _multiplied(abs(times.numerator), above)
    if below or times.denominator != 1:
        product /= _multiplied(times.denominator, below)
    return Negative(product) if times < 0 else product


def _multiplied(number: int, factors: tuple[Expression, ...]) -> Expression:
    return reduce(mul, factors if factors and number == 1 else (lifted(number), *factors))


@lru_cache(maxsize=4096)
def _sides(monomial: Monomial) -> tuple[tuple[Expression, ...], tuple[Expression, ...]]:
    """The factors of a monomial that stand above the line, and those below."""
    factors = sorted(
        (_factor(key, value) for key, value in monomial), key=lambda pair: (repr(pair).lower(), repr(pair))
    )
    return tuple(factor for factor, is_above in factors if is_above), tuple(
        factor for factor, is_above in factors if not is_above
    )


def _factor(key: Any, value: Any) -> tuple[Expression, bool]:
    """A factor of a monomial, and whether it stands above the line."""
    if isinstance(value, Polynomial):
        return Power(value.expression, _term(key, 1)), True
    base = key.expression if isinstance(key, Atom) else key
    return (base if abs(value) == 1 else base ** abs(value)), value > 0
