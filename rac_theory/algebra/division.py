"""Exact division of polynomials in several letters."""

from fractions import Fraction
from operator import sub
from typing import Any

from rac_theory.algebra.polynomials import ZERO, Monomial, Polynomial
from rac_theory.algebra.ratio import Ratio


def divided(p: Polynomial, by: Polynomial) -> Polynomial | None:
    """Return p / by if that is a polynomial, perhaps with negative exponents; None if it is not.

    Letters in symbolic exponents are not looked into: then the answer is None too, unless p is zero.

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
    letters = sorted({*p.letters(), *by.letters()}, key=repr)
    if any(not isinstance(power, int) for each in (p, by) for m, _ in each.terms for _, power in m):
        return None

    def order(monomial: Monomial) -> tuple[int, ...]:
        powers = dict(monomial)
        return tuple(powers.get(letter, 0) for letter in letters)

    def leading(q: Polynomial) -> tuple[Monomial, Fraction]:
        return max(q.terms, key=lambda pair: order(pair[0]))

    # In each letter the least and the greatest powers of a product are the sums of those of its factors.
    ends = [[tuple(map(end, zip(*(order(m) for m, _ in q.terms), strict=True))) for end in (min, max)] for q in (p, by)]
    low, high = (tuple(map(sub, whole, part)) for whole, part in zip(*ends, strict=True))
    first, times = leading(by)
    found, rest = ZERO, p
    while rest != ZERO:
        top, coefficient = leading(rest)
        if not all(a <= n <= b for a, n, b in zip(low, map(sub, order(top), order(first)), high, strict=True)):
            return None
        part = _quotient(top, first, coefficient / times)
        found, rest = found + part, rest + -(part * by)
    return found


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
    whole = divided(ratio.numerator, ratio.denominator)
    return ratio if whole is None else Ratio(whole)


def _quotient(above: Monomial, below: Monomial, times: Fraction) -> Polynomial:
    powers: dict[Any, int] = dict(above)
    for letter, power in below:
        powers[letter] = powers.get(letter, 0) - power
    return Polynomial(frozenset({(frozenset((k, v) for k, v in powers.items() if v), times)}))
