"""Reading as text: what a terminal, a docstring and an e-mail show."""

import re
from collections.abc import Sequence
from fractions import Fraction

from rac_theory.algebra.expression import (
    Choice,
    Expression,
    Let,
    Maximum,
    Negative,
    Number,
    Power,
    Powers,
    Product,
    Quotient,
    Sum,
    Symbol,
    Total,
)
from rac_theory.algebra.relation import Relation

SUM, PRODUCT, POWER, ATOM = range(4)
"""How tightly the parts of an expression hold together; one that holds less tightly needs brackets in another."""


def level(expression: Expression) -> int:
    """Return how tightly an expression holds together when it is written in a line."""
    match expression:
        case Sum() | Powers() | Negative() | Choice():
            return SUM
        case Symbol(is_sum=True):
            return SUM
        case Product() | Quotient() | Total():
            return PRODUCT
        case Number(value=value) if value.denominator != 1:
            return PRODUCT
        case Number(value=value) if value < 0:
            return SUM
        case Power():
            return POWER
    return ATOM


def text(expression: Expression | Relation) -> str:
    """Write an expression in a line of ASCII.

    Examples
    --------
    >>> from rac_theory.algebra import Symbol, powers, text
    >>> rho, T = Symbol("rho"), Symbol("T")
    >>> text(rho**T / (2 * T) + 3 * powers(rho, 0, T - 1))
    'rho^T / (2 T) + 3 (1 + rho + ... + rho^{T-1})'
    """
    match expression:
        case Relation(terms, signs):
            written = "".join(f" {sign} {text(term)}" for sign, term in zip(signs, terms[1:], strict=True))
            return text(terms[0]) + written
        case Number(value):
            return str(value)
        case Symbol(name=name) | Let(name=name):
            return name
        case Negative(value):
            return "-" + _bracketed(value, PRODUCT)
        case Sum(terms):
            return _joined(terms)
        case Product(factors):
            return " ".join(_factor(factor, last=i == len(factors) - 1) for i, factor in enumerate(factors))
        case Quotient(Number() as numerator, denominator) if level(denominator) == ATOM:
            return f"{text(numerator)}/{text(denominator)}"
        case Quotient(numerator, denominator):
            above = text(numerator) if isinstance(numerator, Product | Total) else _bracketed(numerator, POWER)
            return f"{above} / {_factor(denominator, last=True)}"
        case Power(base, Number(value)) if value == Fraction(1, 2):
            return f"sqrt({text(base)})"
        case Power(base, exponent):
            return f"{_bracketed(base, ATOM)}^{_exponent(exponent)}"
        case Powers():
            first, second, last = ends(expression)
            return f"{text(first)} + {text(second)} + ... + {text(last)}"
        case Total(index, steps, term):
            return f"sum_{{{text(index)}<{text(steps)}}} {_bracketed(term, PRODUCT)}"
        case Maximum(of):
            return f"max{{{', '.join(map(text, of))}}}"
        case Choice(condition, then, otherwise):
            return f"{text(then)} if {text(condition)} else {text(otherwise)}"
    raise TypeError(f"expression must be an Expression or a Relation, got {expression!r}")


def ends(powers: Powers) -> tuple[Expression, Expression, Expression]:
    """Return the first, the second and the last term of a sum of powers, as they are written."""
    return (
        _raised(powers.base, powers.first),
        _raised(powers.base, powers.first + 1),
        _raised(powers.base, powers.last),
    )


def _joined(terms: Sequence[Expression]) -> str:
    first, *others = terms
    return text(first) + "".join(
        f" - {_bracketed(term.value, PRODUCT)}" if isinstance(term, Negative) else f" + {text(term)}" for term in others
    )


def _raised(base: Expression, exponent: Expression) -> Expression:
    match exponent:
        case Sum(terms) if all(isinstance(term, Number) for term in terms):
            exponent = Number(sum((term.value for term in terms if isinstance(term, Number)), Fraction(0)))
    match exponent:
        case Number(value) if value == 0:
            return Number(Fraction(1))
        case Number(value) if value == 1:
            return base
    return Power(base, exponent)


def _exponent(exponent: Expression) -> str:
    written = re.sub(r" ([+-]) ", r"\1", text(exponent))
    return written if written.isalnum() else f"{{{written}}}"


def _factor(factor: Expression, last: bool) -> str:
    return text(factor) if last and isinstance(factor, Total) else _bracketed(factor, POWER)


def _bracketed(expression: Expression, least: int) -> str:
    """Write an expression with brackets if it holds less tightly: square ones around two levels of round ones."""
    written = text(expression)
    if level(expression) >= least:
        return written
    return f"[{written}]" if _depth(written) > 1 else f"({written})"


def _depth(written: str) -> int:
    depth = deepest = 0
    for character in written:
        depth += {"(": 1, ")": -1}.get(character, 0)
        deepest = max(deepest, depth)
    return deepest
