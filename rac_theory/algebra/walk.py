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
    seen: set[int] = set()
    each = [one for expression in expressions for one in _once(expression, seen)]
    bound = {one.index for one in each if isinstance(one, Total)}
    return tuple(dict.fromkeys(one for one in each if isinstance(one, Symbol) and one not in bound))


def _once(value: Expression | Relation, seen: set[int]) -> Iterator[Expression]:
    """Yield what is within, what a name stands for once: definitions that rest on each other share most of it."""
    if isinstance(value, Let):
        if id(value) in seen:
            return
        seen.add(id(value))
    if isinstance(value, Expression):
        yield value
    for each in value.terms if isinstance(value, Relation) else value.inside():
        yield from _once(each, seen)


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
