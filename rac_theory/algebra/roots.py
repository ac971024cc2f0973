"""Exact arithmetic of square roots: a root is an atom, and the square of one is what it is of.

That is so wherever there is a root. Two roots have nothing else to do with each other, nor has a root with a square: of
``sqrt(x^2)`` it is not known whether it is x or -x.
"""

from contextlib import suppress
from fractions import Fraction
from typing import Any

from rac_theory.algebra.forms import sqrt
from rac_theory.algebra.fraction import fraction
from rac_theory.algebra.polynomials import ZERO, Atom, Polynomial, constant, term
from rac_theory.algebra.ratio import Ratio, level_of


def root(of: Ratio) -> Ratio:
    """Return the square root of a quotient of polynomials; a number, if it is of the square of one.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial
    >>> from rac_theory.algebra.roots import root
    >>> root(polynomial(1 - Symbol("x")))
    sqrt(1 - x)
    """
    written = sqrt(of.expression)
    with suppress(ValueError):
        if of.number is not None:
            return Ratio(constant(Fraction(fraction(written, {}))))
    return Ratio(term(Atom("root", of, written, level_of(of))))


def without_squares(ratio: Ratio) -> Ratio:
    """Put what a root is of in the place of its square.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, polynomial
    >>> from rac_theory.algebra.roots import root, without_squares
    >>> without_squares(root(polynomial(1 - Symbol("x"))) ** 3)
    sqrt(1 - x) - sqrt(1 - x) x
    """
    letters = ratio.numerator.letters() | ratio.denominator.letters()
    for letter in letters:
        if isinstance(letter, Atom) and letter.kind == "root":
            ratio = _without(letter, ratio.numerator) / _without(letter, ratio.denominator)
    return ratio


def _without(root: Any, polynomial: Polynomial) -> Ratio:
    result = Ratio(ZERO)
    for monomial, times in polynomial.terms:
        pairs = dict(monomial).get(root, 0) // 2  # of 1 / root too, which is root over what it is of
        rest = Polynomial(frozenset({(monomial, times)})) * term(root, -2 * pairs)
        result += Ratio(rest) * root.parts**pairs
    return result
