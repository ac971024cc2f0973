"""Exact division of polynomials in several letters."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache, reduce
from operator import mul, sub
from typing import Any

from rac_theory.algebra.polynomials import ONE, ZERO, Coefficient, Monomial, Polynomial, constant, term
from rac_theory.algebra.ratio import Ratio


def divided(p: Polynomial, by: Polynomial) -> Polynomial | None:
    """Return p / by if that is a polynomial, perhaps with negative exponents; None if it is not.

    A power with a symbolic exponent is a letter of its own.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial
    >>> from rac_theory.algebra.division import divided
    >>> x, y = Symbol("x"), Symbol("y")
    >>> p, q = (polynomial(each).numerator for each in (x**3 - y**3, x - y))
    >>> divided(p, q), divided(q, p) is None
    (x y + x^2 + y^2, True)
    """
    if p == ZERO:
        return p
    letters = sorted({letter for polynomial in (p, by) for m, _ in polynomial.terms for letter in _powers(m)}, key=repr)

    @cache
    def order(monomial: Monomial) -> tuple[int, ...]:
        powers = _powers(monomial)
        return tuple(powers.get(letter, 0) for letter in letters)

    def leading(q: Polynomial) -> tuple[Monomial, Coefficient]:
        return max(q.terms, key=lambda pair: order(pair[0]))

    # In each letter the least and the greatest powers of a product are the sums of those of its factors.
    ends = [[tuple(map(end, zip(*(order(m) for m, _ in q.terms), strict=True))) for end in (min, max)] for q in (p, by)]
    low, high = (tuple(map(sub, dividend, part)) for dividend, part in zip(*ends, strict=True))
    low = tuple(
        max(least, 0) if isinstance(letter, tuple) else least for letter, least in zip(letters, low, strict=True)
    )
    first, times = leading(by)
    quotient, rest = ZERO, p
    while rest != ZERO:
        top, coefficient = leading(rest)
        if not all(a <= n <= b for a, n, b in zip(low, map(sub, order(top), order(first)), high, strict=True)):
            return None
        part = _quotient(top, first, Fraction(coefficient) / times)
        quotient, rest = quotient + part, rest + -(part * by)
    return quotient


def simplified(ratio: Ratio) -> Ratio:
    """Return a quotient without its denominator, if that divides the numerator.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial
    >>> from rac_theory.algebra.division import simplified
    >>> x, y = Symbol("x"), Symbol("y")
    >>> simplified(polynomial((x**2 - y**2) / (x - y)))
    x + y
    """
    quotient = divided(ratio.numerator, ratio.denominator)
    return ratio if quotient is None else Ratio(quotient)


def _powers(monomial: Monomial) -> dict[Any, int]:
    """Letters and their powers; a power with a symbolic exponent is a letter of its own."""
    return {
        (key, value) if isinstance(value, Polynomial) else key: 1 if isinstance(value, Polynomial) else value
        for key, value in monomial
    }


def _quotient(above: Monomial, below: Monomial, times: Fraction) -> Polynomial:
    powers = _powers(above)
    for letter, power in _powers(below).items():
        powers[letter] = powers.get(letter, 0) - power
    factors = (
        term(*letter) if isinstance(letter, tuple) else term(letter, power)  # whose power is one
        for letter, power in powers.items()
        if power
    )
    return reduce(mul, factors, constant(times))


def cancelled(value: Ratio, factors: Sequence[Polynomial]) -> Ratio:
    """Return a value without factors that are above and below its line."""
    value = simplified(value)
    for factor in factors:
        while value.denominator != ONE:
            if (below := divided(value.denominator, factor)) is None:
                break
            if (above := divided(value.numerator, factor)) is None:
                break
            value = simplified(Ratio(above) / Ratio(below))
    return value
