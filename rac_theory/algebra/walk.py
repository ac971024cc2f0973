"""What an expression is made of: its symbols, and the definitions that it rests on."""

from collections.abc import Iterable

from rac_theory.algebra.expression import Expression, Let, Symbol
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
    return tuple(dict.fromkeys(symbol for one in _terms(expressions) for symbol in one.symbols))


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
    level = _terms(expressions)
    while level:
        # By identity first: to compare two that are equal takes all that they rest on.
        names = {id(let): let for each in level for let in each.named}.values()
        level = [let.value for let in dict.fromkeys(names) if let not in found]
        found |= dict.fromkeys(names)
    return tuple(found)


def _terms(expressions: Iterable[Expression | Relation]) -> list[Expression]:
    return [term for one in expressions for term in (one.terms if isinstance(one, Relation) else (one,))]
