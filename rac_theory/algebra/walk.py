"""What an expression is made of: its symbols, and the definitions that it rests on."""

from collections.abc import Iterator

from rac_theory.algebra.expression import Expression, Let, Symbol, Total
from rac_theory.algebra.relation import Relation


def symbols_of(*expressions: Expression | Relation) -> tuple[Symbol, ...]:
    """Return the symbols in expressions, each once, in the order in which they come up; not the index of a total.

    Examples
    --------
    >>> from rac_theory.algebra import Let, Symbol, symbols_of
    >>> mu, lam = Symbol("mu"), Symbol("lambda_min")
    >>> symbols_of(Let("rho", 1 - mu * lam) + mu)
    (mu, lambda_min)
    """
    found: dict[Symbol, None] = {}
    seen: set[int] = set()
    for one in expressions:
        _find(one, found, seen)
    return tuple(found)


def definitions_in(*expressions: Expression | Relation) -> tuple[Let, ...]:
    """Return the definitions that expressions use, each once: first those that are read first, then those of these.

    Examples
    --------
    >>> from rac_theory.algebra import Let, Symbol, definitions_in
    >>> q = Let("q", Symbol("A") * Symbol("gamma") ** 2)
    >>> definitions_in(Let("w", 1 / (1 + q)) + q)
    (w, q)
    """
    found: dict[Let, None] = {}
    level = [term for one in expressions for term in (one.terms if isinstance(one, Relation) else (one,))]
    while level:
        # By identity first: to compare two that are equal takes all that they rest on.
        names = {id(let): let for each in level for let in _named(each)}.values()
        level = [let.value for let in dict.fromkeys(names) if let not in found]
        found |= dict.fromkeys(names)
    return tuple(found)


def _find(expression: Expression | Relation, found: dict[Symbol, None], seen: set[int]) -> None:
    """Add the symbols that stand for something outside: an index is bound in its term, and nowhere else.

    A definition is gone through once, by identity: definitions that rest on each other share most of what they are.
    """
    match expression:
        case Symbol():
            found[expression] = None
        case Total(index, steps, term):
            _find(steps, found, seen)
            of_term: dict[Symbol, None] = {}
            _find(term, of_term, set())
            found.update((symbol, None) for symbol in of_term if symbol != index)
        case Let(value=value):
            if id(expression) not in seen:
                seen.add(id(expression))
                _find(value, found, seen)
        case Relation(terms):
            for each in terms:
                _find(each, found, seen)
        case _:
            for each in expression.inside():
                _find(each, found, seen)


def _named(expression: Expression) -> Iterator[Let]:
    """The definitions that are named in an expression, and not those that they rest on."""
    if isinstance(expression, Let):
        yield expression
        return
    for each in expression.inside():
        yield from _named(each)
