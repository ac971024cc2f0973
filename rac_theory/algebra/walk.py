"""What an expression is made of: its symbols, and the definitions that it rests on."""

from collections.abc import Iterator

from rac_theory.algebra.expression import Expression, Let, Symbol, Total
from rac_theory.algebra.relation import Relation


def symbols_of(*expressions: Expression | Relation) -> tuple[Symbol, ...]:
    """Return the symbols in expressions, each once, in the order in which they come up.

    Examples
    --------
    >>> from rac_theory.algebra import Let, Symbol, symbols_of
    >>> mu, lam = Symbol("mu"), Symbol("lambda_min")
    >>> symbols_of(Let("rho", 1 - mu * lam) + mu)
    (mu, lambda_min)
    """
    bound = {each.index for one in expressions for each in one.within() if isinstance(each, Total)}
    found = (each for one in expressions for each in one.within() if isinstance(each, Symbol))
    return tuple(dict.fromkeys(each for each in found if each not in bound))


def definitions_in(*expressions: Expression | Relation) -> tuple[Let, ...]:
    """Return the definitions that expressions use, each once: first those that are read first, then those of these."""
    found: dict[Let, None] = {}
    level = [term for one in expressions for term in (one.terms if isinstance(one, Relation) else (one,))]
    while level:
        names = [let for each in level for let in _named(each)]
        level = [let.value for let in dict.fromkeys(names) if let not in found]
        found |= dict.fromkeys(names)
    return tuple(found)


def _named(expression: Expression) -> Iterator[Let]:
    """The definitions that are named in an expression, and not those that they rest on."""
    if isinstance(expression, Let):
        yield expression
        return
    for each in expression.inside():
        yield from _named(each)
