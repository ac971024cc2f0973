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
    return tuple(dict.fromkeys(symbol for term in _terms(expressions) for symbol in term.symbols))


def definitions_in(*expressions: Expression | Relation) -> tuple[Let, ...]:
    """Return the definitions that expressions use, each once: first those that are read first, then those of these.

    Examples
    --------
    >>> from rac_theory.algebra import Let, Symbol, definitions_in
    >>> q = Let("q", Symbol("A") * Symbol("gamma") ** 2)
    >>> definitions_in(Let("w", 1 / (1 + q)) + q)
    (w, q)
    """
    lets: dict[Let, None] = {}
    level = _terms(expressions)
    while level:
        # By identity first: to compare two that are equal takes all that they rest on.
        names = {id(let): let for node in level for let in node.named}.values()
        level = [let.value for let in dict.fromkeys(names) if let not in lets]
        lets |= dict.fromkeys(names)
    return tuple(lets)


def _terms(expressions: Iterable[Expression | Relation]) -> list[Expression]:
    return [
        term
        for expression in expressions
        for term in (expression.terms if isinstance(expression, Relation) else (expression,))
    ]
