"""Reading as a sign: whether an expression is nowhere negative, or nowhere positive, where its symbols may be.

Signs of factors give that of a product; a sum is a quotient of polynomials, whose signs are proved on a box.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal, Self, TypeAlias

from rac_theory.algebra import expression as kinds
from rac_theory.algebra.box import Range, is_nonnegative
from rac_theory.algebra.expression import Expression, Number, Symbol
from rac_theory.algebra.polynomial import in_letters, polynomial
from rac_theory.algebra.polynomials import Polynomial, term

Way: TypeAlias = Literal["up", "down", "none"]
"""As a symbol grows the value does not fall, does not rise, or does not depend on it."""

ZERO = Number(Fraction(0))


@dataclass(frozen=True)
class Lemma:
    """What is known of an expression from elsewhere: its range, its way with some symbols, and in a word from where.

    Examples
    --------
    >>> from rac_theory.algebra import Lemma, Region, Symbol, maximum, sign
    >>> a, b = Symbol("a"), Symbol("b")
    >>> largest = maximum(a, b)
    >>> lemma = Lemma(range=(0, 1), ways={a: "up"})
    >>> [sign(1 - largest, Region({}, lemmas=lemmas)) for lemmas in ({}, {largest: lemma})]
    [None, 1]
    """

    range: Range
    ways: Mapping[Symbol, Way] = field(default_factory=dict)
    origin: str = "lemma"


@dataclass(frozen=True)
class Region:
    """Where symbols may be.

    Attributes
    ----------
    ranges : mapping
        Symbols to intervals. One that is missing may be anything.
    places : mapping
        Symbols to expressions in others that have ranges: ``{L: x / gamma}`` with x in [0, 1] says ``gamma L <= 1``.
    lemmas : mapping
        What is known of expressions besides.

    Examples
    --------
    >>> import math
    >>> from rac_theory.algebra import Region, Symbol, sign
    >>> gamma, L, x = Symbol("gamma"), Symbol("L"), Symbol("x")
    >>> short = Region({gamma: (0, math.inf), x: (0, 1)}, places={L: x / gamma})  # gamma L <= 1
    >>> sign(2 - gamma * L, short), sign(gamma * L - 2, short)
    (1, -1)
    """

    ranges: Mapping[Symbol, Range]
    places: Mapping[Symbol, Expression] = field(default_factory=dict)
    lemmas: Mapping[Expression, Lemma] = field(default_factory=dict)

    @cached_property
    def placed(self) -> Mapping[Symbol, Polynomial]:
        """The places as polynomials: what they divide by is a single term."""
        read = {symbol: polynomial(value) for symbol, value in self.places.items()}
        return {symbol: value.numerator * value.denominator**-1 for symbol, value in read.items()}

    @cached_property
    def signs(self) -> dict[Expression, tuple[Literal[1, -1] | None, set[str]]]:
        """The signs that were asked for, with what they took."""
        return {}


@dataclass(frozen=True)
class Signs:
    """What is proved of signs in a region; ``used`` collects what that took: "polynomial", and the words of lemmas."""

    region: Region
    used: set[str]

    def sign(self, e: Expression) -> Literal[1, -1] | None:
        """Return 1 if an expression is nowhere negative, -1 if nowhere positive, None if neither is proved."""
        if e not in self.region.signs:
            fresh = replace(self, used=set())
            result = fresh._sign_by_rule(e)
            if result is None and e in self.region.lemmas:
                result = fresh._proved_sign(term(e))
            self.region.signs[e] = result, fresh.used if result else set()
        result, words = self.region.signs[e]
        self.used.update(words)
        return result

    def _sign_by_rule(self, e: Expression) -> Literal[1, -1] | None:
        match e:
            case kinds.Let(value=value):
                return self.sign(value)
            case kinds.Product(factors) if ZERO not in factors:
                return self._sign_of_product(factors)
            case kinds.Quotient(numerator, denominator):
                return self._sign_of_product((numerator, denominator))
            case kinds.Power(base, exponent) | kinds.Powers(base, first=exponent):
                is_even = isinstance(e, kinds.Power) and isinstance(exponent, Number) and exponent.value % 2 == 0
                return 1 if is_even or self.sign(base) == 1 else None
            case kinds.Total():
                return 1 if all(inner.sign(term) == 1 for inner, term in self.terms(e)) else None
            case kinds.Maximum(of):
                return 1 if any(self.sign(member) == 1 for member in of) else None
            case kinds.Choice(_, then, otherwise):
                return self.sign(then) if self.sign(then) == self.sign(otherwise) else None
        return self._sign_of_ratio(e)

    def _sign_of_product(self, factors: Iterable[Expression]) -> Literal[1, -1] | None:
        signs = [self.sign(factor) for factor in factors]
        return None if None in signs else 1 if signs.count(-1) % 2 == 0 else -1

    def _sign_of_ratio(self, e: Expression) -> Literal[1, -1] | None:
        try:
            ratio = in_letters(e, self.region.lemmas)
        except ZeroDivisionError:
            return None
        above, below = self._proved_sign(ratio.numerator), self._proved_sign(ratio.denominator)
        return None if above is None or below is None else 1 if above == below else -1

    def _proved_sign(self, p: Polynomial) -> Literal[1, -1] | None:
        return 1 if self.proved(p) else -1 if self.proved(-p) else None

    def proved(self, p: Polynomial) -> bool:
        """Whether a polynomial is nowhere negative."""
        try:
            placed = p.at(self.region.placed)
        except ZeroDivisionError:  # a place that it divides by is a sum
            return False
        ranges = {letter: self._range(letter) for letter in placed.letters()}
        proved = is_nonnegative(placed, {letter: bounds for letter, bounds in ranges.items() if bounds is not None})
        if proved and any(coefficient < 0 for _, coefficient in placed.terms):
            self.used.add("polynomial")
        return proved

    def _range(self, letter: Expression) -> Range | None:
        match letter:
            case _ if letter in self.region.lemmas:
                self.used.add(self.region.lemmas[letter].origin)
                return self.region.lemmas[letter].range
            case Symbol():
                return self.region.ranges.get(letter)
            case kinds.Power(base, exponent) if self.sign(exponent) == self.sign(base - 1) == 1:
                return 1, math.inf
        return (0, math.inf) if self.sign(letter) == 1 else None

    def terms(self, e: kinds.Total) -> Iterator[tuple[Self, Expression]]:
        """The first term, and all others: an index that is a factor makes the first one zero."""
        yield self, e.term.at({e.index: 0})
        after = replace(self.region, ranges={**self.region.ranges, e.index: (1, math.inf)})
        yield replace(self, region=after), e.term


def sign(expression: Expression, region: Region) -> Literal[1, -1] | None:
    """Return 1 if an expression is proved to be nowhere negative in a region, -1 if nowhere positive, else None.

    Parameters
    ----------
    expression : Expression
    region : Region
        Where its symbols lie.

    Returns
    -------
    1, -1 or None

    Examples
    --------
    >>> from rac_theory.algebra import Region, Symbol, sign
    >>> x = Symbol("x")
    >>> [sign(1 - 2 * x + x**2, Region({x: (0, top)})) for top in (1, 2)]
    [1, 1]
    >>> sign(1 - 2 * x, Region({x: (0, 1)})) is None
    True
    """
    return Signs(region, set()).sign(expression)
