"""The error of a proof that is refused, with what is missing in it, shortened to what can be read."""

from collections.abc import Iterator
from itertools import chain, islice

from rac_theory.algebra import Monomial, Polynomial, Ratio

_MOST_TERMS = 40


class Missing(ValueError):
    """What was computed is not what was said: the message has the difference.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol
    >>> from rac_theory.proofs import Missing
    >>> from rac_theory.proofs.fact import granted, proved
    >>> x = Symbol("x")
    >>> try:
    ...     proved("Twice", 3 <= 2 * x, granted("Once", 1 <= x) * 2)
    ... except Missing as error:
    ...     print(error)
    2 x - 3 >= 0 is not what was computed, it is off by -1
    """


def shortened(value: Ratio) -> str:
    """Return a value in a line that can be read, or how large it is: to write a large one would take seconds."""
    above, below = value.numerator, value.denominator
    is_short = sum(1 for _ in islice(chain(_terms_in(above), _terms_in(below)), _MOST_TERMS + 1)) <= _MOST_TERMS
    return repr(value) if is_short else f"a quotient of {len(above.terms)} terms and {len(below.terms)}"


def _terms_in(polynomial: Polynomial) -> Iterator[Monomial]:
    """Yield its monomials, and those of the bases in them."""
    for monomial, _ in polynomial.terms:
        yield monomial
        for _, base in monomial:
            yield from _terms_in(base) if isinstance(base, Polynomial) else ()
