"""Exact arithmetic of quotients of polynomials.

Equal quotients are those whose products crosswise are equal: no common divisor is looked for.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add

from rac_theory.algebra.expression import Expression, Quotient
from rac_theory.algebra.polynomials import ONE, ZERO, Atom, Polynomial, constant


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
        left, right = over(self.numerator, other.denominator), over(other.numerator, self.denominator)
        return over(left.numerator * right.numerator, left.denominator * right.denominator)

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
        if self.denominator != ONE or len(self.numerator.terms) > 1:
            return None
        ((monomial, value),) = self.numerator.terms or {(frozenset(), 0)}
        return None if monomial else Fraction(value)

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
    value = dict(above.terms).get(monomial, 0) / Fraction(times)
    if len(above.terms) in (0, len(below.terms)) and above == below * constant(value):
        return Ratio(constant(value))
    unit = _common(below)
    return Ratio(above * unit, below * unit)


def level_of(*ratios: Ratio) -> int:
    """Return how many sums stand one in another in quotients."""
    letters = (letter for ratio in ratios for side in (ratio.numerator, ratio.denominator) for letter in side.symbols())
    return max((letter.level for letter in letters if isinstance(letter, Atom)), default=0)


def summed(ratios: Iterable[Ratio]) -> Ratio:
    """Return a sum, to which those of one denominator are added first: else denominators multiply at every change.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial, summed
    >>> x, y = Symbol("x"), Symbol("y")
    >>> terms = [polynomial(each) for each in (x / (1 - x), y / (1 - y), 1 / (1 - x), 1 / (1 - y))]
    >>> [len(ratio.denominator.terms) for ratio in (summed(terms), sum(terms, polynomial(0 * x)))]
    [4, 9]
    """
    by_denominator: dict[Polynomial, Ratio] = {}
    for ratio in ratios:
        before = by_denominator.get(ratio.denominator)
        by_denominator[ratio.denominator] = ratio if before is None else before + ratio
    return reduce(add, by_denominator.values(), Ratio(ZERO))


def _common(polynomial: Polynomial) -> Polynomial:
    """The inverse of the product of symbols that all terms have, and of the number that leaves coprime coefficients."""
    terms = [(dict(monomial), times) for monomial, times in polynomial.terms]
    plain = {key for powers, _ in terms for key, power in powers.items() if isinstance(power, int)}
    least = ((key, min(powers.get(key, 0) for powers, _ in terms)) for key in plain)
    times = Fraction(math.lcm(*(t.denominator for _, t in terms)), math.gcd(*(t.numerator for _, t in terms)))
    first = dict(polynomial.terms).get(frozenset(), times)
    common = frozenset((key, -power) for key, power in least if power)
    return Polynomial(frozenset({(common, 1)})) * constant(times if first > 0 else -times)
