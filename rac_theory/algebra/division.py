"""Exact division of polynomials in several letters."""

from fractions import Fraction
from typing import Any

from rac_theory.algebra.polynomials import ZERO, Monomial, Polynomial
from rac_theory.algebra.ratio import Ratio

_MOST_STEPS = 2000


def divided(p: Polynomial, by: Polynomial) -> Polynomial | None:
    """Return p / by if that is a polynomial, perhaps with negative exponents; None if it is not, or has too many terms.

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

    first, times = leading(by)
    lowest = min(order(m) for m, _ in p.terms), min(order(m) for m, _ in by.terms)
    found, rest = ZERO, p
    for _ in range(_MOST_STEPS):
        if rest == ZERO:
            return found
        top, coefficient = leading(rest)
        if order(top) < tuple(a - b + c for a, b, c in zip(lowest[0], lowest[1], order(first), strict=True)):
            return None
        part = _quotient(top, first, coefficient / times)
        found, rest = found + part, rest + -(part * by)
    return None


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
