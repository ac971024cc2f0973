"""Reading as a quotient of polynomials that leaves as it is what only has a normal form by other rules."""

from collections.abc import Container, Iterator

from rac_theory.algebra.expression import Expression, Let, Negative, Number, Power, Product, Quotient, Sum, Symbol
from rac_theory.algebra.polynomial import polynomial
from rac_theory.algebra.polynomials import term
from rac_theory.algebra.ratio import Ratio


def in_letters(expression: Expression, letters: Container[Expression] = ()) -> Ratio:
    """Return the quotient of polynomials in symbols, in ``letters``, and in all that is no quotient of polynomials.

    Raises
    ------
    ZeroDivisionError
        If a denominator is zero whatever the letters are, and no factor of zero makes up for it.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, maximum
    >>> from rac_theory.algebra.letters import in_letters
    >>> x, T = Symbol("x"), Symbol("T")
    >>> ratio = in_letters((1 - x) * (2 + maximum(x, T)) / x**T, letters={1 - x})
    >>> sorted(map(str, ratio.numerator.letters())), ratio.denominator
    (['1 - x', 'max{x, T}', 'x^T'], 1)
    """
    return polynomial(expression, {letter: Ratio(term(letter)) for letter in _letters(expression, letters)})


def _letters(expression: Expression, letters: Container[Expression]) -> Iterator[Expression]:
    if expression in letters:
        yield expression
        return
    match expression:
        case Power(base, Number(power)) if power.denominator == 1:
            yield from _letters(base, letters)
        case Number() | Symbol() | Let() | Negative() | Sum() | Product() | Quotient():
            for part in expression.inside:
                yield from _letters(part, letters)
        case _:
            yield expression
